/* From a Host to a tenant. The text is made canonical first, strictly: whatever two readers could understand
 * differently is no host. */
#include "tenancy/host.h"

#include <arpa/inet.h>

#include "base/text.h"

#define MAX_RAW_HOST 300 /* a name, a trailing dot, a port; longer is no host */

/* RFC 3986 lets the port be empty. */
static bool is_port(struct str s)
{
    int64_t port;
    return str_is_empty(s) || (s.len <= 5 && str_to_int(s, &port) && port >= 1 && port <= 65535);
}

/* Nothing, or a port after its colon. */
static bool is_port_part(struct str s)
{
    return str_is_empty(s) || (s.at[0] == ':' && is_port(str_sub(s, 1, s.len)));
}

/* "[v6]" and perhaps a port. The address is written the one way inet_ntop() writes it. */
static bool canonical_ipv6(struct arena *arena, struct str raw, struct str *ret)
{
    size_t end = str_index(raw, ']');
    if (end == raw.len || !is_port_part(str_sub(raw, end + 1, raw.len)))
        return false;
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, arena_cstr(arena, str_sub(raw, 1, end - 1)), &address) != 1)
        return false;
    *ret = arena_printf(arena, "[%s]", inet_ntop(AF_INET6, &address, text, sizeof text));
    return true;
}

static bool is_ipv4(struct arena *arena, struct str host)
{
    struct in_addr address;
    return inet_pton(AF_INET, arena_cstr(arena, host), &address) == 1;
}

/* A name that ends in a number is an IPv4 address or nothing: "127.1" and "1.2.3.999" mean different things
 * to different readers. */
static bool is_name_or_ipv4(struct arena *arena, struct str host)
{
    size_t last = host.len;
    while (last > 0 && host.at[last - 1] != '.')
        last--;
    for (size_t i = last; i < host.len; i++) {
        if (host.at[i] < '0' || host.at[i] > '9')
            return true;
    }
    return is_ipv4(arena, host);
}

static bool make_canonical(struct arena *arena, struct str raw, struct str *ret)
{
    if (str_is_empty(raw) || raw.len > MAX_RAW_HOST || !text_is_line(raw))
        return false;
    if (raw.at[0] == '[')
        return canonical_ipv6(arena, raw, ret);
    size_t colon = str_index(raw, ':');
    if (!is_port_part(str_sub(raw, colon, raw.len)))
        return false;
    struct str host = arena_lower(arena, str_sub(raw, 0, colon));
    if (str_ends_with(host, STR(".")))
        host.len--;
    if (!text_is_host(host) || !is_name_or_ipv4(arena, host))
        return false;
    *ret = host;
    return true;
}

/* The one that was asked for last comes again and again. */
bool host_canonical(struct arena *arena, struct str raw, struct str *ret)
{
    static _Thread_local struct {
        size_t raw_len, len; /* raw_len: 0, nothing is kept */
        char raw[MAX_RAW_HOST], canonical[MAX_RAW_HOST];
    } kept;
    if (kept.raw_len > 0 && str_equal(raw, str_from(kept.raw, kept.raw_len))) {
        *ret = arena_copy(arena, str_from(kept.canonical, kept.len));
        return true;
    }
    if (!make_canonical(arena, raw, ret))
        return false;
    if (ret->len <= sizeof(kept.canonical)) {
        memcpy(kept.raw, raw.at, raw.len);
        memcpy(kept.canonical, ret->at, ret->len);
        kept.raw_len = raw.len;
        kept.len = ret->len;
    }
    return true;
}

bool host_is_domain(struct arena *arena, struct str typed, struct str *ret)
{
    return str_index(typed, ':') == typed.len && host_canonical(arena, typed, ret) && text_is_host(*ret) &&
           str_index(*ret, '.') < ret->len && !is_ipv4(arena, *ret);
}

bool host_is_of_root(const struct config *config, struct str host)
{
    struct str root = config->tenancy.root_domain;
    if (!str_ends_with(host, root))
        return false;
    return host.len == root.len || host.at[host.len - root.len - 1] == '.';
}

bool host_is_nobodys(const struct config *config, enum host_scope scope, struct str host)
{
    return scope == HOST_UNKNOWN && !host_is_of_root(config, host);
}

/* The slug of SLUG.root_domain; false when host is not one label below it. */
static bool slug_of_host(struct str host, struct str root_domain, struct str *ret)
{
    struct str below;
    return str_split(host, '.', ret, &below) && str_equal(below, root_domain);
}

/* The slug that the configuration gives for a host; empty when it says nothing. */
static struct str slug_of_config(const struct config *config, struct str host)
{
    for (size_t i = 0; i < config->tenancy.domain_count; i++) {
        if (str_equal(config->tenancy.domains[i].host, host))
            return config->tenancy.domains[i].slug;
    }
    return STR_NONE;
}

/* What the configuration alone says about a host: the scope, and the slug to look up unless that is
 * HOST_ROOT. */
static enum host_scope scope_of_config(const struct config *config, struct str host, struct str *ret_slug)
{
    *ret_slug = slug_of_config(config, host);
    if (!str_is_empty(*ret_slug))
        return HOST_TENANT;
    if (str_equal(host, config->tenancy.root_domain))
        return HOST_ROOT;
    if (slug_of_host(host, config->tenancy.root_domain, ret_slug))
        return HOST_TENANT;
    *ret_slug = config->tenancy.default_tenant;
    return str_is_empty(*ret_slug) ? HOST_UNKNOWN : HOST_DEFAULT;
}

static enum storage_status find_by_config(struct db_conn *conn, const struct config *config,
                                          struct arena *arena, struct str host, enum host_scope *ret_scope,
                                          struct tenant *ret)
{
    struct str slug;
    *ret_scope = scope_of_config(config, host, &slug);
    if (*ret_scope == HOST_UNKNOWN)
        return STORAGE_DONE;
    if (*ret_scope == HOST_ROOT)
        return tenant_root(conn, arena, ret);
    return tenant_by_slug(conn, arena, slug, ret);
}

enum storage_status host_resolve(struct db_conn *conn, const struct config *config, struct arena *arena,
                                 struct str host, enum host_scope *ret_scope, struct tenant *ret)
{
    enum host_scope scope = HOST_TENANT;
    enum storage_status status = STORAGE_DONE;
    if (!host_is_of_root(config, host))
        status = tenant_by_domain(conn, arena, host, ret);
    if (status == STORAGE_DONE)
        status = find_by_config(conn, config, arena, host, &scope, ret);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return status;
    if (status == STORAGE_DONE)
        *ret_scope = HOST_UNKNOWN;
    else
        *ret_scope = ret->is_root ? HOST_ROOT : scope;
    return STORAGE_OK;
}
