/* The end of every request: a failure in its envelope, JSON printed, and the headers every answer bears. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "request/accept.h"
#include "request/walk_internal.h"

#define SPARE_BYTES ((size_t)256 * 1024)

/* ---- rate headers ---- */

bool route_needs_sign_in(const struct route *route)
{
    return route->need != NEED_PUBLIC && route->need != NEED_OPTIONAL;
}

bool route_counts_by_address(const struct route *route)
{
    return !route_needs_sign_in(route) || route->rate == RATE_LOGIN || route->rate == RATE_REGISTER;
}

struct rate_ask rate_ask_for_address(struct call *call, enum rate_class class, bool takes)
{
    struct str key = rate_address_key(call->arena, call->request.client_address);
    return (struct rate_ask){ .key = key, .class = class, .takes = takes };
}

void rate_count(struct call *call, struct rate_ask ask)
{
    call->rate = rate_answer(call->walk->limiter, call->config, &ask, call->now);
    call->own.asked = ask;
    call->own.rate_known |= ask.takes;
}

enum rate_class rate_class_of_address(const struct call *call)
{
    return call->route && call->route->rate == RATE_VERIFY ? RATE_VERIFY : RATE_DEFAULT;
}

bool address_is_used_up(struct call *call)
{
    enum rate_class class = rate_class_of_address(call);
    if (rate_of_class(call->config, class).limit == 0)
        return false;
    struct rate_ask ask = rate_ask_for_address(call, class, false);
    struct rate_state state = rate_answer(call->walk->limiter, call->config, &ask, call->now);
    return state.applies && state.remaining <= 0;
}

static void add_number(struct call *call, const char *name, int64_t number)
{
    reply_header(&call->reply, name, arena_int(call->arena, number));
}

static void add_rate_headers(struct call *call)
{
    if (!call->own.rate_known && call->route && call->route->rate == RATE_UNLIMITED)
        return;
    if (!call->own.rate_known)
        rate_count(call, rate_ask_for_address(call, rate_class_of_address(call), false));
    if (!call->rate.applies)
        return;
    add_number(call, "x-ratelimit-limit", call->rate.limit);
    add_number(call, "x-ratelimit-remaining", call->rate.remaining);
    add_number(call, "x-ratelimit-reset", call->rate.reset);
}

/* ---- headers of a failure ---- */

static const struct challenge {
    enum error_code code;
    const char *text;
} challenges[] = {
    { ERR_UNAUTHENTICATED, "Bearer realm=\"tether\"" },
    { ERR_CREDENTIALS, "Bearer realm=\"tether\"" },
    { ERR_TOKEN_INVALID,
      "Bearer realm=\"tether\", error=\"invalid_token\", error_description=\"The token is invalid\"" },
    { ERR_TOKEN_EXPIRED,
      "Bearer realm=\"tether\", error=\"invalid_token\", error_description=\"The token has expired\"" },
};

static void add_challenge(struct call *call)
{
    const struct failure *failure = &call->failure;
    for (size_t i = 0; i < sizeof(challenges) / sizeof(challenges[0]); i++)
        if (challenges[i].code == failure->code)
            reply_header(&call->reply, "www-authenticate", str_of(challenges[i].text));
    if (failure->code == ERR_PERMISSION && failure->required_permission)
        reply_header(&call->reply, "www-authenticate",
                     arena_printf(call->arena,
                                  "Bearer realm=\"tether\", error=\"insufficient_scope\", scope=\"%s\"",
                                  failure->required_permission));
}

/* Seconds until trying again makes sense; 0: no such promise. */
static int64_t retry_after(const struct call *call)
{
    if (call->failure.retry_after > 0)
        return call->failure.retry_after;
    switch (call->failure.code) {
    case ERR_RATE_LIMIT: {
        int64_t left = call->rate.reset - call->now / CLOCK_SECOND;
        return left > 0 ? left : 1;
    }
    case ERR_OVERLOAD:
    case ERR_STORAGE_AWAY:
    case ERR_OUTCOME_UNKNOWN:
        return 1;
    default:
        return 0;
    }
}

static void add_failure_headers(struct call *call)
{
    int64_t seconds = retry_after(call);
    if (!reply_has_header(&call->reply, "www-authenticate"))
        add_challenge(call);
    if (seconds > 0 && !reply_has_header(&call->reply, "retry-after"))
        add_number(call, "retry-after", seconds);
    reply_header(&call->reply, "vary", STR("Accept"));
}

/* ---- body of a failure ---- */

static void add_violations(cJSON *problem, const struct violations *violations)
{
    if (violations->n == 0)
        return;
    cJSON *errors = json_add_array(problem, "errors");
    for (size_t i = 0; i < violations->n; i++) {
        cJSON *error = json_add_object(errors, NULL);
        if (violations->at[i].line)
            json_add_int(error, "line", violations->at[i].line);
        if (violations->at[i].field)
            json_add_str(error, "field", str_of(violations->at[i].field));
        json_add_str(error, "detail", violations->at[i].text);
    }
}

static void add_extensions(cJSON *problem, const struct failure *failure)
{
    if (failure->required_permission)
        json_add_str(problem, "required_permission", str_of(failure->required_permission));
    if (failure->code != ERR_PLAN_LIMIT)
        return;
    json_add_str(problem, "limit", str_of(failure->limit));
    json_add_int(problem, "used", failure->used);
    json_add_int(problem, "max", failure->max);
    json_add_str(problem, "plan", failure->plan);
}

/* RFC 9457. */
static cJSON *problem_body(struct call *call)
{
    const struct failure *failure = &call->failure;
    const struct error_info *info = error_info(failure->code);
    cJSON *problem = json_new_object();
    json_add_str(problem, "type", arena_printf(call->arena, "urn:tether:error:%s", info->word));
    json_add_str(problem, "title", str_of(info->title));
    json_add_int(problem, "status", call->reply.status);
    if (failure->detail.at)
        json_add_str(problem, "detail", failure->detail);
    json_add_str(problem, "instance", call->request.id);
    add_violations(problem, &failure->violations);
    add_extensions(problem, failure);
    return problem;
}

/* A request that got as far as a path has that of its routes. */
static void find_surface(struct call *call)
{
    if (!call->surface)
        call->surface = router_surface(call->walk->router, call->request.path);
}

static void render_failure(struct call *call)
{
    find_surface(call);
    int status = call->surface->status(&call->failure);
    bool problem = accept_wants_problem(&call->request);
    reply_json(&call->reply, status, NULL);
    call->reply.json = problem ? problem_body(call) : call->surface->error(call, &call->failure);
    if (problem)
        call->reply.content_type = "application/problem+json";
    add_failure_headers(call);
    if (call->failure.code == ERR_RATE_LIMIT)
        metric_add(METRIC_RATE_LIMITED, 1);
}

/* ---- headers of every answer ---- */

static bool is_json(const struct call *call)
{
    return call->reply.json != NULL;
}

static bool came_over_tls(const struct call *call)
{
    return call->request.client_is_tls;
}

/* Unless the handler has said otherwise. */
static const struct {
    struct header header;
    bool (*applies)(const struct call *call); /* NULL: always */
} defaults[] = {
    { { STR("x-content-type-options"), STR("nosniff") }, NULL },
    { { STR("cache-control"), STR("no-store") }, NULL },
    { { STR("referrer-policy"), STR("no-referrer") }, NULL },
    { { STR("x-frame-options"), STR("DENY") }, NULL },
    { { STR("content-security-policy"), STR("default-src 'none'; frame-ancestors 'none'") }, is_json },
    { { STR("strict-transport-security"), STR("max-age=31536000") }, came_over_tls },
};

static void add_common_headers(struct call *call)
{
    reply_header(&call->reply, "x-request-id", call->request.id);
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (!defaults[i].applies || defaults[i].applies(call))
            reply_default(&call->reply, &defaults[i].header);
}

struct str answer_methods(struct call *call)
{
    struct buf out;
    buf_init(&out, call->arena, 128);
    bool has[METHOD_COUNT] = { [METHOD_OPTIONS] = true };
    for (const struct route_entry *entry = call->own.entries; entry; entry = entry->next)
        has[entry->route->method] = true;
    has[METHOD_HEAD] = has[METHOD_GET];
    for (int method = METHOD_UNKNOWN + 1; method < METHOD_COUNT; method++)
        if (has[method])
            buf_printf(&out, "%s%s", out.len ? ", " : "", http_method_name((enum http_method)method));
    return buf_str(&out);
}

/* ---- the whole ---- */

static void free_spare(void *arg)
{
    struct arena *spare = arg;
    arena_free(&spare);
}

/* JSON stops growing at the arena's budget, so the words that say so need room of their own. */
static struct arena *arena_for_failure(struct call *call)
{
    if (!arena_over_budget(call->arena))
        return call->arena;
    struct arena *spare = arena_new(SPARE_BYTES);
    arena_defer(call->arena, free_spare, spare);
    return spare;
}

static void print_failure(struct call *call)
{
    struct arena *arena = arena_for_failure(call);
    json_use_arena(arena);
    render_failure(call);
    call->reply.body = json_print(arena, call->reply.json);
}

/* False when the reply outgrew the arena: then parts of it may be missing. */
static bool print_success(struct call *call)
{
    if (!call->reply.json)
        return true;
    call->reply.body = json_print(call->arena, call->reply.json);
    return !arena_over_budget(call->arena);
}

static void refuse_outgrown(struct call *call)
{
    log_event(LOG_ERROR, "a reply outgrew its memory", LOG_S("id", call->request.id),
              LOG_Z("op", call->route ? call->route->op : ""));
    call->reply = (struct reply){ .close = call->reply.close };
    call_fail(call, ERR_INTERNAL, NULL);
}

void answer_complete(struct call *call)
{
    json_use_arena(call->arena);
    if (call->failure.code == OK && !print_success(call))
        refuse_outgrown(call);
    if (call->failure.code != OK)
        print_failure(call);
    add_common_headers(call);
    add_rate_headers(call);
    cors_add(call);
    json_use_arena(NULL);
}
