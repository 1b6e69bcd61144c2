/* Cross-origin requests, for the origins of server.cors_origins. No cookies cross over: tokens travel in a
 * header. */
#include "request/walk_internal.h"

static struct str allowed_origin(const struct call *call)
{
    const struct str_list *origins = &call->config->server.cors_origins;
    struct str origin = request_header(&call->request, "origin");
    if (request_header_count(&call->request, "origin") != 1)
        return STR_NONE;
    for (size_t i = 0; i < origins->n; i++)
        if (str_equal(origins->at[i], STR("*")) || str_equal(origins->at[i], origin))
            return origins->at[i];
    return STR_NONE;
}

void cors_add(struct call *call)
{
    if (call->config->server.cors_origins.n == 0)
        return;
    reply_header(&call->reply, "vary", STR("Origin"));
    struct str origin = allowed_origin(call);
    if (!origin.at)
        return;
    reply_header(&call->reply, "access-control-allow-origin", origin);
    reply_header(
        &call->reply, "access-control-expose-headers",
        STR("X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, "
            "WWW-Authenticate, ETag, Location"));
}

void cors_add_preflight(struct call *call, struct str methods)
{
    if (!allowed_origin(call).at || !request_header(&call->request, "access-control-request-method").at)
        return;
    reply_header(&call->reply, "access-control-allow-methods", methods);
    reply_header(&call->reply, "access-control-allow-headers",
                 STR("Authorization, Content-Type, Accept, X-Tenant, If-Match, If-None-Match"));
    reply_header(&call->reply, "access-control-max-age", STR("600"));
}
