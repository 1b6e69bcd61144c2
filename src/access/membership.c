/* Memberships, and the one decision that stands on them: what somebody may do in a tenant. */
#include "access/membership.h"

#include "base/log.h"
#include "storage/changes.h"

static enum membership_status status_of(struct str word)
{
    return str_equal(word, STR("active")) ? MEMBERSHIP_ACTIVE : MEMBERSHIP_SUSPENDED;
}

/* tenant_id, user_id, role, status, created_at. */
static void read_membership(struct db_rows *rows, struct arena *arena, struct membership *ret)
{
    *ret = (struct membership){
        .tenant_id = db_col_int(rows, 0),
        .user_id = db_col_int(rows, 1),
        .role = db_col_text(rows, 2, arena),
        .status = status_of(db_col_text(rows, 3, arena)),
        .created_at = db_col_int(rows, 4),
    };
}

enum storage_status membership_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                    int64_t user_id, struct membership *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows,
                                          "SELECT tenant_id, user_id, role, status, created_at "
                                          "FROM memberships WHERE tenant_id = $1 AND user_id = $2",
                                          DB_ARGS(db_int(tenant_id), db_int(user_id)));
    if (status == STORAGE_ROW)
        read_membership(&rows, arena, ret);
    return status;
}

enum storage_status membership_first(struct db_conn *conn, struct arena *arena, int64_t user_id,
                                     struct membership *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows,
        "SELECT m.tenant_id, m.user_id, m.role, m.status, m.created_at "
        "FROM memberships m JOIN tenants t ON t.id = m.tenant_id "
        "WHERE m.user_id = $1 AND m.status = 'active' "
        "ORDER BY t.is_root, CASE t.status WHEN 'active' THEN 0 ELSE 1 END, m.created_at, m.tenant_id "
        "LIMIT 1",
        DB_ARGS(db_int(user_id)));
    if (status == STORAGE_ROW)
        read_membership(&rows, arena, ret);
    return status;
}

enum storage_status membership_insert(struct db_conn *conn, int64_t tenant_id, int64_t user_id,
                                      struct str role, int64_t now)
{
    enum storage_status status =
        db_exec(conn,
                "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) "
                "VALUES ($1, $2, $3, $4, $5)",
                DB_ARGS(db_int(tenant_id), db_int(user_id), db_text(role), db_int(now), db_int(now)), NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, user_id) : status;
}

/* What the decision looks at: the membership of the tenant at hand, and that of the root tenant. The same one
 * when the tenant at hand is the root. */
struct standing {
    bool is_member, is_root_member;
    struct membership here, root;
};

static enum storage_status load_standing(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                         int64_t user_id, struct standing *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_query(conn, &rows,
                 "SELECT m.tenant_id, m.user_id, m.role, m.status, m.created_at, t.is_root "
                 "FROM memberships m JOIN tenants t ON t.id = m.tenant_id "
                 "WHERE m.user_id = $1 AND (m.tenant_id = $2 OR t.is_root = 1)",
                 DB_ARGS(db_int(user_id), db_int(tenant_id)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        struct membership membership;
        read_membership(&rows, arena, &membership);
        if (membership.tenant_id == tenant_id) {
            ret->is_member = true;
            ret->here = membership;
        }
        if (db_col_int(&rows, 5) != 0) {
            ret->is_root_member = true;
            ret->root = membership;
        }
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

static void grant(struct access_grant *ret, const struct role *role, const struct tenant *tenant)
{
    ret->verdict = ACCESS_OK;
    ret->role = role;
    ret->permissions = role_permissions(role, tenant->is_root);
}

static void decide_as_member(const struct standing *standing, const struct tenant *tenant,
                             struct access_grant *ret)
{
    if (!standing->is_member)
        return;
    const struct role *role = role_by_slug(standing->here.role);
    if (!role || (role->root_only && !tenant->is_root)) {
        log_event(LOG_ERROR, "a membership has a role that does not exist here", LOG_I("tenant", tenant->id),
                  LOG_I("user", standing->here.user_id), LOG_S("role", standing->here.role));
        return;
    }
    if (standing->here.status == MEMBERSHIP_SUSPENDED)
        ret->verdict = ACCESS_SUSPENDED;
    else if (tenant->status == TENANT_SUSPENDED && !ret->is_staff)
        ret->verdict = ACCESS_TENANT_SUSPENDED;
    else
        grant(ret, role, tenant);
}

enum storage_status access_decide(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                  int64_t user_id, struct access_grant *ret)
{
    struct standing standing = { 0 };
    enum storage_status status = load_standing(conn, arena, tenant->id, user_id, &standing);
    if (status != STORAGE_OK)
        return status;
    *ret = (struct access_grant){ .verdict = ACCESS_NOT_A_MEMBER };
    ret->is_staff = standing.is_root_member && standing.root.status == MEMBERSHIP_ACTIVE;
    const struct role *root_role = ret->is_staff ? role_by_slug(standing.root.role) : NULL;
    if (root_role && root_role->root_only)
        grant(ret, root_role, tenant);
    else
        decide_as_member(&standing, tenant, ret);
    return STORAGE_OK;
}
