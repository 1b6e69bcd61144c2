/* Deeds on a tenant's members. Each is one transaction with its row in the audit log, and acts on the
 * member's next request, on every node.
 *
 * Nobody acts on somebody of a higher rank, gives a role above their own rank or with permissions they lack.
 * The last active owner of a tenant (of the root tenant: the last active superadmin) stays one; that holds
 * whatever happens at the same time. */
#ifndef TETHER_TEAM_MEMBERS_H
#define TETHER_TEAM_MEMBERS_H

#include "identity/user.h"
#include "team/member_list.h"
#include "team/team.h"

enum member_verdict {
    MEMBER_DONE = 0,     /* also when it was so already: then nothing is written */
    MEMBER_UNKNOWN,      /* not a member of this tenant */
    MEMBER_ABOVE,        /* of a higher rank than the actor */
    MEMBER_ROLE_UNKNOWN, /* no such role to give in this tenant */
    MEMBER_ROLE_ABOVE,   /* of a higher rank than the actor, or may do more */
    MEMBER_SELF,         /* nobody suspends themselves */
    MEMBER_LAST_OWNER,
    MEMBER_SHARED,        /* a member elsewhere, too: name and address are not this tenant's to change */
    MEMBER_ADDRESS_TAKEN, /* by another user */
    MEMBER_ALREADY,       /* who joins is a member */
    MEMBER_PLAN_FULL      /* deed->refusal says more */
};

enum member_part {
    MEMBER_ROLE = 1u << 0,
    MEMBER_STATUS = 1u << 1,
    MEMBER_NAME = 1u << 2,
    MEMBER_EMAIL = 1u << 3
};

struct member_deed {
    const struct tenant *tenant;
    struct team_actor actor;
    int64_t user_id; /* whom it is done to */
    struct str role; /* member_set_role(), member_create(): the slug */
    int64_t now;
    /* member_edit(): which of these, and the role, are to be as they are here. */
    unsigned parts;
    enum membership_status status;
    struct str name, email;
    /* member_create(): whose limits, and who joins: id 0 is to be created, with e-mail, name and
     * password_hash. */
    const struct config *config;
    const struct user *user;

    /* Set when OK is answered. */
    enum member_verdict verdict;
    struct member member; /* as it is now; as it was, when removed */
    struct plan_refusal refusal;
};

/* OK with deed->verdict, or a failure. `arena` becomes the thread's JSON arena. */
enum storage_status member_set_role(struct db_conn *conn, struct arena *arena, struct member_deed *deed);
enum storage_status member_suspend(struct db_conn *conn, struct arena *arena, struct member_deed *deed);
enum storage_status member_reactivate(struct db_conn *conn, struct arena *arena, struct member_deed *deed);
/* Gives the seat back and ends the sessions that were opened for this tenant. A member may remove themselves.
 */
enum storage_status member_remove(struct db_conn *conn, struct arena *arena, struct member_deed *deed);

/* Several of these in one, all or nothing, and the user's name and address, which are theirs in every tenant.
 */
enum storage_status member_edit(struct db_conn *conn, struct arena *arena, struct member_deed *deed);
/* Somebody joins without an invitation, and takes a seat. actor.grant NULL: the command line, which gives
 * every role. */
enum storage_status member_create(struct db_conn *conn, struct arena *arena, struct member_deed *deed);

/* Whether a role may be given at all in a tenant: root roles in the root tenant, the customers' elsewhere,
 * and the tenant's own. Invitations ask the same. ROW with *ret, DONE or a failure. */
enum storage_status member_role_to_give(struct db_conn *conn, struct arena *arena,
                                        const struct tenant *tenant, struct str slug,
                                        struct tenant_role *ret);

#endif
