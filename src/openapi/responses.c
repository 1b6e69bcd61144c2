/* What an operation can answer: its success, and how the walk can refuse a request for its rows. */
#include "base/buf.h"
#include "openapi/parts.h"

#define MAX_TEXT 1024

/* ---- which failures a row can meet ---- */

bool route_wants_token(const struct route *route)
{
    return route->need != NEED_PUBLIC && route->need != NEED_OPTIONAL;
}

static bool always(const struct route *route)
{
    (void)route;
    return true;
}

static bool reads_token(const struct route *route)
{
    return route->need != NEED_PUBLIC;
}

static bool signs_in(const struct route *route)
{
    return route->rate == RATE_LOGIN && !route_wants_token(route);
}

static bool is_for_members(const struct route *route)
{
    return route_wants_token(route) && route->need != NEED_SELF && route->need != NEED_DEVICE;
}

static bool is_entered(const struct route *route)
{
    return is_for_members(route) || route->need == NEED_DEVICE || signs_in(route);
}

static bool needs_permission(const struct route *route)
{
    return route->need == NEED_PERMISSION;
}

static bool has_tenant(const struct route *route)
{
    return route->tenant != TENANT_NONE;
}

/* Two hints about the tenant may disagree, a token may not hold here, a page may be somebody else's. */
static bool may_be_elsewhere(const struct route *route)
{
    return has_tenant(route) || reads_token(route) || route->own_origin;
}

static bool has_parameter(const struct route *route)
{
    return strchr(route->path, '{') != NULL;
}

static bool has_body(const struct route *route)
{
    return route->body != BODY_NONE;
}

static bool has_rows(const struct route *route)
{
    return route->input || route->query || route->tenant == TENANT_BY_HEADER;
}

static bool is_limited(const struct route *route)
{
    return route->rate != RATE_UNLIMITED;
}

static bool is_queued(const struct route *route)
{
    return route->lane != LANE_INLINE;
}

/* What it refers to may be deleted meanwhile. */
static bool writes(const struct route *route)
{
    return is_queued(route) && route->method != METHOD_GET;
}

static const struct cause {
    enum error_code code;
    bool (*applies)(const struct route *route);
} causes[] = {
    { ERR_MALFORMED, always },
    { ERR_UNAUTHENTICATED, route_wants_token },
    { ERR_TOKEN_INVALID, reads_token },
    { ERR_TOKEN_EXPIRED, reads_token },
    { ERR_CREDENTIALS, signs_in },
    { ERR_FORBIDDEN, may_be_elsewhere },
    { ERR_NOT_A_MEMBER, is_for_members },
    { ERR_SUSPENDED, is_entered },
    { ERR_TENANT_SUSPENDED, is_entered },
    { ERR_PERMISSION, needs_permission },
    { ERR_NOT_FOUND, has_parameter },
    { ERR_TENANT_UNKNOWN, has_tenant },
    { ERR_CONFLICT, writes },
    { ERR_TOO_LARGE, has_body },
    { ERR_MEDIA_TYPE, has_body },
    { ERR_VALIDATION, has_rows },
    { ERR_RATE_LIMIT, is_limited },
    { ERR_INTERNAL, is_queued },
    { ERR_OVERLOAD, is_queued },
    { ERR_STORAGE_AWAY, is_queued },
};

/* ---- one refusal ---- */

/* The response of one status, while it is put together. */
struct refusal {
    struct arena *arena;
    int status;
    cJSON *schemas;  /* a $ref per surface */
    cJSON *examples; /* by surface and word */
    struct buf text;
};

static void add_schema(struct refusal *refusal, const struct surface *surface)
{
    cJSON *ref = schema_ref(refusal->arena, envelope_name(refusal->arena, surface));
    const cJSON *known;
    cJSON_ArrayForEach (known, refusal->schemas)
        if (cJSON_Compare(known, ref, true))
            return;
    json_add_item(refusal->schemas, NULL, ref);
}

static void add_example(struct refusal *refusal, const struct api_row *row, enum error_code code)
{
    const struct error_info *info = error_info(code);
    struct str name = arena_printf(refusal->arena, "%s.%s", row->surface->name, info->word);
    if (cJSON_GetObjectItemCaseSensitive(refusal->examples, name.at))
        return;
    cJSON *example = json_add_object(refusal->examples, name.at);
    json_add_str(example, "summary", str_of(info->title));
    json_add_item(example, "value", envelope_example(refusal->arena, row->surface, row->route, code));
}

static void add_title(struct refusal *refusal, enum error_code code)
{
    if (refusal->text.len > 0)
        buf_add(&refusal->text, STR("; "));
    buf_add(&refusal->text, str_of(error_info(code)->title));
}

static bool row_fails(const struct route *route, enum error_code code)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].code == code && causes[i].applies(route))
            return true;
    for (const enum error_code *own = route->fails; own && *own != OK; own++)
        if (*own == code)
            return true;
    return false;
}

static void add_cause(struct refusal *refusal, enum error_code code, const struct api_rows *rows)
{
    const struct failure failure = { .code = code };
    bool is_new = true;
    for (size_t i = 0; i < rows->n; i++) {
        const struct api_row *row = &rows->at[i];
        if (!row_fails(row->route, code) || row->surface->status(&failure) != refusal->status)
            continue;
        add_schema(refusal, row->surface);
        add_example(refusal, row, code);
        if (is_new)
            add_title(refusal, code);
        is_new = false;
    }
}

static cJSON *schema_of(cJSON *schemas)
{
    if (cJSON_GetArraySize(schemas) == 1)
        return cJSON_DetachItemFromArray(schemas, 0);
    cJSON *any = json_new_object();
    json_add_item(any, "anyOf", schemas);
    return any;
}

/* Operations refuse alike: each refusal is a component once, and told of by its name. */
static void share(struct arena *arena, cJSON *shared, cJSON *responses, const struct api_rows *rows,
                  int status, cJSON *response)
{
    struct str first = arena_printf(arena, "%s%d", rows->at[0].surface->name, status), name = first;
    const cJSON *known = NULL;
    for (int n = 2; (known = cJSON_GetObjectItemCaseSensitive(shared, name.at)); n++) {
        if (cJSON_Compare(known, response, true))
            break;
        name = arena_printf(arena, "%.*s.%d", STR_ARG(first), n);
    }
    if (!known)
        json_add_item(shared, name.at, response);
    cJSON *ref = json_add_object(responses, arena_printf(arena, "%d", status).at);
    json_add_str(ref, "$ref", arena_printf(arena, "#/components/responses/%.*s", STR_ARG(name)));
}

static void add_refusal(struct arena *arena, cJSON *shared, cJSON *responses, const struct api_rows *rows,
                        int status)
{
    struct refusal refusal = { arena, status, json_new_array(), json_new_object(), { 0 } };
    buf_init(&refusal.text, arena, MAX_TEXT);
    for (int code = OK + 1; code < ERROR_CODE_COUNT; code++)
        add_cause(&refusal, (enum error_code)code, rows);
    if (refusal.text.len == 0)
        return;
    cJSON *response = json_new_object();
    json_add_str(response, "description", buf_str(&refusal.text));
    headers_refer(arena, response, rows->at[0].route, status);
    cJSON *content = json_add_object(response, "content");
    cJSON *own = json_add_object(content, "application/json");
    json_add_item(own, "schema", schema_of(refusal.schemas));
    json_add_item(own, "examples", refusal.examples);
    json_add_item(json_add_object(content, "application/problem+json"), "schema",
                  schema_ref(arena, STR("Problem")));
    share(arena, shared, responses, rows, status, response);
}

/* ---- all of an operation ---- */

#define FIRST_REFUSAL 400
#define REFUSALS      200

/* Most statuses are nobody's. */
static void find_statuses(const struct api_rows *rows, bool ret[static REFUSALS])
{
    for (size_t i = 0; i < rows->n; i++)
        for (int code = OK + 1; code < ERROR_CODE_COUNT; code++) {
            const struct failure failure = { .code = (enum error_code)code };
            if (row_fails(rows->at[i].route, failure.code))
                ret[rows->at[i].surface->status(&failure) - FIRST_REFUSAL] = true;
        }
}

cJSON *responses_of(struct arena *arena, const struct api_rows *rows, cJSON *shared)
{
    cJSON *responses = json_new_object();
    for (size_t i = 0; i < rows->n; i++)
        success_add(arena, responses, &rows->at[i]);
    bool is_status[REFUSALS] = { false };
    find_statuses(rows, is_status);
    for (int i = 0; i < REFUSALS; i++)
        if (is_status[i])
            add_refusal(arena, shared, responses, rows, FIRST_REFUSAL + i);
    return responses;
}
