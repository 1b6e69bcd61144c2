#include "access/belonging.h"

enum storage_status belonging_list(struct db_conn *conn, struct arena *arena, int64_t user_id,
                                   belonging_fn fn, void *context)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_query(conn, &rows,
                 "SELECT t.id, t.slug, t.name, t.plan, t.status, m.role, m.status, m.created_at "
                 "FROM memberships m JOIN tenants t ON t.id = m.tenant_id WHERE m.user_id = $1 ORDER BY "
                 "m.created_at, t.id",
                 DB_ARGS(db_int(user_id)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        struct str tenant_status = db_col_text(&rows, 4, arena), member_status = db_col_text(&rows, 6, arena);
        struct belonging belonging = {
            .tenant_id = db_col_int(&rows, 0),
            .slug = db_col_text(&rows, 1, arena),
            .name = db_col_text(&rows, 2, arena),
            .plan = db_col_text(&rows, 3, arena),
            .tenant_status = str_equal(tenant_status, STR("active")) ? TENANT_ACTIVE : TENANT_SUSPENDED,
            .role = db_col_text(&rows, 5, arena),
            .status = str_equal(member_status, STR("active")) ? MEMBERSHIP_ACTIVE : MEMBERSHIP_SUSPENDED,
            .joined_at = db_col_int(&rows, 7),
        };
        fn(context, &belonging);
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
