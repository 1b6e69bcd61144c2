/* Does the chain hold? Walks it from its first row to its head, in one snapshot. */
#include "access/audit_entry.h"

#define AT_ONCE 500 /* rows of one query */

static const char *const flaws[AUDIT_FLAW_COUNT] = {
    [AUDIT_SOUND] = "sound",
    [AUDIT_ROW_CHANGED] = "row changed",
    [AUDIT_ROW_MISSING] = "row missing",
    [AUDIT_ROW_BEYOND] = "row beyond the head",
    [AUDIT_HEAD_MISSING] = "head missing",
    [AUDIT_HEAD_CHANGED] = "head changed",
};

const char *audit_flaw_name(enum audit_flaw flaw)
{
    return flaws[flaw];
}

struct check {
    int64_t tenant_id;
    struct audit_ends ends;
    uint8_t hash[AUDIT_HASH_BYTES]; /* of the row before */
    int64_t next;                   /* the number that has to come */
    struct audit_verdict verdict;
};

static bool flawed(struct check *check, enum audit_flaw flaw, int64_t seq)
{
    check->verdict.flaw = flaw;
    check->verdict.seq = seq;
    return false;
}

/* The row fits where it stands. */
static bool check_entry(struct check *check, struct arena *arena, const struct audit_entry *entry)
{
    if (entry->row.seq < check->next)
        return flawed(check, AUDIT_ROW_BEYOND, entry->row.seq); /* before the first one */
    if (entry->row.seq > check->ends.seq && check->next > check->ends.seq)
        return flawed(check, AUDIT_ROW_BEYOND, entry->row.seq);
    if (entry->row.seq != check->next)
        return flawed(check, AUDIT_ROW_MISSING, check->next);
    audit_chain_hash(arena, &entry->row, check->hash, check->hash);
    if (!str_equal(entry->hash, str_from((const char *)check->hash, AUDIT_HASH_BYTES)))
        return flawed(check, AUDIT_ROW_CHANGED, entry->row.seq);
    check->next++;
    check->verdict.rows++;
    return true;
}

/* Some rows behind `*after`; *ret_more: there may be others. */
static enum storage_status check_some(struct db_conn *conn, struct check *check, int64_t *after,
                                      bool *ret_more)
{
    DB_ROWS(rows);
    struct arena *arena = arena_new(0); /* of these rows, so that a long log needs no more than a short one */
    int64_t read = 0;
    enum storage_status status =
        db_query(conn, &rows,
                 "SELECT " AUDIT_ENTRY_COLUMNS
                 " FROM audit_log WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                 DB_ARGS(db_int(check->tenant_id), db_int(*after), db_int(AT_ONCE)));
    bool holds = true;
    while (holds && status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        struct audit_entry entry;
        audit_entry_read(&rows, arena, &entry);
        holds = check_entry(check, arena, &entry);
        *after = entry.row.seq;
        read++;
        status = STORAGE_OK;
    }
    *ret_more = holds && read == AT_ONCE;
    arena_free(&arena);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status check_rows(struct db_conn *conn, struct check *check)
{
    enum storage_status status = STORAGE_OK;
    int64_t after = INT64_MIN;
    for (bool more = true; more && status == STORAGE_OK;)
        status = check_some(conn, check, &after, &more);
    return status;
}

static void check_end(struct check *check)
{
    if (check->next <= check->ends.seq)
        flawed(check, AUDIT_ROW_MISSING, check->next);
    else if (!str_equal(check->ends.hash, str_from((const char *)check->hash, AUDIT_HASH_BYTES)))
        flawed(check, AUDIT_HEAD_CHANGED, check->ends.seq);
    else
        check->verdict.seq = check->ends.seq;
    memcpy(check->verdict.head, check->hash, AUDIT_HASH_BYTES);
}

/* DONE: there is no head. */
static enum storage_status start(struct db_conn *conn, struct check *check, struct arena *arena)
{
    enum storage_status status = audit_ends_find(conn, arena, check->tenant_id, &check->ends);
    if (status != STORAGE_ROW)
        return status;
    check->next = check->verdict.first_seq = check->ends.first_seq;
    if (check->ends.first_hash.len == AUDIT_HASH_BYTES)
        memcpy(check->hash, check->ends.first_hash.at, AUDIT_HASH_BYTES);
    return STORAGE_OK;
}

static enum storage_status check_without_head(struct db_conn *conn, struct check *check)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT seq FROM audit_log WHERE tenant_id = $1 ORDER BY seq LIMIT 1",
                 DB_ARGS(db_int(check->tenant_id)));
    if (status == STORAGE_ROW)
        flawed(check, AUDIT_HEAD_MISSING, db_col_int(&rows, 0));
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status check_chain(struct db_conn *conn, void *context)
{
    struct check *check = context;
    struct arena *arena = arena_new(0);
    *check = (struct check){ .tenant_id = check->tenant_id, .next = 1 };
    enum storage_status status = start(conn, check, arena);
    if (status == STORAGE_DONE) {
        status = check_without_head(conn, check);
    } else if (status == STORAGE_OK) {
        status = check_rows(conn, check);
        if (status == STORAGE_OK && check->verdict.flaw == AUDIT_SOUND)
            check_end(check);
    }
    arena_free(&arena);
    return status;
}

enum storage_status audit_verify(struct db_conn *conn, int64_t tenant_id, struct audit_verdict *ret)
{
    struct check check = { .tenant_id = tenant_id };
    enum storage_status status = db_transaction(conn, STORAGE_READ, check_chain, &check);
    if (status == STORAGE_OK)
        *ret = check.verdict;
    return status;
}
