/* What a single text must look like: files, hosts, slugs, listeners, networks, origins, mailboxes. */
#include "config/config_internal.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include "base/text.h"

bool config_check_file(struct reader *reader, struct str text, struct str *ret)
{
    if (text.at[0] == '/')
        *ret = text;
    else
        *ret = arena_printf(reader->arena, "%.*s/%.*s", STR_ARG(reader->folder), STR_ARG(text));
    return true;
}

bool config_check_database_file(struct reader *reader, struct str text, struct str *ret)
{
    *ret = text;
    return str_equal(text, STR(":memory:")) || config_check_file(reader, text, ret);
}

/* A name, or a module's path, which holds a '/'. */
bool config_check_driver(struct reader *reader, struct str text, struct str *ret)
{
    *ret = text;
    return text_is_slug(text) || (str_index(text, '/') < text.len && config_check_file(reader, text, ret));
}

bool config_check_host(struct reader *reader, struct str text, struct str *ret)
{
    *ret = arena_lower(reader->arena, text);
    return text_is_host(*ret);
}

bool config_check_slug(struct reader *reader, struct str text, struct str *ret)
{
    (void)reader;
    *ret = text;
    return text_is_slug(text);
}

/* The address family of an address in text form; 0 for none. */
static int family_of(struct reader *reader, struct str text)
{
    struct in6_addr address;
    const char *cstr = arena_cstr(reader->arena, text);
    if (inet_pton(AF_INET, cstr, &address) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, cstr, &address) == 1 ? AF_INET6 : 0;
}

static bool is_port(struct str text)
{
    int64_t port;
    return str_to_int(text, &port) && port >= 0 && port <= 65535;
}

/* 192.0.2.1:80 or [2001:db8::1]:80 */
static bool is_socket_address(struct reader *reader, struct str text)
{
    struct str host, port;
    if (text.len > 0 && text.at[0] == '[') {
        return str_split(str_sub(text, 1, text.len), ']', &host, &port) &&
               family_of(reader, host) == AF_INET6 && str_starts_with(port, STR(":")) &&
               is_port(str_sub(port, 1, port.len));
    }
    return str_split(text, ':', &host, &port) && family_of(reader, host) == AF_INET && is_port(port);
}

static bool is_socket_path(struct str text)
{
    return text.len > 1 && text.at[0] == '/' && text.len < sizeof(((struct sockaddr_un *)0)->sun_path);
}

bool config_check_listen(struct reader *reader, struct str text, struct str *ret)
{
    struct str scheme, rest;
    *ret = text;
    if (!str_split(text, ':', &scheme, &rest))
        return false;
    if (str_equal(scheme, STR("unix")))
        return is_socket_path(rest);
    if (!str_equal(scheme, STR("http")) && !str_equal(scheme, STR("https")))
        return false;
    return str_starts_with(rest, STR("//")) && is_socket_address(reader, str_sub(rest, 2, rest.len));
}

/* Bits behind the prefix are a mistake: 10.1.0.0/8 is either 10.0.0.0/8 or 10.1.0.0/16. */
static bool has_host_bits(struct reader *reader, int family, struct str address, int64_t prefix)
{
    unsigned char bytes[16] = { 0 };
    inet_pton(family, arena_cstr(reader->arena, address), bytes);
    for (int64_t bit = prefix; bit < (family == AF_INET ? 32 : 128); bit++)
        if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return true;
    return false;
}

bool config_check_network(struct reader *reader, struct str text, struct str *ret)
{
    struct str address, bits;
    int64_t prefix;
    *ret = text;
    bool has_prefix = str_split(text, '/', &address, &bits);
    int family = family_of(reader, address);
    if (family == 0 || !has_prefix)
        return family != 0;
    if (!str_to_int(bits, &prefix) || prefix < 0 || prefix > (family == AF_INET ? 32 : 128))
        return false;
    return !has_host_bits(reader, family, address, prefix);
}

/* As a browser sends it: scheme, host in lower case, port when it is not the scheme's own. */
bool config_check_origin(struct reader *reader, struct str text, struct str *ret)
{
    struct str scheme, rest, host, port;
    *ret = text;
    if (!str_split(text, ':', &scheme, &rest) || !str_starts_with(rest, STR("//")))
        return false;
    if (!str_equal(scheme, STR("http")) && !str_equal(scheme, STR("https")))
        return false;
    rest = str_sub(rest, 2, rest.len);
    if (is_socket_address(reader, rest))
        return true;
    return (!str_split(rest, ':', &host, &port) || is_port(port)) && text_is_host(host);
}

struct origin config_origin(struct str text)
{
    struct origin origin;
    struct str scheme, rest;
    str_split(text, ':', &scheme, &rest);
    str_split(str_sub(rest, 2, rest.len), ':', &origin.host, &origin.port);
    origin.is_tls = str_equal(scheme, STR("https"));
    return origin;
}

bool config_check_public_url(struct reader *reader, struct str text, struct str *ret)
{
    return config_check_origin(reader, text, ret) || str_is_empty(text);
}

/* "Name <address>" or an address alone. */
bool config_check_mailbox(struct reader *reader, struct str text, struct str *ret)
{
    struct str name, address;
    (void)reader;
    *ret = text;
    if (!str_split(text, '<', &name, &address))
        return text_is_email(text);
    return str_ends_with(address, STR(">")) && text_is_email(str_sub(address, 0, address.len - 1));
}

bool config_check_transport(struct reader *reader, struct str text, struct str *ret)
{
    (void)reader;
    *ret = text;
    return str_equal(text, STR("file")) || str_equal(text, STR("smtp"));
}

bool config_check_webhook_secret(struct reader *reader, struct str text, struct str *ret)
{
    (void)reader;
    *ret = text;
    return text.len == 0 || text.len >= 32;
}

/* A password in the URL would end up in errors and logs. */
bool config_check_smtp_url(struct reader *reader, struct str text, struct str *ret)
{
    struct str scheme, rest, host, port;
    *ret = text;
    if (!str_split(text, ':', &scheme, &rest) || !str_starts_with(rest, STR("//")))
        return false;
    if (!str_equal(scheme, STR("smtp")) && !str_equal(scheme, STR("smtps")))
        return false;
    rest = str_sub(rest, 2, rest.len);
    if (is_socket_address(reader, rest))
        return true;
    bool has_port = str_split(rest, ':', &host, &port);
    return (!has_port || is_port(port)) && config_check_host(reader, host, &host);
}
