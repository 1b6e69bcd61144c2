/* Who is asking. Forwarding headers are believed only when the connection comes from a trusted proxy, and
 * X-Forwarded-For only as far from the right as trusted proxies reach: what a client writes at its left end
 * changes nothing. */
#include "base/random.h"
#include "request/address.h"
#include "request/client.h"
#include "request/walk_internal.h"

#define MAX_HOPS 32

bool client_is_proxied(const struct call *call)
{
    return address_in_list(call->request.peer_address, &call->config->server.trusted_proxies);
}

static bool is_id_byte(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool client_id_is_sound(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!is_id_byte(id.at[i]))
            return false;
    return id.len >= 1 && id.len <= 64;
}

struct str client_request_id(struct call *call)
{
    if (client_is_proxied(call) && request_header_count(&call->request, "x-request-id") == 1) {
        struct str id = request_header(&call->request, "x-request-id");
        if (client_id_is_sound(id))
            return id;
    }
    return random_id(call->arena);
}

/* The last element of a comma-separated list; *rest loses it. */
static bool pop_last(struct str *rest, struct str *ret)
{
    if (!rest->at)
        return false;
    size_t comma = rest->len;
    while (comma > 0 && rest->at[comma - 1] != ',')
        comma--;
    *ret = str_trim(str_sub(*rest, comma, rest->len));
    *rest = comma ? str_from(rest->at, comma - 1) : STR_NONE;
    return true;
}

/* Walks one X-Forwarded-For field from the right. True: the next field to the left may go on. */
static bool walk_back(struct call *call, struct str value, struct str *client, size_t *hops)
{
    struct str element;
    for (struct str rest = value; pop_last(&rest, &element);) {
        struct address address;
        if (++*hops > MAX_HOPS || !address_parse_forwarded(element, &address))
            return false;
        *client = address_text(call->arena, &address);
        if (!address_in_list(*client, &call->config->server.trusted_proxies))
            return false;
    }
    return true;
}

struct str client_address(struct call *call)
{
    const struct request *request = &call->request;
    struct str client = request->peer_address;
    if (!client_is_proxied(call))
        return client;
    size_t hops = 0;
    for (size_t i = request->header_count; i > 0; i--) {
        const struct header *header = &request->headers[i - 1];
        if (str_equal(header->name, STR("x-forwarded-for")) &&
            !walk_back(call, header->value, &client, &hops))
            break;
    }
    return client;
}

bool client_is_tls(const struct call *call)
{
    const struct request *request = &call->request;
    if (!client_is_proxied(call) || request_header_count(request, "x-forwarded-proto") != 1)
        return request->is_tls;
    struct str rest = request_header(request, "x-forwarded-proto"), last;
    return pop_last(&rest, &last) && str_equal_nocase(last, STR("https"));
}

static size_t forwarded_hosts(const struct call *call)
{
    return client_is_proxied(call) ? request_header_count(&call->request, "x-forwarded-host") : 0;
}

struct str client_raw_host(const struct call *call)
{
    const struct request *request = &call->request;
    return forwarded_hosts(call) ? str_trim(request_header(request, "x-forwarded-host")) : request->host;
}

bool client_host(struct call *call, struct str *ret)
{
    return forwarded_hosts(call) <= 1 && host_canonical(call->arena, client_raw_host(call), ret);
}

/* Without a port in the Host it was the scheme's own, wherever something in between has led it. */
struct str client_port(const struct call *call)
{
    struct str host = client_raw_host(call), port = STR_NONE;
    size_t colon = host.len;
    while (colon > 0 && host.at[colon - 1] != ':' && host.at[colon - 1] != ']')
        colon--;
    if (colon > 0 && host.at[colon - 1] == ':')
        port = str_sub(host, colon, host.len);
    if (str_equal(port, call->request.client_is_tls ? STR("443") : STR("80")))
        return STR_NONE;
    if (str_is_empty(port) || client_is_proxied(call))
        return port;
    return call->request.port ? arena_int(call->arena, call->request.port) : STR_NONE;
}
