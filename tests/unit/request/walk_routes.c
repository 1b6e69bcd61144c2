/* A row per rule of the walk, and handlers that tell what it decided. */
#include "walk_routes.h"

/* ---- envelopes: the surface's name, the failure's word, its detail and the fields ---- */

static int status(const struct failure *failure)
{
    return error_info(failure->code)->status;
}

static cJSON *error_body(struct call *call, const struct failure *failure)
{
    cJSON *json = json_new_object();
    json_add_str(json, "surface", str_of(call->surface->name));
    json_add_str(json, "word", str_of(error_info(failure->code)->word));
    json_add_str_or_null(json, "detail", failure->detail);
    if (failure->required_permission)
        json_add_str(json, "required_permission", str_of(failure->required_permission));
    if (failure->status)
        json_add_str(json, "status", str_of(failure->status));
    if (failure->violations.n)
        json_add_str(json, "field", str_of(failure->violations.at[0].field));
    return json;
}

#define SURFACE(name_, ...)                                                                                  \
    {                                                                                                        \
        .name = (name_), .prefixes = (const char *const[]){ __VA_ARGS__, NULL }, .status = status,           \
        .error = error_body                                                                                  \
    }
static const struct surface assets = SURFACE("assets", "/");
static const struct surface crm = SURFACE("crm", "/token");
static const struct surface v1 = SURFACE("v1", "/header/");

/* ---- handlers ---- */

static enum error_code probe(struct call *call)
{
    cJSON *json = json_new_object();
    json_add_str(json, "op", str_of(call->route->op));
    json_add_str(json, "tenant", call->tenant.slug);
    json_add_int(json, "user", call->principal.user_id);
    json_add_int(json, "root_scope", call->root_scope);
    json_add_str(json, "client", call->request.client_address);
    json_add_str(json, "host", call->request.client_host);
    json_add_str(json, "param", call->params[0]);
    json_add_int(json, "verdict", call->grant.verdict);
    reply_json(&call->reply, 200, json);
    return OK;
}

static enum error_code say_nothing(struct call *call)
{
    (void)call;
    return OK;
}

static enum error_code fail_without_words(struct call *call)
{
    reply_header(&call->reply, "x-leftover", STR("1"));
    reply_json(&call->reply, 200, json_new_object());
    return ERR_CONFLICT;
}

static enum error_code fail_but_say_ok(struct call *call)
{
    call_fail(call, ERR_CONFLICT, "It is taken.");
    return OK;
}

static enum error_code fail_credentials(struct call *call)
{
    return call_fail(call, ERR_CREDENTIALS, NULL);
}

static enum error_code fail_plan(struct call *call)
{
    call_fail(call, ERR_PLAN_LIMIT, "Full.");
    call->failure.limit = "assets";
    call->failure.used = 50;
    call->failure.max = 50;
    call->failure.plan = STR("free");
    return ERR_PLAN_LIMIT;
}

static enum error_code fail_storage(struct call *call)
{
    int64_t which;
    return str_to_int(call->params[0], &which) ? call_fail_storage(call, (enum storage_status)which) : OK;
}

static enum error_code outgrow(struct call *call)
{
    cJSON *list = json_new_array();
    for (int i = 0; i < 400000; i++)
        json_add_int(list, NULL, i);
    reply_json(&call->reply, 200, list);
    return OK;
}

static enum error_code page(struct call *call)
{
    reply_header(&call->reply, "cache-control", STR("public, max-age=60"));
    reply_text(&call->reply, 200, "text/html", STR("<p>"));
    return OK;
}

/* ---- shapes ---- */

struct thing_input {
    struct str name, secret;
};
static const struct field thing_fields[] = {
    FIELD(struct thing_input, name, "name", FIELD_STR, .flags = FIELD_REQUIRED, .max = 10, .help = "h"),
    FIELD(struct thing_input, secret, "secret", FIELD_SECRET, .help = "h"),
};
static const struct shape thing_shape = SHAPE("Thing", struct thing_input, thing_fields);

struct list_query {
    int64_t limit;
};
static const struct field list_fields[] = {
    FIELD(struct list_query, limit, "limit", FIELD_INT, .min = 1, .max = 200, .help = "h"),
};
static const struct shape list_shape = SHAPE("List", struct list_query, list_fields);

/* ---- rows ---- */

#define ROW(op_, path_, need_, tenant_, ...)                                                                 \
    {                                                                                                        \
        .op = (op_), .method = METHOD_GET, .path = (path_), .need = (need_), .tenant = (tenant_),            \
        .handler = probe, .summary = "s", __VA_ARGS__                                                        \
    }
/* One row per need. */
#define NEEDS(prefix_, base_, tenant_)                                                                       \
    ROW(prefix_ "_permission", base_ "/permission", NEED_PERMISSION, tenant_,                                \
        .permission = PERM_ASSETS_DELETE),                                                                   \
        ROW(prefix_ "_member", base_ "/member", NEED_MEMBER, tenant_),                                       \
        ROW(prefix_ "_self", base_ "/self", NEED_SELF, tenant_),                                             \
        ROW(prefix_ "_session", base_ "/session", NEED_SESSION, tenant_),                                    \
        ROW(prefix_ "_optional", base_ "/optional", NEED_OPTIONAL, tenant_),                                 \
        ROW(prefix_ "_public", base_ "/public", NEED_PUBLIC, tenant_)

#pragma GCC diagnostic ignored "-Woverride-init"
static const struct route assets_rows[] = {
    NEEDS("host", "/host", TENANT_BY_HOST),
    ROW("named_optional", "/named/optional", NEED_OPTIONAL, TENANT_BY_HOST_OR_QUERY),
    ROW("named_public", "/named/public", NEED_PUBLIC, TENANT_BY_HOST_OR_QUERY),
    ROW("both_form", "/both", NEED_PUBLIC, TENANT_BY_HOST, .method = METHOD_POST, .body = BODY_FORM,
        .input = &thing_shape),
    ROW("thing_list", "/things", NEED_MEMBER, TENANT_BY_HOST, .query = &list_shape),
    ROW("thing_create", "/things", NEED_PERMISSION, TENANT_BY_HOST, .method = METHOD_POST,
        .permission = PERM_ASSETS_CREATE, .body = BODY_JSON, .input = &thing_shape, .query = &list_shape),
    ROW("thing_edit", "/things/{id}", NEED_PERMISSION, TENANT_BY_HOST, .method = METHOD_PATCH,
        .permission = PERM_ASSETS_EDIT, .body = BODY_JSON, .input = &thing_shape),
    ROW("thing_form", "/forms", NEED_MEMBER, TENANT_BY_HOST, .method = METHOD_PUT, .body = BODY_FORM,
        .input = &thing_shape),
    ROW("none", "/none/{id}", NEED_PUBLIC, TENANT_NONE),
    ROW("none_self", "/self", NEED_SELF, TENANT_NONE),
    ROW("inline", "/inline", NEED_PUBLIC, TENANT_NONE, .lane = LANE_INLINE),
    ROW("health", "/health", NEED_PUBLIC, TENANT_NONE, .lane = LANE_INLINE, .rate = RATE_UNLIMITED),
    ROW("page", "/page", NEED_PUBLIC, TENANT_NONE, .lane = LANE_INLINE, .handler = page),
    ROW("login", "/login", NEED_PUBLIC, TENANT_BY_HOST, .method = METHOD_POST, .lane = LANE_PASSWORD,
        .rate = RATE_LOGIN, .body = BODY_JSON, .input = &thing_shape, .handler = fail_credentials),
    ROW("password", "/password", NEED_SESSION, TENANT_BY_HOST, .method = METHOD_POST, .lane = LANE_PASSWORD,
        .body = BODY_JSON, .input = &thing_shape),
    ROW("relogin", "/relogin", NEED_SESSION, TENANT_BY_HOST, .method = METHOD_POST, .lane = LANE_PASSWORD,
        .rate = RATE_LOGIN, .body = BODY_JSON, .input = &thing_shape),
    ROW("device", "/devices/{device_token}", NEED_PUBLIC, TENANT_NONE),
    ROW("device_edit", "/devices/{id}", NEED_PUBLIC, TENANT_NONE, .method = METHOD_DELETE),
    ROW("nothing", "/fail/nothing", NEED_PUBLIC, TENANT_NONE, .handler = say_nothing),
    ROW("wordless", "/fail/wordless", NEED_PUBLIC, TENANT_NONE, .handler = fail_without_words),
    ROW("contradiction", "/fail/contradiction", NEED_PUBLIC, TENANT_NONE, .handler = fail_but_say_ok),
    ROW("plan", "/fail/plan", NEED_PUBLIC, TENANT_NONE, .handler = fail_plan),
    ROW("storage", "/fail/storage/{status}", NEED_PUBLIC, TENANT_NONE, .handler = fail_storage),
    ROW("warm_public", "/warm/public", NEED_PUBLIC, TENANT_BY_HOST, .warm = true, .kept = true),
    ROW("warm_member", "/warm/member", NEED_MEMBER, TENANT_BY_HOST, .query = &list_shape, .warm = true, .kept = true),
    ROW("warm_permission", "/warm/permission", NEED_PERMISSION, TENANT_BY_HOST,
        .permission = PERM_ASSETS_DELETE, .warm = true, .kept = true),
    ROW("outgrow", "/fail/outgrow", NEED_PUBLIC, TENANT_NONE, .handler = outgrow),
};
static const struct route crm_rows[] = {
    NEEDS("token", "/token", TENANT_BY_TOKEN),
    ROW("token_warm", "/token/warm", NEED_SELF, TENANT_BY_TOKEN, .warm = true, .kept = true),
    ROW("both_json", "/both", NEED_PUBLIC, TENANT_BY_TOKEN, .method = METHOD_POST, .body = BODY_JSON,
        .input = &thing_shape),
};
static const struct route v1_rows[] = {
    NEEDS("header", "/header", TENANT_BY_HEADER),
    ROW("header_warm", "/header/warm", NEED_MEMBER, TENANT_BY_HEADER, .warm = true, .kept = true),
};

static const struct route_table assets_table = ROUTE_TABLE(&assets, assets_rows);
static const struct route_table crm_table = ROUTE_TABLE(&crm, crm_rows);
static const struct route_table v1_table = ROUTE_TABLE(&v1, v1_rows);

const struct route_table *const walk_test_tables[] = { &assets_table, &crm_table, &v1_table };
const size_t walk_test_table_count = sizeof(walk_test_tables) / sizeof(walk_test_tables[0]);
