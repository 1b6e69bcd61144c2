/* Query and body, read by the route's field rows. */
#include "request/walk_internal.h"

static enum error_code refuse(struct call *call, struct violations violations)
{
    call_fail(call, ERR_VALIDATION, NULL);
    call->failure.violations = violations;
    return ERR_VALIDATION;
}

static bool shape_has(const struct shape *shape, struct str name)
{
    for (size_t i = 0; i < shape->n; i++)
        if (str_equal(str_of(shape->fields[i].name), name))
            return true;
    return false;
}

/* Without what the walk itself read: the tenant. */
static struct params own_params(struct call *call, const struct shape *shape)
{
    struct params params = { ARENA_ARRAY(call->arena, struct param, call->query.n + 1), 0 };
    for (size_t i = 0; i < call->query.n; i++) {
        struct str name = call->query.at[i].name;
        if (!str_equal(name, STR("tenant")) || shape_has(shape, name))
            params.at[params.n++] = call->query.at[i];
    }
    return params;
}

enum error_code input_query(struct call *call)
{
    const struct shape *shape = call->route->query;
    if (!shape)
        return OK;
    struct violations violations = { 0 };
    struct params params = own_params(call, shape);
    call->query_input = arena_alloc(call->arena, shape->size);
    if (!shape_read_params(shape, call->arena, &params, call->query_input, &call->query_present, &violations))
        return refuse(call, violations);
    call->own.query_valid = true;
    return OK;
}

static enum error_code unreadable(struct call *call, struct str detail)
{
    if (arena_over_budget(call->arena))
        return call_fail(call, ERR_TOO_LARGE, "The body is too large.");
    return call_fail(call, ERR_VALIDATION, detail.at);
}

static enum error_code read_json(struct call *call, const struct shape *shape)
{
    struct json_error error = { 0 };
    struct violations violations = { 0 };
    cJSON *json = NULL;
    bool said_nothing = call->request.body.len == 0 && !request_header(&call->request, "content-type").at;
    struct str body = said_nothing ? STR("{}") : call->request.body;
    if (!json_parse(call->arena, body, &json, &error))
        return unreadable(call, arena_printf(call->arena, "The body is not valid JSON: %s at byte %zu.",
                                             error.text, error.offset));
    if (!cJSON_IsObject(json))
        return unreadable(call, STR("The body must be a JSON object."));
    if (shape_read_json(shape, call->arena, json, call->input, &call->present, &call->null, &violations))
        return OK;
    if (call->route->tell_more)
        call->route->tell_more(call, &violations);
    return refuse(call, violations);
}

static enum error_code read_form(struct call *call, const struct shape *shape)
{
    struct params params;
    struct violations violations = { 0 };
    struct str why = STR_NONE;
    if (!params_decode(call->arena, call->request.body, &params, &why))
        return unreadable(call, arena_printf(call->arena, "The form cannot be read: %.*s.", STR_ARG(why)));
    if (!shape_read_params(shape, call->arena, &params, call->input, &call->present, &violations))
        return refuse(call, violations);
    return OK;
}

enum error_code input_body(struct call *call)
{
    const struct shape *shape = call->route->input;
    if (!shape)
        return OK;
    call->input = arena_alloc(call->arena, shape->size);
    return call->route->body == BODY_FORM ? read_form(call, shape) : read_json(call, shape);
}
