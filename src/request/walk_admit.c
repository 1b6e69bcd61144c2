/* The part of the walk that runs on the event loop: everything that needs neither the database nor CPU time.
 */
#include "base/buf.h"
#include "request/walk_internal.h"

/* ---- what came ---- */

static enum error_code admit_client(struct call *call)
{
    struct request *request = &call->request;
    request->id = client_request_id(call);
    request->client_address = client_address(call);
    request->client_is_tls = client_is_tls(call);
    return OK;
}

static enum error_code refuse_headers(struct call *call)
{
    call->reply.close = true;
    return call_fail(call, ERR_HEADERS_TOO_LARGE, "The header fields are too large.");
}

static enum error_code admit_framing(struct call *call)
{
    if (call->request.head_is_cut)
        return refuse_headers(call);
    if (call->request.malformed) {
        call->reply.close = true;
        return call_fail(call, ERR_MALFORMED, "The request is ambiguous or malformed.");
    }
    return OK;
}

static enum error_code admit_target(struct call *call)
{
    if (call->request.target.len > REQUEST_MAX_TARGET) {
        call->reply.close = true;
        return call_fail(call, ERR_TARGET_TOO_LONG, "The request target is too long.");
    }
    return OK;
}

static enum error_code admit_host(struct call *call)
{
    if (!client_host(call, &call->request.client_host))
        return call_fail(call, ERR_MALFORMED, "The request names no valid host.");
    return OK;
}

/* ---- the route ---- */

/* TRACE and CONNECT are known to HTTP and to no route: 405 where the path is known. */
static bool is_standard_method(struct str name)
{
    return str_equal(name, STR("TRACE")) || str_equal(name, STR("CONNECT"));
}

static enum error_code admit_method(struct call *call)
{
    const struct request *request = &call->request;
    if (request->method == METHOD_UNKNOWN && !is_standard_method(request->method_name))
        return call_fail(call, ERR_NOT_IMPLEMENTED, "The method is not known.");
    if (request->method == METHOD_OPTIONS && str_equal(request->target, STR("*")))
        reply_empty(&call->reply, 204);
    return OK;
}

static enum error_code admit_path(struct call *call)
{
    struct router_match match;
    enum path_verdict verdict = router_match(call->walk->router, call->arena, call->request.path, &match);
    if (verdict == PATH_BROKEN)
        return call_fail(call, ERR_MALFORMED, "The path is malformed.");
    if (verdict == PATH_UNKNOWN)
        return call_fail(call, ERR_ROUTE_UNKNOWN, NULL);
    memcpy(call->params, match.params, sizeof(call->params));
    call->own.entries = match.entries;
    call->own.param_count = match.param_count;
    call->own.has_secret = match.has_secret;
    call->surface = match.entries->surface;
    return OK;
}

static enum error_code admit_options(struct call *call)
{
    if (call->request.method != METHOD_OPTIONS)
        return OK;
    struct str methods = answer_methods(call);
    reply_empty(&call->reply, 204);
    reply_header(&call->reply, "allow", methods);
    cors_add_preflight(call, methods);
    return OK;
}

const char *body_media_type(enum body_kind body)
{
    static const char *const types[BODY_KIND_COUNT] = {
        [BODY_NONE] = "",
        [BODY_JSON] = "application/json",
        [BODY_FORM] = "application/x-www-form-urlencoded",
        [BODY_REPORT] = "application/csp-report",
        [BODY_CSV] = "text/csv",
        [BODY_BYTES] = "application/octet-stream",
    };
    return types[body];
}

static bool entry_fits(const struct route_entry *entry, enum http_method method, struct str type)
{
    enum body_kind body = entry->route->body;
    return entry->route->method == method && body != BODY_NONE &&
           str_equal(type, str_of(body_media_type(body)));
}

/* Several rows of one method differ by body kind: the content type chooses, and when none fits, call->route
 * stays NULL. */
static void choose_route(struct call *call, enum http_method method)
{
    struct str type = request_media_type(call->arena, &call->request);
    const struct route_entry *only = NULL;
    size_t rows = 0;
    for (const struct route_entry *entry = call->own.entries; entry; entry = entry->next) {
        if (entry->route->method != method)
            continue;
        only = rows++ ? NULL : entry;
    }
    for (const struct route_entry *entry = rows > 1 ? call->own.entries : NULL; entry; entry = entry->next)
        if (entry_fits(entry, method, type))
            only = entry;
    if (!only)
        return;
    call->route = only->route;
    call->surface = only->surface;
}

static enum error_code admit_route(struct call *call)
{
    enum http_method method = call->request.method == METHOD_HEAD ? METHOD_GET : call->request.method;
    bool known = false, has_password = false;
    for (const struct route_entry *entry = call->own.entries; entry; entry = entry->next) {
        known |= entry->route->method == method;
        has_password |= entry->route->lane == LANE_PASSWORD;
    }
    /* Before anything can be refused: a password sent in the wrong form is a password. */
    if (has_password)
        arena_wipe_on_free(call->arena);
    if (!known) {
        reply_header(&call->reply, "allow", answer_methods(call));
        return call_fail(call, ERR_METHOD, "The method is not allowed here.");
    }
    choose_route(call, method);
    return OK;
}

static const walk_step route_steps[] = { admit_method, admit_path, admit_options, admit_route };

static bool has_parameter_of(const struct route *route, const struct params *query)
{
    bool is_there = params_get(query, "tenant").at != NULL;
    for (size_t i = 0; route->query && i < route->query->n; i++)
        is_there |= params_get(query, route->query->fields[i].name).at != NULL;
    return is_there;
}

/* What stands below a wide row belongs to another program. But a slash too many and a parameter of the row is
 * somebody's question that would be answered as if it had not been asked. */
static enum error_code admit_below(struct call *call)
{
    struct request *request = &call->request;
    struct params query;
    struct str why;
    bool is_slash = request->path.len == strlen(call->route->path) + 1;
    if (is_slash && params_decode(call->arena, request->query, &query, &why) &&
        has_parameter_of(call->route, &query))
        return call_fail(call, ERR_BAD_REQUEST, "Leave out the slash before the query.");
    request->query = STR("");
    return OK;
}

/* One row, or the row of a proxy's request, of which only the head counts. */
static enum error_code admit_to_route(struct call *call)
{
    bool is_below;
    const struct route_entry *wide = router_wide(call->walk->router, call->request.path, &is_below);
    if (!wide)
        return walk_steps(call, route_steps, sizeof(route_steps) / sizeof(route_steps[0]));
    call->own.entries = wide;
    call->route = wide->route;
    call->surface = wide->surface;
    return is_below ? admit_below(call) : OK;
}

/* ---- size and type ---- */

static enum error_code admit_headers(struct call *call)
{
    return call->request.headers_too_large ? refuse_headers(call) : OK;
}

static enum error_code admit_size(struct call *call)
{
    const struct request *request = &call->request;
    if (request->body_too_large || request->body.len > (size_t)call->config->server.max_body) {
        call->reply.close = request->body_too_large;
        return call_fail(call, ERR_TOO_LARGE, "The body is too large.");
    }
    return OK;
}

static enum error_code refuse_type(struct call *call, const char *detail)
{
    const char *name = call->request.method == METHOD_POST    ? "accept-post"
                       : call->request.method == METHOD_PATCH ? "accept-patch"
                                                              : "accept";
    struct buf out;
    buf_init(&out, call->arena, 128);
    for (const struct route_entry *entry = call->own.entries; entry; entry = entry->next)
        if (entry->route->method == call->request.method && entry->route->body != BODY_NONE)
            buf_printf(&out, "%s%s", out.len ? ", " : "", body_media_type(entry->route->body));
    reply_header(&call->reply, name, buf_str(&out));
    return call_fail(call, ERR_MEDIA_TYPE, detail);
}

/* Bodies are UTF-8; a charset that says otherwise is not ours to guess. */
static bool charset_is_utf8(struct str content_type)
{
    struct str one, rest;
    str_split(content_type, ';', &one, &rest);
    while (!str_is_empty(rest)) {
        struct str name, value;
        str_split(rest, ';', &one, &rest);
        if (!str_split(one, '=', &name, &value) || !str_equal_nocase(str_trim(name), STR("charset")))
            continue;
        value = str_trim(value);
        if (!str_equal_nocase(value, STR("utf-8")) && !str_equal_nocase(value, STR("\"utf-8\"")))
            return false;
    }
    return true;
}

static bool encoding_is_plain(const struct request *request)
{
    struct str encoding = request_header(request, "content-encoding");
    return !encoding.at || str_equal_nocase(str_trim(encoding), STR("identity"));
}

static enum error_code admit_type(struct call *call)
{
    const struct request *request = &call->request;
    if (call->route && call->route->body == BODY_NONE)
        return OK;
    struct str type = request_media_type(call->arena, request);
    bool said_nothing = call->route && request->body.len == 0 && !request_header(request, "content-type").at;
    if (said_nothing)
        return OK; /* the body's own check says what is missing */
    if (!call->route || request_header_count(request, "content-type") > 1 ||
        !str_equal(type, str_of(body_media_type(call->route->body))))
        return refuse_type(call, "The content type is not supported here.");
    if (!charset_is_utf8(request_header(request, "content-type")))
        return refuse_type(call, "The charset is not supported; send UTF-8.");
    if (!encoding_is_plain(request))
        return refuse_type(call, "A content encoding is not supported.");
    return OK;
}

/* ---- rate ---- */

static enum error_code admit_rate(struct call *call)
{
    if (!route_counts_by_address(call->route))
        return OK;
    rate_count(call, rate_ask_for_address(call, call->route->rate, true));
    if (call->rate.applies && !call->rate.allowed)
        return call_fail(call, ERR_RATE_LIMIT, "Too many requests.");
    return OK;
}

static enum error_code admit_inline(struct call *call)
{
    return call->route->lane == LANE_INLINE ? walk_handle(call) : OK;
}

/* Whether it pays to ask on the loop who may enter: most of these are turned away, and those that are not
 * must not take a place in the password lane without a right to it. */
static bool enters_on_loop(struct call *call)
{
    if (!route_needs_sign_in(call->route))
        return false;
    return call->route->lane == LANE_PASSWORD || !sign_in_has_token(call) || address_is_used_up(call);
}

/* A walk that goes cold starts over on a worker as if nothing had happened, but for the rate it has counted.
 */
static enum error_code admit_warm(struct call *call)
{
    if (!call->route->warm && !enters_on_loop(call))
        return OK;
    struct call before = *call;
    enum error_code code = call->route->warm ? walk_through(call) : walk_enter(call);
    if (!call->own.cold)
        return code;
    before.rate = call->rate;
    before.own.rate_known = call->own.rate_known;
    before.own.asked = call->own.asked;
    *call = before;
    return OK;
}

static const walk_step admit_steps[] = {
    admit_client, admit_framing, admit_target, admit_host,   admit_to_route, admit_headers,
    admit_size,   admit_type,    admit_rate,   admit_inline, admit_warm,
};

bool walk_admit(struct walk *walk, struct call *call, enum lane *ret_lane)
{
    (void)walk;
    enum error_code code = walk_steps(call, admit_steps, sizeof(admit_steps) / sizeof(admit_steps[0]));
    if (code != OK || call->reply.status != 0) {
        answer_complete(call);
        return true;
    }
    *ret_lane = walk_lane(call);
    return false;
}

/* What is looked at before the size. */
static const walk_step refusal_steps[] = {
    admit_client, admit_framing, admit_target, admit_host, admit_to_route, admit_headers,
};

void walk_refuse(struct call *call, enum error_code code, const char *detail)
{
    enum error_code first =
        code == ERR_MALFORMED
            ? admit_client(call)
            : walk_steps(call, refusal_steps, sizeof(refusal_steps) / sizeof(refusal_steps[0]));
    if (first == OK)
        call_fail(call, code, detail);
    answer_complete(call);
}

void walk_refuse_overload(struct walk *walk, struct call *call)
{
    (void)walk;
    call_fail(call, ERR_OVERLOAD, "The server is busy.");
    answer_complete(call);
}
