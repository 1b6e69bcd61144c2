/* The tenants of a server, in pages. */
#ifndef TETHER_TENANCY_TENANT_LIST_H
#define TETHER_TENANCY_TENANT_LIST_H

#include "tenancy/tenant.h"

enum tenant_filter { TENANTS_ALL = 0, TENANTS_ACTIVE, TENANTS_SUSPENDED };

struct tenant_query {
    struct str search; /* anywhere in slug or name, ASCII case ignored; at == NULL: any */
    struct str plan;   /* at == NULL: any */
    enum tenant_filter filter;
    int64_t after; /* the id of the last one seen; 0: from the oldest */
    int64_t limit; /* 1 to 1000 */
};

struct tenant_page {
    struct tenant *at;
    size_t n;
    bool has_more;
};

/* By id, the root tenant first, since it is the oldest. OK or a failure. */
enum storage_status tenant_list(struct db_conn *conn, struct arena *arena, const struct tenant_query *query,
                                struct tenant_page *ret);
/* How many there are on all pages. OK or a failure. */
enum storage_status tenant_count(struct db_conn *conn, struct arena *arena, const struct tenant_query *query,
                                 int64_t *ret);

#endif
