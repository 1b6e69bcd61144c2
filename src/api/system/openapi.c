/* The API's own description, for programs, generators and the panel's forms. */
#include "api/tables.h"
#include "openapi/document.h"
#include "request/call.h"

static enum error_code document(struct call *call)
{
    reply_text(&call->reply, 200, "application/json", openapi_document(call->arena, call->walk));
    reply_header(&call->reply, "cache-control", STR("public, max-age=300"));
    return OK;
}

static const struct route routes[] = {
    { .op = "openapi_document",
      .method = METHOD_GET,
      .path = "/openapi.json",
      .need = NEED_PUBLIC,
      .tenant = TENANT_NONE,
      .rate = RATE_PANEL,
      .page = true,
      .handler = document,
      .summary = "The API as an OpenAPI document" },
};

const struct route_table openapi_routes = ROUTE_TABLE(&system_surface, routes);
