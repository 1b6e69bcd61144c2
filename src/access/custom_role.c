/* Custom roles in the database, and the one place that says what the slug in a membership means. */
#include "access/custom_role.h"

#include "base/buf.h"
#include "storage/changes.h"

#define PERMISSIONS_MAX_BYTES 4096
#define LIST_FIRST_CAP        16

/* ---- permissions as text ---- */

struct str permission_set_write(struct arena *arena, perm_set set)
{
    struct buf out;
    buf_init(&out, arena, PERMISSIONS_MAX_BYTES);
    for (int perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        if (!perm_set_has(set, (enum permission)perm))
            continue;
        buf_add(&out, out.len ? STR(" ") : STR(""));
        buf_add(&out, str_of(permission_info((enum permission)perm)->name));
    }
    return buf_str(&out);
}

perm_set permission_set_read(struct str names)
{
    perm_set set = 0;
    for (struct str name, rest = names; !str_is_empty(rest);) {
        str_split(rest, ' ', &name, &rest);
        enum permission perm = permission_by_name(name);
        if (perm != PERM_NONE)
            set |= PERM_BIT(perm);
    }
    return set;
}

/* ---- slugs ---- */

static bool is_slug_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool custom_role_is_slug(struct str slug)
{
    if (slug.len == 0 || slug.len >= ROLE_SLUG_CAP || !is_slug_char(slug.at[0]))
        return false;
    for (size_t i = 0; i < slug.len; i++)
        if (!is_slug_char(slug.at[i]) && slug.at[i] != '_' && slug.at[i] != '-')
            return false;
    return true;
}

struct str custom_role_slug(struct arena *arena, struct str name)
{
    struct str lower = arena_lower(arena, name);
    char slug[ROLE_SLUG_CAP];
    size_t len = 0;
    bool gap = false;
    for (size_t i = 0; i < lower.len && len + 2 < sizeof(slug); i++) {
        if (!is_slug_char(lower.at[i])) {
            gap = len > 0;
            continue;
        }
        if (gap)
            slug[len++] = '_';
        slug[len++] = lower.at[i];
        gap = false;
    }
    return arena_copy(arena, str_from(slug, len));
}

/* ---- what a slug means ---- */

/* Cut where it does not fit; what custom_role_insert() was given fits. */
static void copy_text(char *to, size_t cap, struct str text)
{
    size_t len = text.len < cap ? text.len : cap - 1;
    if (len)
        memcpy(to, text.at, len);
    to[len] = '\0';
}

void custom_role_in_tenant(const struct custom_role *role, bool in_root, struct tenant_role *ret)
{
    const struct role *like = role_next_below(role->rank);
    *ret = (struct tenant_role){
        .rank = role->rank,
        .assets_name = like->assets_name,
        .crm_name = like->crm_name,
        .permissions = role->permissions & ~role_reserved_permissions(in_root),
    };
    copy_text(ret->name, sizeof(ret->name), role->name);
    copy_text(ret->slug, sizeof(ret->slug), role->slug);
}

bool role_resolve(struct db_rows *rows, int first, struct arena *arena, struct str slug, bool in_root,
                  struct tenant_role *ret)
{
    const struct role *system = role_by_slug(slug);
    if (system)
        return role_in_tenant(system, in_root, ret);
    if (db_col_is_null(rows, first) || slug.len >= ROLE_SLUG_CAP)
        return false;
    const struct custom_role custom = {
        .slug = slug,
        .rank = (int)db_col_int(rows, first),
        .permissions = permission_set_read(db_col_text(rows, first + 1, arena)),
        .name = db_col_text(rows, first + 2, arena),
    };
    custom_role_in_tenant(&custom, in_root, ret);
    return true;
}

enum storage_status role_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id, bool in_root,
                              struct str slug, struct tenant_role *ret)
{
    DB_ROWS(rows);
    const struct role *system = role_by_slug(slug);
    if (system)
        return role_in_tenant(system, in_root, ret) ? STORAGE_ROW : STORAGE_DONE;
    enum storage_status status =
        db_first(conn, &rows, "SELECT " ROLE_COLUMNS " FROM roles r WHERE r.tenant_id = $1 AND r.slug = $2",
                 DB_ARGS(db_int(tenant_id), db_text(slug)));
    if (status == STORAGE_ROW)
        role_resolve(&rows, 0, arena, slug, in_root, ret);
    return status;
}

/* ---- rows ---- */

#define COLUMNS "id, tenant_id, slug, name, description, rank, permissions, created_at, updated_at"

static void read_role(struct db_rows *rows, struct arena *arena, struct custom_role *ret)
{
    *ret = (struct custom_role){
        .id = db_col_int(rows, 0),
        .tenant_id = db_col_int(rows, 1),
        .slug = db_col_text(rows, 2, arena),
        .name = db_col_text(rows, 3, arena),
        .description = db_col_text(rows, 4, arena),
        .rank = (int)db_col_int(rows, 5),
        .permissions = permission_set_read(db_col_text(rows, 6, arena)),
        .created_at = db_col_int(rows, 7),
        .updated_at = db_col_int(rows, 8),
    };
}

enum storage_status custom_role_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                      int64_t id, struct custom_role *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT " COLUMNS " FROM roles WHERE tenant_id = $1 AND id = $2",
                 DB_ARGS(db_int(tenant_id), db_int(id)));
    if (status == STORAGE_ROW)
        read_role(&rows, arena, ret);
    return status;
}

static struct custom_role *grown(struct arena *arena, struct custom_role *at, size_t n, size_t *cap)
{
    if (n < *cap)
        return at;
    *cap = *cap ? *cap * 2 : LIST_FIRST_CAP;
    struct custom_role *more = ARENA_ARRAY(arena, struct custom_role, *cap);
    if (n)
        memcpy(more, at, n * sizeof(*at));
    return more;
}

enum storage_status custom_role_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                     struct custom_role **ret, size_t *ret_n)
{
    DB_ROWS(rows);
    struct custom_role *at = NULL;
    size_t n = 0, cap = 0;
    enum storage_status status = db_query(
        conn, &rows, "SELECT " COLUMNS " FROM roles WHERE tenant_id = $1 ORDER BY rank DESC, name, id",
        DB_ARGS(db_int(tenant_id)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        at = grown(arena, at, n, &cap);
        read_role(&rows, arena, &at[n++]);
        status = STORAGE_OK;
    }
    *ret = at;
    *ret_n = n;
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status custom_role_insert(struct db_conn *conn, struct arena *arena, struct custom_role *role)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "INSERT INTO roles (tenant_id, slug, name, description, rank, permissions, created_at, "
                 "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING id",
                 DB_ARGS(db_int(role->tenant_id), db_text(role->slug), db_text(role->name),
                         db_text(role->description), db_int(role->rank),
                         db_text(permission_set_write(arena, role->permissions)), db_int(role->created_at)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    role->id = db_col_int(&rows, 0);
    db_rows_close(&rows);
    return db_touch(conn, SUBJECT_TENANT, role->tenant_id);
}

enum storage_status custom_role_update(struct db_conn *conn, struct arena *arena,
                                       const struct custom_role *role)
{
    enum storage_status status =
        db_exec(conn,
                "UPDATE roles SET name = $3, description = $4, rank = $5, permissions = $6, updated_at = $7 "
                "WHERE tenant_id = $1 AND id = $2",
                DB_ARGS(db_int(role->tenant_id), db_int(role->id), db_text(role->name),
                        db_text(role->description), db_int(role->rank),
                        db_text(permission_set_write(arena, role->permissions)), db_int(role->updated_at)),
                NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_TENANT, role->tenant_id) : status;
}

enum storage_status custom_role_delete(struct db_conn *conn, int64_t tenant_id, int64_t id)
{
    enum storage_status status = db_exec(conn, "DELETE FROM roles WHERE tenant_id = $1 AND id = $2",
                                         DB_ARGS(db_int(tenant_id), db_int(id)), NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_TENANT, tenant_id) : status;
}

/* ---- use ---- */

enum storage_status role_count_use(struct db_conn *conn, int64_t tenant_id, struct str slug, int64_t now,
                                   struct role_use *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT (SELECT COUNT(*) FROM memberships WHERE tenant_id = $1 AND role = $2), "
                 "(SELECT COUNT(*) FROM invitations WHERE tenant_id = $1 AND role = $2 "
                 "AND status = 'pending' AND expires_at > $3)",
                 DB_ARGS(db_int(tenant_id), db_text(slug), db_int(now)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    *ret = (struct role_use){ db_col_int(&rows, 0), db_col_int(&rows, 1) };
    return STORAGE_OK;
}
