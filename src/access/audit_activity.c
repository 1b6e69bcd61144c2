/* What the audit log says about comings, counted by day. */
#include "access/audit_entry.h"
#include "base/clock.h"

#define NEWEST_ROWS 50000

static enum storage_status query_days(struct db_conn *conn, struct db_rows *rows, int64_t tenant_id,
                                      int64_t above, int64_t from)
{
    return db_query(conn, rows,
                    "SELECT (at - $3) / $4 AS day, "
                    "SUM(CASE WHEN action = 'session.opened' THEN 1 ELSE 0 END), "
                    "SUM(CASE WHEN action = 'session.refused' THEN 1 ELSE 0 END) "
                    "FROM audit_log WHERE tenant_id = $1 AND seq > $2 AND at >= $3 "
                    "AND action IN ('session.opened', 'session.refused') GROUP BY (at - $3) / $4",
                    DB_ARGS(db_int(tenant_id), db_int(above), db_int(from), db_int(CLOCK_DAY)));
}

enum storage_status audit_activity(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t from,
                                   int64_t n, struct audit_day *ret)
{
    struct audit_ends ends;
    memset(ret, 0, (size_t)n * sizeof(*ret));
    enum storage_status status = audit_ends_find(conn, arena, tenant_id, &ends);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    DB_ROWS(rows);
    status = query_days(conn, &rows, tenant_id, ends.seq - NEWEST_ROWS, from);
    if (status != STORAGE_OK)
        return status;
    while ((status = db_next(&rows)) == STORAGE_ROW) {
        int64_t day = db_col_int(&rows, 0);
        if (day >= 0 && day < n)
            ret[day] = (struct audit_day){ db_col_int(&rows, 1), db_col_int(&rows, 2) };
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
