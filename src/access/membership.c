/* Memberships, and the one decision that stands on them: what somebody may do in a tenant. */
#include "access/membership.h"

#include "access/custom_role.h"
#include "access/member_words.h"
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
    if (status == STORAGE_OK)
        status = member_words_add(conn, tenant_id, user_id);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, user_id) : status;
}

/* What the decision looks at: the membership of the tenant at hand, and that of the root tenant. The same one
 * when the tenant at hand is the root. */
struct standing {
    bool is_member;
    enum membership_status status;
    struct str slug; /* as the membership has it */
    struct tenant_role role;
    bool has_role; /* the slug means a role that exists here */
};

struct standings {
    struct standing here, root;
};

static void read_standing(struct db_rows *rows, struct arena *arena, bool in_root, struct standing *ret)
{
    *ret = (struct standing){
        .is_member = true,
        .slug = db_col_text(rows, 1, arena),
        .status = status_of(db_col_text(rows, 2, arena)),
    };
    ret->has_role = role_resolve(rows, 4, arena, ret->slug, in_root, &ret->role);
}

static enum storage_status load_standings(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                          int64_t user_id, struct standings *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_query(conn, &rows,
                 "SELECT m.tenant_id, m.role, m.status, t.is_root, " ROLE_COLUMNS
                 " FROM memberships m JOIN tenants t ON t.id = m.tenant_id " ROLE_JOIN
                 " WHERE m.user_id = $1 AND (m.tenant_id = $2 OR t.is_root = 1)",
                 DB_ARGS(db_int(user_id), db_int(tenant_id)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        bool in_root = db_col_int(&rows, 3) != 0;
        if (db_col_int(&rows, 0) == tenant_id)
            read_standing(&rows, arena, in_root, &ret->here);
        if (in_root)
            read_standing(&rows, arena, in_root, &ret->root);
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

static void grant(struct access_grant *ret, const struct tenant_role *role)
{
    ret->verdict = ACCESS_OK;
    ret->role = *role;
    ret->permissions = role->permissions;
}

static void decide_as_member(const struct standing *here, const struct tenant *tenant, int64_t user_id,
                             struct access_grant *ret)
{
    if (!here->is_member)
        return;
    if (!here->has_role) {
        log_event(LOG_ERROR, "a membership has a role that does not exist here", LOG_I("tenant", tenant->id),
                  LOG_I("user", user_id), LOG_S("role", here->slug));
        return;
    }
    if (here->status == MEMBERSHIP_SUSPENDED)
        ret->verdict = ACCESS_SUSPENDED;
    else if (tenant->status == TENANT_SUSPENDED)
        ret->verdict = ACCESS_TENANT_SUSPENDED;
    else
        grant(ret, &here->role);
}

static bool counts(const struct standing *standing)
{
    return standing->is_member && standing->has_role && standing->status == MEMBERSHIP_ACTIVE;
}

/* The role by which a member of the root tenant acts in every other as well; NULL: none, or one of the
 * tenant's own. */
static const struct role *root_role_of(const struct standing *root)
{
    const struct role *role = counts(root) ? role_by_slug(root->slug) : NULL;
    return role && role->root_only ? role : NULL;
}

enum storage_status access_decide(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                  int64_t user_id, struct access_grant *ret)
{
    struct standings standings = { 0 };
    enum storage_status status = load_standings(conn, arena, tenant->id, user_id, &standings);
    if (status != STORAGE_OK)
        return status;
    const struct role *root_role = root_role_of(&standings.root);
    *ret = (struct access_grant){ .verdict = ACCESS_NOT_A_MEMBER,
                                  .is_operators = counts(&standings.root),
                                  .is_staff = root_role != NULL };
    if (!root_role) {
        decide_as_member(&standings.here, tenant, user_id, ret);
        return STORAGE_OK;
    }
    struct tenant_role role = standings.root.role;
    role.permissions = role_permissions(root_role, tenant->is_root);
    grant(ret, &role);
    return STORAGE_OK;
}

bool access_may_give(const struct access_grant *giver, const struct tenant_role *role)
{
    return giver->verdict == ACCESS_OK && role->rank <= giver->role.rank &&
           (role->permissions & ~giver->permissions) == 0;
}
