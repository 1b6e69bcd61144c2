/* API tokens through the walk: who may make them, what they let through, and when that ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "identity/api_token.h"
#include "identity/opaque_token.h"
#include "v1_fixture.h"

#define KEYS "/api/settings/api-keys"

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

static const char *admin(struct world *w)
{
    return token_for(w, "admin@acme.example", NULL);
}

static const struct reply *make(struct world *w, const char *token, const char *json)
{
    return ASK(w, .method = "POST", .target = KEYS, .token = token, .json = json);
}

/* A token of acme's admin with these scopes, quoted; `more` begins with a comma, or is "". */
static const char *key_with(struct world *w, const char *scopes, const char *more)
{
    assert_status(make(w, admin(w), printed(w, "{\"name\":\"Key\",\"scopes\":[%s]%s}", scopes, more)), 201);
    return member_of(w, &w->last->reply, "data.token");
}

static int64_t newest(struct world *w)
{
    return count_of(w, "SELECT max(id) FROM api_tokens", DB_NO_ARGS);
}

/* What a token meets at a route that needs team.view, in acme. */
static void assert_team(struct world *w, const char *token, int status)
{
    assert_status(V1(w, "acme", .target = "/api/v1/team", .token = token), status);
}

/* ---- making ---- */

static void test_create__shows_the_secret_this_once(void **state)
{
    struct world *w = *state;
    const char *secret = key_with(w, "\"team.view\",\"assets.view\"", "");
    const char *audited = v1_audited(w, 2);
    assert_non_null(strstr(audited, "api_token.created user:4:admin@acme.example -> api_token:1:Key"));
    assert_null(strstr(audited, secret));
    uint8_t hash[32];
    assert_int_equal(opaque_token_read(str_of(secret), hash), OPAQUE_API);
    assert_int_equal(count_of(w, "SELECT count(*) FROM api_tokens WHERE token_hash = $1",
                              DB_ARGS(db_blob(hash, sizeof hash))),
                     1);
    const struct reply *reply = ASK(w, .target = KEYS, .token = admin(w));
    assert_status(reply, 200);
    assert_null(strstr(reply->body.at, secret));
    const char *at = v1_time_of(w, "SELECT created_at FROM api_tokens", DB_NO_ARGS);
    assert_reply(
        reply, 200,
        printed(w,
                "{\"success\":true,\"data\":[{\"id\":1,\"name\":\"Key\",\"prefix\":\"%.12s\",\"scopes\":["
                "\"assets.view\",\"team.view\"],\"expires_at\":null,\"allowed_addresses\":[],"
                "\"rate_limit\":null,\"last_used_at\":null,\"previous_until\":null,\"created_by\":"
                "{\"id\":4,\"name\":\"Sarah Chen\",\"email\":\"admin@acme.example\"},\"created_at\":"
                "\"%s\",\"updated_at\":\"%s\"}],\"next\":null}",
                secret, at, at));
}

static void test_create__names_what_is_wrong(void **state)
{
    struct world *w = *state;
    const char *token = admin(w);
    static const struct {
        const char *json;
        int status;
        const char *sentence;
    } cases[] = {
        { "{}", 422, "The name field is required. The scopes field is required." },
        { "{\"name\":\"x\",\"scopes\":[]}", 422, "The scopes" },
        { "{\"name\":\"x\",\"scopes\":[\"assets.fly\",\"team.view\",\"\\u00e9\"]}", 422,
          "There is no scope assets.fly. There is no scope \xc3\xa9." },
        { "{\"name\":\"x\",\"scopes\":[\"tenants.manage\"]}", 403,
          "You cannot give a scope that you lack: tenants.manage." },
        { "{\"name\":\" \\n\",\"scopes\":[\"team.view\"]}", 422, "The name" },
        { "{\"name\":\"x\",\"scopes\":[\"team.view\"],\"expires_at\":\"2020-01-01T00:00:00Z\"}", 422,
          "The expires at must be a time to come." },
        { "{\"name\":\"x\",\"scopes\":[\"team.view\"],\"allowed_addresses\":[\"10.0.0.0/33\"]}", 422,
          "The allowed addresses" },
        { "{\"name\":\"x\",\"scopes\":[\"team.view\"],\"allowed_addresses\":[\"10.0.0.1 10.0.0.2\"]}", 422,
          "The allowed addresses" },
        { "{\"name\":\"x\",\"scopes\":[\"team.view\"],\"rate_limit\":0}", 422, "The rate limit" },
        { "{\"name\":\"x\",\"scopes\":[\"team.view\"],\"user_id\":1}", 422,
          "The user_id field is not allowed." },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct reply *reply = make(w, token, cases[i].json);
        if (reply->status != cases[i].status || !strstr(reply->body.at, cases[i].sentence))
            fail_msg("%s: %d %.*s", cases[i].json, reply->status, STR_ARG(reply->body));
    }
    assert_int_equal(count_of(w, "SELECT count(*) FROM api_tokens", DB_NO_ARGS), 0);
    assert_status(
        make(w, token_for(w, "rep@acme.example", NULL), "{\"name\":\"x\",\"scopes\":[\"assets.view\"]}"),
        403);
}

/* ---- what it lets through ---- */

static void test_scopes__narrow_the_owner(void **state)
{
    struct world *w = *state;
    const char *viewer = key_with(w, "\"team.view\"", "");
    const char *other = key_with(w, "\"assets.view\"", "");
    assert_team(w, viewer, 200);
    assert_team(w, other, 403);
    assert_string_equal(w->last->failure.required_permission, "team.view");
    assert_status(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = other), 200);
    assert_non_null(strstr(w->last->reply.body.at, "\"permissions\":[\"assets.view\"]"));
    assert_status(ASK(w, .target = "/api/auth/verify-token", .token = other), 200);
    /* A token with the right to give roles gives no more than its scopes. */
    const char *giver = key_with(w, "\"team.manage_roles\"", "");
    assert_status(V1(w, "acme", .method = "PATCH", .target = "/api/v1/team/members/7/role", .token = giver,
                     .json = "{\"role\":\"admin\"}"),
                  403);
}

static void test_scopes__follow_the_owner(void **state)
{
    struct world *w = *state;
    const char *key = key_with(w, "\"team.view\"", "");
    const char *owner = v1_token(w, "acme", "owner@acme.example");
    static const struct {
        const char *role;
        int status;
    } roles[] = { { "member", 403 }, { "viewer", 200 } };
    assert_team(w, key, 200);
    for (size_t i = 0; i < 2; i++) {
        assert_status(V1(w, "acme", .method = "PATCH", .target = "/api/v1/team/members/4/role",
                         .token = owner, .json = printed(w, "{\"role\":\"%s\"}", roles[i].role)),
                      200);
        assert_team(w, key, roles[i].status);
    }
    assert_status(V1(w, "acme", .method = "POST", .target = "/api/v1/team/members/4/suspend", .token = owner),
                  200);
    assert_team(w, key, 403);
    assert_status(V1(w, "acme", .method = "DELETE", .target = "/api/v1/team/members/4", .token = owner), 200);
    assert_team(w, key, 401);
    assert_int_equal(count_of(w, "SELECT count(*) FROM api_tokens", DB_NO_ARGS), 0);
}

static void test_tenant__its_own_only(void **state)
{
    struct world *w = *state;
    const char *both = token_for(w, "both@example.com", "bolt.localhost");
    assert_status(make(w, both, "{\"name\":\"x\",\"scopes\":[\"team.view\"]}"), 201);
    const char *key = member_of(w, &w->last->reply, "data.token");
    assert_status(V1(w, "bolt", .target = "/api/v1/team", .token = key), 200);
    assert_status(V1(w, "acme", .target = "/api/v1/auth/me", .token = key), 403);
    assert_status(ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = key), 403);
    assert_status(ASK(w, .target = "/api/auth/me", .host = "localhost", .token = key), 403);
    assert_status(ASK(w, .target = KEYS, .host = "acme.localhost", .token = key), 403);
    const struct reply *reply = ASK(w, .target = "/api/v1/auth/tenants", .token = key);
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"slug\":\"bolt\""));
    assert_null(strstr(reply->body.at, "acme"));
}

static void test_session_routes__refuse_it(void **state)
{
    struct world *w = *state;
    const char *key = key_with(w, "\"team.view\",\"api_keys.manage\"", "");
    assert_status(ASK(w, .method = "POST", .target = "/api/auth/change-password", .host = "acme.localhost",
                      .token = key, .json = "{\"current_password\":\"a\",\"new_password\":\"b\"}"),
                  403);
    assert_status(V1(w, "acme", .target = "/api/v1/auth/sessions", .token = key), 403);
    assert_status(V1(w, "acme", .method = "POST", .target = "/api/v1/auth/logout", .token = key), 403);
}

/* ---- its limits ---- */

static void test_address__is_held(void **state)
{
    struct world *w = *state;
    const char *key =
        key_with(w, "\"team.view\"", ",\"allowed_addresses\":[\"192.0.2.0/24\",\"2001:db8::7\"]");
    static const struct {
        const char *address;
        int status;
    } cases[] = { { "192.0.2.9", 200 },   { "192.0.3.9", 403 }, { "2001:db8::7", 200 },
                  { "2001:db8::8", 403 }, { "unix", 403 },      { "::ffff:192.0.2.1", 200 } };
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            assert_status(V1(w, "acme", .target = "/api/v1/team", .token = key, .address = cases[i].address),
                          cases[i].status);
}

static void test_expiry__is_held(void **state)
{
    struct world *w = *state;
    struct str at = clock_iso8601(w->fixture->arena, clock_now() + 60 * CLOCK_SECOND);
    const char *key = key_with(w, "\"team.view\"", printed(w, ",\"expires_at\":\"%s\"", at.at));
    assert_team(w, key, 200);
    clock_shift_for_tests(59 * CLOCK_SECOND);
    assert_team(w, key, 200);
    clock_shift_for_tests(61 * CLOCK_SECOND);
    assert_team(w, key, 401);
    assert_int_equal(w->last->failure.code, ERR_TOKEN_EXPIRED);
    assert_status(
        ASK(w, .method = "PATCH", .target = KEYS "/1", .token = admin(w), .json = "{\"expires_at\":null}"),
        200);
    assert_team(w, key, 200);
}

static void test_rate__counts_by_token(void **state)
{
    (void)state;
    struct world *w = world_new("rate_limits: { default: 400/hour, login: none }\n");
    const char *own = key_with(w, "\"team.view\"", ",\"rate_limit\":5");
    for (int i = 0; i < 5; i++) {
        assert_team(w, own, 200);
        assert_string_equal(header_of(&w->last->reply, "x-ratelimit-limit"), "5");
    }
    assert_team(w, own, 429);
    world_free(&w);
}

/* Nobody gives themselves more than the operator gives. */
static void test_rate__is_the_operators_at_most(void **state)
{
    (void)state;
    struct world *w = world_new("rate_limits: { default: 3/hour, login: none }\n");
    const char *keys[] = { key_with(w, "\"team.view\"", ""),
                           key_with(w, "\"team.view\"", ",\"rate_limit\":100000") };
    for (size_t k = 0; k < 2; k++) {
        for (int i = 0; i < 3; i++) {
            assert_team(w, keys[k], 200);
            assert_string_equal(header_of(&w->last->reply, "x-ratelimit-limit"), "3");
        }
        assert_team(w, keys[k], 429);
    }
    world_free(&w);
}

/* ---- its end ---- */

static void test_revoke__acts_on_the_next_request(void **state)
{
    struct world *w = *state;
    const char *key = key_with(w, "\"team.view\"", "");
    const char *other = key_with(w, "\"team.view\"", "");
    assert_team(w, key, 200);
    assert_team(w, key, 200);
    assert_status(ASK(w, .method = "DELETE", .target = KEYS "/1", .token = admin(w)), 200);
    assert_non_null(strstr(v1_audited(w, 2), "api_token.revoked user:4"));
    assert_team(w, key, 401);
    assert_team(w, other, 200);
    assert_status(ASK(w, .method = "DELETE", .target = KEYS "/1", .token = admin(w)), 404);
    assert_status(ASK(w, .method = "DELETE", .target = KEYS "/2",
                      .token = token_for(w, "both@example.com", "bolt.localhost")),
                  404);
    assert_team(w, other, 200);
}

static void test_rotate__the_former_secret_holds_for_the_overlap(void **state)
{
    struct world *w = *state;
    const char *first = key_with(w, "\"team.view\"", "");
    assert_team(w, first, 200);
    assert_status(ASK(w, .method = "POST", .target = KEYS "/1/rotate", .token = admin(w)), 200);
    const char *second = member_of(w, &w->last->reply, "data.token");
    assert_team(w, first, 401);
    assert_team(w, second, 200);
    assert_status(
        ASK(w, .method = "POST", .target = KEYS "/1/rotate", .token = admin(w), .json = "{\"overlap\":60}"),
        200);
    const char *third = member_of(w, &w->last->reply, "data.token");
    assert_non_null(member_of(w, &w->last->reply, "data.previous_until"));
    assert_team(w, second, 200);
    assert_team(w, third, 200);
    clock_shift_for_tests(61 * CLOCK_SECOND);
    assert_team(w, second, 401);
    assert_team(w, second, 401);
    assert_team(w, third, 200);
    assert_status(ASK(w, .method = "POST", .target = KEYS "/1/rotate", .token = admin(w),
                      .json = "{\"overlap\":604801}"),
                  422);
}

static void test_rotate__gives_nobody_more_than_they_have(void **state)
{
    struct world *w = *state;
    const char *keeper = key_with(w, "\"api_keys.manage\"", "");
    key_with(w, "\"team.view\"", "");
    const char *target = printed(w, KEYS "/%lld/rotate", (long long)newest(w));
    assert_status(ASK(w, .method = "POST", .target = target, .token = keeper), 403);
    assert_status(
        ASK(w, .method = "POST", .target = target, .token = token_for(w, "owner@acme.example", NULL)), 403);
    assert_status(ASK(w, .method = "POST", .target = KEYS "/1/rotate", .token = keeper), 200);
    keeper = member_of(w, &w->last->reply, "data.token");
    assert_status(make(w, keeper, "{\"name\":\"x\",\"scopes\":[\"team.view\"]}"), 403);
    assert_status(ASK(w, .method = "PATCH", .target = KEYS "/1", .token = keeper,
                      .json = "{\"scopes\":[\"api_keys.manage\",\"team.view\"]}"),
                  403);
    assert_status(make(w, keeper, "{\"name\":\"x\",\"scopes\":[\"api_keys.manage\"]}"), 201);
    assert_non_null(strstr(v1_audited(w, 2), "api_token.created api_token:1:Key ->"));
}

/* A token that was made to end, and for one network, is not got rid of these by its own bearer. */
static void test_bounds__bind_what_is_done_with_a_token(void **state)
{
    struct world *w = *state;
    struct arena *arena = w->fixture->arena;
    const char *soon = clock_iso8601(arena, clock_now() + 60 * CLOCK_SECOND).at;
    const char *later = clock_iso8601(arena, clock_now() + 90 * CLOCK_SECOND).at;
    const char *keeper =
        key_with(w, "\"api_keys.manage\"",
                 printed(w, ",\"expires_at\":\"%s\",\"allowed_addresses\":[\"192.0.2.0/24\",\"::1\"]", soon));
    key_with(w, "\"api_keys.manage\"", "");
    const struct {
        const char *method, *target, *json;
        int status;
    } cases[] = {
        { "PATCH", KEYS "/1", "{\"expires_at\":null}", 403 },
        { "PATCH", KEYS "/1", printed(w, "{\"expires_at\":\"%s\"}", later), 403 },
        { "PATCH", KEYS "/1", "{\"allowed_addresses\":null}", 403 },
        { "PATCH", KEYS "/1", "{\"allowed_addresses\":[\"::1\",\"192.0.2.0/23\"]}", 403 },
        { "POST", KEYS "/2/rotate", "{}", 403 },
        { "POST", KEYS, "{\"name\":\"x\",\"scopes\":[\"api_keys.manage\"]}", 403 },
        { "POST", KEYS,
          printed(w, "{\"name\":\"x\",\"scopes\":[\"api_keys.manage\"],\"expires_at\":\"%s\"}", soon), 403 },
        { "PATCH", KEYS "/2", "{\"name\":\"y\"}", 200 },
        { "PATCH", KEYS "/1", "{\"allowed_addresses\":[\"192.0.2.0/24\"]}", 200 },
        { "POST", KEYS,
          printed(w,
                  "{\"name\":\"x\",\"scopes\":[\"api_keys.manage\"],\"expires_at\":\"%s\","
                  "\"allowed_addresses\":[\"192.0.2.0/24\"]}",
                  soon),
          201 },
        { "POST", KEYS "/1/rotate", "{}", 200 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct reply *reply = ASK(w, .method = cases[i].method, .target = cases[i].target,
                                        .token = keeper, .json = cases[i].json, .address = "192.0.2.9");
        if (reply->status != cases[i].status)
            fail_msg("%s %s: %d", cases[i].target, cases[i].json, reply->status);
    }
    assert_status(
        ASK(w, .method = "PATCH", .target = KEYS "/1", .token = admin(w), .json = "{\"expires_at\":null}"),
        200);
}

static enum storage_status insert_known(struct db_conn *conn, void *context)
{
    struct api_token token = { .tenant_id = 2,
                               .user_id = 4,
                               .name = STR("x"),
                               .prefix = STR("x"),
                               .scopes = STR("team.view"),
                               .addresses = STR(""),
                               .created_at = 1 };
    return api_token_insert(conn, &token, context);
}

static void test_unknown__is_found_once_it_exists(void **state)
{
    struct world *w = *state;
    uint8_t hash[32];
    struct str secret = opaque_token_new(w->fixture->arena, OPAQUE_API, hash);
    assert_team(w, secret.at, 401);
    assert_team(w, secret.at, 401);
    assert_int_equal(db_transaction(w->fixture->conn, STORAGE_WRITE, insert_known, hash), STORAGE_OK);
    assert_team(w, secret.at, 200);
    /* One character off. */
    char *broken = arena_cstr(w->fixture->arena, secret);
    broken[10] = broken[10] == 'A' ? 'B' : 'A';
    assert_team(w, broken, 401);
}

/* Noted in memory, written down by whoever does that now and then, and never moved back. */
static void test_last_use__is_written_in_batches(void **state)
{
    struct world *w = *state;
    static const char *const count = "SELECT count(*) FROM api_tokens WHERE last_used_at IS NOT NULL";
    static const char *const latest = "SELECT max(last_used_at) FROM api_tokens";
    const char *key = key_with(w, "\"team.view\"", "");
    key_with(w, "\"team.view\"", "");
    assert_team(w, key, 200);
    assert_int_equal(count_of(w, count, DB_NO_ARGS), 0);
    assert_status(ASK(w, .target = KEYS, .token = admin(w)), 200);
    assert_non_null(strstr(w->last->reply.body.at, "\"last_used_at\":\""));
    assert_true(walk_write_down(w->walk, w->fixture->conn));
    assert_int_equal(count_of(w, count, DB_NO_ARGS), 1);
    int64_t first = count_of(w, latest, DB_NO_ARGS);
    clock_shift_for_tests(-60 * CLOCK_SECOND);
    assert_team(w, key, 200);
    assert_true(walk_write_down(w->walk, w->fixture->conn));
    assert_int_equal(count_of(w, latest, DB_NO_ARGS), first);
    clock_shift_for_tests(60 * CLOCK_SECOND);
    assert_team(w, key, 200);
    assert_true(walk_write_down(w->walk, w->fixture->conn));
    assert_true(count_of(w, latest, DB_NO_ARGS) > first);
}

static void test_list__pages_by_key(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5; i++)
        key_with(w, "\"team.view\"", "");
    assert_status(make(w, token_for(w, "both@example.com", "bolt.localhost"),
                       "{\"name\":\"theirs\",\"scopes\":[\"team.view\"]}"),
                  201);
    const char *token = admin(w);
    assert_status(ASK(w, .target = KEYS "?limit=2", .token = token), 200);
    assert_string_equal(member_of(w, &w->last->reply, "next"), "4");
    assert_status(ASK(w, .target = KEYS "?limit=2&cursor=2", .token = token), 200);
    assert_non_null(strstr(w->last->reply.body.at, "\"data\":[{\"id\":1,"));
    assert_non_null(strstr(w->last->reply.body.at, "\"next\":null"));
    assert_status(ASK(w, .target = KEYS "?cursor=x", .token = token), 422);
    assert_status(ASK(w, .target = KEYS, .token = token), 200);
    assert_null(strstr(w->last->reply.body.at, "theirs"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create__shows_the_secret_this_once),
        TEST(test_create__names_what_is_wrong),
        TEST(test_scopes__narrow_the_owner),
        TEST(test_scopes__follow_the_owner),
        TEST(test_tenant__its_own_only),
        TEST(test_session_routes__refuse_it),
        TEST(test_address__is_held),
        TEST(test_expiry__is_held),
        cmocka_unit_test(test_rate__counts_by_token),
        cmocka_unit_test(test_rate__is_the_operators_at_most),
        TEST(test_revoke__acts_on_the_next_request),
        TEST(test_rotate__the_former_secret_holds_for_the_overlap),
        TEST(test_rotate__gives_nobody_more_than_they_have),
        TEST(test_bounds__bind_what_is_done_with_a_token),
        TEST(test_unknown__is_found_once_it_exists),
        TEST(test_last_use__is_written_in_batches),
        TEST(test_list__pages_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
