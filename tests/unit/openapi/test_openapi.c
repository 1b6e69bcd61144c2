/* The document against the tables it is made from. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "api/routes.h"
#include "openapi/document.h"
#include "records/init.h"

#define YAML                                                                                                 \
    "server: { listen: [ \"http://127.0.0.1:1\" ] }\n"                                                       \
    "tenancy: { root_domain: msp.localhost }\n"                                                              \
    "storage: { driver: sqlite, sqlite: { path: unused.db } }\n"                                             \
    "tokens: { secret_key: 0123456789abcdef0123456789abcdef }\n"

static struct arena *arena;
static struct config *config;
static struct walk *walk;
static cJSON *document;

static int up(void **state)
{
    (void)state;
    struct config_error config_error;
    struct json_error json_error;
    char error[600];
    json_init();
    records_init();
    arena = arena_new(SIZE_MAX);
    config = config_parse("test.yaml", STR(YAML), &config_error);
    if (!config)
        fail_msg("%s", config_error.text);
    walk = walk_new(config, NULL, api_route_tables, api_route_table_count, error, sizeof error);
    if (!walk)
        fail_msg("%s", error);
    /* The reader refuses a name that appears twice. */
    if (!json_parse(arena, openapi_document(arena, walk), &document, &json_error))
        fail_msg("%s", json_error.text);
    return 0;
}

static int down(void **state)
{
    (void)state;
    walk_free(&walk);
    config_free(&config);
    json_use_arena(NULL);
    arena_free(&arena);
    return 0;
}

/* ---- ways around in it ---- */

static const cJSON *get(const cJSON *from, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(from, name);
}

/* "components/schemas/Problem", by '/'; ~1 does not occur in what is asked for. */
static const cJSON *look_up(const char *pointer)
{
    const cJSON *at = document;
    struct str step, rest = str_of(pointer);
    for (bool more = true; more;) {
        more = str_split(rest, '/', &step, &rest);
        at = get(at, arena_cstr(arena, step));
    }
    return at;
}

/* A response of an operation, which may be a component. */
static const cJSON *response_of(const cJSON *operation, const char *status)
{
    const cJSON *response = get(get(operation, "responses"), status);
    const char *ref = cJSON_GetStringValue(get(response, "$ref"));
    return ref ? look_up(ref + 2) : response;
}

static const cJSON *operation_at(const char *method, const char *path)
{
    const cJSON *operation = get(get(get(document, "paths"), path), method);
    assert_non_null(operation);
    return operation;
}

static const cJSON *operation_for(const struct route *route)
{
    return operation_at(arena_lower(arena, str_of(http_method_name(route->method))).at, route->path);
}

static const char *text(const cJSON *from, const char *name)
{
    const char *value = cJSON_GetStringValue(get(from, name));
    assert_non_null(value);
    return value;
}

static void for_each_item(const cJSON *from, void (*fn)(const cJSON *item))
{
    const cJSON *item;
    cJSON_ArrayForEach (item, from) {
        fn(item);
        for_each_item(item, fn);
    }
}

/* ---- routes ---- */

/* How often the document names an operation id: as an operation, or as the content of a shared one. */
static int count_op(const char *op)
{
    int found = 0;
    const cJSON *path, *operation, *content;
    cJSON_ArrayForEach (path, get(document, "paths"))
        cJSON_ArrayForEach (operation, path) {
            const cJSON *contents = get(get(operation, "requestBody"), "content");
            bool is_shared = cJSON_GetArraySize(contents) > 1;
            found += !is_shared && strcmp(text(operation, "operationId"), op) == 0;
            cJSON_ArrayForEach (content, contents)
                found += is_shared && strcmp(text(content, "x-operation"), op) == 0;
        }
    return found;
}

static void check_once(void *context, const struct surface *surface, const struct route *route)
{
    (void)surface;
    (*(size_t *)context)++;
    assert_int_equal(count_op(route->op), !route->page);
    if (route->page)
        return;
    if (count_op(route->op) != 1)
        fail_msg("%s appears %d times", route->op, count_op(route->op));
    assert_non_null(operation_for(route));
}

static void test_openapi_document__has_every_route_once(void **state)
{
    (void)state;
    size_t n = 0;
    walk_each_route(walk, check_once, &n);
    assert_true(n > 30);
}

static void check_unique(void *context, const struct surface *surface, const struct route *route)
{
    (void)surface;
    cJSON *seen = context;
    if (route->page)
        return;
    const char *op = text(operation_for(route), "operationId");
    const cJSON *known = get(seen, op);
    if (known && strcmp(known->valuestring, route->path) != 0)
        fail_msg("%s names two operations", op);
    if (!known)
        json_add_str(seen, op, str_of(route->path));
}

static void test_openapi_document__operation_ids_are_unique(void **state)
{
    (void)state;
    walk_each_route(walk, check_unique, json_new_object());
}

static void check_ref(const cJSON *item)
{
    if (!item->string || strcmp(item->string, "$ref") != 0)
        return;
    assert_memory_equal(item->valuestring, "#/", 2);
    if (!look_up(item->valuestring + 2))
        fail_msg("%s leads nowhere", item->valuestring);
}

static void test_openapi_document__references_resolve(void **state)
{
    (void)state;
    for_each_item(document, check_ref);
}

/* One name, one shape, in one direction: what is sent and what is answered have schemas of their own. */
static void note_shape(cJSON *seen, const struct shape *shape, const char *direction)
{
    if (!shape || shape == &answer_item)
        return;
    struct str mark = arena_printf(arena, "%p %s", (const void *)shape, direction);
    const cJSON *known = shape->name ? get(seen, shape->name) : NULL;
    if (known && !str_equal(json_as_str(known), mark))
        fail_msg("%s is the name of two shapes", shape->name);
    if (shape->name && !known)
        json_add_str(seen, shape->name, mark);
    for (size_t i = 0; i < shape->n; i++)
        note_shape(seen, shape->fields[i].of, direction);
}

static void check_shape(void *context, const struct surface *surface, const struct route *route)
{
    note_shape(context, route->input, "sent");
    note_shape(context, route->answer, "answered");
    note_shape(context, surface->success[route->form], "answered");
}

static void test_openapi_document__components_have_names_of_their_own(void **state)
{
    (void)state;
    walk_each_route(walk, check_shape, json_new_object());
}

static bool fails_with(const struct route *route, enum error_code code)
{
    for (const enum error_code *own = route->fails; own && *own != OK; own++)
        if (*own == code)
            return true;
    return false;
}

/* Whether one of the ways is to bring nothing at all. */
static bool allows_nobody(const cJSON *security)
{
    const cJSON *way;
    cJSON_ArrayForEach (way, security)
        if (!way->child)
            return true;
    return false;
}

static void check_security(void *context, const struct surface *surface, const struct route *route)
{
    (void)context;
    (void)surface;
    if (route->page)
        return;
    const cJSON *operation = operation_for(route);
    int ways = cJSON_GetArraySize(get(operation, "security"));
    assert_true(cJSON_IsArray(get(operation, "security")));
    bool is_open = route->need == NEED_PUBLIC || route->need == NEED_OPTIONAL;
    assert_int_equal(ways == 0, route->need == NEED_PUBLIC);
    assert_int_equal(cJSON_IsTrue(get(operation, "x-public")), is_open);
    assert_int_equal(allows_nobody(get(operation, "security")), route->need == NEED_OPTIONAL);
    assert_true(
        (get(get(operation, "responses"), "401") != NULL) ==
        (route->need != NEED_PUBLIC || route->rate == RATE_LOGIN || fails_with(route, ERR_CREDENTIALS)));
    if (route->need == NEED_PERMISSION)
        assert_string_equal(text(operation, "x-permission"), permission_info(route->permission)->name);
    else
        assert_null(get(operation, "x-permission"));
}

static void test_openapi_document__says_who_may(void **state)
{
    (void)state;
    walk_each_route(walk, check_security, NULL);
}

/* ---- operations and schemas by example ---- */

static void test_openapi_operation__login_takes_both_bodies(void **state)
{
    (void)state;
    const cJSON *login = operation_at("post", "/api/auth/login");
    const cJSON *content = get(get(login, "requestBody"), "content");
    const cJSON *form = get(content, "application/x-www-form-urlencoded"),
                *json = get(content, "application/json");
    assert_int_equal(cJSON_GetArraySize(content), 2);
    assert_string_equal(text(get(form, "schema"), "$ref"), "#/components/schemas/AssetsLogin");
    assert_string_equal(text(get(json, "schema"), "$ref"), "#/components/schemas/CrmLogin");
    assert_int_equal(cJSON_GetArraySize(get(login, "tags")), 2);
}

static void test_openapi_operation__validation_has_the_status_of_its_surface(void **state)
{
    (void)state;
    const cJSON *assets = get(operation_at("post", "/api/auth/change-password"), "responses");
    const cJSON *crm = get(operation_at("post", "/api/auth/register"), "responses");
    assert_non_null(get(assets, "422"));
    assert_null(get(crm, "422"));
    const cJSON *refusal = response_of(operation_at("post", "/api/auth/register"), "400");
    const cJSON *own = get(get(refusal, "content"), "application/json");
    assert_string_equal(text(get(own, "schema"), "$ref"), "#/components/schemas/CrmError");
    assert_non_null(get(get(own, "examples"), "crm.validation"));
}

static void test_openapi_operation__an_inline_route_refuses_little(void **state)
{
    (void)state;
    const cJSON *responses = get(operation_at("get", "/healthz"), "responses");
    assert_int_equal(cJSON_GetArraySize(responses), 2);
    const cJSON *content = get(get(get(responses, "200"), "content"), "application/json");
    assert_string_equal(text(get(content, "schema"), "$ref"), "#/components/schemas/Health");
    assert_non_null(get(responses, "400"));
}

static void test_openapi_operation__parameters(void **state)
{
    (void)state;
    const cJSON *path, *operation, *parameter;
    cJSON_ArrayForEach (path, get(document, "paths"))
        cJSON_ArrayForEach (operation, path) {
            size_t in_path = 0, slots = 0;
            cJSON_ArrayForEach (parameter, get(operation, "parameters"))
                if (strcmp(text(parameter, "in"), "path") == 0) {
                    in_path++;
                    assert_true(cJSON_IsTrue(get(parameter, "required")));
                    assert_non_null(
                        strstr(path->string, arena_printf(arena, "{%s}", text(parameter, "name")).at));
                }
            for (const char *at = path->string; *at; at++)
                slots += *at == '{';
            assert_int_equal(in_path, slots);
        }
}

static bool has_example(const cJSON *parameter)
{
    const cJSON *schema = get(parameter, "schema");
    return cJSON_GetArraySize(get(schema, "examples")) > 0 || get(schema, "enum") ||
           strcmp(text(schema, "type"), "array") == 0 || strcmp(text(schema, "type"), "boolean") == 0;
}

/* Whoever tries one out is told what to write. */
static void test_openapi_operation__parameters_say_what_they_are(void **state)
{
    (void)state;
    const cJSON *path, *operation, *parameter;
    cJSON_ArrayForEach (path, get(document, "paths"))
        cJSON_ArrayForEach (operation, path)
            cJSON_ArrayForEach (parameter, get(operation, "parameters"))
                if (!get(parameter, "description") || !has_example(parameter))
                    fail_msg("%s: %s", path->string, text(parameter, "name"));
}

/* An id in a path is what the surface tells of ids. */
static void test_openapi_operation__ids_in_paths_are_the_surfaces(void **state)
{
    (void)state;
    const cJSON *asset = get(operation_at("get", "/api/assets/{id}"), "parameters");
    const cJSON *contact = get(operation_at("get", "/api/contacts/{id}"), "parameters");
    assert_string_equal(text(get(cJSON_GetArrayItem(asset, 0), "schema"), "type"), "integer");
    assert_string_equal(text(get(cJSON_GetArrayItem(contact, 0), "schema"), "pattern"), "^[0-9a-f]{24}$");
}

static void test_openapi_envelope__is_what_the_surface_says(void **state)
{
    (void)state;
    const cJSON *v1 = look_up("components/schemas/V1Error");
    assert_int_equal(cJSON_GetArraySize(get(v1, "required")), 1);
    assert_string_equal(get(v1, "required")->child->valuestring, "message");
    assert_non_null(look_up("components/schemas/V1Error/properties/required_permission"));
    const cJSON *errors = look_up("components/schemas/V1Error/properties/errors/additionalProperties");
    assert_string_equal(text(errors, "type"), "array");
    assert_string_equal(text(get(errors, "items"), "type"), "string");
    assert_string_equal(text(look_up("components/schemas/V1Error/properties/used"), "type"), "integer");
}

static void test_openapi_schema__says_what_the_rows_say(void **state)
{
    (void)state;
    const cJSON *login = look_up("components/schemas/CrmLogin");
    const cJSON *properties = get(login, "properties");
    assert_int_equal(cJSON_GetArraySize(get(login, "required")), 2);
    assert_true(cJSON_IsFalse(get(login, "additionalProperties")));
    assert_string_equal(text(get(properties, "password"), "format"), "password");
    const cJSON *nullable = get(get(properties, "organizationId"), "type");
    assert_int_equal(cJSON_GetArraySize(nullable), 2);
    assert_string_equal(nullable->child->next->valuestring, "null");
    const cJSON *role = look_up("components/schemas/CrmRegister/properties/role/enum");
    assert_true(cJSON_GetArraySize(role) > 1);
    /* A form sends fields it has nothing to say for. */
    assert_null(look_up("components/schemas/AssetsLogin/properties/scope/minLength"));
    assert_non_null(look_up("components/schemas/AssetsLogin/properties/password/minLength"));
}

/* ---- answers ---- */

static const cJSON *answer_at(const char *method, const char *path, const char *status)
{
    const cJSON *response = response_of(operation_at(method, path), status);
    return get(get(response, "content"), "application/json");
}

static void test_openapi_answer__stands_in_its_surfaces_envelope(void **state)
{
    (void)state;
    const cJSON *bare = get(answer_at("get", "/api/auth/me", "200"), "schema");
    assert_string_equal(text(bare, "$ref"), "#/components/schemas/AssetsMe");
    const cJSON *object = get(answer_at("get", "/api/v1/auth/me", "200"), "schema");
    assert_string_equal(text(get(get(object, "properties"), "data"), "$ref"), "#/components/schemas/V1Me");
    const cJSON *page = get(get(answer_at("get", "/api/v1/team", "200"), "schema"), "properties");
    assert_string_equal(text(get(get(page, "data"), "items"), "$ref"), "#/components/schemas/TeamMember");
    assert_string_equal(text(get(page, "meta"), "$ref"), "#/components/schemas/V1Meta");
    const cJSON *message = get(answer_at("get", "/api/auth/verify-token", "200"), "schema");
    assert_string_equal(text(message, "$ref"), "#/components/schemas/CrmMessage");
}

static bool requires(const cJSON *schema, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach (item, get(schema, "required"))
        if (strcmp(item->valuestring, name) == 0)
            return true;
    return false;
}

static void test_openapi_answer__tells_what_may_be_left_out_and_what_may_be_null(void **state)
{
    (void)state;
    const cJSON *introspection = look_up("components/schemas/Introspection");
    assert_true(requires(introspection, "active"));
    assert_false(requires(introspection, "username"));
    const cJSON *role = look_up("components/schemas/V1Explanation/properties/role/anyOf");
    assert_string_equal(text(role->child, "$ref"), "#/components/schemas/V1Role");
    assert_string_equal(text(role->child->next, "type"), "null");
    assert_true(requires(look_up("components/schemas/V1Explanation"), "role"));
}

static void test_openapi_answer__examples_are_the_rows(void **state)
{
    (void)state;
    const cJSON *me = get(answer_at("get", "/api/auth/me", "200"), "example");
    assert_true(cJSON_IsNumber(get(me, "id")));
    assert_true(cJSON_IsBool(get(me, "is_msp_staff")));
    assert_true(cJSON_IsArray(get(me, "permissions")));
    const cJSON *page = get(answer_at("get", "/api/v1/team", "200"), "example");
    assert_non_null(get(get(page, "data")->child, "email"));
    assert_true(cJSON_IsNumber(get(get(page, "meta"), "per_page")));
}

static void test_openapi_responses__bear_headers_and_are_shared(void **state)
{
    (void)state;
    const cJSON *team = operation_at("get", "/api/v1/team"),
                *roles = operation_at("get", "/api/v1/team/roles");
    assert_string_equal(text(get(get(team, "responses"), "401"), "$ref"),
                        text(get(get(roles, "responses"), "401"), "$ref"));
    const cJSON *headers = get(response_of(team, "401"), "headers");
    assert_non_null(get(headers, "WWW-Authenticate"));
    assert_null(get(headers, "Retry-After"));
    assert_non_null(get(get(response_of(team, "429"), "headers"), "Retry-After"));
    /* A failure of the handler's own. */
    assert_non_null(response_of(operation_at("post", "/api/v1/team/roles"), "409"));
}

static void test_openapi_document__needs_no_budget(void **state)
{
    (void)state;
    struct arena *small = arena_new(1000);
    assert_true(str_equal(openapi_document(small, walk), openapi_document(arena, walk)));
    arena_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openapi_document__has_every_route_once),
        cmocka_unit_test(test_openapi_document__operation_ids_are_unique),
        cmocka_unit_test(test_openapi_document__references_resolve),
        cmocka_unit_test(test_openapi_document__components_have_names_of_their_own),
        cmocka_unit_test(test_openapi_document__says_who_may),
        cmocka_unit_test(test_openapi_operation__login_takes_both_bodies),
        cmocka_unit_test(test_openapi_operation__validation_has_the_status_of_its_surface),
        cmocka_unit_test(test_openapi_operation__an_inline_route_refuses_little),
        cmocka_unit_test(test_openapi_operation__parameters),
        cmocka_unit_test(test_openapi_operation__parameters_say_what_they_are),
        cmocka_unit_test(test_openapi_operation__ids_in_paths_are_the_surfaces),
        cmocka_unit_test(test_openapi_envelope__is_what_the_surface_says),
        cmocka_unit_test(test_openapi_schema__says_what_the_rows_say),
        cmocka_unit_test(test_openapi_answer__stands_in_its_surfaces_envelope),
        cmocka_unit_test(test_openapi_answer__tells_what_may_be_left_out_and_what_may_be_null),
        cmocka_unit_test(test_openapi_answer__examples_are_the_rows),
        cmocka_unit_test(test_openapi_responses__bear_headers_and_are_shared),
        cmocka_unit_test(test_openapi_document__needs_no_budget),
    };
    return cmocka_run_group_tests(tests, up, down);
}
