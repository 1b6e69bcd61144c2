/* What other programs ask: may this request pass, what is this token, end it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "identity/opaque_token.h"
#include "v1_fixture.h"

#define KEYS                 "/api/settings/api-keys"
#define FORWARD              "/api/auth/forward"
#define INACTIVE             "{\"active\":false}"
#define ERROR_OF(word, text) "{\"error\":\"" word "\",\"error_description\":\"" text "\"}"

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

/* An API token of whoever bears `token`. */
static const char *key_of(struct world *w, const char *token, const char *scopes)
{
    assert_status(ASK(w, .method = "POST", .target = KEYS, .token = token,
                      .json = printed(w, "{\"name\":\"Key\",\"scopes\":[%s]}", scopes)),
                  201);
    return member_of(w, &w->last->reply, "data.token");
}

static const char *admin(struct world *w)
{
    return token_for(w, "admin@acme.example", NULL);
}

/* A node of several keeps nothing before it hears the others, and this one does not listen. */
static bool was_warm(const struct world *w)
{
    bool is_deaf = (db_driver(w->fixture->db)->caps & STORAGE_CAP_NOTIFY) != 0;
    return is_deaf || w->last->t_started == 0;
}

/* ---- forward ---- */

static void test_forward__says_who_it_is(void **state)
{
    struct world *w = *state;
    const char *key = key_of(w, admin(w), "\"assets.view\",\"team.view\"");
    for (int again = 0; again < 2; again++) {
        const struct reply *reply = ASK(w, .target = FORWARD, .host = "app.example.com", .token = key);
        assert_reply(reply, 200, "");
        assert_string_equal(header_of(reply, "x-tether-user"), "4");
        assert_string_equal(header_of(reply, "x-tether-email"), "admin@acme.example");
        assert_string_equal(header_of(reply, "x-tether-tenant"), "acme");
        assert_string_equal(header_of(reply, "x-tether-role"), "admin");
        assert_string_equal(header_of(reply, "x-tether-permissions"), "assets.view team.view");
        assert_string_equal(header_of(reply, "cache-control"), "no-store");
    }
    assert_true(was_warm(w));
}

static void test_forward__takes_any_token_and_tenant_hint(void **state)
{
    struct world *w = *state;
    const char *both = token_for(w, "both@example.com", "bolt.localhost");
    static const struct {
        const char *target, *host, *tenant;
    } cases[] = { { FORWARD, "localhost", "bolt" },
                  { FORWARD, "bolt.localhost", "bolt" },
                  { FORWARD, "acme.localhost", "acme" },
                  { FORWARD "?tenant=acme", "app.example.com", "acme" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_status(ASK(w, .target = cases[i].target, .host = cases[i].host, .token = both), 200);
        assert_string_equal(header_of(&w->last->reply, "x-tether-tenant"), cases[i].tenant);
    }
    const char *key = key_of(w, both, "\"team.view\"");
    assert_status(ASK(w, .target = FORWARD, .host = "acme.localhost", .token = key), 403);
    assert_status(ASK(w, .target = FORWARD "?tenant=acme", .host = "x.example", .token = key), 403);
    assert_status(ASK(w, .target = FORWARD, .host = "shut.localhost", .token = both), 403);
    assert_status(
        ASK(w, .target = FORWARD, .host = "bolt.localhost", .token = key, .header = { "x-tenant", "acme" }),
        403);
}

static void test_forward__asks_for_a_permission(void **state)
{
    struct world *w = *state;
    const char *key = key_of(w, admin(w), "\"assets.view\"");
    assert_status(ASK(w, .target = FORWARD "?permission=assets.view", .token = key), 200);
    assert_reply(ASK(w, .target = FORWARD "?permission=team.view", .token = key), 403,
                 ERROR_OF("insufficient_scope", "A permission is missing"));
    assert_true(was_warm(w));
    assert_reply(ASK(w, .target = FORWARD "?permission=assets.fly", .token = key), 400,
                 ERROR_OF("invalid_request", "There is no permission of that name."));
    assert_status(ASK(w, .target = FORWARD "?permision=assets.view", .token = key), 400);
    assert_status(ASK(w, .target = FORWARD "?permission=assets.view&permission=team.view", .token = key),
                  400);
}

static void test_forward__is_401_without_a_good_token(void **state)
{
    struct world *w = *state;
    for (int again = 0; again < 2; again++)
        assert_reply(ASK(w, .target = FORWARD), 401, ERROR_OF("invalid_token", "Authentication is required"));
    assert_true(was_warm(w));
    assert_reply(ASK(w, .target = FORWARD, .token = "tth_x"), 401,
                 ERROR_OF("invalid_token", "The token is invalid, revoked or unknown"));
    assert_true(was_warm(w));
    assert_non_null(strstr(header_of(&w->last->reply, "www-authenticate"), "error=\"invalid_token\""));
    assert_status(
        ASK(w, .target = FORWARD, .host = "acme.localhost", .token = token_for(w, "rep@bolt.example", NULL)),
        403);
}

/* Envoy hands on method, path and query; none of them may open, close or break anything. */
static void test_forward__answers_for_any_method_and_path(void **state)
{
    struct world *w = *state;
    const char *key = key_of(w, admin(w), "\"assets.view\"");
    static const char *const methods[] = { "GET",   "HEAD",   "POST",    "PUT",
                                           "PATCH", "DELETE", "OPTIONS", "PROPFIND" };
    static const char *const targets[] = { FORWARD,
                                           FORWARD "/",
                                           FORWARD "/a/b/",
                                           FORWARD "//x/../%2f%00%zz",
                                           FORWARD "/x?permission=team.view&tenant=bolt&tenant=bolt",
                                           FORWARD "/x?access_token=%" };
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++)
        for (size_t t = 0; t < sizeof targets / sizeof targets[0]; t++) {
            assert_status(ASK(w, .method = methods[m], .target = targets[t], .token = key), 200);
            assert_string_equal(header_of(&w->last->reply, "x-tether-user"), "4");
            assert_status(ASK(w, .method = methods[m], .target = targets[t]), 401);
        }
    /* With one slash too many a question must not pass for one that was not asked. */
    static const char *const slips[] = { FORWARD "/?permission=team.view", FORWARD "/?a=1&tenant=acme",
                                         FORWARD "/?permission=assets.view", FORWARD "/?per%6dission=" };
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++)
        assert_reply(ASK(w, .target = slips[i], .token = key), 400,
                     ERROR_OF("invalid_request", "Leave out the slash before the query."));
    assert_status(ASK(w, .target = FORWARD "/?page=1", .token = key), 200);
    assert_status(ASK(w, .target = FORWARD "//?tenant=acme", .token = key), 200);
    assert_status(ASK(w, .target = "/api/auth/forwards", .token = key), 404);
    assert_status(ASK(w, .method = "OPTIONS", .target = "/api/auth/me"), 204);
    assert_status(ASK(w, .method = "PROPFIND", .target = "/api/auth/me"), 501);
}

static void test_forward__headers_hold_any_address(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "owner@acme.example", NULL);
    fixture_exec(w->fixture, "UPDATE users SET email = $1 WHERE id = 3",
                 DB_ARGS(db_text(STR("j\xc3\xbcr gen%\r\nX-Evil: 1@acme.example"))));
    assert_status(ASK(w, .target = FORWARD, .token = token), 200);
    assert_string_equal(header_of(&w->last->reply, "x-tether-email"),
                        "j%C3%BCr%20gen%25%0D%0AX-Evil:%201@acme.example");
}

/* By a limit of its own: an address that fails elsewhere, and failures here, are apart. */
static void test_forward__is_not_limited_unless_configured(void **state)
{
    (void)state;
    struct world *w = world_new("rate_limits: { default: 2/hour, login: none }\n");
    const char *key = key_of(w, admin(w), "\"assets.view\"");
    for (int i = 0; i < 5; i++) {
        assert_status(ASK(w, .target = "/api/auth/me", .token = "tth_x"), i < 2 ? 401 : 429);
        assert_status(ASK(w, .target = FORWARD, .token = "tth_x"), 401);
        assert_null(header_of(&w->last->reply, "x-ratelimit-limit"));
        assert_status(ASK(w, .target = FORWARD, .token = key), 200);
    }
    world_free(&w);
    w = world_new("rate_limits: { verify: 2/hour, default: none, login: none }\n");
    key = key_of(w, admin(w), "\"assets.view\"");
    for (int i = 0; i < 3; i++) {
        assert_status(ASK(w, .target = FORWARD, .token = "tth_x", .address = "192.0.2.1"), i < 2 ? 401 : 429);
        assert_status(ASK(w, .target = FORWARD, .token = key), i < 2 ? 200 : 429);
    }
    world_free(&w);
}

/* ---- introspection ---- */

static const struct reply *introspect(struct world *w, const char *key, const char *token)
{
    return ASK(w, .method = "POST", .target = "/oauth/introspect", .token = key,
               .form = printed(w, "token=%s&token_type_hint=whatever&resource=x", token));
}

static void test_introspect__tells_about_any_kind(void **state)
{
    struct world *w = *state;
    const char *session = admin(w);
    const char *key = key_of(w, session, "\"tokens.introspect\",\"team.view\"");
    const char *other = key_of(w, session, "\"assets.view\"");
    long long made = count_of(w, "SELECT max(created_at) FROM api_tokens", DB_NO_ARGS) / CLOCK_SECOND;
    assert_reply(
        introspect(w, key, other), 200,
        printed(w,
                "{\"active\":true,\"kind\":\"api_token\",\"sub\":\"4\",\"username\":\"admin@acme."
                "example\",\"tid\":\"2\",\"tenant\":"
                "\"acme\",\"role\":\"admin\",\"scope\":\"assets.view\",\"iss\":\"tether\",\"iat\":%lld,"
                "\"token_type\":\"Bearer\",\"client_id\":\"2\"}",
                made));
    assert_string_equal(header_of(&w->last->reply, "cache-control"), "no-store");
    assert_status(introspect(w, key, token_for(w, "viewer@acme.example", NULL)), 200);
    assert_non_null(strstr(w->last->reply.body.at, "\"kind\":\"session\",\"sub\":\"7\""));
    assert_non_null(strstr(w->last->reply.body.at, "\"exp\":"));
    assert_null(strstr(w->last->reply.body.at, "client_id"));
}

static void test_introspect__the_rest_is_inactive(void **state)
{
    struct world *w = *state;
    const char *session = admin(w);
    const char *key = key_of(w, session, "\"tokens.introspect\"");
    const char *dead = key_of(w, session, "\"assets.view\"");
    const char *gone = token_for(w, "rep@acme.example", NULL);
    const char *theirs = token_for(w, "rep@bolt.example", NULL);
    assert_status(ASK(w, .method = "DELETE", .target = KEYS "/2", .token = session), 200);
    world_exec(w, "UPDATE memberships SET status = 'suspended' WHERE user_id = 6");
    const char *const tokens[] = { dead, gone, theirs, "x", "tth_x", "eyJhbGciOiJub25lIn0.e30.", "%20" };
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        assert_reply(introspect(w, key, tokens[i]), 200, INACTIVE);
    const char *root = key_of(w, token_for(w, "super@msp.example", NULL), "\"tokens.introspect\"");
    assert_status(introspect(w, root, theirs), 200);
    assert_non_null(strstr(w->last->reply.body.at, "\"tenant\":\"bolt\""));
}

static void test_introspect__needs_an_api_token_with_the_scope(void **state)
{
    struct world *w = *state;
    const char *session = admin(w);
    assert_reply(introspect(w, session, session), 403,
                 ERROR_OF("access_denied", "This needs an API token with the scope tokens.introspect."));
    assert_reply(introspect(w, key_of(w, session, "\"assets.view\""), session), 403,
                 ERROR_OF("insufficient_scope", "A permission is missing"));
    assert_status(introspect(w, NULL, session), 401);
    const char *key = key_of(w, session, "\"tokens.introspect\"");
    assert_reply(ASK(w, .method = "POST", .target = "/oauth/introspect", .token = key, .form = "x=y"), 400,
                 ERROR_OF("invalid_request", "The token field is required."));
    assert_status(ASK(w, .method = "POST", .target = "/oauth/introspect", .token = key, .json = "{}"), 415);
}

/* ---- revocation ---- */

static const struct reply *revoke(struct world *w, const char *bearer, const char *token)
{
    return ASK(w, .method = "POST", .target = "/oauth/revoke", .token = bearer,
               .form = printed(w, "token=%s&client_id=x&client_secret=y", token));
}

static void test_revoke__ends_what_it_is_given(void **state)
{
    struct world *w = *state;
    const char *session = admin(w);
    const char *key = key_of(w, session, "\"team.view\"");
    const char *other = key_of(w, session, "\"team.view\"");
    assert_status(ASK(w, .target = FORWARD, .token = key), 200);
    assert_reply(revoke(w, key, key), 200, "");
    assert_status(ASK(w, .target = FORWARD, .token = key), 401);
    assert_non_null(strstr(v1_audited(w, 2), "api_token.revoked api_token:1:Key -> api_token:1:Key"));
    assert_reply(revoke(w, NULL, other), 200, "");
    assert_status(ASK(w, .target = FORWARD, .token = other), 401);
    assert_reply(revoke(w, NULL, other), 200, "");
    assert_reply(revoke(w, session, session), 200, "");
    assert_non_null(strstr(v1_audited(w, 2), "session.revoked user:4"));
    assert_status(ASK(w, .target = FORWARD, .token = session), 401);
    assert_status(revoke(w, session, session), 401);
    static const char *const nothing[] = { "x", "tth_x", "tti_x", "eyJ.eyJ.x" };
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        assert_reply(revoke(w, NULL, nothing[i]), 200, "");
}

static void test_revoke__not_in_somebody_elses_name(void **state)
{
    struct world *w = *state;
    const char *key = key_of(w, admin(w), "\"team.view\"");
    assert_reply(revoke(w, token_for(w, "owner@acme.example", NULL), key), 403,
                 ERROR_OF("access_denied", "The token is somebody else's."));
    assert_status(ASK(w, .target = FORWARD, .token = key), 200);
    assert_status(ASK(w, .method = "POST", .target = "/oauth/revoke", .form = "token="), 400);
}

static void test_device__is_a_token_like_others(void **state)
{
    struct world *w = *state;
    uint8_t hash[32];
    const char *key = key_of(w, admin(w), "\"tokens.introspect\"");
    struct str secret = opaque_token_new(w->fixture->arena, OPAQUE_DEVICE, hash);
    assert_reply(introspect(w, key, secret.at), 200, INACTIVE);
    fixture_exec(
        w->fixture,
        "INSERT INTO devices (tenant_id, name, content, revision, token_hash, paired_at, created_at, "
        "updated_at) VALUES (2, 'Lobby', '{}', 1, $1, 5000000, 1, 1)",
        DB_ARGS(db_blob(hash, sizeof hash)));
    world_exec(w, "INSERT INTO device_seen (device_id, tenant_id, seen_at) VALUES (1, 2, 0)");
    assert_reply(
        introspect(w, key, secret.at), 200,
        "{\"active\":true,\"kind\":\"device\",\"sub\":\"1\",\"username\":\"Lobby\",\"tid\":\"2\","
        "\"tenant\":\"acme\",\"role\":\"\",\"scope\":\"\",\"iss\":\"tether\",\"iat\":5,\"token_type\":"
        "\"Bearer\"}");
    assert_status(revoke(w, key, secret.at), 403);
    assert_status(revoke(w, NULL, secret.at), 200);
    assert_non_null(strstr(v1_audited(w, 2), "display.revoked device:1:Lobby -> display:1:Lobby"));
    assert_holds(ASK(w, .target = "/api/displays", .token = admin(w)), 200,
                 "\"name\":\"Lobby\",\"status\":\"waiting\"");
    assert_reply(introspect(w, key, secret.at), 200, INACTIVE);
}

/* RFC 6749 section 2.3.1. */
static void test_client__may_authenticate_with_basic(void **state)
{
    struct world *w = *state;
    const char *key = key_of(w, admin(w), "\"tokens.introspect\"");
    const char *pair = printed(w, "some%%3Aclient:%%74%s", key + 1);
    char base64[256];
    size_t n = 0;
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (const unsigned char *p = (const unsigned char *)pair, *end = p + strlen(pair); p < end; p += 3) {
        unsigned b =
            (unsigned)p[0] << 16 | (p + 1 < end ? (unsigned)p[1] << 8 : 0) | (p + 2 < end ? p[2] : 0u);
        base64[n++] = set[b >> 18];
        base64[n++] = set[b >> 12 & 63];
        base64[n++] = p + 1 < end ? set[b >> 6 & 63] : '=';
        base64[n++] = p + 2 < end ? set[b & 63] : '=';
    }
    struct ask basic = { .method = "POST",
                         .target = "/oauth/introspect",
                         .form = "token=x",
                         .header = { "authorization", printed(w, "Basic %.*s", (int)n, base64) } };
    assert_reply(ask(w, basic), 200, INACTIVE);
    basic.method = "GET";
    basic.form = NULL;
    basic.target = FORWARD;
    assert_status(ask(w, basic), 401);
    static const char *const broken[] = { "Basic",      "Basic x", "Basic YTpi",
                                          "Basic YQ==", "Basic =", "Basic a b" };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_status(ASK(w, .method = "POST", .target = "/oauth/introspect", .form = "token=x",
                          .header = { "authorization", broken[i] }),
                      401);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_forward__says_who_it_is),
        TEST(test_forward__takes_any_token_and_tenant_hint),
        TEST(test_forward__asks_for_a_permission),
        TEST(test_forward__is_401_without_a_good_token),
        TEST(test_forward__answers_for_any_method_and_path),
        TEST(test_forward__headers_hold_any_address),
        cmocka_unit_test(test_forward__is_not_limited_unless_configured),
        TEST(test_introspect__tells_about_any_kind),
        TEST(test_introspect__the_rest_is_inactive),
        TEST(test_introspect__needs_an_api_token_with_the_scope),
        TEST(test_revoke__ends_what_it_is_given),
        TEST(test_revoke__not_in_somebody_elses_name),
        TEST(test_device__is_a_token_like_others),
        TEST(test_client__may_authenticate_with_basic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
