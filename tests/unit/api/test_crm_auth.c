/* The crm surface's login and token check: every status and body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "base/clock.h"

#define WRONG        "{\"error\":\"Invalid email or password\"}"
#define BAD          "{\"error\":\"Invalid or expired token\"}"
#define EXPIRED      "{\"error\":\"Token expired\",\"message\":\"Your session has expired. Please log in again.\"}"
#define AFTER_A_WEEK (INT64_C(7) * 86400 * CLOCK_SECOND + CLOCK_SECOND)

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

static const struct reply *login(struct world *w, const char *host, const char *json)
{
    return ASK(w, .method = "POST", .target = "/api/auth/login", .host = host, .json = json);
}

static const struct reply *login_as(struct world *w, const char *host, const char *email,
                                    const char *organization)
{
    struct str json =
        arena_printf(w->fixture->arena, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"%s%s%s}", email,
                     organization ? ",\"organizationId\":\"" : "", organization ? organization : "",
                     organization ? "\"" : "");
    return login(w, host, json.at);
}

#define USER(id, email, name, organization, role)                                                            \
    "{\"token\":\"T\",\"user\":{\"id\":\"" CRM_ID(                                                           \
        "00000000000000" id) "\",\"email\":\"" email "\",\"fullName\":\"" name                               \
                             "\",\"organizationId\":\"" organization "\",\"accessRole\":\"" role "\"}}"

static void test_login__answers_token_and_user(void **state)
{
    struct world *w = *state;
    const struct reply *reply = login_as(w, "localhost", "admin@acme.example", NULL);
    assert_reply_with_token(w, reply, 200, USER("04", "admin@acme.example", "Sarah Chen", ACME_ID, "ADMIN"));
    assert_string_equal(header_of(reply, "cache-control"), "no-store");
}

static void test_login__every_role_has_its_crm_name(void **state)
{
    struct world *w = *state;
    static const char *const roles[][2] = {
        { "super@msp.example", "SUPERADMIN" },      { "staff@msp.example", "SUPERADMIN" },
        { "owner@acme.example", "ADMIN" },          { "admin@acme.example", "ADMIN" },
        { "head@acme.example", "DEPARTMENT_HEAD" }, { "rep@acme.example", "SALES_REP" },
        { "viewer@acme.example", "SALES_REP" },
    };
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        const struct reply *reply = login_as(w, "acme.localhost", roles[i][0], NULL);
        assert_status(reply, 200);
        assert_string_equal(member_of(w, reply, "user.accessRole"), roles[i][1]);
        assert_string_equal(member_of(w, reply, "user.organizationId"), ACME_ID);
    }
}

static void test_login__which_organization(void **state)
{
    struct world *w = *state;
    /* On the root host: the oldest membership, or the one that is asked for. */
    assert_reply_with_token(w, login_as(w, "localhost", "both@example.com", NULL), 200,
                            USER("0a", "both@example.com", "Bo Both", BOLT_ID, "ADMIN"));
    assert_reply_with_token(w, login_as(w, "localhost", "both@example.com", ACME_ID), 200,
                            USER("0a", "both@example.com", "Bo Both", ACME_ID, "SALES_REP"));
    /* On a tenant's own host: that one. */
    assert_reply_with_token(w, login_as(w, "acme.localhost", "both@example.com", NULL), 200,
                            USER("0a", "both@example.com", "Bo Both", ACME_ID, "SALES_REP"));
    assert_reply_with_token(w, login_as(w, "acme.localhost", "both@example.com", ACME_ID), 200,
                            USER("0a", "both@example.com", "Bo Both", ACME_ID, "SALES_REP"));
    /* Staff: the operator's own, unless they say otherwise. */
    assert_reply_with_token(w, login_as(w, "localhost", "staff@msp.example", NULL), 200,
                            USER("02", "staff@msp.example", "Stan Staff", MSP_ID, "SUPERADMIN"));
    assert_reply_with_token(w, login_as(w, "localhost", "staff@msp.example", SHUT_ID), 200,
                            USER("02", "staff@msp.example", "Stan Staff", SHUT_ID, "SUPERADMIN"));
    assert_status(login(w, "localhost",
                        "{\"email\":\"both@example.com\",\"password\":\"" PASSWORD
                        "\",\"organizationId\":null}"),
                  200);
}

static void test_login__organizations_that_cannot_be(void **state)
{
    struct world *w = *state;
    assert_reply(login_as(w, "acme.localhost", "both@example.com", BOLT_ID), 403,
                 "{\"error\":\"This address belongs to another organization\"}");
    static const char *const unknown[] = { CRM_ID("0000000000000063"), "000000000000000000000002", "2", "zz",
                                           "6553F1000000000000000002" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_reply(login_as(w, "localhost", "both@example.com", unknown[i]), 400,
                     "{\"error\":\"The organizationId names no organization.\"}");
    assert_reply(login_as(w, "localhost", "rep@acme.example", BOLT_ID), 401, WRONG);
    assert_reply(login_as(w, "localhost", "rep@acme.example", MSP_ID), 401, WRONG);
    assert_reply(login_as(w, "localhost", "nobody@example.com", NULL), 403,
                 "{\"error\":\"You are not an active member of any organization\"}");
    assert_reply(login_as(w, "localhost", "gone@acme.example", NULL), 403,
                 "{\"error\":\"You are not an active member of any organization\"}");
}

static void test_login__wrong_unknown_and_stranger_look_the_same(void **state)
{
    struct world *w = *state;
    assert_reply(login(w, "localhost", "{\"email\":\"admin@acme.example\",\"password\":\"wrong\"}"), 401,
                 WRONG);
    assert_reply(login(w, "localhost", "{\"email\":\"unknown@acme.example\",\"password\":\"" PASSWORD "\"}"),
                 401, WRONG);
    assert_reply(login(w, "localhost", "{\"email\":\"no address\",\"password\":\"" PASSWORD "\"}"), 401,
                 WRONG);
    assert_reply(login_as(w, "acme.localhost", "rep@bolt.example", NULL), 401, WRONG);
    /* A bad organization is told to nobody whose password is wrong. */
    assert_reply(login(w, "localhost",
                       "{\"email\":\"admin@acme.example\",\"password\":\"wrong\",\"organizationId\":\"zz\"}"),
                 401, WRONG);
}

static void test_login__suspended_is_403(void **state)
{
    struct world *w = *state;
    assert_reply(login_as(w, "acme.localhost", "gone@acme.example", NULL), 403,
                 "{\"error\":\"Your membership in this organization is suspended\"}");
    assert_reply(login_as(w, "localhost", "gone@acme.example", ACME_ID), 403,
                 "{\"error\":\"Your membership in this organization is suspended\"}");
    assert_reply(login_as(w, "localhost", "rep@shut.example", NULL), 403,
                 "{\"error\":\"This organization is suspended\"}");
}

static void test_login__bad_bodies_are_400(void **state)
{
    struct world *w = *state;
    static const char *const bodies[][2] = {
        { "{}", "{\"error\":\"The email field is required. The password field is required.\"}" },
        { "{\"email\":\"a@b.c\"}", "{\"error\":\"The password field is required.\"}" },
        { "{\"email\":1,\"password\":\"x\"}", "{\"error\":\"The email must be a string.\"}" },
        { "{\"email\":\"a@b.c\",\"password\":\"x\",\"isAdmin\":true}",
          "{\"error\":\"The isAdmin field is not allowed.\"}" },
        { "[]", "{\"error\":\"The body must be a JSON object.\"}" },
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_reply(login(w, "localhost", bodies[i][0]), 400, bodies[i][1]);
    static const char *const broken[] = { "",
                                          "{",
                                          "null",
                                          "{\"email\":\"a\",\"email\":\"b\",\"password\":\"x\"}",
                                          "{\"email\":\"a\\u0000b\",\"password\":\"x\"}",
                                          "{\"email\":\"\xff\"}" };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_status(login(w, "localhost", broken[i]), 400);
}

/* ---- tokens ---- */

static const struct reply *verify(struct world *w, const char *host, const char *token)
{
    return ASK(w, .target = "/api/auth/verify-token", .host = host, .token = token);
}

static void test_verify__good_token(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "rep@acme.example", "localhost");
    assert_reply(verify(w, "localhost", token), 200, "{\"message\":\"Token is good\"}");
    assert_reply(verify(w, "acme.localhost", token), 200, "{\"message\":\"Token is good\"}");
    assert_status(verify(w, "bolt.localhost", token), 403);
}

static void test_verify__every_bad_token_has_one_wording(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "rep@acme.example", "localhost");
    struct str cut = str_sub(str_of(token), 0, strlen(token) - 2);
    assert_reply(verify(w, "localhost", NULL), 401, BAD);
    assert_reply(verify(w, "localhost", "a.b.c"), 401, BAD);
    assert_reply(verify(w, "localhost", arena_cstr(w->fixture->arena, cut)), 401, BAD);
    clock_shift_for_tests(AFTER_A_WEEK);
    const struct reply *expired = verify(w, "localhost", token);
    clock_shift_for_tests(0);
    assert_reply(expired, 401, BAD);
    world_exec(w, "UPDATE sessions SET revoked_at = 1");
    assert_reply(verify(w, "localhost", token), 401, BAD);
}

/* Elsewhere on crm an expired token is told apart. */
static void test_token__expired_says_so(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "rep@acme.example", "localhost");
    const char *json = "{\"email\":\"n@x.example\",\"password\":\"a good password\",\"firstName\":\"N\","
                       "\"lastName\":\"X\"}";
    clock_shift_for_tests(AFTER_A_WEEK);
    const struct reply *expired =
        ASK(w, .method = "POST", .target = "/api/auth/register", .json = json, .token = token);
    clock_shift_for_tests(0);
    assert_reply(expired, 401, EXPIRED);
    assert_non_null(strstr(header_of(expired, "www-authenticate"), "error=\"invalid_token\""));
    assert_reply(ASK(w, .method = "POST", .target = "/api/auth/register", .json = json, .token = "a.b.c"),
                 401, BAD);
}

/* A token of one surface is good on the other. */
static void test_token__works_on_both_surfaces(void **state)
{
    struct world *w = *state;
    const char *crm = token_for(w, "admin@acme.example", "localhost");
    assert_status(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = crm), 200);
    const struct reply *reply =
        ASK(w, .method = "POST", .target = "/api/auth/login", .host = "acme.localhost",
            .form = "username=admin%40acme.example&password=correct+horse+battery");
    assert_status(reply, 200);
    assert_status(verify(w, "localhost", member_of(w, reply, "access_token")), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_login__answers_token_and_user),
        TEST(test_login__every_role_has_its_crm_name),
        TEST(test_login__which_organization),
        TEST(test_login__organizations_that_cannot_be),
        TEST(test_login__wrong_unknown_and_stranger_look_the_same),
        TEST(test_login__suspended_is_403),
        TEST(test_login__bad_bodies_are_400),
        TEST(test_verify__good_token),
        TEST(test_verify__every_bad_token_has_one_wording),
        TEST(test_token__expired_says_so),
        TEST(test_token__works_on_both_surfaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
