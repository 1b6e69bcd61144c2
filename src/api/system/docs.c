/* The API's documentation for people: Swagger UI, which shows /openapi.json and tries it out. */
#include "api/system/page.h"
#include "api/tables.h"
#include "web/files.h"

/* Nothing but what stands in these files runs, and it talks to this server alone. Swagger UI's style sheet
 * has its pictures in data URLs; what an operation answers may be a picture, which it shows from a blob. */
static const struct web_folder folder = {
    .files = web_docs,
    .count = &web_docs_count,
    .policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
              "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
              "report-uri /csp-report",
};

static enum error_code index_page(struct call *call)
{
    return web_answer(call, &folder, STR("index.html"));
}

static enum error_code file(struct call *call)
{
    return web_answer(call, &folder, call->params[0]);
}

static const struct route routes[] = {
    PAGE("docs", "/docs", index_page, "The API's documentation, with which it can be tried out"),
    PAGE("docs_index", "/docs/", index_page, "The same"),
    PAGE("docs_file", "/docs/{file}", file, "A file of that page"),
};

const struct route_table docs_routes = ROUTE_TABLE(&system_surface, routes);
