/* What the event loop answers by itself: routes, methods, sizes, types, clients, headers every answer bears.
 */
#include "walk_fixture.h"

static int up(void **state)
{
    (void)state;
    world_new("tenancy: { root_domain: msp.example }\nrate_limits: { enabled: false }\n"
              "server: { max_body: 1KiB, trusted_proxies: [ 10.0.0.0/8, \"fd00::/8\" ], "
              "cors_origins: [ \"https://app.example\" ] }\n");
    return 0;
}

static int down(void **state)
{
    (void)state;
    world_free();
    return 0;
}

static void test_admit__unknown_paths_and_methods(void **state)
{
    (void)state;
    const struct {
        const char *method, *target;
        int status;
        const char *surface, *allow;
    } rows[] = {
        { "GET", "/nothing", 404, "assets", "" },
        { "GET", "/token/nothing", 404, "crm", "" },
        { "GET", "/header/nothing", 404, "v1", "" },
        { "POST", "/nothing", 404, "assets", "" },
        { "TRACE", "/nothing", 404, "assets", "" },
        { "GET", "/things//", 404, "assets", "" },
        { "GET", "/things/%2e%2e/things", 404, "assets", "" },
        { "GET", "/things%2F1", 404, "assets", "" },
        { "GET", "/things/%00", 404, "assets", "" },
        { "GET", "/things/%zz", 400, "assets", "" },
        { "GET", "http://msp.example/things", 400, "assets", "" },
        { "GET", "*", 400, "assets", "" },
        { "CONNECT", "msp.example:443", 400, "assets", "" },
        { "DELETE", "/things", 405, "assets", "GET, HEAD, POST, OPTIONS" },
        { "TRACE", "/things", 405, "assets", "GET, HEAD, POST, OPTIONS" },
        { "CONNECT", "/things", 405, "assets", "GET, HEAD, POST, OPTIONS" },
        { "GET", "/both", 405, "assets", "POST, OPTIONS" },
        { "HEAD", "/both", 405, "assets", "POST, OPTIONS" },
        { "POST", "/token/member", 405, "crm", "GET, HEAD, OPTIONS" },
        { "GET", "/devices/a/b", 404, "assets", "" },
        { "BREW", "/things", 501, "assets", "" },
        { "BREW", "/nothing", 501, "assets", "" },
        { "get", "/things", 501, "assets", "" },
        { "", "/things", 501, "assets", "" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = ASK(.method = rows[i].method, .target = rows[i].target);
        if (status != rows[i].status)
            fail_msg("%s %s: %d", rows[i].method, rows[i].target, status);
        assert_true(world.admitted_only);
        assert_string_equal(answer_text("surface"), rows[i].surface);
        assert_string_equal(answer_header("allow"), rows[i].allow);
    }
}

static void test_admit__head_and_options_come_for_free(void **state)
{
    (void)state;
    assert_int_equal(ASK(.method = "HEAD", .target = "/inline"), 200);
    assert_int_equal(ASK(.method = "HEAD", .target = "/things", .who = ANNA, .host = "acme.msp.example"),
                     200);
    assert_int_equal(ASK(.method = "OPTIONS", .target = "/things"), 204);
    assert_string_equal(answer_header("allow"), "GET, HEAD, POST, OPTIONS");
    assert_int_equal(world.call->reply.body.len, 0);
    assert_null(world.call->reply.content_type);
    assert_int_equal(ASK(.method = "OPTIONS", .target = "*"), 204);
    assert_int_equal(ASK(.method = "OPTIONS", .target = "/nothing"), 404);
}

static void test_admit__cross_origin(void **state)
{
    (void)state;
    assert_int_equal(ASK(.method = "OPTIONS", .target = "/things",
                         .headers = { "Origin: https://app.example", "Access-Control-Request-Method: POST" }),
                     204);
    assert_string_equal(answer_header("access-control-allow-origin"), "https://app.example");
    assert_string_equal(answer_header("access-control-allow-methods"), "GET, HEAD, POST, OPTIONS");
    assert_non_null(strstr(answer_header("access-control-allow-headers"), "Authorization"));
    assert_string_equal(answer_header("vary"), "Origin");
    ASK(.target = "/inline", .headers = { "Origin: https://app.example" });
    assert_string_equal(answer_header("access-control-allow-origin"), "https://app.example");
    assert_string_equal(answer_header("access-control-allow-methods"), "");
    assert_non_null(strstr(answer_header("access-control-expose-headers"), "X-RateLimit-Limit"));
    ASK(.target = "/nothing", .headers = { "Origin: https://app.example" });
    assert_string_equal(answer_header("access-control-allow-origin"), "https://app.example");
    const char *const foreign[] = { "Origin: https://app.example.evil", "Origin: http://app.example",
                                    "Origin: null", "Origin: https://APP.example", "Origin:" };
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        ASK(.method = "OPTIONS", .target = "/things",
            .headers = { foreign[i], "Access-Control-Request-Method: POST" });
        assert_string_equal(answer_header("access-control-allow-origin"), "");
        assert_string_equal(answer_header("access-control-allow-methods"), "");
    }
    assert_int_equal(answer_header_count("access-control-allow-credentials"), 0);
}

static const char long_target[REQUEST_MAX_TARGET + 2] = { [0 ... REQUEST_MAX_TARGET] = '/' };
static const char long_body[1026] = { [0 ... 1024] = ' ' };

static void test_admit__limits(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = long_target), 414);
    assert_true(world.call->reply.close);
    assert_int_equal(ASK(.target = "/things", .malformed = true), 400);
    assert_true(world.call->reply.close);
    assert_int_equal(ASK(.target = "/things", .headers_too_large = true), 431);
    assert_true(world.call->reply.close);
    assert_int_equal(ASK(.target = "/things", .method = "POST", .body_too_large = true), 413);
    assert_true(world.call->reply.close);
    assert_int_equal(
        ASK(.target = "/things", .method = "POST", .type = "application/json", .body = long_body), 413);
    assert_int_equal(
        ASK(.target = "/things", .method = "POST", .type = "application/json", .body = long_body + 1), 401);
}

static void test_admit__the_first_failure_answers(void **state)
{
    (void)state;
    struct ask all = { .method = "DELETE",
                       .target = "/nothing",
                       .host = "unknown.example",
                       .type = "text/plain",
                       .body = long_body,
                       .headers_too_large = true,
                       .malformed = true,
                       .head_is_cut = true,
                       .headers = { "Authorization: Bearer bad" } };
    assert_int_equal(ask(all), 431);
    assert_true(world.call->reply.close);
    all.head_is_cut = false;
    assert_int_equal(ask(all), 400);
    all.malformed = false;
    assert_int_equal(ask(all), 404);
    assert_string_equal(answer_text("word"), "route-unknown");
    all.target = "/things";
    assert_int_equal(ask(all), 405);
    all.method = "POST";
    assert_int_equal(ask(all), 431);
    all.headers_too_large = false;
    assert_int_equal(ask(all), 413);
    all.body = "{";
    assert_int_equal(ask(all), 415);
    all.type = "application/json";
    assert_int_equal(ask(all), 404);
    assert_string_equal(answer_text("word"), "tenant-unknown");
    all.host = "acme.msp.example";
    assert_int_equal(ask(all), 401);
    all.headers[0] = NULL;
    all.who = GINA;
    assert_int_equal(ask(all), 403);
    assert_string_equal(answer_text("word"), "not-a-member");
    all.who = BOB;
    assert_int_equal(ask(all), 403);
    assert_string_equal(answer_text("word"), "permission");
    assert_string_equal(answer_text("required_permission"), "assets.create");
    all.who = ANNA;
    assert_int_equal(ask(all), 422);
    all.body = "{\"name\":\"x\"}";
    assert_int_equal(ask(all), 200);
}

static void test_admit__content_types(void **state)
{
    (void)state;
    const struct {
        const char *type, *encoding;
        int status;
    } rows[] = {
        { "application/json", "X: y", 401 },
        { "Application/JSON ; Charset=UTF-8", "X: y", 401 },
        { "application/json;charset=\"utf-8\"", "X: y", 401 },
        { "application/json", "Content-Encoding: identity", 401 },
        { "application/json; charset=latin1", "X: y", 415 },
        { "application/json", "Content-Encoding: gzip", 415 },
        { "application/json", "Content-Type: application/json", 415 },
        { "application/x-www-form-urlencoded", "X: y", 415 },
        { "text/json", "X: y", 415 },
        { "", "X: y", 415 },
        { NULL, "X: y", 415 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = ASK(.method = "POST", .target = "/things", .type = rows[i].type, .body = "{}",
                         .headers = { rows[i].encoding });
        if (status != rows[i].status)
            fail_msg("%s: %d", rows[i].type, status);
        assert_string_equal(answer_header("accept-post"), status == 415 ? "application/json" : "");
    }
    /* No body and no type: the body's own check says what is missing, after sign-in. */
    assert_int_equal(ASK(.method = "POST", .target = "/things"), 401);
    assert_int_equal(ASK(.method = "PATCH", .target = "/things/1", .type = "text/plain", .body = "x"), 415);
    assert_string_equal(answer_header("accept-patch"), "application/json");
    assert_int_equal(ASK(.method = "PUT", .target = "/forms", .type = "text/plain", .body = "x"), 415);
    assert_string_equal(answer_header("accept"), "application/x-www-form-urlencoded");
}

static void test_admit__the_type_chooses_between_surfaces(void **state)
{
    (void)state;
    assert_int_equal(ASK(.method = "POST", .target = "/both", .type = "application/x-www-form-urlencoded",
                         .body = "name=x"),
                     200);
    assert_string_equal(answer_text("op"), "both_form");
    assert_int_equal(
        ASK(.method = "POST", .target = "/both", .type = "application/json", .body = "{\"name\":\"x\"}"),
        200);
    assert_string_equal(answer_text("op"), "both_json");
    assert_int_equal(ASK(.method = "POST", .target = "/both", .type = "application/json", .body = "{}"), 422);
    assert_string_equal(answer_text("surface"), "crm");
    assert_int_equal(ASK(.method = "POST", .target = "/both", .type = "text/plain", .body = "x"), 415);
    assert_string_equal(answer_text("surface"), "assets");
    assert_string_equal(answer_header("accept-post"), "application/x-www-form-urlencoded, application/json");
    assert_int_equal(ASK(.method = "POST", .target = "/both"), 415);
}

static void test_admit__hosts(void **state)
{
    (void)state;
    const char *const bad[] = { "",     "a b",     "user@msp.example", "msp.example/x", "msp.example:99999",
                                "[::1", "\xc3\xa9" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ASK(.target = "/inline", .host = bad[i]), 400);
    assert_int_equal(ASK(.target = "/inline", .host = "MSP.Example.:8080"), 200);
    assert_string_equal(answer_text("host"), "msp.example");
}

static void test_admit__forwarded_addresses(void **state)
{
    (void)state;
    const struct {
        const char *peer, *first, *second, *client;
    } rows[] = {
        { "192.0.2.1", "X-Forwarded-For: 1.1.1.1", "X: y", "192.0.2.1" },
        { "10.0.0.1", "X: y", "X: y", "10.0.0.1" },
        { "10.0.0.1", "X-Forwarded-For: 1.1.1.1", "X: y", "1.1.1.1" },
        { "10.0.0.1", "X-Forwarded-For: 6.6.6.6, 1.1.1.1", "X: y", "1.1.1.1" },
        { "10.0.0.1", "X-Forwarded-For: 6.6.6.6, 1.1.1.1 , 10.9.9.9", "X: y", "1.1.1.1" },
        { "10.0.0.1", "X-Forwarded-For: 10.3.3.3, 10.2.2.2", "X: y", "10.3.3.3" },
        { "10.0.0.1", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 1.1.1.1", "1.1.1.1" },
        { "10.0.0.1", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 10.2.2.2", "1.1.1.1" },
        { "10.0.0.1", "X-Forwarded-For: 1.1.1.1, junk", "X: y", "10.0.0.1" },
        { "10.0.0.1", "X-Forwarded-For: 1.1.1.1, junk, 10.2.2.2", "X: y", "10.2.2.2" },
        { "10.0.0.1", "X-Forwarded-For: 1.1.1.1,", "X: y", "10.0.0.1" },
        { "10.0.0.1", "X-Forwarded-For:", "X: y", "10.0.0.1" },
        { "10.0.0.1", "X-Forwarded-For: 01.1.1.1", "X: y", "10.0.0.1" },
        { "10.0.0.1", "X-Forwarded-For: [2001:DB8::1]:99", "X: y", "2001:db8::1" },
        { "fd00::1", "X-Forwarded-For: ::ffff:1.1.1.1", "X: y", "1.1.1.1" },
        { "::ffff:10.0.0.1", "X-Forwarded-For: 1.1.1.1", "X: y", "1.1.1.1" },
        { "unix", "X-Forwarded-For: 1.1.1.1", "X: y", "unix" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            ASK(.target = "/inline", .peer = rows[i].peer, .headers = { rows[i].first, rows[i].second }),
            200);
        if (strcmp(answer_text("client"), rows[i].client) != 0)
            fail_msg("%s %s %s: %s", rows[i].peer, rows[i].first, rows[i].second, answer_text("client"));
    }
}

static void test_admit__forwarded_host_and_protocol(void **state)
{
    (void)state;
    ASK(.target = "/inline", .peer = "10.0.0.1", .headers = { "X-Forwarded-Host: Assets.Acme.example:443" });
    assert_string_equal(answer_text("host"), "assets.acme.example");
    ASK(.target = "/inline", .headers = { "X-Forwarded-Host: assets.acme.example" });
    assert_string_equal(answer_text("host"), "msp.example");
    assert_int_equal(
        ASK(.target = "/inline", .peer = "10.0.0.1", .headers = { "X-Forwarded-Host: a.example, b.example" }),
        400);
    assert_int_equal(ASK(.target = "/inline", .peer = "10.0.0.1",
                         .headers = { "X-Forwarded-Host: a.example", "X-Forwarded-Host: a.example" }),
                     400);
    ASK(.target = "/inline", .peer = "10.0.0.1", .headers = { "X-Forwarded-Proto: https" });
    assert_string_equal(answer_header("strict-transport-security"), "max-age=31536000");
    ASK(.target = "/inline", .headers = { "X-Forwarded-Proto: https" });
    assert_string_equal(answer_header("strict-transport-security"), "");
    ASK(.target = "/inline", .tls = true);
    assert_string_equal(answer_header("strict-transport-security"), "max-age=31536000");
    ASK(.target = "/inline", .tls = true, .peer = "10.0.0.1", .headers = { "X-Forwarded-Proto: http" });
    assert_string_equal(answer_header("strict-transport-security"), "");
}

static void test_admit__request_ids(void **state)
{
    (void)state;
    ASK(.target = "/inline", .headers = { "X-Request-Id: mine" });
    assert_int_equal(strlen(answer_header("x-request-id")), 32);
    struct str first = arena_copy(world.arena, str_of(answer_header("x-request-id")));
    ASK(.target = "/inline");
    assert_string_not_equal(answer_header("x-request-id"), first.at);
    ASK(.target = "/inline", .peer = "10.0.0.1", .headers = { "X-Request-Id: Abc-1.2_3" });
    assert_string_equal(answer_header("x-request-id"), "Abc-1.2_3");
    const char *const bad[] = {
        "X-Request-Id: a b", "X-Request-Id:", "X-Request-Id: a\"b",
        "X-Request-Id: 12345678901234567890123456789012345678901234567890123456789012345"
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ASK(.target = "/inline", .peer = "10.0.0.1", .headers = { bad[i] });
        assert_int_equal(strlen(answer_header("x-request-id")), 32);
    }
    ASK(.target = "/inline", .peer = "10.0.0.1", .headers = { "X-Request-Id: a", "X-Request-Id: a" });
    assert_int_equal(strlen(answer_header("x-request-id")), 32);
}

static void test_admit__every_answer_bears_the_common_headers(void **state)
{
    (void)state;
    const struct ask asks[] = { { .target = "/inline" },
                                { .target = "/nothing" },
                                { .target = "/things", .method = "BREW" },
                                { .target = "/things", .method = "OPTIONS" },
                                { .target = "/things", .malformed = true },
                                { .target = "*", .malformed = true, .head_is_cut = true },
                                { .target = "/things" },
                                { .target = "/fail/nothing" } };
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        ask(asks[i]);
        assert_int_equal(answer_header_count("x-request-id"), 1);
        assert_string_equal(answer_header("x-content-type-options"), "nosniff");
        assert_string_equal(answer_header("cache-control"), "no-store");
        assert_string_equal(answer_header("referrer-policy"), "no-referrer");
        assert_string_equal(answer_header("x-frame-options"), "DENY");
        if (world.call->reply.json)
            assert_string_equal(answer_header("content-security-policy"),
                                "default-src 'none'; frame-ancestors 'none'");
    }
    ASK(.target = "/page");
    assert_string_equal(answer_header("cache-control"), "public, max-age=60");
    assert_string_equal(answer_header("content-security-policy"), "");
}

/* Linked in front of the real one (--wrap): whether a call's memory is to be wiped. */
static int wipes;
void __real_arena_wipe_on_free(struct arena *arena);
void __wrap_arena_wipe_on_free(struct arena *arena);
void __wrap_arena_wipe_on_free(struct arena *arena)
{
    wipes++;
    __real_arena_wipe_on_free(arena);
}

static void test_admit__calls_with_passwords_are_wiped(void **state)
{
    (void)state;
    wipes = 0;
    ASK(.target = "/login", .method = "POST", .type = "application/json", .body = "{\"name\":\"x\"}");
    assert_int_equal(wipes, 1);
    /* Also when it is refused before a worker sees it. */
    ASK(.target = "/login", .method = "POST", .type = "application/json", .body = long_body);
    assert_int_equal(world.call->reply.status, 413);
    assert_int_equal(wipes, 2);
    ASK(.target = "/login", .method = "PUT", .type = "application/json", .body = "{}");
    assert_int_equal(world.call->reply.status, 405);
    assert_int_equal(wipes, 3);
    ASK(.target = "/host/public");
    assert_int_equal(wipes, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_admit__unknown_paths_and_methods),
        cmocka_unit_test(test_admit__head_and_options_come_for_free),
        cmocka_unit_test(test_admit__cross_origin),
        cmocka_unit_test(test_admit__limits),
        cmocka_unit_test(test_admit__the_first_failure_answers),
        cmocka_unit_test(test_admit__content_types),
        cmocka_unit_test(test_admit__the_type_chooses_between_surfaces),
        cmocka_unit_test(test_admit__hosts),
        cmocka_unit_test(test_admit__forwarded_addresses),
        cmocka_unit_test(test_admit__forwarded_host_and_protocol),
        cmocka_unit_test(test_admit__calls_with_passwords_are_wiped),
        cmocka_unit_test(test_admit__request_ids),
        cmocka_unit_test(test_admit__every_answer_bears_the_common_headers),
    };
    return cmocka_run_group_tests(tests, up, down);
}
