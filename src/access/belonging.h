/* The tenants a user belongs to. */
#ifndef TETHER_ACCESS_BELONGING_H
#define TETHER_ACCESS_BELONGING_H

#include "access/membership.h"

struct belonging {
    int64_t tenant_id;
    struct str slug, name, plan;
    enum tenant_status tenant_status;
    struct str role; /* slug */
    enum membership_status status;
    int64_t joined_at;
};
typedef void (*belonging_fn)(void *context, const struct belonging *belonging);

/* All of them in the order of joining, the suspended ones too. OK or a failure. */
enum storage_status belonging_list(struct db_conn *conn, struct arena *arena, int64_t user_id,
                                   belonging_fn fn, void *context);

#endif
