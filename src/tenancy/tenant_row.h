/* The columns of a tenant as a query selects them from "tenants t", and the reader that goes with them.
 * Private to tenancy/. */
#ifndef TETHER_TENANCY_TENANT_ROW_H
#define TETHER_TENANCY_TENANT_ROW_H

#include "tenancy/tenant.h"

#define TENANT_ROW_COLUMNS                                                                                   \
    "t.id, t.slug, t.name, t.plan, t.is_root, t.status, t.logo_url, t.accent_colour, t.registration, "       \
    "t.created_at, t.max_assets, t.max_users"

/* Reads TENANT_ROW_COLUMNS, which are the query's first. */
void tenant_row_read(struct db_rows *rows, struct arena *arena, struct tenant *ret);

#endif
