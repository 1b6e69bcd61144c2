/* Custom roles: a tenant's own, beside the system roles of role.h. Table: roles. What may be made of them,
 * and by whom, is judged in team/. */
#ifndef TETHER_ACCESS_CUSTOM_ROLE_H
#define TETHER_ACCESS_CUSTOM_ROLE_H

#include "access/role.h"
#include "storage/db.h"

#define CUSTOM_ROLE_MAX_RANK 79 /* below the owner's */

struct custom_role {
    int64_t id, tenant_id;
    struct str slug; /* custom_role_slug() */
    struct str name, description;
    int rank;
    perm_set permissions;
    int64_t created_at, updated_at;
};

/* Names in table order, one space between; names that no longer exist are skipped when read. */
struct str permission_set_write(struct arena *arena, perm_set set);
perm_set permission_set_read(struct str names);

/* 1–63 of [a-z0-9_-], beginning with a letter or digit. */
bool custom_role_is_slug(struct str slug);
/* The slug that a name suggests: "Night Shift (north)" is night_shift_north. Empty when the name holds no
 * ASCII letter or digit. */
struct str custom_role_slug(struct arena *arena, struct str name);

/* A query over memberships m learns what m.role means with this join and these columns … */
#define ROLE_JOIN    "LEFT JOIN roles r ON r.tenant_id = m.tenant_id AND r.slug = m.role"
#define ROLE_COLUMNS "r.rank, r.permissions, r.name"
/* … which start at column `first`. A system role's slug never means a custom one. False: there is no such
 * role in the tenant. */
bool role_resolve(struct db_rows *rows, int first, struct arena *arena, struct str slug, bool in_root,
                  struct tenant_role *ret);
/* What a custom role comes to in its tenant. */
void custom_role_in_tenant(const struct custom_role *role, bool in_root, struct tenant_role *ret);
/* The same without a membership: ROW, DONE (no such role) or a failure. */
enum storage_status role_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id, bool in_root,
                              struct str slug, struct tenant_role *ret);

/* ROW, DONE or a failure. */
enum storage_status custom_role_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                      int64_t id, struct custom_role *ret);
/* All of a tenant, by falling rank, then name; *ret in the arena. OK or a failure. */
enum storage_status custom_role_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                     struct custom_role **ret, size_t *ret_n);

/* The rest inside a write transaction; all tell that the tenant's roles changed. */

/* OK with role->id, CONFLICT when the tenant has that slug already. */
enum storage_status custom_role_insert(struct db_conn *conn, struct arena *arena, struct custom_role *role);
/* Name, description, rank and permissions; the slug stays, since members and invitations name it. */
enum storage_status custom_role_update(struct db_conn *conn, struct arena *arena,
                                       const struct custom_role *role);
enum storage_status custom_role_delete(struct db_conn *conn, int64_t tenant_id, int64_t id);

/* How many members have the role, and how many open invitations name it. Any role, outside of a transaction
 * too. */
struct role_use {
    int64_t members, invitations;
};
enum storage_status role_count_use(struct db_conn *conn, int64_t tenant_id, struct str slug, int64_t now,
                                   struct role_use *ret);

#endif
