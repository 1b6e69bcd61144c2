/* Who may do what, and why; and what of the plan is used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "v1_fixture.h"

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

/* ---- explain ---- */

static const struct reply *explain(struct world *w, const char *slug, const char *token, const char *query)
{
    return V1(w, slug, .token = token,
              .target = arena_printf(w->fixture->arena, "/api/v1/authz/explain?%s", query).at);
}

#define ANSWER(user, permission, allowed, by, reason, role, membership)                                      \
    "{\"data\":{\"user\":" user ",\"permission\":\"" permission "\",\"allowed\":" allowed                    \
    ",\"decided_by\":\"" by "\",\"reason\":\"" reason "\",\"role\":" role ",\"membership\":" membership      \
    ",\"token\":null}}"
#define REP     V1_USER("6", "Rob Rep", "rep@acme.example")
#define GONE    V1_USER("8", "Gus Gone", "gone@acme.example")
#define MEMBER  "{\"slug\":\"member\",\"name\":\"Member\",\"rank\":30}"
#define ACTIVE  "{\"role\":\"member\",\"status\":\"active\"}"
#define STOPPED "{\"role\":\"member\",\"status\":\"suspended\"}"

static void test_explain__a_role_grants_or_does_not(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "admin@acme.example");
    assert_reply(
        explain(w, "acme", token, "user=6&permission=assets.view"), 200,
        ANSWER(REP, "assets.view", "true", "role", "The role member grants assets.view.", MEMBER, ACTIVE));
    assert_reply(explain(w, "acme", token, "user=Rep@acme.example&permission=assets.delete"), 200,
                 ANSWER(REP, "assets.delete", "false", "role",
                        "The role member does not grant assets.delete.", MEMBER, ACTIVE));
}

static void test_explain__what_stands_before_the_role(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "admin@acme.example");
    assert_reply(
        explain(w, "acme", token, "user=8&permission=assets.view"), 200,
        ANSWER(GONE, "assets.view", "false", "membership", "The membership is suspended.", "null", STOPPED));
    world_exec(w, "UPDATE users SET status = 'disabled' WHERE id = 6");
    assert_reply(
        explain(w, "acme", token, "user=6&permission=assets.view"), 200,
        ANSWER(REP, "assets.view", "false", "account", "The account is deactivated.", MEMBER, ACTIVE));
    world_exec(w, "UPDATE memberships SET role = 'no-such' WHERE user_id = 5");
    assert_status(explain(w, "acme", token, "user=5&permission=assets.view"), 200);
    assert_string_equal(member_of(w, &w->last->reply, "data.reason"),
                        "The membership's role does not exist here.");
}

/* Only staff get into a suspended tenant, and see there why nobody else does. */
static void test_explain__suspended_tenant_and_staff(void **state)
{
    struct world *w = *state;
    const char *staff = v1_token(w, "msp", "staff@msp.example");
    assert_reply(explain(w, "shut", staff, "user=11&permission=assets.view"), 200,
                 ANSWER(V1_USER("11", "Sid Shut", "rep@shut.example"), "assets.view", "false", "tenant",
                        "The tenant is suspended.", "null", ACTIVE));
    assert_reply(explain(w, "acme", staff, "user=1&permission=tenants.manage"), 200,
                 ANSWER(V1_USER("1", "Sue Super", "super@msp.example"), "tenants.manage", "true",
                        "staff_role", "The role superadmin grants tenants.manage.",
                        "{\"slug\":\"superadmin\",\"name\":\"Superadmin\",\"rank\":100}", "null"));
    assert_reply(explain(w, "acme", staff, "user=2&permission=tenants.manage"), 200,
                 ANSWER(V1_USER("2", "Stan Staff", "staff@msp.example"), "tenants.manage", "false",
                        "staff_role", "The role staff does not grant tenants.manage.",
                        "{\"slug\":\"staff\",\"name\":\"Staff\",\"rank\":90}", "null"));
}

static void add_key(struct world *w, int64_t tenant_id, int64_t user_id, const char *name, const char *scopes,
                    struct storage_value expires_at)
{
    fixture_exec(w->fixture,
                 "INSERT INTO api_tokens (tenant_id, user_id, name, prefix, token_hash, scopes, addresses, "
                 "expires_at, created_at, updated_at) VALUES ($1, $2, $3, 'tth_', $4, $5, '', $6, 1, 1)",
                 DB_ARGS(db_int(tenant_id), db_int(user_id), db_text(str_of(name)),
                         db_blob(name, strlen(name)), db_text(str_of(scopes)), expires_at));
}

static void test_explain__a_token_narrows(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "admin@acme.example");
    add_key(w, 2, 6, "Key", "assets.view team.view", db_null());
    add_key(w, 2, 6, "Old", "assets.view", db_int(2));
    add_key(w, 3, 9, "Theirs", "assets.view", db_null());
    static const struct {
        const char *query, *allowed, *by;
    } cases[] = { { "permission=assets.view&token=1", "true", "role" },
                  { "permission=assets.checkout&token=1", "false", "token_scope" },
                  { "permission=team.view&token=1", "false", "role" },
                  { "permission=assets.view&token=2", "false", "token" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct reply *reply =
            explain(w, "acme", token, arena_printf(w->fixture->arena, "user=6&%s", cases[i].query).at);
        assert_status(reply, 200);
        assert_string_equal(member_of(w, reply, "data.decided_by"), cases[i].by);
        assert_non_null(
            strstr(reply->body.at, arena_printf(w->fixture->arena, "\"allowed\":%s", cases[i].allowed).at));
    }
    assert_non_null(
        strstr(w->last->reply.body.at, "\"token\":{\"id\":2,\"name\":\"Old\",\"scopes\":[\"assets.view\"]}"));
    assert_status(explain(w, "acme", token, "user=6&permission=assets.view&token=3"), 404);
    assert_status(explain(w, "acme", token, "user=5&permission=assets.view&token=1"), 404);
    assert_status(explain(w, "acme", token, "user=6&permission=assets.view&token=0"), 422);
}

/* Somebody of another tenant, staff, and nobody at all: not told apart. */
static void test_explain__strangers_do_not_exist(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "admin@acme.example");
    static const char *const unknown[] = { "9", "rep@bolt.example", "2", "999", "nobody@nowhere.example", "0",
                                           "-6" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_reply(
            explain(w, "acme", token,
                    arena_printf(w->fixture->arena, "user=%s&permission=assets.view", unknown[i]).at),
            404, NOT_FOUND);
    assert_status(explain(w, "acme", token, "user=%00&permission=assets.view"), 400);
}

static void test_explain__an_unknown_permission_is_an_error(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "admin@acme.example");
    static const char *const unknown[] = { "assets.fly", "assets", "ASSETS.VIEW", "assets.view%20" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_reply(
            explain(w, "acme", token, arena_printf(w->fixture->arena, "user=6&permission=%s", unknown[i]).at),
            422, INVALID("\"permission\":[\"The selected permission is invalid.\"]"));
    assert_reply(
        explain(w, "acme", token, "user="), 422,
        INVALID("\"user\":[\"The user field is required.\"],\"permission\":[\"The permission field is "
                "required.\"]"));
}

static void test_explain__needs_its_permission(void **state)
{
    struct world *w = *state;
    assert_reply(explain(w, "acme", v1_token(w, "acme", "rep@acme.example"), "user=6&permission=assets.view"),
                 403,
                 "{\"message\":\"A permission is missing\",\"required_permission\":\"team.manage_roles\"}");
    assert_reply(explain(w, NULL, v1_token(w, "acme", "admin@acme.example"), "user=6&permission=assets.view"),
                 422, INVALID("\"X-Tenant\":[\"The X-Tenant header is required.\"]"));
    assert_reply(explain(w, "acme", NULL, "user=6&permission=assets.view"), 401, UNAUTHENTICATED);
}

/* What is explained is what happens: every member and permission, asked both ways. */
static void test_explain__says_what_the_walk_does(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "admin@acme.example");
    static const char *const emails[] = { "owner@acme.example", "head@acme.example", "rep@acme.example",
                                          "viewer@acme.example" };
    static const char *const routes[][2] = { { "team.manage_roles", "/api/v1/authz/explain?user=6&permission="
                                                                    "assets.view" },
                                             { "settings.manage", "/api/v1/usage" },
                                             { "audit.view", "/api/v1/audit" } };
    for (size_t i = 0; i < sizeof emails / sizeof emails[0]; i++) {
        const char *theirs = v1_token(w, "acme", emails[i]);
        for (size_t r = 0; r < sizeof routes / sizeof routes[0]; r++) {
            struct str query =
                arena_printf(w->fixture->arena, "user=%s&permission=%s", emails[i], routes[r][0]);
            const struct reply *reply = explain(w, "acme", token, query.at);
            bool said = strstr(reply->body.at, "\"allowed\":true") != NULL;
            assert_status(V1(w, "acme", .target = routes[r][1], .token = theirs), said ? 200 : 403);
        }
    }
}

/* ---- usage ---- */

static void test_usage__says_plan_limits_and_use(void **state)
{
    (void)state;
    struct world *w = world_new("mode: saas\nplans: { free: { users: 5 } }");
    const char *token = v1_token(w, "acme", "admin@acme.example");
    assert_reply(V1(w, "acme", .target = "/api/v1/usage", .token = token), 200,
                 "{\"data\":{\"plan\":\"free\",\"limits\":[{\"limit\":\"assets\",\"used\":0,\"max\":null},{"
                 "\"limit\":\"users\",\"used\":0,\"max\":5}]}}");
    world_exec(w,
               "INSERT INTO tenant_usage (tenant_id, kind, used) VALUES (2, 'users', 4), (2, 'assets', 7)");
    assert_reply(V1(w, "acme", .target = "/api/v1/usage", .token = token), 200,
                 "{\"data\":{\"plan\":\"free\",\"limits\":[{\"limit\":\"assets\",\"used\":7,\"max\":null},{"
                 "\"limit\":\"users\",\"used\":4,\"max\":5}]}}");
    world_free(&w);
}

static void test_usage__no_limits_when_self_hosted(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "admin@acme.example");
    assert_reply(V1(w, "acme", .target = "/api/v1/usage", .token = token), 200,
                 "{\"data\":{\"plan\":\"free\",\"limits\":[{\"limit\":\"assets\",\"used\":0,\"max\":null},{"
                 "\"limit\":\"users\",\"used\":0,\"max\":null}]}}");
    assert_reply(
        V1(w, "acme", .target = "/api/v1/usage", .token = v1_token(w, "acme", "viewer@acme.example")), 403,
        "{\"message\":\"A permission is missing\",\"required_permission\":\"settings.manage\"}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_explain__a_role_grants_or_does_not),
        TEST(test_explain__what_stands_before_the_role),
        TEST(test_explain__suspended_tenant_and_staff),
        TEST(test_explain__a_token_narrows),
        TEST(test_explain__strangers_do_not_exist),
        TEST(test_explain__an_unknown_permission_is_an_error),
        TEST(test_explain__needs_its_permission),
        TEST(test_explain__says_what_the_walk_does),
        cmocka_unit_test(test_usage__says_plan_limits_and_use),
        TEST(test_usage__no_limits_when_self_hosted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
