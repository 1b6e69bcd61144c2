/* Lists every table. A surface whose routes are still to come stands here with none: its paths then already
 * answer in its envelope. */
#include "api/routes.h"

#include "api/tables.h"

static const struct route_table v1_routes = { .surface = &v1_surface };
static const struct route_table spaces_routes = { .surface = &spaces_surface };

const struct route_table *const api_route_tables[] = {
    &system_routes,   &assets_auth_routes,  &assets_branding_routes,
    &crm_auth_routes, &crm_register_routes, &v1_team_routes,
    &v1_roles_routes, &v1_routes,           &spaces_routes,
};

const size_t api_route_table_count = sizeof api_route_tables / sizeof api_route_tables[0];
