/* Who belongs to which tenant, in which role, a system one or one of the tenant's own. Table: memberships. */
#ifndef TETHER_ACCESS_MEMBERSHIP_H
#define TETHER_ACCESS_MEMBERSHIP_H

#include "access/role.h"
#include "storage/db.h"
#include "tenancy/tenant.h"

enum membership_status { MEMBERSHIP_ACTIVE = 0, MEMBERSHIP_SUSPENDED };

struct membership {
    int64_t tenant_id, user_id;
    struct str role; /* slug */
    enum membership_status status;
    int64_t created_at;
};

/* ROW, DONE (not a member) or a failure. */
enum storage_status membership_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                    int64_t user_id, struct membership *ret);
/* The user's first active membership of a customer tenant (those of suspended tenants last, else oldest
 * first), else of the root tenant. ROW, DONE, failure. */
enum storage_status membership_first(struct db_conn *conn, struct arena *arena, int64_t user_id,
                                     struct membership *ret);
/* Inside a write transaction. CONFLICT when the user is a member already. */
enum storage_status membership_insert(struct db_conn *conn, int64_t tenant_id, int64_t user_id,
                                      struct str role, int64_t now);

/* What somebody may do in a tenant, and as what. A flat value: it is kept between requests. */
enum access_verdict { ACCESS_OK = 0, ACCESS_NOT_A_MEMBER, ACCESS_SUSPENDED, ACCESS_TENANT_SUSPENDED };
struct access_grant {
    enum access_verdict verdict;
    struct tenant_role role; /* the one that decides; none unless ACCESS_OK */
    perm_set permissions;    /* what may be done now; an API token narrows it */
    /* Whatever the tenant at hand: */
    bool is_operators; /* an active member of the root tenant, in whichever role */
    bool is_staff;     /* with a root role besides, by which they act in every tenant */
};
/* Staff (active members of the root tenant with a root role) act in every tenant; everybody else only where
 * they are active members. A suspended tenant lets only staff in. A membership whose role does not exist (in
 * that tenant) counts for nothing. OK with *ret, or a failure. */
enum storage_status access_decide(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                  int64_t user_id, struct access_grant *ret);

/* Whether somebody may give that role to anybody: none above their own rank, none that may do what they may
 * not.
 */
bool access_may_give(const struct access_grant *giver, const struct tenant_role *role);

#endif
