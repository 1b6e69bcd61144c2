/* Authentication, membership, permission, and the limits of contract section 6. */
#include "walk_fixture.h"

#include "base/clock.h"
#include "identity/sign_in.h"

static int up(void **state)
{
    (void)state;
    world_new(NULL);
    return 0;
}

static int down(void **state)
{
    (void)state;
    clock_shift_for_tests(0);
    world_free();
    return 0;
}

#define ACME      "acme.msp.example"
#define CHALLENGE "Bearer realm=\"tether\""

static struct str bearer(const char *scheme, enum who who, const char *more)
{
    return arena_printf(world.arena, "Authorization: %s %s%s", scheme, world.tokens[who].at, more);
}

static void test_sign_in__reads_the_header_strictly(void **state)
{
    (void)state;
    const struct {
        const char *first, *second;
        int status;
        const char *challenge;
    } rows[] = {
        { NULL, NULL, 401, CHALLENGE },
        { "Authorization:", NULL, 401, CHALLENGE },
        { "Authorization: Basic YTpi", NULL, 401, CHALLENGE },
        { "Authorization: Bearer", NULL, 401, CHALLENGE },
        { "Authorization: Bearertoken", NULL, 401, CHALLENGE },
        { "Authorization: Bearer x", NULL, 401, CHALLENGE ", error=\"invalid_token\"" },
        { "Authorization: Bearer \"x\"", NULL, 401, CHALLENGE ", error=\"invalid_token\"" },
        { "Authorization: Bearer \xff", NULL, 401, CHALLENGE ", error=\"invalid_token\"" },
        { "Authorization: Bearer a b", NULL, 400, CHALLENGE ", error=\"invalid_request\"" },
        { "Authorization: Bearer a, Bearer b", NULL, 400, CHALLENGE ", error=\"invalid_request\"" },
        { "Authorization: Basic a", "Authorization: Bearer b", 400, CHALLENGE ", error=\"invalid_request\"" },
        { bearer("Bearer", ANNA, "").at, NULL, 200, "" },
        { bearer("bEARER", ANNA, "").at, NULL, 200, "" },
        { bearer("Bearer  ", ANNA, "  ").at, NULL, 200, "" },
        { bearer("Basic", ANNA, "").at, NULL, 401, CHALLENGE },
        { bearer("Bearer", ANNA, "").at, bearer("Bearer", ANNA, "").at, 400,
          CHALLENGE ", error=\"invalid_request\"" },
        { bearer("Bearer", ANNA, "=").at, NULL, 401, CHALLENGE ", error=\"invalid_token\"" },
        { bearer("Bearer", ANNA, "x").at, NULL, 401, CHALLENGE ", error=\"invalid_token\"" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status =
            ASK(.target = "/host/member", .host = ACME, .headers = { rows[i].first, rows[i].second });
        const char *challenge = answer_header("www-authenticate");
        size_t length = strlen(rows[i].challenge);
        bool same = strncmp(challenge, rows[i].challenge, length) == 0;
        /* A token that was not sent gets no error code. */
        bool bare = strcmp(rows[i].challenge, CHALLENGE) != 0 || strlen(challenge) == length;
        if (status != rows[i].status || !same || !bare)
            fail_msg("row %zu: %d %s", i, status, challenge);
        assert_true(answer_header_count("www-authenticate") <= 1);
    }
    assert_int_equal(ASK(.target = "/host/member?access_token=x", .host = ACME, .who = ANNA), 400);
    assert_int_equal(ASK(.target = "/host/member?access_token=x", .host = ACME), 401);
}

static const char *cookie(const char *name, enum who who)
{
    return arena_printf(world.arena, "Cookie: %s=%s", name, world.tokens[who].at).at;
}

static void test_sign_in__cookie_needs_its_own_origin(void **state)
{
    (void)state;
    const char *plain = cookie("tether", ANNA), *secure = cookie("__Host-tether", ANNA);
    const struct {
        const char *method, *target, *first, *second, *third;
        bool tls;
        int status;
    } rows[] = {
        { "GET", "/host/member", plain, NULL, NULL, false, 200 },
        { "GET", "/warm/member", plain, NULL, NULL, false, 200 },
        { "GET", "/host/member", secure, NULL, NULL, true, 200 },
        { "GET", "/host/member", plain, NULL, NULL, true, 401 },
        { "GET", "/host/member", plain, plain, NULL, false, 401 },
        { "GET", "/host/member", "Cookie: tether=; tether", NULL, NULL, false, 401 },
        { "GET", "/host/member", plain, "Sec-Fetch-Site: same-site", NULL, false, 403 },
        { "GET", "/host/optional", "Cookie: tether=stale", NULL, NULL, false, 200 },
        { "GET", "/token/member?tenant=globex", plain, NULL, NULL, false, 403 },
        { "POST", "/password", plain, NULL, NULL, false, 403 },
        { "POST", "/password", plain, "Origin: http://acme.msp.example:81", NULL, false, 403 },
        { "POST", "/password", plain, "Origin: http://acme.msp.example", NULL, false, 422 },
        { "POST", "/password", plain, "Origin: http://acme.msp.example", "Sec-Fetch-Site: same-origin", false,
          422 },
        { "POST", "/password", plain, "Origin: http://acme.msp.example", "Sec-Fetch-Site: same-site", false,
          403 },
        { "POST", "/password", secure, "Origin: http://acme.msp.example", NULL, true, 403 },
        { "POST", "/password", secure, "Origin: https://acme.msp.example", NULL, true, 422 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = ASK(.method = rows[i].method, .target = rows[i].target, .host = ACME,
                         .tls = rows[i].tls, .headers = { rows[i].first, rows[i].second, rows[i].third });
        if (status != rows[i].status)
            fail_msg("row %zu: %d", i, status);
    }
}

static void test_sign_in__expired_and_revoked_tokens(void **state)
{
    (void)state;
    clock_shift_for_tests(8 * 86400 * CLOCK_SECOND);
    assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = ANNA), 401);
    assert_string_equal(answer_text("word"), "token-expired");
    assert_non_null(strstr(answer_header("www-authenticate"), "The token has expired"));
    clock_shift_for_tests(0);
    assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = BOB), 200);
    world_exec("UPDATE sessions SET revoked_at = 1 WHERE user_id = $1", DB_ARGS(db_int(world.users[BOB])));
    assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = BOB), 401);
    assert_string_equal(answer_text("word"), "token-invalid");
    world_exec("UPDATE sessions SET revoked_at = NULL WHERE user_id = $1", DB_ARGS(db_int(world.users[BOB])));
}

static void test_sign_in__public_looks_at_no_token(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/host/public", .headers = { "Authorization: Bearer x" }), 200);
    assert_int_equal(ASK(.target = "/host/public", .headers = { "Authorization: a", "Authorization: b" }),
                     200);
    assert_int_equal(ASK(.target = "/host/public", .who = SARA), 200);
    assert_int_equal(answer_int("user"), 0);
}

static void test_sign_in__optional_verifies_what_is_there(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/host/optional", .host = ACME), 200);
    assert_int_equal(answer_int("user"), 0);
    assert_int_equal(ASK(.target = "/host/optional", .host = ACME, .who = ANNA), 200);
    assert_int_equal(answer_int("user"), world.users[ANNA]);
    assert_int_equal(ASK(.target = "/host/optional", .host = ACME, .headers = { "Authorization: Bearer x" }),
                     401);
    assert_int_equal(ASK(.target = "/host/optional", .host = ACME, .headers = { "Authorization: Basic x" }),
                     200);
}

static void test_sign_in__membership_and_permission(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/host/permission", .host = ACME, .who = ANNA), 200);
    assert_int_equal(ASK(.target = "/host/permission", .host = ACME, .who = SARA), 200);
    assert_int_equal(ASK(.target = "/host/permission", .host = ACME, .who = BOB), 403);
    assert_string_equal(answer_text("required_permission"), "assets.delete");
    assert_string_equal(answer_header("www-authenticate"),
                        CHALLENGE ", error=\"insufficient_scope\", scope=\"assets.delete\"");
    assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = SUE), 403);
    assert_string_equal(answer_text("word"), "suspended");
    assert_string_equal(answer_text("status"), "suspended");
    assert_int_equal(ASK(.target = "/host/self", .host = ACME, .who = SUE), 200);
    assert_int_equal(answer_int("verdict"), ACCESS_SUSPENDED);
    assert_int_equal(ASK(.target = "/host/optional", .host = ACME, .who = SUE), 200);
    assert_int_equal(ASK(.target = "/host/session", .host = ACME, .who = BOB), 200);
}

static void test_sign_in__a_suspension_holds_at_the_next_request(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/host/member", .host = "globex.msp.example", .who = DORA), 200);
    world_exec("UPDATE memberships SET status = 'suspended' WHERE user_id = $1",
               DB_ARGS(db_int(world.users[DORA])));
    assert_int_equal(ASK(.target = "/host/member", .host = "globex.msp.example", .who = DORA), 403);
    world_exec("UPDATE memberships SET status = 'active' WHERE user_id = $1",
               DB_ARGS(db_int(world.users[DORA])));
}

/* ---- limits ---- */

#define LIMITS                                                                                               \
    "tenancy: { root_domain: msp.example }\nserver: { trusted_proxies: [ 10.0.0.0/8 ] }\n"                   \
    "rate_limits: { login: 2/hour, default: 3/hour }\n"

static int64_t shift;

static int limited_up(void **state)
{
    (void)state;
    /* Ten minutes into a window, so that none ends while a test counts. */
    shift = 600 * CLOCK_SECOND - clock_now() % (3600 * CLOCK_SECOND);
    clock_shift_for_tests(shift);
    world_new(LIMITS);
    return 0;
}

static void assert_rate(int limit, int remaining)
{
    char text[16];
    snprintf(text, sizeof(text), "%d", limit);
    assert_string_equal(answer_header("x-ratelimit-limit"), text);
    snprintf(text, sizeof(text), "%d", remaining);
    assert_string_equal(answer_header("x-ratelimit-remaining"), text);
    int64_t reset;
    assert_true(str_to_int(str_of(answer_header("x-ratelimit-reset")), &reset));
    assert_true(reset > world.call->now / CLOCK_SECOND);
    assert_true(reset <= world.call->now / CLOCK_SECOND + 3601);
}

static void assert_limited(void)
{
    int64_t after;
    assert_int_equal(world.call->reply.status, 429);
    assert_string_equal(answer_text("word"), "rate-limit");
    assert_true(str_to_int(str_of(answer_header("retry-after")), &after));
    assert_true(after >= 1 && after <= 3601);
    assert_string_equal(answer_header("www-authenticate"), "");
}

static void test_rate__public_routes_count_per_address(void **state)
{
    (void)state;
    for (int i = 2; i >= 0; i--) {
        assert_int_equal(ASK(.target = "/host/public"), 200);
        assert_rate(3, i);
    }
    ASK(.target = "/inline");
    assert_limited();
    assert_rate(3, 0);
    assert_true(world.admitted_only);
    assert_int_equal(ASK(.target = "/host/public", .peer = "192.0.2.2"), 200);
    /* Forged left ends of X-Forwarded-For are the same client. */
    for (int i = 2; i >= 0; i--) {
        struct str forged = arena_printf(world.arena, "X-Forwarded-For: 6.6.6.%d, 192.0.2.9", i);
        assert_int_equal(ASK(.target = "/host/public", .peer = "10.0.0.1", .headers = { forged.at }), 200);
        assert_rate(3, i);
    }
    ASK(.target = "/host/public", .peer = "192.0.2.9");
    assert_limited();
}

static void test_rate__ipv6_counts_per_64(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/host/public", .peer = "2001:db8::1"), 200);
    assert_int_equal(ASK(.target = "/host/public", .peer = "2001:db8::ffff:2"), 200);
    assert_rate(3, 1);
    assert_int_equal(ASK(.target = "/host/public", .peer = "2001:db8:0:1::1"), 200);
    assert_rate(3, 2);
}

static void test_rate__signed_in_requests_count_per_user(void **state)
{
    (void)state;
    for (int i = 2; i >= 0; i--) {
        struct str peer = arena_printf(world.arena, "192.0.2.%d", 10 + i);
        assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = ANNA, .peer = peer.at), 200);
        assert_rate(3, i);
    }
    ASK(.target = "/token/member", .who = ANNA);
    assert_limited();
    assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = BOB), 200);
    assert_rate(3, 2);
    /* Refused after sign-in: counted for the user all the same. */
    assert_int_equal(ASK(.target = "/host/permission", .host = ACME, .who = BOB), 403);
    assert_rate(3, 1);
    assert_int_equal(ASK(.target = "/things?limit=0", .host = ACME, .who = BOB), 422);
    assert_rate(3, 0);
}

static void test_rate__failed_sign_ins_count_per_address(void **state)
{
    (void)state;
    for (int i = 2; i >= 0; i--) {
        assert_int_equal(ASK(.target = "/host/member", .headers = { "Authorization: Bearer x" }), 401);
        assert_rate(3, i);
    }
    ASK(.target = "/host/member", .headers = { "Authorization: Bearer x" });
    assert_limited();
    ASK(.target = "/host/member");
    assert_limited();
    ASK(.target = "/host/member", .headers = { "Authorization: Bearer a b" });
    assert_limited();
    /* Somebody behind the same address who has a token is not locked out. */
    assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = ANNA), 200);
    assert_rate(3, 2);
}

static void test_rate__unknown_hosts_count_per_address(void **state)
{
    (void)state;
    for (int i = 2; i >= 0; i--) {
        assert_int_equal(ASK(.target = "/host/member", .host = "x.example", .who = ANNA), 404);
        assert_rate(3, i);
    }
    ASK(.target = "/host/member", .host = "x.example");
    assert_limited();
    /* From here on those who have a token count for themselves. */
    for (int i = 2; i >= 0; i--) {
        assert_int_equal(ASK(.target = "/host/member", .host = "x.example", .who = ANNA), 404);
        assert_rate(3, i);
    }
    ASK(.target = "/host/member", .host = "x.example", .who = ANNA);
    assert_limited();
}

static void test_rate__login_has_its_own_class(void **state)
{
    (void)state;
    const struct ask login = { .target = "/login",
                               .method = "POST",
                               .type = "application/json",
                               .body = "{\"name\":\"x\"}",
                               .host = ACME };
    assert_int_equal(ask(login), 401);
    assert_rate(2, 1);
    assert_string_equal(answer_header("www-authenticate"), CHALLENGE);
    assert_int_equal(ask(login), 401);
    ask(login);
    assert_limited();
    assert_true(world.admitted_only);
    assert_int_equal(ASK(.target = "/host/public"), 200);
    assert_rate(3, 2);
}

static void test_rate__every_refusal_bears_the_headers(void **state)
{
    (void)state;
    const struct ask asks[] = {
        { .target = "/nothing" },
        { .target = "/things", .method = "DELETE" },
        { .target = "/things", .method = "BREW" },
        { .target = "/things", .method = "OPTIONS" },
        { .target = "/things", .malformed = true },
        { .target = "/things", .host = "" },
        { .target = "/things", .headers_too_large = true },
        { .target = "*", .malformed = true, .head_is_cut = true },
        { .target = "/things", .method = "POST", .body_too_large = true },
        { .target = "/things", .method = "POST", .type = "text/plain", .body = "x" },
        { .target = "/things/%zz" },
        { .target = "/health", .method = "DELETE" },
    };
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        assert_int_not_equal(ask(asks[i]), 200);
        assert_rate(3, 3);
    }
    world_break_storage(STORAGE_GONE);
    assert_int_equal(ASK(.target = "/host/member", .who = ANNA), 503);
    world_mend_storage();
    assert_rate(3, 3);
    walk_refuse_overload(world.walk, world.call);
    assert_rate(3, 3);
    assert_int_equal(ASK(.target = "/fail/nothing"), 500);
    assert_rate(3, 2);
}

static void test_rate__unlimited_routes_bear_none(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(ASK(.target = "/health"), 200);
    assert_int_equal(answer_header_count("x-ratelimit-limit"), 0);
}

static void test_rate__a_window_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        ASK(.target = "/inline");
    assert_limited();
    clock_shift_for_tests(shift + 3601 * CLOCK_SECOND);
    assert_int_equal(ASK(.target = "/inline"), 200);
    assert_rate(3, 2);
}

#define LIMITED(test) cmocka_unit_test_setup_teardown(test, limited_up, down)
#define OPEN(test)    cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_sign_in__reads_the_header_strictly),
        OPEN(test_sign_in__cookie_needs_its_own_origin),
        OPEN(test_sign_in__expired_and_revoked_tokens),
        OPEN(test_sign_in__public_looks_at_no_token),
        OPEN(test_sign_in__optional_verifies_what_is_there),
        OPEN(test_sign_in__membership_and_permission),
        OPEN(test_sign_in__a_suspension_holds_at_the_next_request),
        LIMITED(test_rate__public_routes_count_per_address),
        LIMITED(test_rate__ipv6_counts_per_64),
        LIMITED(test_rate__signed_in_requests_count_per_user),
        LIMITED(test_rate__failed_sign_ins_count_per_address),
        LIMITED(test_rate__unknown_hosts_count_per_address),
        LIMITED(test_rate__login_has_its_own_class),
        LIMITED(test_rate__every_refusal_bears_the_headers),
        LIMITED(test_rate__unlimited_routes_bear_none),
        LIMITED(test_rate__a_window_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
