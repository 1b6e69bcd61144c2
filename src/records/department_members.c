#include "records/department_members.h"

#include "base/json.h"

/* ---- reading ---- */

#define COLUMNS "u.id, u.created_at, u.name, u.email, m.role, d.created_at"
#define JOINS                                                                                                \
    "JOIN memberships m ON m.tenant_id = d.tenant_id AND m.user_id = d.user_id "                             \
    "JOIN users u ON u.id = d.user_id "

static void read_member(struct db_rows *rows, struct arena *arena, struct department_member *ret)
{
    *ret = (struct department_member){
        .user_id = db_col_int(rows, 0),
        .created_at = db_col_int(rows, 1),
        .name = db_col_text(rows, 2, arena),
        .email = db_col_text(rows, 3, arena),
        .role = db_col_text(rows, 4, arena),
        .joined_at = db_col_int(rows, 5),
    };
}

enum storage_status department_members(struct db_conn *conn, const struct record_caller *caller,
                                       int64_t department_id, int64_t above, int64_t limit,
                                       struct department_member **ret, size_t *ret_n)
{
    DB_ROWS(rows);
    size_t n = 0;
    struct department_member *list = ARENA_ARRAY(caller->arena, struct department_member, limit);
    enum storage_status status =
        db_query(conn, &rows,
                 "SELECT " COLUMNS " FROM department_members d " JOINS
                 "WHERE d.tenant_id = $1 AND d.department_id = $2 AND d.user_id > $3 "
                 "ORDER BY d.user_id LIMIT $4",
                 DB_ARGS(db_int(caller->tenant->id), db_int(department_id), db_int(above), db_int(limit)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        read_member(&rows, caller->arena, &list[n++]);
        status = STORAGE_OK;
    }
    *ret = list;
    *ret_n = n;
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

/* ---- changing ---- */

static enum storage_status audit(struct db_conn *conn, const struct department_deed *deed, const char *action,
                                 bool is_after)
{
    const struct record_caller *caller = deed->caller;
    cJSON *json = json_new_object();
    json_add_int(json, "user_id", deed->user_id);
    struct str who = json_print(caller->arena, json);
    struct audit_event event = { .tenant_id = caller->tenant->id,
                                 .action = action,
                                 .target_kind = "department",
                                 .target_id = deed->department->id,
                                 .target_name = deed->department_name,
                                 .before = is_after ? STR_NONE : who,
                                 .after = is_after ? who : STR_NONE };
    return audit_append(conn, caller->arena, &caller->audit, &event, caller->now);
}

/* DONE: no member of the organisation. */
static enum storage_status check_member(struct db_conn *conn, const struct department_deed *deed)
{
    struct membership membership;
    enum storage_status status =
        membership_find(conn, deed->caller->arena, deed->caller->tenant->id, deed->user_id, &membership);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status put(struct db_conn *conn, void *context)
{
    const struct department_deed *deed = context;
    const struct record_caller *caller = deed->caller;
    int64_t changes = 0;
    enum storage_status status = check_member(conn, deed);
    if (status == STORAGE_OK)
        status = db_exec(conn,
                         "INSERT INTO department_members (tenant_id, user_id, department_id, created_at) "
                         "VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, user_id) DO UPDATE SET "
                         "department_id = excluded.department_id, created_at = excluded.created_at "
                         "WHERE department_members.department_id <> excluded.department_id",
                         DB_ARGS(db_int(caller->tenant->id), db_int(deed->user_id),
                                 db_int(deed->department->id), db_int(caller->now)),
                         &changes);
    return status == STORAGE_OK && changes > 0 ? audit(conn, deed, "department.member_added", true) : status;
}

enum storage_status department_put(struct db_conn *conn, struct department_deed *deed)
{
    return db_transaction(conn, STORAGE_WRITE, put, deed);
}

static enum storage_status take(struct db_conn *conn, void *context)
{
    const struct department_deed *deed = context;
    int64_t changes = 0;
    enum storage_status status = db_exec(
        conn, "DELETE FROM department_members WHERE tenant_id = $1 AND user_id = $2 AND department_id = $3",
        DB_ARGS(db_int(deed->caller->tenant->id), db_int(deed->user_id), db_int(deed->department->id)),
        &changes);
    if (status != STORAGE_OK)
        return status;
    return changes == 0 ? STORAGE_DONE : audit(conn, deed, "department.member_removed", false);
}

enum storage_status department_take(struct db_conn *conn, struct department_deed *deed)
{
    return db_transaction(conn, STORAGE_WRITE, take, deed);
}
