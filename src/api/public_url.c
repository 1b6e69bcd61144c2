#include "api/public_url.h"

#include "request/client.h"
#include "tenancy/home.h"

/* Scheme and port of a link. */
struct way {
    bool is_tls;
    struct str port; /* empty: the scheme's own */
};

static struct way way_of(const struct call *call)
{
    struct str scheme, rest, host, port, url = call->config->tenancy.public_url;
    if (str_is_empty(url))
        return (struct way){ call->request.client_is_tls, client_port(call) };
    str_split(url, ':', &scheme, &rest);
    str_split(str_sub(rest, 2, rest.len), ':', &host, &port);
    return (struct way){ str_equal(scheme, STR("https")), port };
}

struct str public_url_of_host(struct call *call, struct str host)
{
    struct way way = way_of(call);
    bool is_default = str_is_empty(way.port) || str_equal(way.port, way.is_tls ? STR("443") : STR("80"));
    return arena_printf(call->arena, "%s://%.*s%s%.*s", way.is_tls ? "https" : "http", STR_ARG(host),
                        is_default ? "" : ":", STR_ARG(is_default ? STR_NONE : way.port));
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
