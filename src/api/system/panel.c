/* The admin panel: static files for browsers, who then talk to the API as anybody does. */
#include "api/system/page.h"
#include "api/tables.h"
#include "web/files.h"

/* Nothing but what stands in the panel's own files runs; pictures may come from where a tenant keeps its
 * logo. */
static const struct web_folder folder = {
    .files = web_panel,
    .count = &web_panel_count,
    .policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; "
              "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
              "report-uri /csp-report",
};

static enum error_code lead_in(struct call *call)
{
    reply_empty(&call->reply, 308);
    reply_header(&call->reply, "location", STR("/panel/"));
    return OK;
}

static enum error_code index_page(struct call *call)
{
    return web_answer(call, &folder, STR("index.html"));
}

static enum error_code file(struct call *call)
{
    return web_answer(call, &folder, call->params[0]);
}

static const struct route routes[] = {
    PAGE("panel", "/panel", lead_in, "Leads to the admin panel"),
    PAGE("panel_index", "/panel/", index_page, "The admin panel"),
    PAGE("panel_file", "/panel/{file}", file, "A file of the admin panel"),
};

const struct route_table panel_routes = ROUTE_TABLE(&system_surface, routes);
