/* What the team's deeds share: who does them, and the order in which those of a tenant happen. */
#ifndef TETHER_TEAM_TEAM_H
#define TETHER_TEAM_TEAM_H

#include "access/audit.h"
#include "access/membership.h"

/* Who acts on a tenant's team. */
struct team_actor {
    int64_t user_id;
    const struct access_grant *grant; /* in that tenant */
    struct audit_actor audit;
};

/* Inside a write transaction, before anything is read: until it ends, no other deed on the team or the roles
 * of that tenant goes on. That is what keeps a last owner when two leave at once. */
enum storage_status team_lock(struct db_conn *conn, int64_t tenant_id);

#endif
