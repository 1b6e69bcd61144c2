/* The tenants of a server, in pages. */
#ifndef TETHER_TENANCY_TENANT_LIST_H
#define TETHER_TENANCY_TENANT_LIST_H

#include "storage/keyset.h"
#include "tenancy/tenant.h"

enum tenant_filter { TENANTS_ALL = 0, TENANTS_ACTIVE, TENANTS_SUSPENDED };

/* What the list can be sorted by, for people. */
#define TENANT_SORTS "id, slug, name, plan, created_at"

struct tenant_query {
    struct str search; /* anywhere in slug or name, ASCII case ignored; at == NULL: any */
    struct str plan;   /* at == NULL: any */
    enum tenant_filter filter;
    const struct str *sort; /* as in ?sort= … */
    size_t sort_count;      /* … and how many; 0: by id */
    struct str cursor;      /* page.next of the page before; at == NULL: from the start */
    int64_t limit;          /* 1 to 1000 */
};

struct tenant_page {
    struct tenant *at;
    size_t n;
    struct str next;   /* the cursor of the next page; at == NULL: there is none */
    const char *wrong; /* "sort" or "cursor" after DONE: the one that is none of this list */
};

/* By id the root tenant comes first, since it is the oldest. OK, DONE or a failure. */
enum storage_status tenant_list(struct db_conn *conn, struct arena *arena, const struct tenant_query *query,
                                struct tenant_page *ret);
/* How many there are on all pages. OK or a failure. */
enum storage_status tenant_count(struct db_conn *conn, struct arena *arena, const struct tenant_query *query,
                                 int64_t *ret);

#endif
