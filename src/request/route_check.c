/* The self-check of the route tables: a broken table does not start. Each rule is a row: what must hold, and
 * the sentence that names it. */
#include <stdio.h>

#include "request/router.h"

#define MAX_ANSWER_DEPTH 6

/* ---- one path ---- */

static bool all_of(struct str text, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && !strchr(more, c))
            return false;
    }
    return text.len > 0;
}

static bool is_parameter(struct str segment)
{
    return str_starts_with(segment, STR("{")) && str_ends_with(segment, STR("}")) &&
           all_of(str_sub(segment, 1, segment.len - 2), "_");
}

static bool is_literal(struct str segment)
{
    return all_of(segment, "._~-") && !str_equal(segment, STR(".")) && !str_equal(segment, STR(".."));
}

static bool path_is_sound(const struct route *route)
{
    struct str seen[CALL_MAX_PARAMS];
    size_t parameters = 0, segments = 0;
    if (!route->path || route->path[0] != '/')
        return false;
    struct str rest = str_of(route->path + 1);
    for (bool more = rest.len > 0; more; segments++) {
        struct str segment;
        more = str_split(rest, '/', &segment, &rest);
        bool is_end = !more && segments > 0 && str_is_empty(segment);
        if (!is_parameter(segment)) {
            if (!is_literal(segment) && !is_end)
                return false;
            continue;
        }
        for (size_t i = 0; i < parameters; i++)
            if (str_equal(seen[i], segment))
                return false;
        if (parameters == CALL_MAX_PARAMS)
            return false;
        seen[parameters++] = segment;
    }
    return segments <= ROUTER_MAX_SEGMENTS;
}

/* ---- one row ---- */

static bool is_open(const struct route *route)
{
    return route->need == NEED_PUBLIC || route->need == NEED_OPTIONAL;
}

static bool has_op(const struct route *route)
{
    return route->op && route->op[0];
}

static bool has_summary(const struct route *route)
{
    return route->summary && route->summary[0];
}

static bool has_handler(const struct route *route)
{
    return route->handler != NULL;
}

/* HEAD and OPTIONS are made by the walk. */
static bool method_is_own(const struct route *route)
{
    return route->method > METHOD_UNKNOWN && route->method < METHOD_COUNT && route->method != METHOD_HEAD &&
           route->method != METHOD_OPTIONS;
}

static bool enums_in_range(const struct route *route)
{
    return route->need <= NEED_PUBLIC && route->permission < PERM_COUNT && route->tenant <= TENANT_NONE &&
           route->lane <= LANE_INLINE && route->rate < RATE_CLASS_COUNT && route->form < ANSWER_FORM_COUNT &&
           route->body < BODY_KIND_COUNT;
}

static bool permission_is_stated(const struct route *route)
{
    return (route->need == NEED_PERMISSION) == (route->permission != PERM_NONE);
}

static bool body_has_shape(const struct route *route)
{
    return body_has_rows(route->body) == (route->input != NULL);
}

static bool get_has_no_body(const struct route *route)
{
    return route->method != METHOD_GET || route->body == BODY_NONE;
}

static bool passwords_are_limited(const struct route *route)
{
    return route->lane != LANE_PASSWORD || !is_open(route) || route->rate == RATE_LOGIN ||
           route->rate == RATE_REGISTER;
}

static bool inline_is_simple(const struct route *route)
{
    return route->lane != LANE_INLINE ||
           (route->need == NEED_PUBLIC && route->tenant == TENANT_NONE && route->body == BODY_NONE);
}

/* Sign-ins and registrations are counted in the database too, which the loop must not ask. */
static bool warm_is_simple(const struct route *route)
{
    bool is_counted_by_all = route->rate == RATE_LOGIN || route->rate == RATE_REGISTER;
    return !route->warm || (route->lane == LANE_GENERAL && route->body == BODY_NONE && !is_counted_by_all);
}

/* Only what is answered on the loop, to a question without a body. */
static bool kept_is_warm(const struct route *route)
{
    return !route->kept || (route->warm && route->method == METHOD_GET);
}

static bool quick_is_simple(const struct route *route)
{
    return !route->quick || (route->method == METHOD_GET && route->lane == LANE_GENERAL);
}

/* Inline rows and kept answers are not asked; neither has a body. */
static bool admits_has_body(const struct route *route)
{
    return !route->admits || route->body != BODY_NONE;
}

/* It is asked in the name of requests that are none of ours: nothing of those may get in. */
static bool wide_is_simple(const struct route *route)
{
    return !route->wide ||
           (route->method == METHOD_GET && route->body == BODY_NONE && !strchr(route->path, '{'));
}

/* The walk takes a path's first parameter for the token, and the log masks it by its name. */
static bool device_is_named(const struct route *route)
{
    const char *parameter = strchr(route->path, '{');
    if (route->need != NEED_DEVICE)
        return true;
    return route->tenant == TENANT_BY_TOKEN && (!parameter || strcmp(parameter, "{device_token}") == 0);
}

static bool members_have_tenant(const struct route *route)
{
    return route->tenant != TENANT_NONE || is_open(route) || route->need == NEED_SELF;
}

static bool unlimited_is_tenantless(const struct route *route)
{
    return route->rate != RATE_UNLIMITED || route->tenant == TENANT_NONE;
}

/* Elsewhere a parameter could make a request look into another tenant than its host says. */
static bool named_tenant_is_open(const struct route *route)
{
    return route->tenant != TENANT_BY_HOST_OR_QUERY || is_open(route);
}

static bool success_is_success(const struct route *route)
{
    return route->success == 0 || (route->success >= 200 && route->success <= 299);
}

static bool pages_have_rows(const struct route *route)
{
    bool has_items = route->form == ANSWER_LIST || route->form == ANSWER_PAGE;
    return route->form == ANSWER_MESSAGE ? !route->answer : route->answer || !has_items;
}

static const struct rule {
    bool (*holds)(const struct route *route);
    const char *sentence;
} rules[] = {
    { has_op, "it has no operation id" },
    { path_is_sound,
      "its path is not sound (literal or {parameter} segments, at most 4 different parameters)" },
    { method_is_own, "its method is none that a row may have" },
    { enums_in_range, "a value is out of range" },
    { has_handler, "it has no handler" },
    { has_summary, "it has no summary" },
    { permission_is_stated, "a permission is stated if and only if the route needs one" },
    { body_has_shape, "a body kind and an input shape come together" },
    { get_has_no_body, "GET has no body" },
    { passwords_are_limited, "an open route in the password lane counts as login or register" },
    { inline_is_simple, "an inline route is public, without tenant and body" },
    { admits_has_body, "what is looked at before the body belongs to a route with a body" },
    { warm_is_simple,
      "a warm route is in the general lane, has no body, and counts as neither login nor register" },
    { kept_is_warm, "a route whose answers are kept is a warm GET" },
    { quick_is_simple, "a quick route is a GET in the general lane" },
    { wide_is_simple, "a wide route is a GET without body and parameters" },
    { device_is_named, "a device route finds its tenant by the token, and has {device_token} as its last "
                       "segment or no parameter" },
    { members_have_tenant, "a route that asks for membership finds its tenant" },
    { unlimited_is_tenantless, "only routes without tenant are unlimited" },
    { named_tenant_is_open, "only open routes let anybody name the tenant" },
    { success_is_success, "its success status is none" },
    { pages_have_rows, "a list's items have rows, and a message has none" },
};

/* ---- shapes ---- */

static const char *field_wrong(const struct shape *shape, size_t i, bool is_text)
{
    const struct field *row = &shape->fields[i];
    size_t size = field_size(row->type);
    if (!row->name || !row->name[0])
        return "a field has no name";
    if (!size || row->offset + size > shape->size)
        return "a field does not lie in its struct";
    if (!row->help || !row->help[0])
        return "a field has no help";
    if ((row->type == FIELD_ENUM) != (row->words && row->words[0]))
        return "words and the enum type come together";
    if (row->max != 0 && row->min > row->max)
        return "a field's bounds are crossed";
    if (is_text && (row->type == FIELD_OBJECT || (row->flags & FIELD_NULLABLE)))
        return "a form or query has no objects and no nulls";
    for (size_t before = 0; before < i; before++)
        if (strcmp(shape->fields[before].name, row->name) == 0)
            return "a field's name appears twice";
    return NULL;
}

static const char *shape_wrong(const struct shape *shape, bool is_text)
{
    if (!shape)
        return NULL;
    if (!shape->name || !shape->name[0] || !shape->fields || shape->n == 0)
        return "a shape has no name or no fields";
    if (shape->n > 64)
        return "a shape has more than 64 fields";
    for (size_t i = 0; i < shape->n; i++) {
        const char *wrong = field_wrong(shape, i, is_text);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static bool holds_objects(const struct field *row)
{
    return row->type == FIELD_OBJECT || row->type == FIELD_OBJECT_LIST || row->type == FIELD_MAP;
}

/* Of a row that nobody reads: what can be told of it. */
static const char *told_wrong(const struct field *row)
{
    if (!row->name || !row->name[0])
        return "a row of its answer has no name";
    if (!row->help && !row->of)
        return "a row of its answer has no help";
    if (row->of && !holds_objects(row))
        return "a row of its answer has rows of its own and is no object";
    if (row->type == FIELD_OBJECT_LIST && !row->of)
        return "a row of its answer lists objects without rows";
    return (row->type == FIELD_ENUM) == (row->words && row->words[0])
               ? NULL
               : "words and the enum type come together";
}

static const char *answer_wrong(const struct shape *shape, int depth)
{
    if (!shape)
        return NULL;
    if (depth > MAX_ANSWER_DEPTH)
        return "its answer nests too deep, or in a circle";
    for (size_t i = 0; i < shape->n; i++) {
        const char *wrong = told_wrong(&shape->fields[i]);
        if (!wrong)
            wrong = answer_wrong(shape->fields[i].of, depth + 1);
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* ---- all rows ---- */

/* Equal but for the names of parameters. */
static bool same_path(const char *a, const char *b)
{
    struct str rest_a = str_of(a), rest_b = str_of(b);
    for (bool more_a = true, more_b = true; more_a || more_b;) {
        if (more_a != more_b)
            return false;
        struct str one, other;
        more_a = str_split(rest_a, '/', &one, &rest_a);
        more_b = str_split(rest_b, '/', &other, &rest_b);
        if (!(is_parameter(one) && is_parameter(other)) && !str_equal(one, other))
            return false;
    }
    return true;
}

static const char *pair_wrong(const struct route *a, const struct route *b)
{
    if (strcmp(a->op, b->op) == 0)
        return "its operation id is taken";
    if (a->method != b->method || !same_path(a->path, b->path))
        return NULL;
    bool told_apart = a->body != b->body && a->body != BODY_NONE && b->body != BODY_NONE;
    return told_apart ? NULL : "its method, path and body are taken";
}

static const char *row_wrong(const struct route *route)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (!rules[i].holds(route))
            return rules[i].sentence;
    const char *wrong = shape_wrong(route->input, route->body == BODY_FORM);
    if (!wrong)
        wrong = shape_wrong(route->query, true);
    if (!wrong && route->answer && !route->answer->name)
        wrong = "its answer has no name";
    return wrong ? wrong : answer_wrong(route->answer, 0);
}

/* Against every row before it. */
static const char *repeats(const struct route_table *const *tables, size_t table, size_t row)
{
    const struct route *route = &tables[table]->routes[row];
    for (size_t t = 0; t <= table; t++) {
        size_t n = t == table ? row : tables[t]->n;
        for (size_t r = 0; r < n; r++) {
            const char *wrong = pair_wrong(&tables[t]->routes[r], route);
            if (wrong)
                return wrong;
        }
    }
    return NULL;
}

static const char *surface_wrong(const struct surface *surface)
{
    if (!surface || !surface->name || !surface->prefixes)
        return "a table's surface has no name or no prefixes";
    return surface->status && surface->error ? NULL : "a table's surface cannot say errors";
}

static bool refuse(char *error, size_t cap, const struct route *route, const char *wrong)
{
    snprintf(error, cap, "route %s (%s %s): %s", route->op ? route->op : "?", http_method_name(route->method),
             route->path ? route->path : "?", wrong);
    return false;
}

static bool table_check(const struct route_table *const *tables, size_t t, char *error, size_t cap)
{
    for (size_t r = 0; r < tables[t]->n; r++) {
        const struct route *route = &tables[t]->routes[r];
        const char *wrong = row_wrong(route);
        if (!wrong)
            wrong = repeats(tables, t, r);
        if (wrong)
            return refuse(error, cap, route, wrong);
    }
    return true;
}

bool route_tables_check(const struct route_table *const *tables, size_t n, char *error, size_t cap)
{
    if (n == 0) {
        snprintf(error, cap, "there are no routes");
        return false;
    }
    for (size_t t = 0; t < n; t++) {
        const char *wrong = surface_wrong(tables[t]->surface);
        if (wrong) {
            snprintf(error, cap, "%s", wrong);
            return false;
        }
        if (!table_check(tables, t, error, cap))
            return false;
    }
    return true;
}
