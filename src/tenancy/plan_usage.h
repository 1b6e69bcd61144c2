/* What plans allow, and what of its plan a tenant has used. */
#ifndef TETHER_TENANCY_PLAN_USAGE_H
#define TETHER_TENANCY_PLAN_USAGE_H

#include "tenancy/tenant.h"

struct plan_use {
    const char *limit; /* "users" */
    int64_t used;
    int64_t max; /* -1: no limit applies */
};
#define PLAN_USES 2 /* as many kinds as there are */

struct plan_limit {
    const char *limit; /* "users" */
    int64_t max;       /* -1: no limit applies, as in self-hosted mode */
};

/* What a plan of the configuration allows of every kind, in the table's order. */
void plan_limits(const struct config *config, const struct plan *plan, struct plan_limit ret[PLAN_USES]);

/* Every kind, in the table's order. OK or a failure. */
enum storage_status plan_usage(struct db_conn *conn, const struct config *config, const struct tenant *tenant,
                               struct plan_use ret[PLAN_USES]);
/* Of one kind by all tenants together. OK or a failure. */
enum storage_status plan_used_by_all(struct db_conn *conn, const char *kind, int64_t *ret);

#endif
