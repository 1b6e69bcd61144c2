/* The assets surface's records. */
#include "api/record.h"
#include "api/tables.h"

#define ROUTES(kind_, one_, many_, path_, manage_)                                                   \
    RECORD_ROUTES(kind_, "assets_" one_, one_, many_, path_, TENANT_BY_HOST, 204, PERM_ASSETS_VIEW,  \
                  manage_, manage_, manage_)

static const struct route routes[] = {
    ROUTES(record_category, "category", "categories", "/api/categories", PERM_CATEGORIES_MANAGE),
};

const struct route_table assets_records_routes = ROUTE_TABLE(&assets_surface, routes);
