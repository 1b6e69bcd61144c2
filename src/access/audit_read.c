/* Pages of the audit log.
 *
 * One statement serves every filter. It looks at a window of numbers, found by the primary key; filters
 * without an index of their own then cost a bounded walk, and the caller goes on where the window ended. */
#include "access/audit_entry.h"

#define WINDOW 20000

void audit_entry_read(struct db_rows *rows, struct arena *arena, struct audit_entry *ret)
{
    ret->row = (struct audit_row){
        .tenant_id = db_col_int(rows, 0),
        .seq = db_col_int(rows, 1),
        .at = db_col_int(rows, 2),
        .action = db_col_text(rows, 3, arena),
        .actor_kind = db_col_text(rows, 4, arena),
        .actor_id = db_col_int(rows, 5),
        .actor_name = db_col_text(rows, 6, arena),
        .target_kind = db_col_text(rows, 7, arena),
        .target_id = db_col_int(rows, 8),
        .target_name = db_col_text(rows, 9, arena),
        .before = db_col_text(rows, 10, arena),
        .after = db_col_text(rows, 11, arena),
        .address = db_col_text(rows, 12, arena),
        .request_id = db_col_text(rows, 13, arena),
    };
    ret->hash = db_col_blob(rows, 14, arena);
}

enum storage_status audit_ends_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                    struct audit_ends *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT seq, first_seq, hash, first_hash FROM audit_heads WHERE tenant_id = $1",
                 DB_ARGS(db_int(tenant_id)));
    if (status != STORAGE_ROW)
        return status;
    *ret = (struct audit_ends){
        .seq = db_col_int(&rows, 0),
        .first_seq = db_col_int(&rows, 1),
        .hash = db_col_blob(&rows, 2, arena),
        .first_hash = db_col_blob(&rows, 3, arena),
    };
    return STORAGE_ROW;
}

enum storage_status audit_end(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t *ret_seq,
                              struct str *ret_hash)
{
    struct audit_ends ends;
    enum storage_status status = audit_ends_find(conn, arena, tenant_id, &ends);
    if (status == STORAGE_ROW) {
        *ret_seq = ends.seq;
        *ret_hash = ends.hash;
    }
    return status;
}

/* `q` as a LIKE pattern for "holds it anywhere". */
static struct str pattern_of(struct arena *arena, struct str q)
{
    if (!q.at)
        return STR_NONE;
    char *at = arena_alloc(arena, q.len * 2 + 3);
    size_t len = 0;
    at[len++] = '%';
    for (size_t i = 0; i < q.len; i++) {
        if (memchr("%_\\", q.at[i], 3))
            at[len++] = '\\';
        at[len++] = q.at[i];
    }
    at[len++] = '%';
    return str_from(at, len);
}

static struct storage_value int_or_null(int64_t value)
{
    return value ? db_int(value) : db_null();
}

static enum storage_status query_window(struct db_conn *conn, struct db_rows *rows, struct arena *arena,
                                        int64_t tenant_id, const struct audit_filter *filter, int64_t before,
                                        int64_t from_seq, int64_t n)
{
    return db_query(
        conn, rows,
        "SELECT " AUDIT_ENTRY_COLUMNS " FROM audit_log "
        "WHERE tenant_id = $1 AND seq < $2 AND seq >= $3 "
        "AND (CAST($4 AS TEXT) IS NULL OR action = $4) "
        "AND (CAST($5 AS TEXT) IS NULL OR LOWER(actor_name) = LOWER($5)) "
        "AND (CAST($6 AS BIGINT) IS NULL OR actor_id = $6) "
        "AND (CAST($7 AS TEXT) IS NULL OR target_kind = $7) "
        "AND (CAST($8 AS BIGINT) IS NULL OR target_id = $8) "
        "AND (CAST($9 AS BIGINT) IS NULL OR at >= $9) AND (CAST($10 AS BIGINT) IS NULL OR at < $10) "
        "AND (CAST($11 AS TEXT) IS NULL OR LOWER(action || ' ' || actor_name || ' ' || target_name || ' ' || "
        "address || ' ' || request_id) LIKE LOWER($11) ESCAPE '\\') "
        "ORDER BY seq DESC LIMIT $12",
        DB_ARGS(db_int(tenant_id), db_int(before), db_int(from_seq), db_text_or_null(filter->action),
                db_text_or_null(filter->actor), int_or_null(filter->actor_id),
                db_text_or_null(filter->target_kind), int_or_null(filter->target_id),
                int_or_null(filter->from), int_or_null(filter->to),
                db_text_or_null(pattern_of(arena, filter->q)), db_int(n)));
}

enum storage_status audit_read(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                               const struct audit_filter *filter, int64_t before, int64_t n,
                               audit_entry_fn fn, void *context, int64_t *ret_next)
{
    struct audit_ends ends;
    *ret_next = 0;
    enum storage_status status = audit_ends_find(conn, arena, tenant_id, &ends);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    int64_t below = before > 0 && before <= ends.seq ? before : ends.seq + 1;
    int64_t last = below - WINDOW > ends.first_seq ? below - WINDOW : ends.first_seq, read = 0;
    DB_ROWS(rows);
    status = query_window(conn, &rows, arena, tenant_id, filter, below, last, n);
    if (status != STORAGE_OK)
        return status;
    while ((status = db_next(&rows)) == STORAGE_ROW) {
        struct audit_entry entry;
        audit_entry_read(&rows, arena, &entry);
        if (!fn(context, &entry)) {
            *ret_next = entry.row.seq + 1;
            return STORAGE_OK;
        }
        below = entry.row.seq;
        read++;
    }
    int64_t reached = read == n ? below : last;
    *ret_next = reached > ends.first_seq ? reached : 0;
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
