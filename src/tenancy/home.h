/* The host that is a tenant's own, for links that lead there. */
#ifndef TETHER_TENANCY_HOME_H
#define TETHER_TENANCY_HOME_H

#include "tenancy/tenant.h"

/* The first domain registered for the tenant, else the first one the configuration gives it, else
 * SLUG.root_domain; for the root tenant, root_domain itself. OK or a failure. */
enum storage_status tenant_home(struct db_conn *conn, const struct config *config, struct arena *arena,
                                const struct tenant *tenant, struct str *ret);

#endif
