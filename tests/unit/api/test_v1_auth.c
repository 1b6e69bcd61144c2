/* The v1 surface's authentication: every status and body, and what it leaves in the audit log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "v1_fixture.h"

static int set_up(void **state)
{
    *state = world_new("");
    return 0;
}

static int tear_down(void **state)
{
    clock_shift_for_tests(0);
    world_free((struct world **)state);
    return 0;
}

static const struct reply *login(struct world *w, const char *slug, const char *json)
{
    return V1(w, slug, .method = "POST", .target = "/api/v1/auth/login", .json = json);
}

static const struct reply *login_as(struct world *w, const char *slug, const char *email,
                                    const char *password)
{
    return login(
        w, slug,
        arena_printf(w->fixture->arena, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password).at);
}

/* ---- login ---- */

static void test_login__answers_token_user_and_tenant(void **state)
{
    struct world *w = *state;
    const struct reply *reply = login_as(w, "acme", "Admin@Acme.example", PASSWORD);
    const char *expires = v1_time_of(w, "SELECT expires_at FROM sessions", DB_NO_ARGS);
    assert_reply_with_token(
        w, reply, 200,
        arena_printf(w->fixture->arena,
                     "{\"data\":{\"token\":\"T\",\"token_type\":\"Bearer\",\"expires_at\":\"%s\",\"user\":%s,"
                     "\"tenant\":%s}}",
                     expires, V1_USER("4", "Sarah Chen", "admin@acme.example"),
                     V1_TENANT("2", "acme", "Acme"))
            .at);
    assert_string_equal(v1_audited(w, 2), "session.opened user:4:admin@acme.example -> "
                                          "session:1:admin@acme.example {\"surface\":\"v1\"}");
}

static void test_login__needs_the_tenant(void **state)
{
    struct world *w = *state;
    assert_reply(login_as(w, NULL, "admin@acme.example", PASSWORD), 422,
                 INVALID("\"X-Tenant\":[\"The X-Tenant header is required.\"]"));
    assert_reply(login_as(w, "nowhere", "admin@acme.example", PASSWORD), 404,
                 "{\"message\":\"No such tenant\"}");
    /* A tenant's own host says it; a header may not say otherwise. */
    assert_status(ASK(w, .method = "POST", .target = "/api/v1/auth/login", .host = "acme.localhost",
                      .json = "{\"email\":\"admin@acme.example\",\"password\":\"" PASSWORD "\"}"),
                  200);
    assert_status(V1(w, "bolt", .method = "POST", .target = "/api/v1/auth/login", .host = "acme.localhost",
                     .json = "{\"email\":\"admin@acme.example\",\"password\":\"" PASSWORD "\"}"),
                  404);
}

static void test_login__wrong_unknown_and_stranger_look_the_same(void **state)
{
    struct world *w = *state;
    static const char *const refused[][2] = {
        { "admin@acme.example", "wrong horse" },
        { "unknown@acme.example", PASSWORD },
        { "rep@bolt.example", PASSWORD }, /* of another tenant, and right */
        { "nobody@example.com", PASSWORD },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_reply(login_as(w, "acme", refused[i][0], refused[i][1]), 401, WRONG);
        struct str row = arena_printf(
            w->fixture->arena,
            "session.refused anonymous:0:%s -> user:0:%s {\"reason\":\"credentials\",\"surface\":\"v1\"}",
            refused[i][0], refused[i][0]);
        assert_string_equal(v1_audited(w, 2), row.at);
    }
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM sessions", DB_NO_ARGS), 0);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM sign_in_failures WHERE failures = 1", DB_NO_ARGS), 4);
}

static void test_login__suspended_says_so(void **state)
{
    struct world *w = *state;
    assert_reply(login_as(w, "acme", "gone@acme.example", PASSWORD), 403,
                 "{\"message\":\"The membership is suspended\",\"status\":\"suspended\"}");
    assert_string_equal(v1_audited(w, 2),
                        "session.refused user:8:gone@acme.example -> user:8:gone@acme.example "
                        "{\"reason\":\"suspended\",\"surface\":\"v1\"}");
    assert_reply(login_as(w, "acme", "gone@acme.example", "wrong horse"), 401, WRONG);
    assert_reply(login_as(w, "shut", "rep@shut.example", PASSWORD), 403,
                 "{\"message\":\"The tenant is suspended\",\"status\":\"suspended\"}");
}

static void test_login__says_what_is_missing(void **state)
{
    struct world *w = *state;
    assert_reply(login(w, "acme", "{\"password\":\"x\"}"), 422,
                 INVALID("\"email\":[\"The email field is required.\"]"));
    assert_reply(
        login(w, "acme", "{\"email\":\"nonsense\"}"), 422,
        INVALID("\"email\":[\"The email must be a valid email address.\"],\"password\":[\"The password "
                "field is required.\"]"));
    assert_status(login(w, "acme", "[]"), 422);
}

/* ---- guessing ---- */

static void assert_slow(struct world *w, const char *email, const char *password, const char *seconds)
{
    const struct reply *reply = login_as(w, "acme", email, password);
    assert_reply(reply, 429,
                 arena_printf(w->fixture->arena,
                              "{\"message\":\"Too many failed attempts. Try again in %s seconds.\"}", seconds)
                     .at);
    assert_string_equal(header_of(reply, "retry-after"), seconds);
}

/* A known and an unknown address, step by step alike. */
static void test_guessing__slows_down_known_and_unknown_alike(void **state)
{
    struct world *w = *state;
    static const char *const emails[] = { "admin@acme.example", "unknown@acme.example" };
    for (int i = 0; i < 2; i++) {
        clock_shift_for_tests(0);
        for (int n = 0; n < 5; n++)
            assert_reply(login_as(w, "acme", emails[i], "wrong horse"), 401, WRONG);
        int64_t rows = count_of(w, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS);
        assert_slow(w, emails[i], PASSWORD, "1");
        assert_int_equal(count_of(w, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), rows);
        clock_shift_for_tests(2 * CLOCK_SECOND);
        assert_reply(login_as(w, "acme", emails[i], "wrong horse"), 401, WRONG);
        assert_slow(w, emails[i], PASSWORD, "2");
    }
    clock_shift_for_tests(60 * CLOCK_SECOND);
    assert_status(login_as(w, "acme", "admin@acme.example", PASSWORD), 200);
    for (int n = 0; n < 4; n++)
        assert_reply(login_as(w, "acme", "admin@acme.example", "wrong horse"), 401, WRONG);
    assert_status(login_as(w, "acme", "admin@acme.example", PASSWORD), 200);
}

/* A right password at a tenant where its user is nobody counts like a wrong one: otherwise the count would
 * tell which it was. */
static void test_guessing__strangers_learn_nothing_from_the_count(void **state)
{
    struct world *w = *state;
    for (int n = 0; n < 5; n++)
        assert_reply(login_as(w, "acme", "rep@bolt.example", PASSWORD), 401, WRONG);
    assert_slow(w, "rep@bolt.example", PASSWORD, "1");
}

/* The slow-down is the account's, whatever the surface. */
static void test_guessing__counts_over_all_surfaces(void **state)
{
    struct world *w = *state;
    for (int n = 0; n < 3; n++)
        assert_status(ASK(w, .method = "POST", .target = "/api/auth/login",
                          .json = "{\"email\":\"admin@acme.example\",\"password\":\"wrong horse\"}"),
                      401);
    for (int n = 0; n < 2; n++)
        assert_status(ASK(w, .method = "POST", .target = "/api/auth/login", .host = "acme.localhost",
                          .form = "username=admin%40acme.example&password=wrong+horse"),
                      401);
    assert_slow(w, "admin@acme.example", PASSWORD, "1");
    const struct reply *reply =
        ASK(w, .method = "POST", .target = "/api/auth/login",
            .json = "{\"email\":\"admin@acme.example\",\"password\":\"" PASSWORD "\"}");
    assert_reply(reply, 429, "{\"error\":\"Too many failed attempts. Try again in 1 seconds.\"}");
    assert_string_equal(header_of(reply, "retry-after"), "1");
    reply = ASK(w, .method = "POST", .target = "/api/auth/login", .host = "acme.localhost",
                .form = "username=admin%40acme.example&password=wrong+horse");
    assert_reply(reply, 429, "{\"detail\":\"Too many failed attempts. Try again in 1 seconds.\"}");
    /* crm knows no tenant before the password is right: the address the request came to is the operator's. */
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM audit_log WHERE tenant_id = 1", DB_NO_ARGS), 3);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM audit_log WHERE tenant_id = 2", DB_NO_ARGS), 2);
}

/* A stolen session does not make guessing the password any faster. */
static void test_guessing__the_current_password_too(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "admin@acme.example");
    const char *json = "{\"current_password\":\"wrong horse\",\"new_password\":\"a better staple\"}";
    for (int n = 0; n < 5; n++)
        assert_status(
            ASK(w, .method = "POST", .target = "/api/v1/auth/change-password", .token = token, .json = json),
            422);
    const struct reply *reply =
        ASK(w, .method = "POST", .target = "/api/v1/auth/change-password", .token = token, .json = json);
    assert_reply(reply, 429, "{\"message\":\"Too many failed attempts. Try again in 1 seconds.\"}");
    assert_string_equal(v1_audited(w, 2),
                        "password.refused user:4:admin@acme.example -> user:4:admin@acme.example ");
}

/* ---- logout ---- */

static void test_logout__ends_this_session_at_once(void **state)
{
    struct world *w = *state;
    const char *here = v1_token(w, "acme", "admin@acme.example");
    const char *there = v1_token(w, "acme", "admin@acme.example");
    assert_status(ASK(w, .target = "/api/v1/auth/me", .token = here), 200);
    assert_reply(ASK(w, .method = "POST", .target = "/api/v1/auth/logout", .token = here), 200,
                 "{\"message\":\"Signed out.\"}");
    assert_reply(ASK(w, .target = "/api/v1/auth/me", .token = here), 401, UNAUTHENTICATED);
    assert_reply(ASK(w, .method = "POST", .target = "/api/v1/auth/logout", .token = here), 401,
                 UNAUTHENTICATED);
    assert_status(ASK(w, .target = "/api/v1/auth/me", .token = there), 200);
    assert_string_equal(v1_audited(w, 2),
                        "session.closed user:4:admin@acme.example -> session:1:admin@acme.example ");
    assert_reply(ASK(w, .method = "POST", .target = "/api/v1/auth/logout"), 401, UNAUTHENTICATED);
}

/* Whoever was suspended meanwhile may still sign out; what they did stays in the chain of the token's tenant.
 */
static void test_logout__needs_no_membership(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "rep@acme.example");
    world_exec(w, "UPDATE memberships SET status = 'suspended' WHERE user_id = 6");
    assert_status(V1(w, "bolt", .method = "POST", .target = "/api/v1/auth/logout", .token = token), 200);
    assert_string_equal(v1_audited(w, 2),
                        "session.closed user:6:rep@acme.example -> session:1:rep@acme.example ");
    assert_string_equal(v1_audited(w, 3), "");
}

/* ---- me ---- */

#define ALL_ASSETS                                                                                           \
    "\"assets.view\",\"assets.create\",\"assets.edit\",\"assets.delete\",\"assets.checkout\",\"assets."      \
    "checkin\",\"assets.import\",\"assets.export\",\"categories.manage\",\"locations.manage\","              \
    "\"employees.manage\",\"users.manage\",\"reports.view\",\"settings.manage\","
#define ALL_TEAM "\"team.view\",\"team.invite\",\"team.edit\",\"team.remove\",\"team.manage_roles\","
#define ALL_CRM                                                                                              \
    "\"contacts.view\",\"contacts.create\",\"contacts.edit\",\"contacts.delete\",\"conversations.view\","    \
    "\"conversations.create\",\"departments.manage\","
#define ALL_SPACES                                                                                           \
    "\"bookings.view\",\"bookings.create\",\"bookings.edit\",\"bookings.delete\",\"events.view\",\"events."  \
    "manage\",\"passes.manage\",\"members.manage\",\"checkins.manage\",\"displays.view\",\"displays."        \
    "manage\","
#define ALL_ADMIN                                                                                            \
    "\"api_keys.manage\",\"branding.manage\",\"domains.manage\",\"audit.view\",\"tokens.introspect\""

static void test_me__user_tenant_role_and_all_permissions(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "owner@acme.example");
    static const char body[] =
        "{\"data\":{\"user\":" V1_USER("3", "Olga Owner", "owner@acme.example") ",\"tenant\":" V1_TENANT(
            "2", "acme", "Acme") ",\"role\":{\"slug\":\"owner\",\"name\":\"Owner\",\"rank\":80},"
                                 "\"permissions\":[" ALL_ASSETS ALL_TEAM ALL_CRM ALL_SPACES ALL_ADMIN "]}}";
    assert_reply(V1(w, "acme", .target = "/api/v1/auth/me", .token = token), 200, body);
    /* About oneself the token's tenant will do. */
    assert_reply(ASK(w, .target = "/api/v1/auth/me", .token = token), 200, body);
    assert_reply(V1(w, "bolt", .target = "/api/v1/auth/me", .token = token), 403,
                 "{\"message\":\"Not a member of this tenant\"}");
    assert_status(V1(w, "nowhere", .target = "/api/v1/auth/me", .token = token), 404);
    assert_reply(ASK(w, .target = "/api/v1/auth/me"), 401, UNAUTHENTICATED);
    assert_reply(ASK(w, .target = "/api/v1/auth/me", .token = "x.y.z"), 401, UNAUTHENTICATED);
}

static void test_me__is_of_the_tenant_that_is_named(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "bolt", "both@example.com");
    assert_status(ASK(w, .target = "/api/v1/auth/me", .token = token), 200);
    assert_string_equal(member_of(w, &w->last->reply, "data.role.slug"), "admin");
    assert_status(V1(w, "acme", .target = "/api/v1/auth/me", .token = token), 200);
    assert_string_equal(member_of(w, &w->last->reply, "data.role.slug"), "member");
    /* The host says it as well, and both must agree. */
    assert_status(ASK(w, .target = "/api/v1/auth/me", .host = "acme.localhost", .token = token), 200);
    assert_string_equal(member_of(w, &w->last->reply, "data.role.slug"), "member");
    assert_status(V1(w, "bolt", .target = "/api/v1/auth/me", .host = "acme.localhost", .token = token), 404);
}

static void test_me__suspended(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "rep@acme.example");
    world_exec(w, "UPDATE memberships SET status = 'suspended' WHERE user_id = 6");
    assert_reply(ASK(w, .target = "/api/v1/auth/me", .token = token), 403,
                 "{\"message\":\"The membership is suspended\",\"status\":\"suspended\"}");
}

/* ---- tenants ---- */

#define BELONGING(id, slug, name, role, status, tenant_status, joined, current)                              \
    "{\"id\":" id ",\"slug\":\"" slug "\",\"name\":\"" name "\",\"plan\":\"free\",\"role\":\"" role          \
    "\",\"status\":\"" status "\",\"tenant_status\":\"" tenant_status "\",\"joined_at\":\"" joined           \
    "\",\"current\":" current "}"

static void test_tenants__lists_where_one_belongs(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "both@example.com");
    assert_reply(ASK(w, .target = "/api/v1/auth/tenants", .token = token), 200,
                 "{\"data\":[" BELONGING(
                     "3", "bolt", "Bolt", "admin", "active", "active", V1_TIME,
                     "false") "," BELONGING("2", "acme", "Acme", "member", "active", "active",
                                            "2023-11-14T22:13:20.123457Z",
                                            "true") "],\"meta\":{\"next_cursor\":null,\"per_page\":2}}");
    world_exec(w, "UPDATE memberships SET status = 'suspended' WHERE user_id = 10 AND tenant_id = 2");
    world_exec(w, "UPDATE tenants SET status = 'suspended' WHERE slug = 'bolt'");
    assert_reply(ASK(w, .target = "/api/v1/auth/tenants", .token = token), 200,
                 "{\"data\":[" BELONGING(
                     "3", "bolt", "Bolt", "admin", "active", "suspended", V1_TIME,
                     "false") "," BELONGING("2", "acme", "Acme", "member", "suspended", "active",
                                            "2023-11-14T22:13:20.123457Z",
                                            "true") "],\"meta\":{\"next_cursor\":null,\"per_page\":2}}");
    assert_reply(ASK(w, .target = "/api/v1/auth/tenants"), 401, UNAUTHENTICATED);
}

/* ---- change-password ---- */

static const struct reply *change(struct world *w, const char *token, const char *current, const char *next)
{
    return ASK(w, .method = "POST", .target = "/api/v1/auth/change-password", .token = token,
               .json = arena_printf(w->fixture->arena,
                                    "{\"current_password\":\"%s\",\"new_password\":\"%s\"}", current, next)
                           .at);
}

static void test_change_password__ends_the_other_sessions(void **state)
{
    struct world *w = *state;
    const char *here = v1_token(w, "acme", "admin@acme.example");
    const char *there = v1_token(w, "acme", "admin@acme.example");
    assert_reply(change(w, here, PASSWORD, "a better staple"), 200, "{\"message\":\"Password changed.\"}");
    assert_string_equal(v1_audited(w, 2),
                        "password.changed user:4:admin@acme.example -> user:4:admin@acme.example ");
    assert_status(ASK(w, .target = "/api/v1/auth/me", .token = here), 200);
    assert_reply(ASK(w, .target = "/api/v1/auth/me", .token = there), 401, UNAUTHENTICATED);
    assert_reply(login_as(w, "acme", "admin@acme.example", PASSWORD), 401, WRONG);
    assert_status(login_as(w, "acme", "admin@acme.example", "a better staple"), 200);
}

static void test_change_password__says_which_field_is_wrong(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "admin@acme.example");
    assert_reply(change(w, token, "wrong horse", "a better staple"), 422,
                 INVALID("\"current_password\":[\"The current password is incorrect.\"]"));
    assert_reply(change(w, token, PASSWORD, "short"), 422,
                 INVALID("\"new_password\":[\"The password must have at least 8 bytes.\"]"));
    assert_reply(change(w, token, PASSWORD, PASSWORD), 422,
                 INVALID("\"new_password\":[\"The new password must differ from the current one.\"]"));
    assert_reply(change(w, token, "", "a better staple"), 422,
                 INVALID("\"current_password\":[\"The current password field is required.\"]"));
    assert_reply(change(w, NULL, PASSWORD, "a better staple"), 401, UNAUTHENTICATED);
    assert_status(login_as(w, "acme", "admin@acme.example", PASSWORD), 200);
}

/* ---- sessions ---- */

static void test_sessions__lists_ones_own(void **state)
{
    struct world *w = *state;
    struct arena *arena = w->fixture->arena;
    v1_token(w, "bolt", "both@example.com");
    const char *here = v1_token(w, "acme", "both@example.com");
    v1_token(w, "acme", "admin@acme.example");
    const char *times[4];
    for (int i = 0; i < 4; i++)
        times[i] = v1_time_of(w,
                              i % 2 ? "SELECT expires_at FROM sessions WHERE id = $1"
                                    : "SELECT created_at FROM sessions WHERE id = $1",
                              DB_ARGS(db_int(i < 2 ? 2 : 1)));
#define SESSION(id, tenant, current)                                                                         \
    "{\"id\":" id ",\"tenant\":\"" tenant "\",\"address\":\"127.0.0.1\",\"user_agent\":\"test\","            \
    "\"created_at\":\"%s\",\"expires_at\":\"%s\",\"current\":" current "}"
    assert_reply(ASK(w, .target = "/api/v1/auth/sessions", .token = here), 200,
                 arena_printf(arena,
                              "{\"data\":[" SESSION("2", "acme", "true") "," SESSION(
                                  "1", "bolt", "false") "],\"meta\":{\"next_cursor\":null,\"per_page\":50}}",
                              times[0], times[1], times[2], times[3])
                     .at);
    assert_reply(ASK(w, .target = "/api/v1/auth/sessions?per_page=1", .token = here), 200,
                 arena_printf(arena,
                              "{\"data\":[" SESSION(
                                  "2", "acme", "true") "],\"meta\":{\"next_cursor\":\"2\",\"per_page\":1}}",
                              times[0], times[1])
                     .at);
    assert_reply(ASK(w, .target = "/api/v1/auth/sessions?per_page=1&cursor=2", .token = here), 200,
                 arena_printf(arena,
                              "{\"data\":[" SESSION(
                                  "1", "bolt", "false") "],\"meta\":{\"next_cursor\":null,\"per_page\":1}}",
                              times[2], times[3])
                     .at);
    assert_reply(ASK(w, .target = "/api/v1/auth/sessions?cursor=x", .token = here), 422,
                 INVALID("\"cursor\":[\"The cursor is invalid.\"]"));
    assert_reply(ASK(w, .target = "/api/v1/auth/sessions?per_page=0", .token = here), 422,
                 INVALID("\"per_page\":[\"The per page must be at least 1.\"]"));
}

static const struct reply *end_session(struct world *w, const char *token, const char *id)
{
    return ASK(w, .method = "DELETE", .token = token,
               .target = arena_printf(w->fixture->arena, "/api/v1/auth/sessions/%s", id).at);
}

static void test_sessions__ends_one_of_ones_own(void **state)
{
    struct world *w = *state;
    const char *there = v1_token(w, "bolt", "both@example.com");
    const char *here = v1_token(w, "acme", "both@example.com");
    const char *others = v1_token(w, "acme", "admin@acme.example");
    assert_status(ASK(w, .target = "/api/v1/auth/me", .token = there), 200);
    assert_reply(end_session(w, here, "1"), 200, "{\"message\":\"Session ended.\"}");
    assert_reply(ASK(w, .target = "/api/v1/auth/me", .token = there), 401, UNAUTHENTICATED);
    assert_string_equal(v1_audited(w, 2),
                        "session.revoked user:10:both@example.com -> session:1:both@example.com ");
    /* Ended, another's, none, nonsense: all the same. */
    static const char *const missing[] = { "1", "3", "99", "0", "-1", "x", "9223372036854775808" };
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
        assert_reply(end_session(w, here, missing[i]), 404, NOT_FOUND);
    assert_status(ASK(w, .target = "/api/v1/auth/me", .token = others), 200);
    assert_status(end_session(w, here, "2"), 200);
    assert_reply(ASK(w, .target = "/api/v1/auth/sessions", .token = here), 401, UNAUTHENTICATED);
}

static void test_sessions__expired_ones_are_none(void **state)
{
    struct world *w = *state;
    v1_token(w, "acme", "admin@acme.example");
    const char *here = v1_token(w, "acme", "admin@acme.example");
    world_exec(w, "UPDATE sessions SET expires_at = 1 WHERE id = 1");
    assert_status(ASK(w, .target = "/api/v1/auth/sessions", .token = here), 200);
    assert_reply(end_session(w, here, "1"), 404, NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_login__answers_token_user_and_tenant),
        TEST(test_login__needs_the_tenant),
        TEST(test_login__wrong_unknown_and_stranger_look_the_same),
        TEST(test_login__suspended_says_so),
        TEST(test_login__says_what_is_missing),
        TEST(test_guessing__slows_down_known_and_unknown_alike),
        TEST(test_guessing__strangers_learn_nothing_from_the_count),
        TEST(test_guessing__counts_over_all_surfaces),
        TEST(test_guessing__the_current_password_too),
        TEST(test_logout__ends_this_session_at_once),
        TEST(test_logout__needs_no_membership),
        TEST(test_me__user_tenant_role_and_all_permissions),
        TEST(test_me__is_of_the_tenant_that_is_named),
        TEST(test_me__suspended),
        TEST(test_tenants__lists_where_one_belongs),
        TEST(test_change_password__ends_the_other_sessions),
        TEST(test_change_password__says_which_field_is_wrong),
        TEST(test_sessions__lists_ones_own),
        TEST(test_sessions__ends_one_of_ones_own),
        TEST(test_sessions__expired_ones_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
