/* Registering a tenant: who may, what is made, what is refused. */
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

static const struct reply *create(struct world *w, const char *json)
{
    return ASK(w, .method = "POST", .target = "/api/v1/tenants", .json = json);
}

/* With an owner who is new. */
static const struct reply *create_named(struct world *w, const char *members)
{
    return create(w, arena_printf(w->fixture->arena,
                                  "{%s,\"owner\":{\"name\":\"Nia New\",\"email\":\"nia@new.example\","
                                  "\"password\":\"" PASSWORD "\"}}",
                                  members)
                         .at);
}

static const struct reply *create_owned(struct world *w, const char *email, const char *password)
{
    return create(w, arena_printf(w->fixture->arena,
                                  "{\"name\":\"Zed\",\"owner\":{\"name\":\"Zoe\",\"email\":\"%s\","
                                  "\"password\":\"%s\"}}",
                                  email, password)
                         .at);
}

static int64_t tenants(struct world *w)
{
    return count_of(w, "SELECT COUNT(*) FROM tenants", DB_NO_ARGS);
}

static void test_register__makes_tenant_owner_and_session(void **state)
{
    struct world *w = *state;
    const struct reply *reply = create_named(w, "\"name\":\" N\xc3\xa9w & Co. Ltd \"");
    const char *expires = v1_time_of(w, "SELECT expires_at FROM sessions", DB_NO_ARGS);
    const char *token = member_of(w, reply, "data.token");
    assert_reply_with_token(
        w, reply, 201,
        arena_printf(w->fixture->arena,
                     "{\"data\":{\"token\":\"T\",\"token_type\":\"Bearer\",\"expires_at\":\"%s\",\"user\":%s,"
                     "\"tenant\":%s}}",
                     expires, V1_USER("13", "Nia New", "nia@new.example"),
                     V1_TENANT("5", "n-w-co-ltd", "N\xc3\xa9w & Co. Ltd"))
            .at);
    assert_string_equal(v1_audited(w, 5), "session.opened user:13:nia@new.example -> "
                                          "session:1:nia@new.example {\"surface\":\"v1\"}");
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM audit_log WHERE tenant_id = 5", DB_NO_ARGS), 3);
    assert_int_equal(count_of(w, "SELECT used FROM tenant_usage WHERE tenant_id = 5", DB_NO_ARGS), 1);
    assert_status(V1(w, "n-w-co-ltd", .target = "/api/v1/auth/me", .token = token), 200);
    assert_string_equal(member_of(w, &w->last->reply, "data.role.slug"), "owner");
    assert_status(ASK(w, .target = "/api/auth/me", .host = "n-w-co-ltd.localhost", .token = token), 200);
}

static void test_register__slugs(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *members, *slug;
    } good[] = {
        { "\"name\":\"One\",\"slug\":\"my-own\"", "my-own" },
        { "\"name\":\"One\",\"slug\":null", "one" },
        { "\"name\":\"--Two  2--\"", "two-2" },
        { "\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbb\"",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_status(create_named(w, good[i].members), 201);
        assert_string_equal(member_of(w, &w->last->reply, "data.tenant.slug"), good[i].slug);
        world_exec(w, "DELETE FROM users WHERE email = 'nia@new.example'");
    }
    static const struct {
        const char *members, *why;
    } bad[] = {
        { "\"name\":\"Acme\"", "The slug has already been taken." },
        { "\"name\":\"X\",\"slug\":\"bolt\"", "The slug has already been taken." },
        { "\"name\":\"Admin\"", "The slug is reserved." },
        { "\"name\":\"X\",\"slug\":\"www\"", "The slug is reserved." },
        { "\"name\":\"X\",\"slug\":\"root\"", "The slug is reserved." },
        { "\"name\":\"X\",\"slug\":\"api\"", "The slug is reserved." },
        { "\"name\":\"X\",\"slug\":\"panel\"", "The slug is reserved." },
        { "\"name\":\"X\",\"slug\":\"xn--80ak6aa92e\"", "The slug is reserved." },
        { "\"name\":\"X\",\"slug\":\"Acme\"",
          "The slug may only contain lower-case letters, digits and hyphens between them." },
        { "\"name\":\"X\",\"slug\":\"-a\"",
          "The slug may only contain lower-case letters, digits and hyphens between them." },
        { "\"name\":\"\xe2\x98\x83\"", "The slug field is required." },
    };
    int64_t before = tenants(w);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_reply(create_named(w, bad[i].members), 422,
                     arena_printf(w->fixture->arena, INVALID("\"slug\":[\"%s\"]"), bad[i].why).at);
    assert_int_equal(tenants(w), before);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM users WHERE email = 'nia@new.example'", DB_NO_ARGS),
                     0);
}

static void test_register__says_what_is_missing(void **state)
{
    struct world *w = *state;
    assert_reply(create(w, "{}"), 422,
                 INVALID("\"name\":[\"The name field is required.\"],\"owner\":[\"The owner field is "
                         "required.\"]"));
    assert_reply(
        create(w, "{\"name\":\"Zed\",\"owner\":{\"email\":\"x\",\"extra\":1}}"), 422,
        INVALID("\"owner.email\":[\"The email must be a valid email address.\"],\"owner.extra\":[\"The "
                "extra field is not allowed.\"],\"owner.name\":[\"The name field is "
                "required.\"],\"owner.password\":[\"The password field is required.\"]"));
    assert_reply(create(w, "{\"name\":\"\",\"owner\":{\"name\":\"Zoe\",\"email\":\"x\",\"password\":\"correct horse\"}}"), 422,
                 INVALID("\"name\":[\"The name field is required.\"],\"owner.email\":[\"The email must be a valid email "
                         "address.\"]"));
    assert_reply(create(w, "{\"name\":\"Zed\",\"owner\":\"nia\"}"), 422,
                 INVALID("\"owner\":[\"The owner must be an object.\"]"));
    assert_reply(
        create_owned(w, "zoe@example.com", "password1"), 422,
        INVALID("\"owner.password\":[\"The password is one of the most common ones; choose another.\"]"));
    assert_status(create_named(w, "\"name\":\"a\\u0007b\""), 422);
}

/* Somebody who is a user already brings their own password; their name stays. */
static void test_register__existing_user(void **state)
{
    struct world *w = *state;
    assert_reply(create_owned(w, "rep@bolt.example", "wrong horse"), 401, WRONG);
    assert_string_equal(v1_audited(w, 1),
                        "session.refused anonymous:0:rep@bolt.example -> "
                        "user:0:rep@bolt.example {\"reason\":\"credentials\",\"surface\":\"v1\"}");
    assert_int_equal(tenants(w), 4);
    assert_status(create_owned(w, "Rep@Bolt.example", PASSWORD), 201);
    assert_string_equal(member_of(w, &w->last->reply, "data.user.name"), "Bea Bolt");
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM memberships WHERE user_id = 9", DB_NO_ARGS), 2);
    world_exec(w, "UPDATE users SET status = 'disabled' WHERE id = 9");
    assert_reply(create_owned(w, "rep@bolt.example", PASSWORD), 401, WRONG);
    /* And cannot be guessed at here any faster than elsewhere. */
    for (int i = 0; i < 4; i++)
        assert_reply(create_owned(w, "both@example.com", "wrong horse"), 401, WRONG);
    assert_reply(create_owned(w, "both@example.com", "wrong horse"), 401, WRONG);
    assert_status(create_owned(w, "both@example.com", PASSWORD), 429);
    assert_status(V1(w, "acme", .method = "POST", .target = "/api/v1/auth/login",
                     .json = "{\"email\":\"both@example.com\",\"password\":\"" PASSWORD "\"}"),
                  429);
}

static void test_register__closed_server(void **state)
{
    (void)state;
    static const char *const policies[] = { "tenancy: { registration: admin }",
                                            "tenancy: { registration: closed }" };
    for (int i = 0; i < 2; i++) {
        struct world *w = world_new(policies[i]);
        assert_reply(create_named(w, "\"name\":\"New\""), 403,
                     "{\"message\":\"This server accepts no registrations.\"}");
        world_free(&w);
    }
}

static void test_register__plan_without_users(void **state)
{
    (void)state;
    struct world *w = world_new("mode: saas\nplans: { free: { users: 0 } }");
    assert_reply(create_named(w, "\"name\":\"New\""), 402,
                 "{\"message\":\"The plan allows no users.\",\"limit\":\"users\",\"used\":0,\"max\":0,"
                 "\"plan\":\"free\"}");
    assert_int_equal(tenants(w), 4);
    world_free(&w);
}

static void test_register__is_limited_by_address(void **state)
{
    (void)state;
    struct world *w = world_new("rate_limits: { enabled: true }");
    for (int i = 0; i < 3; i++)
        assert_status(create(w, "{}"), 422);
    assert_status(create(w, "{}"), 429);
    assert_string_equal(header_of(&w->last->reply, "x-ratelimit-limit"), "3");
    world_free(&w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_register__makes_tenant_owner_and_session),
        TEST(test_register__slugs),
        TEST(test_register__says_what_is_missing),
        TEST(test_register__existing_user),
        cmocka_unit_test(test_register__closed_server),
        cmocka_unit_test(test_register__plan_without_users),
        cmocka_unit_test(test_register__is_limited_by_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
