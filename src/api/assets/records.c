/* The assets surface's records. */
#include "api/record_file.h"
#include "api/tables.h"

#define ROUTES(kind_, one_, many_, path_, manage_)                                                           \
    RECORD_ROUTES(kind_, "assets_" one_, one_, many_, path_, TENANT_BY_HOST, 204, PERM_ASSETS_VIEW, manage_, \
                  manage_, manage_)

static const struct route routes[] = {
    RECORD_ROUTES(record_asset, "assets_asset", "asset", "assets", "/api/assets", TENANT_BY_HOST, 204,
                  PERM_ASSETS_VIEW, PERM_ASSETS_CREATE, PERM_ASSETS_EDIT, PERM_ASSETS_DELETE),
    RECORD_EXPORT_ROUTE(record_asset, "assets_asset", "assets", "/api/assets", TENANT_BY_HOST,
                        PERM_ASSETS_EXPORT),
    RECORD_IMPORT_ROUTE(record_asset, "assets_asset", "assets", "/api/assets", TENANT_BY_HOST,
                        PERM_ASSETS_IMPORT),
    RECORD_LIST_ROUTE(record_asset_event, "assets_asset_history", "what happened to an asset",
                      "/api/assets/{id}/history", TENANT_BY_HOST, PERM_ASSETS_VIEW),
    ROUTES(record_category, "category", "categories", "/api/categories", PERM_CATEGORIES_MANAGE),
    ROUTES(record_location, "location", "locations", "/api/locations", PERM_LOCATIONS_MANAGE),
    ROUTES(record_employee, "employee", "employees", "/api/employees", PERM_EMPLOYEES_MANAGE),
};

const struct route_table assets_records_routes = ROUTE_TABLE(&assets_surface, routes);
