/* tether routes: every route the server has, from the tables it runs on. */
#include "api/routes.h"
#include "cli/commands.h"
#include "cli/store.h"
#include "request/walk.h"

static const char *needs(const struct route *route)
{
    switch (route->need) {
    case NEED_PERMISSION:
        return permission_info(route->permission)->name;
    case NEED_MEMBER:
        return "member";
    case NEED_SELF:
        return "self";
    case NEED_SESSION:
        return "session";
    case NEED_DEVICE:
        return "device";
    case NEED_OPTIONAL:
        return "optional";
    case NEED_PUBLIC:
        return "public";
    }
    return "";
}

static void print_route(void *context, const struct surface *surface, const struct route *route)
{
    (void)context;
    printf("%-7s %-34s %-7s %-20s %-28s %s\n", http_method_name(route->method), route->path,
           route->page ? "page" : surface->name,
           needs(route), route->op, route->summary);
}

static int run(struct cli *cli)
{
    int code = store_open(cli, STORE_CONFIG);
    if (code != CLI_OK)
        return code;
    char error[600];
    struct walk *walk =
        walk_new(cli->config, NULL, api_route_tables, api_route_table_count, error, sizeof(error));
    if (!walk)
        return cli_fail("%s", error);
    printf("%-7s %-34s %-7s %-20s %-28s %s\n", "method", "path", "surface", "needs", "operation", "summary");
    walk_each_route(walk, print_route, NULL);
    walk_free(&walk);
    return CLI_OK;
}

const struct cli_command routes_command = {
    .name = "routes",
    .summary = "List every route, who may use it and what it does",
    .run = run,
};
