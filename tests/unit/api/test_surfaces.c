/* The envelopes, the paths they answer for, the routes as a table, and the system's own routes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api/routes.h"
#include "api_fixture.h"

static int set_up(void **state)
{
    *state = world_new("");
    return 0;
}

static int tear_down(void **state)
{
    world_free((struct world **)state);
    return 0;
}

#define ASSETS_404 "{\"detail\":\"Not found\"}"
#define CRM_404    "{\"error\":\"Not found\"}"
#define V1_404     "{\"message\":\"Not found\"}"
#define SPACES_404 "{\"success\":false,\"data\":\"Not found\"}"

static void test_surface__unknown_paths_answer_in_the_envelope_of_their_prefix(void **state)
{
    static const char *const paths[][2] = {
        { "/", ASSETS_404 },
        { "/nowhere", ASSETS_404 },
        { "/api", ASSETS_404 },
        { "/api/v1", ASSETS_404 },
        { "/api/v1/nowhere", V1_404 },
        { "/api/v1/", V1_404 },
        { "/api/v2/nowhere", ASSETS_404 },
        { "/api/contacts/1/none", CRM_404 },
        { "/api/contacts/1/none/2", CRM_404 },
        { "/api/contactsmore", ASSETS_404 },
        { "/api/conversations/1/messages/2", CRM_404 },
        { "/api/auth/register/more", CRM_404 },
        { "/api/auth/verify-token/more", CRM_404 },
        { "/api/auth/nowhere", ASSETS_404 },
        { "/api/bookings/1/nothing", SPACES_404 },
        { "/api/spaces/1/nothing", SPACES_404 },
        { "/api/displays/state/x/y", SPACES_404 },
        { "/api/settings/nowhere", SPACES_404 },
        { "/api/public/nothing", SPACES_404 },
        { "/api/public/", SPACES_404 },
        { "/api/public/branding/more", ASSETS_404 },
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_reply(ASK(*state, .target = paths[i][0]), 404, paths[i][1]);
}

static void test_surface__problem_json_on_request(void **state)
{
    const struct reply *reply =
        ASK(*state, .target = "/api/v1/nowhere", .header = { "accept", "application/problem+json" });
    assert_status(reply, 404);
    assert_string_equal(reply->content_type, "application/problem+json");
}

static void test_surface__methods(void **state)
{
    const struct reply *reply = ASK(*state, .method = "DELETE", .target = "/api/auth/login");
    assert_status(reply, 405);
    assert_string_equal(header_of(reply, "allow"), "POST, OPTIONS");
    reply = ASK(*state, .method = "HEAD", .target = "/api/public/branding");
    assert_status(reply, 200);
}

/* ---- envelopes alone ---- */

static const struct surface *surface_named(const char *name)
{
    for (size_t i = 0; i < api_route_table_count; i++) {
        if (strcmp(api_route_tables[i]->surface->name, name) == 0)
            return api_route_tables[i]->surface;
    }
    fail_msg("no surface %s", name);
    return NULL;
}

static struct failure validation(struct arena *arena)
{
    struct failure failure = { .code = ERR_VALIDATION };
    violations_add(arena, &failure.violations, "email", VIOLATION_REQUIRED, NULL, STR_NONE);
    violations_add(arena, &failure.violations, "password", VIOLATION_CUSTOM, NULL, STR("First."));
    violations_add(arena, &failure.violations, "password", VIOLATION_CUSTOM, NULL, STR("Second."));
    return failure;
}

static void assert_error(struct arena *arena, const char *surface_name, const struct failure *failure,
                         int status, const char *body)
{
    struct call call = { .arena = arena };
    const struct surface *surface = surface_named(surface_name);
    json_use_arena(arena);
    assert_int_equal(surface->status(failure), status);
    assert_string_equal(json_print(arena, surface->error(&call, failure)).at, body);
}

static void test_envelope__each_kind_of_failure(void **state)
{
    struct world *w = *state;
    struct arena *arena = w->fixture->arena;
    struct failure invalid = validation(arena);
    struct failure full = {
        .code = ERR_PLAN_LIMIT, .limit = "users", .used = 5, .max = 5, .plan = STR("free")
    };
    struct failure permission = { .code = ERR_PERMISSION, .required_permission = "team.view" };
    struct failure suspended = { .code = ERR_SUSPENDED, .status = "suspended" };
    struct failure refused = { .code = ERR_BAD_REQUEST, .detail = STR("No.") };
    struct failure anonymous = { .code = ERR_UNAUTHENTICATED };
    struct failure away = { .code = ERR_STORAGE_AWAY };

    assert_error(arena, "assets", &invalid, 422,
                 "{\"detail\":\"The email field is required. First. Second.\"}");
    assert_error(arena, "assets", &full, 402,
                 "{\"detail\":\"The plan's limit is reached\",\"limit\":\"users\",\"used\":5,\"max\":5,"
                 "\"plan\":\"free\"}");
    assert_error(arena, "assets", &permission, 403, "{\"detail\":\"Insufficient permissions\"}");
    assert_error(arena, "assets", &refused, 400, "{\"detail\":\"No.\"}");
    assert_error(arena, "assets", &away, 503, "{\"detail\":\"The database is not available\"}");

    assert_error(arena, "crm", &invalid, 400, "{\"error\":\"The email field is required. First. Second.\"}");
    assert_error(arena, "crm", &refused, 400, "{\"error\":\"No.\"}");
    assert_error(arena, "crm", &anonymous, 401,
                 "{\"error\":\"Authentication required\",\"message\":\"Send the token of a login as a Bearer "
                 "token.\"}");

    assert_error(arena, "v1", &invalid, 422,
                 "{\"message\":\"The given data was invalid\",\"errors\":{\"email\":[\"The email field is "
                 "required.\"],\"password\":[\"First.\",\"Second.\"]}}");
    assert_error(arena, "v1", &permission, 403,
                 "{\"message\":\"A permission is missing\",\"required_permission\":\"team.view\"}");
    assert_error(arena, "v1", &suspended, 403,
                 "{\"message\":\"The membership is suspended\",\"status\":\"suspended\"}");
    assert_error(arena, "v1", &refused, 422, "{\"message\":\"No.\",\"errors\":{}}");
    assert_error(arena, "v1", &anonymous, 401, "{\"message\":\"Unauthenticated.\"}");

    assert_error(arena, "spaces", &anonymous, 401, "{\"success\":false,\"data\":\"Unauthenticated.\"}");
    assert_error(arena, "spaces", &invalid, 422,
                 "{\"success\":false,\"data\":\"The email field is required. First. Second.\"}");
    assert_error(arena, "spaces", &refused, 422, "{\"success\":false,\"data\":\"No.\"}");
}

/* ---- system ---- */

static void test_system__health_and_readiness(void **state)
{
    const struct reply *reply = ASK(*state, .target = "/healthz");
    assert_reply(reply, 200, "{\"status\":\"ok\"}");
    assert_null(header_of(reply, "x-ratelimit-limit"));
    assert_reply(ASK(*state, .target = "/readyz"), 200, "{\"status\":\"ready\"}");
    assert_reply(ASK(*state, .target = "/readyz", .host = "elsewhere.example"), 200,
                 "{\"status\":\"ready\"}");
}

static void test_system__metrics_are_for_some_addresses(void **state)
{
    const struct reply *reply = ASK(*state, .target = "/metrics");
    assert_status(reply, 200);
    assert_string_equal(reply->content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(arena_cstr(((struct world *)*state)->fixture->arena, reply->body),
                           "# TYPE tether_sign_in_total counter"));
    assert_reply(ASK(*state, .target = "/metrics", .address = "203.0.113.9"), 404, ASSETS_404);
    assert_reply(ASK(*state, .target = "/metrics", .header = { "x-forwarded-for", "127.0.0.1" }), 404,
                 ASSETS_404);
}

static void test_system__metrics_from_is_configured(void **state)
{
    world_free((struct world **)state);
    *state = world_new("server: { metrics_from: [ 203.0.113.0/24 ], trusted_proxies: [ 127.0.0.1 ] }\n");
    assert_status(ASK(*state, .target = "/metrics", .address = "203.0.113.9"), 200);
    assert_status(ASK(*state, .target = "/metrics"), 404);
    assert_status(ASK(*state, .target = "/metrics", .header = { "x-forwarded-for", "203.0.113.9" }), 200);
    assert_status(ASK(*state, .target = "/metrics", .header = { "x-forwarded-for", "198.51.100.1" }), 404);
}

/* ---- the tables ---- */

static void count_row(void *context, const struct surface *surface, const struct route *route)
{
    (void)surface;
    (*(int *)context)++;
    assert_non_null(route->summary);
    assert_true(!route->answer || route->answer->n > 0);
    bool is_told = route->answer || route->media || route->form == ANSWER_MESSAGE;
    assert_true(is_told != (route->success == 204 || route->form == ANSWER_NONE || route->page));
    for (size_t i = 0; route->input && i < route->input->n; i++) {
        assert_non_null(route->input->fields[i].help);
        assert_non_null(route->input->fields[i].example);
    }
}

static void test_routes__every_row_is_documented(void **state)
{
    struct world *w = *state;
    int rows = 0;
    walk_each_route(w->walk, count_row, &rows);
    assert_true(rows > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_surface__unknown_paths_answer_in_the_envelope_of_their_prefix),
        TEST(test_surface__problem_json_on_request),
        TEST(test_surface__methods),
        TEST(test_envelope__each_kind_of_failure),
        TEST(test_system__health_and_readiness),
        TEST(test_system__metrics_are_for_some_addresses),
        TEST(test_system__metrics_from_is_configured),
        TEST(test_routes__every_row_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
