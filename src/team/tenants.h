/* Deeds on tenants that exist: changing what their row says, suspending, deleting, their domains. Each is one
 * transaction with its row in the audit log, and acts on the next request, on every node. What happens to a
 * tenant stands in its own log; that it was deleted, in the operator's. */
#ifndef TETHER_TEAM_TENANTS_H
#define TETHER_TEAM_TENANTS_H

#include "access/audit.h"
#include "tenancy/tenant.h"

enum tenant_verdict {
    TENANT_DONE = 0,      /* also when it was so already: then nothing is written */
    TENANT_UNKNOWN,       /* gone meanwhile */
    TENANT_IS_ROOT,       /* the operator's own is neither suspended nor deleted */
    TENANT_NO_SUCH_PLAN,  /* the configuration has none of that name */
    TENANT_DOMAIN_TAKEN,  /* by a tenant, perhaps this one */
    TENANT_DOMAIN_OTHERS, /* the operator's, or given to another tenant by the configuration */
    TENANT_DOMAIN_UNKNOWN,
    TENANT_DOMAINS_FULL
};

enum tenant_part {
    TENANT_NAME = 1u << 0,
    TENANT_PLAN = 1u << 1,
    TENANT_STATUS = 1u << 2,
    TENANT_LOGO = 1u << 3,
    TENANT_COLOUR = 1u << 4,
    TENANT_REGISTRATION = 1u << 5,
    TENANT_MAX_ASSETS = 1u << 6,
    TENANT_MAX_USERS = 1u << 7
};

struct tenant_deed {
    const struct config *config;
    struct audit_actor actor;
    int64_t tenant_id;
    unsigned parts;     /* tenant_change(): which of these … */
    struct tenant next; /* … are to be what they are here */
    struct str host;    /* of a domain: canonical */
    int64_t now;

    /* Set when OK is answered. */
    enum tenant_verdict verdict;
    struct tenant tenant; /* as it is now; as it was, when deleted */
};

/* OK with deed->verdict, or a failure. `arena` becomes the thread's JSON arena. */
enum storage_status tenant_change(struct db_conn *conn, struct arena *arena, struct tenant_deed *deed);
/* With everything that is its own: members, roles, records, its audit log. Users stay, their sessions for it
 * end. The operator's log keeps how far the tenant's log went, and its last hash. */
enum storage_status tenant_remove(struct db_conn *conn, struct arena *arena, struct tenant_deed *deed);
enum storage_status tenant_domain_register(struct db_conn *conn, struct arena *arena,
                                           struct tenant_deed *deed);
enum storage_status tenant_domain_release(struct db_conn *conn, struct arena *arena,
                                          struct tenant_deed *deed);

#endif
