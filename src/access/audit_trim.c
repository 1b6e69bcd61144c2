/* Letting old rows go. The head keeps where the chain begins now and the hash of the last row that went,
 * which is what the first row that stays was chained to. */
#include "access/audit_entry.h"
#include "base/clock.h"

/* Rows of one transaction: other deeds of the tenant wait that long. */
#define STEP 2000

struct trim {
    const struct audit_actor *actor;
    int64_t tenant_id, before, now;
    bool is_written_down;
    int64_t rows, last; /* of one step */
};

/* The last row that goes in this step: at most STEP of them, none younger than `before`. DONE: none. */
static enum storage_status find_last(struct db_conn *conn, const struct audit_ends *ends,
                                     const struct trim *trim, int64_t *ret)
{
    DB_ROWS(rows);
    int64_t most = ends->first_seq + STEP - 1 < ends->seq ? ends->first_seq + STEP - 1 : ends->seq;
    enum storage_status status = db_first(
        conn, &rows,
        "SELECT seq FROM audit_log WHERE tenant_id = $1 AND seq >= $2 AND seq <= $3 AND at >= $4 "
        "ORDER BY seq LIMIT 1",
        DB_ARGS(db_int(trim->tenant_id), db_int(ends->first_seq), db_int(most), db_int(trim->before)));
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return status;
    *ret = status == STORAGE_ROW ? db_col_int(&rows, 0) - 1 : most;
    return *ret >= ends->first_seq ? STORAGE_OK : STORAGE_DONE;
}

/* Moves the chain's beginning behind the row `last`. DONE: that row is not there; the chain is broken. */
static enum storage_status move_first(struct db_conn *conn, int64_t tenant_id, int64_t last)
{
    int64_t changes = 0;
    enum storage_status status =
        db_exec(conn,
                "UPDATE audit_heads SET first_seq = CAST($2 AS BIGINT) + 1, "
                "first_hash = (SELECT hash FROM audit_log WHERE tenant_id = $1 AND seq = $2) "
                "WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM audit_log WHERE tenant_id = $1 AND seq = $2)",
                DB_ARGS(db_int(tenant_id), db_int(last)), &changes);
    return status == STORAGE_OK && changes == 0 ? STORAGE_DONE : status;
}

static enum storage_status write_down(struct db_conn *conn, struct arena *arena, const struct trim *trim,
                                      int64_t first_seq)
{
    struct str before = clock_iso8601(arena, trim->before);
    struct audit_event event = {
        .tenant_id = trim->tenant_id,
        .action = "audit.trimmed",
        .target_kind = "audit",
        .target_name = STR(""),
        .after = arena_printf(arena, "{\"before\":\"%.*s\",\"first\":%lld}", STR_ARG(before),
                              (long long)first_seq),
    };
    return audit_append(conn, arena, trim->actor, &event, trim->now);
}

static enum storage_status trim_step(struct db_conn *conn, void *context)
{
    struct trim *trim = context;
    struct arena *arena = arena_new(0);
    struct audit_ends ends;
    enum storage_status status = audit_ends_find(conn, arena, trim->tenant_id, &ends);
    if (status == STORAGE_ROW)
        status = find_last(conn, &ends, trim, &trim->last);
    if (status == STORAGE_OK)
        status = move_first(conn, trim->tenant_id, trim->last);
    if (status == STORAGE_OK)
        status = db_exec(conn, "DELETE FROM audit_log WHERE tenant_id = $1 AND seq <= $2",
                         DB_ARGS(db_int(trim->tenant_id), db_int(trim->last)), &trim->rows);
    if (status == STORAGE_OK && !trim->is_written_down)
        status = write_down(conn, arena, trim, ends.first_seq);
    arena_free(&arena);
    return status;
}

enum storage_status audit_trim(struct db_conn *conn, const struct audit_actor *actor, int64_t tenant_id,
                               int64_t before, int64_t now, int64_t *ret_rows, int64_t *ret_seq)
{
    struct trim trim = { .actor = actor, .tenant_id = tenant_id, .before = before, .now = now };
    enum storage_status status;
    *ret_rows = *ret_seq = 0;
    while ((status = db_transaction(conn, STORAGE_WRITE, trim_step, &trim)) == STORAGE_OK) {
        trim.is_written_down = true;
        *ret_rows += trim.rows;
        *ret_seq = trim.last;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
