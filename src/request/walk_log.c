/* The access log. It must never hold a secret: path parameters that are secrets are masked by name, and so
 * is whatever looks like a token of ours, a path without a route is reduced to its first segment and its
 * length, and of a query only the names that the server knows are written. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "devices/device.h"
#include "identity/opaque_token.h"
#include "request/walk_internal.h"

/* The name, in braces, that a path gives its parameter number `wanted`. */
static struct str parameter_name(const char *path, size_t wanted)
{
    struct str segment, rest = str_of(path);
    for (bool more = true; more;) {
        more = str_split(rest, '/', &segment, &rest);
        if (segment.len > 0 && segment.at[0] == '{' && wanted-- == 0)
            return segment;
    }
    return STR_NONE;
}

/* name: what `pattern` calls it. Routes of one path may name a parameter differently: one that calls it a
 * secret is enough. */
static bool is_secret(const struct call *call, const char *pattern, struct str name, size_t parameter)
{
    if (router_is_secret(name))
        return true;
    for (const struct route_entry *entry = call->own.entries; entry; entry = entry->next)
        if (strcmp(entry->route->path, pattern) != 0 &&
            router_is_secret(parameter_name(entry->route->path, parameter)))
            return true;
    return false;
}

/* A token where none belongs is one still. */
static bool holds_token(const struct call *call)
{
    for (size_t i = 0; i < call->own.param_count; i++)
        if (opaque_token_has_prefix(call->params[i]))
            return true;
    return false;
}

/* As it may be written, of a parameter that `pattern` calls by that name. */
static struct str parameter_for_log(const struct call *call, const char *pattern, struct str name,
                                    size_t parameter)
{
    struct str value = call->params[parameter];
    return is_secret(call, pattern, name, parameter) || opaque_token_has_prefix(value) ? STR("***") : value;
}

/* The route's path with its parameters filled in: the path as it came, unless something of it was escaped or
 * is nobody's business. */
static struct str path_of_route(const struct call *call, const char *pattern)
{
    struct str came = call->request.path;
    if (call->own.param_count == 0)
        return str_of(pattern);
    if (!call->own.has_secret && !holds_token(call) && str_index(came, '%') == came.len)
        return came;
    struct buf out;
    buf_init(&out, call->arena, REQUEST_MAX_TARGET);
    struct str rest = str_of(pattern + 1);
    size_t parameter = 0;
    for (bool more = true; more;) {
        struct str segment;
        more = str_split(rest, '/', &segment, &rest);
        buf_add_char(&out, '/');
        if (segment.len == 0 || segment.at[0] != '{')
            buf_add(&out, segment);
        else if (parameter < call->own.param_count)
            buf_add(&out, parameter_for_log(call, pattern, segment, parameter));
        parameter += segment.len > 0 && segment.at[0] == '{';
    }
    return buf_str(&out);
}

static bool is_harmless(struct str segment)
{
    for (size_t i = 0; i < segment.len; i++)
        if (!((segment.at[i] >= 'a' && segment.at[i] <= 'z') || segment.at[i] == '-'))
            return false;
    return segment.len <= 16;
}

static struct str path_for_log(const struct call *call)
{
    const struct route *route = call->route;
    if (!route && call->own.entries)
        route = call->own.entries->route;
    if (route)
        return path_of_route(call, route->path);
    struct str first, rest;
    str_split(str_sub(call->request.path, 1, call->request.path.len), '/', &first, &rest);
    if (call->request.path.len <= 1)
        return call->request.path;
    return is_harmless(first) ? arena_printf(call->arena, "/%.*s%s", STR_ARG(first), rest.len ? "/..." : "")
                              : STR("/...");
}

static bool is_known_name(const struct call *call, struct str name)
{
    const struct shape *shape = call->route ? call->route->query : NULL;
    if (str_equal(name, STR("tenant")))
        return true;
    for (size_t i = 0; shape && i < shape->n; i++)
        if (str_equal(str_of(shape->fields[i].name), name))
            return true;
    return false;
}

static struct str query_for_log(const struct call *call)
{
    struct buf out;
    buf_init(&out, call->arena, 512);
    for (size_t i = 0; call->own.query_read && i < call->query.n; i++) {
        struct str name = call->query.at[i].name;
        buf_add(&out, i ? STR(",") : STR(""));
        buf_add(&out, is_known_name(call, name) ? name : STR("?"));
    }
    return buf_str(&out);
}

static struct str method_for_log(const struct request *request)
{
    if (request->method != METHOD_UNKNOWN)
        return str_of(http_method_name(request->method));
    return text_is_token(request->method_name) ? str_sub(request->method_name, 0, 16) : STR("-");
}

static const char *protocol_of(int version)
{
    switch (version) {
    case 0x100:
        return "HTTP/1.0";
    case 0x101:
        return "HTTP/1.1";
    case 0x200:
        return "HTTP/2";
    default:
        return "-";
    }
}

/* ---- who asks ---- */

#define WHO_TEXT 64                       /* an address and a slug are shorter */
#define WHO_LINE (2 * 6 * WHO_TEXT + 256) /* each byte may be escaped */

/* All that this part of a line is made of. */
struct who {
    char client[WHO_TEXT], tenant[WHO_TEXT];
    int64_t tenant_id, user_id, token_id, device_id;
    enum log_format format;
    int version;
};

static void put_text(char to[WHO_TEXT], struct str from)
{
    if (from.len > 0)
        memcpy(to, from.at, from.len < WHO_TEXT ? from.len : WHO_TEXT);
}

static void read_who(const struct call *call, enum log_format format, struct who *ret)
{
    memset(ret, 0, sizeof(*ret)); /* what lies between is compared, too */
    put_text(ret->client, call->request.client_address);
    put_text(ret->tenant, call->tenant.slug);
    ret->tenant_id = call->tenant.id;
    ret->user_id = call->principal.user_id;
    ret->token_id = call->principal.token.id;
    ret->device_id = call->device ? call->device->id : 0;
    ret->format = format;
    ret->version = call->request.http_version;
}

static size_t render_who(const struct who *who, char *to)
{
    const struct log_field fields[] = {
        LOG_S("client", str_from(who->client, strnlen(who->client, WHO_TEXT))),
        LOG_S("tenant", str_from(who->tenant, strnlen(who->tenant, WHO_TEXT))),
        LOG_I("tenant_id", who->tenant_id),
        LOG_I("user_id", who->user_id),
        LOG_I("token_id", who->token_id),
        LOG_I("device_id", who->device_id),
        LOG_Z("protocol", protocol_of(who->version)),
        { LOG_FIELD_END },
    };
    return log_render(to, WHO_LINE, who->format, fields);
}

/* As it stands in the line. Mostly the next request is of the same one, whose text is kept until another
 * comes. */
static struct str who_for_log(const struct call *call, enum log_format format)
{
    static _Thread_local struct {
        struct who who;
        size_t len; /* 0: nothing is kept */
        char text[WHO_LINE];
    } kept;
    struct who who;
    read_who(call, format, &who);
    if (kept.len == 0 || memcmp(&kept.who, &who, sizeof(who)) != 0) {
        kept.who = who;
        kept.len = render_who(&who, kept.text);
    }
    return str_from(kept.text, kept.len);
}

/* ---- the line ---- */

#define SAME_FIELDS 8

/* What is the same for every request like this one. */
static void put_same(const struct call *call, enum log_format format, struct log_field to[SAME_FIELDS])
{
    const struct request *request = &call->request;
    const struct log_field fields[SAME_FIELDS] = {
        LOG_S("method", method_for_log(request)),
        LOG_S("path", path_for_log(call)),
        LOG_I("path_bytes", request->path.len),
        LOG_S("query", query_for_log(call)),
        LOG_Z("op", call->route ? call->route->op : ""),
        LOG_I("status", call->reply.status),
        LOG_I("bytes", call->reply.body.len + call->reply.stream.sent),
        LOG_R(who_for_log(call, format)),
    };
    memcpy(to, fields, sizeof(fields));
}

size_t walk_log_fields(const struct call *call, enum log_format format, char *to, size_t cap)
{
    struct log_field fields[SAME_FIELDS + 1];
    put_same(call, format, fields);
    fields[SAME_FIELDS] = (struct log_field){ LOG_FIELD_END };
    return log_render(to, cap, format, fields);
}

static void write_line(const struct call *call, bool sent, int64_t done)
{
    int64_t started = call->t_started ? call->t_started : done;
    enum log_format format = log_format_now();
    struct log_field fields[] = {
        LOG_S("id", call->request.id),
        [1 + SAME_FIELDS] = LOG_I("queue_us", started - call->t_received),
        LOG_I("handler_us", call->t_done ? call->t_done - started : 0),
        LOG_I("total_us", done - call->t_received),
        LOG_I("cancelled", !sent),
        { LOG_FIELD_END },
    };
    put_same(call, format, &fields[1]);
    log_fields_at(LOG_INFO, format, done + call->to_epoch_us, "request", fields);
}

void walk_log(struct walk *walk, struct call *call, bool sent)
{
    (void)walk;
    /* 0: the client left before a worker began; nobody answered anything. */
    if (call->reply.status != 0)
        metric_request(call->route ? call->route->op : "none", call->reply.status);
    if (log_is_on(LOG_INFO))
        write_line(call, sent, clock_monotonic_us());
}
