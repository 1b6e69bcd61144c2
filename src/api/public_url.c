#include "api/public_url.h"

#include "tenancy/home.h"

/* The port by which the client reached us: that of Host, or, behind a trusted proxy, of X-Forwarded-Host;
 * which of the two was believed is seen by its host. */
static struct str port_of(struct call *call)
{
    const struct request *request = &call->request;
    const struct str hosts[] = { request->host, request_header(request, "x-forwarded-host") };
    for (size_t i = 0; i < 2; i++) {
        struct str canonical, host = str_trim(hosts[i]);
        size_t colon = host.len;
        if (!host.at || !host_canonical(call->arena, host, &canonical) ||
            !str_equal(canonical, request->client_host))
            continue;
        while (colon > 0 && host.at[colon - 1] != ':' && host.at[colon - 1] != ']')
            colon--;
        return colon > 0 && host.at[colon - 1] == ':' ? str_sub(host, colon, host.len) : STR_NONE;
    }
    return STR_NONE;
}

struct str public_url_of_host(struct call *call, struct str host)
{
    struct str port = port_of(call);
    bool is_tls = call->request.client_is_tls;
    bool is_default = str_is_empty(port) || str_equal(port, is_tls ? STR("443") : STR("80"));
    return arena_printf(call->arena, "%s://%.*s%s%.*s", is_tls ? "https" : "http", STR_ARG(host),
                        is_default ? "" : ":", STR_ARG(is_default ? STR_NONE : port));
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
