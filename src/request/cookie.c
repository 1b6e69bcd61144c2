#include "request/cookie.h"

#include "request/walk_internal.h"

#define NAME_OVER_TLS   "__Host-tether"
#define NAME_OVER_PLAIN "tether"

static struct str name_of(const struct call *call)
{
    return call->request.client_is_tls ? STR(NAME_OVER_TLS) : STR(NAME_OVER_PLAIN);
}

/* ---- reading ---- */

/* The values of that name in one Cookie field; *ret is the last of them. */
static size_t find(struct str field, struct str name, struct str *ret)
{
    size_t found = 0;
    for (struct str pair, rest = field; !str_is_empty(rest);) {
        struct str its_name, value;
        str_split(rest, ';', &pair, &rest);
        if (!str_split(str_trim(pair), '=', &its_name, &value) || !str_equal(its_name, name))
            continue;
        *ret = value;
        found++;
    }
    return found;
}

/* Over HTTP/2 a client may cut its cookies into several fields (RFC 9113, 8.2.3). */
struct str cookie_token(const struct call *call)
{
    const struct request *request = &call->request;
    struct str token = STR_NONE;
    size_t found = 0;
    for (size_t i = 0; i < request->header_count; i++)
        if (str_equal(request->headers[i].name, STR("cookie")))
            found += find(request->headers[i].value, name_of(call), &token);
    return found == 1 && !str_is_empty(token) ? token : STR_NONE;
}

/* ---- where the request comes from ---- */

static bool is_safe(enum http_method method)
{
    return method == METHOD_GET || method == METHOD_HEAD || method == METHOD_OPTIONS;
}

static bool origin_is_own(struct call *call)
{
    struct str scheme = call->request.client_is_tls ? STR("https://") : STR("http://");
    struct str own = arena_join(call->arena, scheme, arena_lower(call->arena, client_raw_host(call)));
    return request_header_count(&call->request, "origin") == 1 &&
           str_equal(request_header(&call->request, "origin"), own);
}

/* What the browser says itself; older ones say nothing. */
static bool site_is_own(const struct call *call)
{
    struct str site = request_header(&call->request, "sec-fetch-site");
    return !site.at || str_equal(site, STR("same-origin"));
}

/* A page elsewhere may lead a person here, but not fetch or embed what is theirs. */
static bool is_fetched_from_elsewhere(const struct call *call)
{
    struct str site = request_header(&call->request, "sec-fetch-site");
    struct str mode = request_header(&call->request, "sec-fetch-mode");
    return !site_is_own(call) && !str_equal(site, STR("none")) && !str_equal(mode, STR("navigate"));
}

enum error_code cookie_check_origin(struct call *call)
{
    bool is_own = is_safe(call->request.method) ? !is_fetched_from_elsewhere(call)
                                                : origin_is_own(call) && site_is_own(call);
    return is_own ? OK : call_fail(call, ERR_FORBIDDEN, "This is only for pages of this very origin.");
}

/* ---- writing ---- */

void cookie_set(struct call *call, struct str token, int64_t seconds)
{
    reply_header(&call->reply, "set-cookie",
                 arena_printf(call->arena, "%.*s=%.*s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s",
                              STR_ARG(name_of(call)), STR_ARG(token), (long long)seconds,
                              call->request.client_is_tls ? "; Secure" : ""));
}

void cookie_clear(struct call *call)
{
    cookie_set(call, STR(""), 0);
}
