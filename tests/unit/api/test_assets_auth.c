/* The assets surface's authentication: every status and body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../identity/hash_count.h"
#include "api_fixture.h"
#include "base/clock.h"

#define WRONG "{\"detail\":\"Incorrect email or password\"}"
#define TOKEN "{\"access_token\":\"T\",\"token_type\":\"bearer\"}"
#define ALL_OF_14                                                                                            \
    "[\"assets.view\",\"assets.create\",\"assets.edit\",\"assets.delete\",\"assets.checkout\","              \
    "\"assets.checkin\",\"assets.import\",\"assets.export\",\"categories.manage\",\"locations.manage\","     \
    "\"employees.manage\",\"users.manage\",\"reports.view\",\"settings.manage\"]"

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

static const struct reply *login(struct world *w, const char *host, const char *username,
                                 const char *password)
{
    struct str form = arena_printf(w->fixture->arena, "username=%s&password=%s", username, password);
    return ASK(w, .method = "POST", .target = "/api/auth/login", .host = host, .form = form.at);
}

#define RIGHT "correct+horse%20battery"

/* ---- login ---- */

static void test_login__answers_a_bearer_token(void **state)
{
    struct world *w = *state;
    const struct reply *reply = login(w, "acme.localhost", "admin%40acme.example", RIGHT);
    assert_reply_with_token(w, reply, 200, TOKEN);
    assert_string_equal(reply->content_type, "application/json");
    assert_string_equal(header_of(reply, "cache-control"), "no-store");
    const char *token = member_of(w, reply, "access_token");
    assert_status(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = token), 200);
    assert_int_equal(
        count_of(w, "SELECT count(*) FROM sessions WHERE tenant_id = 2 AND user_id = 4", DB_NO_ARGS), 1);
}

static void test_login__address_matches_in_any_case(void **state)
{
    struct world *w = *state;
    assert_status(login(w, "acme.localhost", "Admin@ACME.example", RIGHT), 200);
    assert_status(login(w, "acme.localhost", "+admin%40acme.example+", RIGHT), 200);
}

static void test_login__wrong_unknown_and_stranger_look_the_same(void **state)
{
    struct world *w = *state;
    static const char *const pairs[][2] = {
        { "admin%40acme.example", "wrong+password" },
        { "unknown%40acme.example", RIGHT },
        { "not+an+address", RIGHT },
        { "rep%40bolt.example", RIGHT },   /* a right password, of another tenant */
        { "nobody%40example.com", RIGHT }, /* of no tenant */
        { "admin%40acme.example", "CORRECT+HORSE+BATTERY" },
        { "admin%40acme.example%27+OR+1=1", RIGHT },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct reply *reply = login(w, "acme.localhost", pairs[i][0], pairs[i][1]);
        assert_reply(reply, 401, WRONG);
        assert_string_equal(header_of(reply, "www-authenticate"), "Bearer realm=\"tether\"");
    }
    assert_int_equal(count_of(w, "SELECT count(*) FROM sessions", DB_NO_ARGS), 0);
}

static void test_login__disabled_user_is_wrong_too(void **state)
{
    struct world *w = *state;
    world_exec(w, "UPDATE users SET status = 'disabled' WHERE id = 4");
    assert_reply(login(w, "acme.localhost", "admin%40acme.example", RIGHT), 401, WRONG);
}

static void test_login__root_host_is_for_staff(void **state)
{
    struct world *w = *state;
    assert_reply_with_token(w, login(w, "localhost", "staff%40msp.example", RIGHT), 200, TOKEN);
    assert_int_equal(count_of(w, "SELECT tenant_id FROM sessions", DB_NO_ARGS), 1);
    assert_reply(
        login(w, "localhost", "admin%40acme.example", RIGHT), 403,
        "{\"detail\":\"Sign in at your organisation's own address; this one is for the operator's staff\"}");
    assert_reply(login(w, "localhost", "admin%40acme.example", "wrong"), 401, WRONG);
    assert_reply(login(w, "localhost", "unknown%40acme.example", RIGHT), 401, WRONG);
}

static void test_login__staff_may_sign_in_on_any_tenant(void **state)
{
    struct world *w = *state;
    assert_status(login(w, "acme.localhost", "staff%40msp.example", RIGHT), 200);
    assert_int_equal(count_of(w, "SELECT tenant_id FROM sessions", DB_NO_ARGS), 2);
}

static void test_login__suspended_is_403(void **state)
{
    struct world *w = *state;
    assert_reply(login(w, "acme.localhost", "gone%40acme.example", RIGHT), 403,
                 "{\"detail\":\"The membership is suspended\"}");
    assert_reply(login(w, "acme.localhost", "gone%40acme.example", "wrong"), 401, WRONG);
    assert_reply(login(w, "shut.localhost", "rep%40shut.example", RIGHT), 403,
                 "{\"detail\":\"The tenant is suspended\"}");
}

static void test_login__hosts(void **state)
{
    struct world *w = *state;
    assert_reply(login(w, "nobody.localhost", "admin%40acme.example", RIGHT), 404,
                 "{\"detail\":\"No such tenant\"}");
    assert_reply(login(w, "elsewhere.example", "admin%40acme.example", RIGHT), 404,
                 "{\"detail\":\"No such tenant\"}");
    fixture_domain(w->fixture, 2, "assets.acme.com");
    assert_status(login(w, "assets.acme.com:8443", "admin%40acme.example", RIGHT), 200);
}

static void test_login__default_tenant(void **state)
{
    struct world *w = *state;
    world_free(&w);
    w = world_new("tenancy: { default_tenant: acme }\n");
    *state = w;
    assert_status(login(w, "192.0.2.7", "admin%40acme.example", RIGHT), 200);
    assert_reply(login(w, "192.0.2.7", "rep%40bolt.example", RIGHT), 401, WRONG);
}

static void test_login__bad_forms_name_the_field(void **state)
{
    struct world *w = *state;
    static const char *const forms[][2] = {
        { "", "{\"detail\":\"The username field is required. The password field is required.\"}" },
        { "username=a%40b.c", "{\"detail\":\"The password field is required.\"}" },
        { "password=x", "{\"detail\":\"The username field is required.\"}" },
        { "username=&password=x", "{\"detail\":\"The username field is required.\"}" },
        { "username=a&password=x&role=admin", "{\"detail\":\"The role field is not allowed.\"}" },
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        assert_reply(ASK(w, .method = "POST", .target = "/api/auth/login", .form = forms[i][0]), 422,
                     forms[i][1]);
    static const char *const broken[] = { "username=%zz&password=x", "username=a&username=b&password=x",
                                          "username=%00&password=x", "username=%ff&password=x" };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_status(ASK(w, .method = "POST", .target = "/api/auth/login", .form = broken[i]), 422);
}

static void test_login__takes_what_oauth2_clients_send_along(void **state)
{
    struct world *w = *state;
    assert_status(ASK(w, .method = "POST", .target = "/api/auth/login", .host = "acme.localhost",
                      .form = "grant_type=password&username=admin%40acme.example&password=" RIGHT
                              "&scope=&client_id=&client_secret="),
                  200);
}

static void test_login__other_content_types_are_415(void **state)
{
    struct world *w = *state;
    static const char *const types[] = { "text/plain", "multipart/form-data; boundary=x", "application/xml",
                                         "" };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_status(ASK(w, .method = "POST", .target = "/api/auth/login", .form = "username=a&password=b",
                          .type = types[i]),
                      415);
}

static void test_login__tenant_parameter_must_agree(void **state)
{
    struct world *w = *state;
    const char *form = "username=admin%40acme.example&password=" RIGHT;
    assert_status(ASK(w, .method = "POST", .target = "/api/auth/login?tenant=bolt", .host = "acme.localhost",
                      .form = form),
                  403);
    assert_status(ASK(w, .method = "POST", .target = "/api/auth/login?tenant=acme", .host = "acme.localhost",
                      .form = form),
                  200);
    assert_status(ASK(w, .method = "POST", .target = "/api/auth/login?tenant=acme", .form = form), 403);
}

/* ---- me ---- */

static void assert_me(struct world *w, const char *email, const char *host, const char *body)
{
    const char *token = token_for(w, email, host);
    assert_reply(ASK(w, .target = "/api/auth/me", .host = host, .token = token), 200, body);
}

static void test_me__admin_is_the_page(void **state)
{
    assert_me(*state, "admin@acme.example", "acme.localhost",
              "{\"id\":4,\"name\":\"Sarah Chen\",\"email\":\"admin@acme.example\",\"role\":\"client_admin\","
              "\"is_msp_staff\":false,\"tenant_id\":2,\"tenant_slug\":\"acme\",\"permissions\":" ALL_OF_14
              "}");
}

static void test_me__every_other_role(void **state)
{
    struct world *w = *state;
    assert_me(w, "owner@acme.example", "acme.localhost",
              "{\"id\":3,\"name\":\"Olga Owner\",\"email\":\"owner@acme.example\",\"role\":\"client_admin\","
              "\"is_msp_staff\":false,\"tenant_id\":2,\"tenant_slug\":\"acme\",\"permissions\":" ALL_OF_14
              "}");
    assert_me(
        w, "head@acme.example", "acme.localhost",
        "{\"id\":5,\"name\":\"Hedy Head\",\"email\":\"head@acme.example\",\"role\":\"client_manager\","
        "\"is_msp_staff\":false,\"tenant_id\":2,\"tenant_slug\":\"acme\",\"permissions\":[\"assets.view\","
        "\"assets.create\",\"assets.edit\",\"assets.checkout\",\"assets.checkin\",\"assets.import\","
        "\"assets.export\"]}");
    assert_me(
        w, "rep@acme.example", "acme.localhost",
        "{\"id\":6,\"name\":\"Rob Rep\",\"email\":\"rep@acme.example\",\"role\":\"client_user\","
        "\"is_msp_staff\":false,\"tenant_id\":2,\"tenant_slug\":\"acme\",\"permissions\":[\"assets.view\","
        "\"assets.checkout\",\"assets.checkin\"]}");
    assert_me(
        w, "viewer@acme.example", "acme.localhost",
        "{\"id\":7,\"name\":\"Vera View\",\"email\":\"viewer@acme.example\",\"role\":\"client_viewer\","
        "\"is_msp_staff\":false,\"tenant_id\":2,\"tenant_slug\":\"acme\",\"permissions\":[\"assets.view\","
        "\"reports.view\"]}");
    assert_me(w, "staff@msp.example", "acme.localhost",
              "{\"id\":2,\"name\":\"Stan Staff\",\"email\":\"staff@msp.example\",\"role\":\"msp_staff\","
              "\"is_msp_staff\":true,\"tenant_id\":2,\"tenant_slug\":\"acme\",\"permissions\":" ALL_OF_14
              "}");
    assert_me(w, "super@msp.example", "localhost",
              "{\"id\":1,\"name\":\"Sue Super\",\"email\":\"super@msp.example\",\"role\":\"msp_admin\","
              "\"is_msp_staff\":true,\"tenant_id\":1,\"tenant_slug\":\"msp\",\"permissions\":" ALL_OF_14 "}");
}

static void test_me__staff_may_look_into_one_tenant(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "staff@msp.example", "localhost");
    const struct reply *reply = ASK(w, .target = "/api/auth/me?tenant=acme", .token = token);
    assert_status(reply, 200);
    assert_string_equal(member_of(w, reply, "tenant_slug"), "acme");
    assert_status(ASK(w, .target = "/api/auth/me?tenant=nobody", .token = token), 404);
    assert_status(ASK(w, .target = "/api/auth/me?tenant=bolt", .host = "acme.localhost", .token = token),
                  403);
}

/* A role of the operator's own makes staff of nobody, but whoever has it is one of the operator's people. */
static void test_me__operators_people_in_a_custom_role(void **state)
{
    struct world *w = *state;
    assert_status(
        ASK(w, .method = "POST", .target = "/api/v1/team/roles", .header = { "x-tenant", "msp" },
            .token = token_for(w, "super@msp.example", "localhost"),
            .json = "{\"name\":\"Auditor\",\"slug\":\"auditor\",\"permissions\":[\"assets.view\"]}"),
        201);
    world_exec(w, "UPDATE memberships SET role = 'auditor' WHERE tenant_id = 1 AND user_id = 2");
    world_exec(w, "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) "
                  "VALUES (3, 2, 'viewer', 1, 1)");
    const char *token = token_for(w, "staff@msp.example", "bolt.localhost");
    assert_holds(
        ASK(w, .target = "/api/auth/me", .token = token), 200,
        "\"is_msp_staff\":true,\"tenant_id\":1,\"tenant_slug\":\"msp\",\"permissions\":[\"assets.view\"]}");
    assert_holds(ASK(w, .target = "/api/auth/me", .host = "bolt.localhost", .token = token), 200,
                 "\"role\":\"client_viewer\",\"is_msp_staff\":true,\"tenant_id\":3,");
    assert_status(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = token), 403);
    assert_status(ASK(w, .target = "/api/auth/me?tenant=acme", .token = token), 403);
}

static void test_me__tenant_matrix_of_a_client(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "both@example.com", "acme.localhost");
    const struct reply *reply = ASK(w, .target = "/api/auth/me", .host = "bolt.localhost", .token = token);
    assert_status(reply, 200); /* a token works wherever its user is a member */
    assert_string_equal(member_of(w, reply, "tenant_slug"), "bolt");
    assert_string_equal(member_of(w, reply, "role"), "client_admin");
    assert_status(ASK(w, .target = "/api/auth/me", .token = token), 403);
    assert_status(ASK(w, .target = "/api/auth/me?tenant=acme", .token = token), 403);
    assert_status(ASK(w, .target = "/api/auth/me?tenant=bolt", .host = "acme.localhost", .token = token),
                  403);
    assert_status(ASK(w, .target = "/api/auth/me?tenant=acme", .host = "acme.localhost", .token = token),
                  200);
    assert_status(ASK(w, .target = "/api/auth/me", .host = "nobody.localhost", .token = token), 404);
    token = token_for(w, "rep@bolt.example", "bolt.localhost");
    assert_reply(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = token), 403,
                 "{\"detail\":\"Not a member of this tenant\"}");
}

static void test_me__suspension_takes_effect_on_the_next_request(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "rep@acme.example", "acme.localhost");
    world_exec(w, "UPDATE memberships SET status = 'suspended' WHERE user_id = 6");
    assert_reply(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = token), 403,
                 "{\"detail\":\"The membership is suspended\"}");
    world_exec(w, "DELETE FROM memberships WHERE user_id = 6");
    assert_status(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = token), 403);
}

static void test_me__needs_a_good_token(void **state)
{
    struct world *w = *state;
    const struct reply *reply = ASK(w, .target = "/api/auth/me", .host = "acme.localhost");
    assert_reply(reply, 401, "{\"detail\":\"Not authenticated\"}");
    assert_string_equal(header_of(reply, "www-authenticate"), "Bearer realm=\"tether\"");
    assert_reply(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = "a.b.c"), 401,
                 "{\"detail\":\"Could not validate the token\"}");
    const char *token = token_for(w, "rep@acme.example", "acme.localhost");
    clock_shift_for_tests(INT64_C(8) * 86400 * CLOCK_SECOND);
    reply = ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = token);
    clock_shift_for_tests(0);
    assert_reply(reply, 401, "{\"detail\":\"The token has expired; log in again\"}");
}

/* ---- change of password ---- */

static const struct reply *change(struct world *w, const char *token, const char *json)
{
    return ASK(w, .method = "POST", .target = "/api/auth/change-password", .host = "acme.localhost",
               .token = token, .json = json);
}

static void test_change_password__works_and_ends_other_sessions(void **state)
{
    struct world *w = *state;
    const char *other = token_for(w, "rep@acme.example", "acme.localhost");
    const char *token = token_for(w, "rep@acme.example", "acme.localhost");
    assert_reply(
        change(w, token, "{\"current_password\":\"" PASSWORD "\",\"new_password\":\"another good one\"}"),
        200, "{\"detail\":\"Password changed\"}");
    assert_status(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = token), 200);
    assert_status(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = other), 401);
    assert_reply(login(w, "acme.localhost", "rep%40acme.example", RIGHT), 401, WRONG);
    assert_status(login(w, "acme.localhost", "rep%40acme.example", "another+good+one"), 200);
}

static void test_change_password__refusals(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "rep@acme.example", "acme.localhost");
    assert_reply(change(w, token, "{\"current_password\":\"wrong\",\"new_password\":\"another good one\"}"),
                 400, "{\"detail\":\"The current password is wrong\"}");
    static const char *const refused[] = { "short", "password", PASSWORD };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct str json = arena_printf(
            w->fixture->arena, "{\"current_password\":\"" PASSWORD "\",\"new_password\":\"%s\"}", refused[i]);
        const struct reply *reply = change(w, token, json.at);
        assert_status(reply, 400);
        assert_true(strlen(member_of(w, reply, "detail")) > 10);
    }
    assert_reply(change(w, token, "{\"current_password\":\"x\"}"), 422,
                 "{\"detail\":\"The new password field is required.\"}");
    assert_reply(change(w, token, "{\"current_password\":1,\"new_password\":null,\"extra\":true}"), 422,
                 "{\"detail\":\"The current password must be a string. The new password field is required. "
                 "The extra field is not allowed.\"}");
    assert_status(change(w, token, "[]"), 422);
    assert_status(change(w, token, "{"), 422);
    assert_status(change(w, token, ""), 422);
    assert_status(change(w, NULL, "{}"), 401);
    assert_status(login(w, "acme.localhost", "rep%40acme.example", RIGHT), 200);
}

/* ---- branding ---- */

static void test_branding__of_tenant_root_and_nobody(void **state)
{
    struct world *w = *state;
    world_exec(w, "UPDATE tenants SET logo_url = 'https://acme.example/l.svg', accent_colour = '#1f6feb' "
                  "WHERE slug = 'acme'");
    assert_reply(ASK(w, .target = "/api/public/branding", .host = "acme.localhost"), 200,
                 "{\"tenant_name\":\"Acme\",\"logo_url\":\"https://acme.example/l.svg\","
                 "\"accent_colour\":\"#1f6feb\"}");
    assert_reply(ASK(w, .target = "/api/public/branding"), 200,
                 "{\"tenant_name\":\"Operator\",\"logo_url\":null,\"accent_colour\":null}");
    assert_reply(ASK(w, .target = "/api/public/branding", .host = "nobody.localhost"), 404,
                 "{\"detail\":\"No such tenant\"}");
    assert_status(ASK(w, .target = "/api/public/branding", .token = "rubbish"),
                  200); /* no token is looked at */
}

/* A stolen session makes guessing no faster, and no cheaper for whoever guesses: what is slowed down is not
 * hashed. */
static void test_change_password__guessing_is_slowed_down_before_hashing(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "admin@acme.example", "acme.localhost");
    static const char wrong[] =
        "{\"current_password\":\"wrong horse\",\"new_password\":\"another good one\"}";
    static const char right[] =
        "{\"current_password\":\"" PASSWORD "\",\"new_password\":\"another good one\"}";
    for (int n = 0; n < 5; n++)
        assert_status(change(w, token, wrong), 400);
    long hashed = hashes_computed();
    const char *const bodies[] = { wrong, right };
    for (size_t i = 0; i < 2; i++) {
        const struct reply *reply = change(w, token, bodies[i]);
        assert_reply(reply, 429, "{\"detail\":\"Too many failed attempts. Try again in 1 seconds.\"}");
        assert_string_equal(header_of(reply, "retry-after"), "1");
    }
    assert_int_equal(hashes_computed(), hashed);
    clock_shift_for_tests(2 * CLOCK_SECOND);
    assert_status(change(w, token, right), 200);
    for (int n = 0; n < 5; n++) /* the success was a fresh start */
        assert_status(change(w, token, wrong), 400);
    assert_status(change(w, token, wrong), 429);
    clock_shift_for_tests(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_login__answers_a_bearer_token),
        TEST(test_login__address_matches_in_any_case),
        TEST(test_login__wrong_unknown_and_stranger_look_the_same),
        TEST(test_login__disabled_user_is_wrong_too),
        TEST(test_login__root_host_is_for_staff),
        TEST(test_login__staff_may_sign_in_on_any_tenant),
        TEST(test_login__suspended_is_403),
        TEST(test_login__hosts),
        TEST(test_login__default_tenant),
        TEST(test_login__bad_forms_name_the_field),
        TEST(test_login__takes_what_oauth2_clients_send_along),
        TEST(test_login__other_content_types_are_415),
        TEST(test_login__tenant_parameter_must_agree),
        TEST(test_me__admin_is_the_page),
        TEST(test_me__every_other_role),
        TEST(test_me__staff_may_look_into_one_tenant),
        TEST(test_me__operators_people_in_a_custom_role),
        TEST(test_me__tenant_matrix_of_a_client),
        TEST(test_me__suspension_takes_effect_on_the_next_request),
        TEST(test_me__needs_a_good_token),
        TEST(test_change_password__works_and_ends_other_sessions),
        TEST(test_change_password__refusals),
        TEST(test_change_password__guessing_is_slowed_down_before_hashing),
        TEST(test_branding__of_tenant_root_and_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
