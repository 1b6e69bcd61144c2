/* Deeds on a tenant's own roles. Each is one transaction with its row in the audit log, and acts on the next
 * request of whoever has the role.
 *
 * A custom role's rank is below the rank of whoever makes or changes it, and nobody puts a permission into it
 * that they lack. */
#ifndef TETHER_TEAM_ROLES_H
#define TETHER_TEAM_ROLES_H

#include "access/custom_role.h"
#include "team/team.h"

enum role_verdict {
    ROLE_DONE = 0,
    ROLE_UNKNOWN,          /* no such role in this tenant */
    ROLE_IS_SYSTEM,        /* the system roles are as they are */
    ROLE_ABOVE,            /* the role as it is: not below the actor's rank */
    ROLE_RANK_ABOVE,       /* the role as it is to be: likewise */
    ROLE_PERMISSION_ABOVE, /* deed->permission: the actor lacks it */
    ROLE_SLUG_TAKEN,       /* by a role of the tenant, or a system role */
    ROLE_IN_USE            /* deed->use: by so many */
};

/* The rank of a role that is created without one: a member's, or what is left below the actor's. */
int role_default_rank(const struct access_grant *actor);

struct role_deed {
    const struct tenant *tenant;
    struct team_actor actor;
    /* What is to be: all of it to create; to update, the parts that `parts` names; to delete, the id. */
    struct custom_role role;
    unsigned parts;
    int64_t now;

    /* Set when OK is answered. */
    enum role_verdict verdict;
    enum permission permission;
    struct role_use use;
    /* and `role` is the role as it is now */
};
enum role_part {
    ROLE_NAME = 1u << 0,
    ROLE_DESCRIPTION = 1u << 1,
    ROLE_RANK = 1u << 2,
    ROLE_PERMISSIONS = 1u << 3
};

/* OK with deed->verdict, or a failure. `arena` becomes the thread's JSON arena. */
enum storage_status role_create(struct db_conn *conn, struct arena *arena, struct role_deed *deed);
enum storage_status role_update(struct db_conn *conn, struct arena *arena, struct role_deed *deed);
enum storage_status role_delete(struct db_conn *conn, struct arena *arena, struct role_deed *deed);

#endif
