#include "api/public_url.h"

#include "request/client.h"
#include "tenancy/home.h"

static struct origin origin_of(const struct call *call)
{
    if (!str_is_empty(call->config->tenancy.public_url))
        return config_origin(call->config->tenancy.public_url);
    return (struct origin){ call->request.client_is_tls, call->request.client_host, client_port(call) };
}

struct str public_url_of_host(struct call *call, struct str host)
{
    struct origin origin = origin_of(call);
    bool is_default = str_is_empty(origin.port) || str_equal(origin.port, origin.is_tls ? STR("443") : STR("80"));
    return arena_printf(call->arena, "%s://%.*s%s%.*s", origin.is_tls ? "https" : "http", STR_ARG(host),
                        is_default ? "" : ":", STR_ARG(is_default ? STR_NONE : origin.port));
}

enum error_code public_url(struct call *call, const struct tenant *tenant, struct str *ret)
{
    struct str host;
    enum storage_status status = tenant_home(call->db, call->config, call->arena, tenant, &host);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    *ret = public_url_of_host(call, host);
    return OK;
}
