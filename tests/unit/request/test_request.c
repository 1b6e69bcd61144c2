/* Methods, headers, media types, forms, Accept, replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "request/accept.h"
#include "request/reply.h"

static int arena_up(void **state)
{
    *state = arena_new(1 << 20);
    return 0;
}

static int arena_down(void **state)
{
    struct arena *arena = *state;
    arena_free(&arena);
    return 0;
}

static void assert_str(struct str s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.at ? s.at : "", expected, s.len);
}

static void test_request__methods_are_case_sensitive(void **state)
{
    (void)state;
    assert_int_equal(http_method_of(STR("GET")), METHOD_GET);
    assert_int_equal(http_method_of(STR("OPTIONS")), METHOD_OPTIONS);
    const char *const unknown[] = { "get", "Get", "", "TRACE", "CONNECT", "GETX", "GE" };
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_int_equal(http_method_of(str_of(unknown[i])), METHOD_UNKNOWN);
    assert_string_equal(http_method_name(METHOD_PATCH), "PATCH");
    assert_string_equal(http_method_name(METHOD_UNKNOWN), "UNKNOWN");
}

static void test_request__headers_are_found_and_counted(void **state)
{
    (void)state;
    const struct header headers[] = { { STR("a"), STR("1") },
                                      { STR("b"), STR_NONE },
                                      { STR("a"), STR("2") } };
    struct request request = { .headers = headers, .header_count = 3 };
    assert_str(request_header(&request, "a"), "1");
    assert_non_null(request_header(&request, "b").at);
    assert_null(request_header(&request, "c").at);
    assert_int_equal(request_header_count(&request, "a"), 2);
    assert_int_equal(request_header_count(&request, "c"), 0);
}

static void test_request__media_type_loses_case_and_parameters(void **state)
{
    const struct {
        struct str value;
        const char *type;
    } rows[] = {
        { STR("application/json"), "application/json" },
        { STR("Application/JSON; charset=utf-8"), "application/json" },
        { STR(" text/csv ;x"), "text/csv" },
        { STR(";"), "" },
        { STR(""), "" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct header header = { STR("content-type"), rows[i].value };
        struct request request = { .headers = &header, .header_count = 1 };
        assert_str(request_media_type(*state, &request), rows[i].type);
    }
    struct request bare = { 0 };
    assert_str(request_media_type(*state, &bare), "");
}

/* ---- forms ---- */

static void test_request__etags_are_found_in_a_list(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        bool has;
    } cases[] = {
        { "\"a\"", true },
        { "W/\"a\"", true },
        { "\"b\", \"a\"", true },
        { "\"b\" ,W/\"a\",\"c\"", true },
        { "*", true },
        { "\"b\"", false },
        { "a", false },
        { "\"aa\"", false },
        { "W/W/\"a\"", false },
        { "", false },
        { ",", false },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct header header = { STR("if-none-match"), str_of(cases[i].field) };
        struct request request = { .headers = &header, .header_count = 1 };
        if (request_has_etag(&request, STR("\"a\"")) != cases[i].has)
            fail_msg("%s", cases[i].field);
    }
    assert_false(request_has_etag(&(struct request){ 0 }, STR("\"a\"")));
}

static void test_params__decodes_pairs(void **state)
{
    struct params params;
    struct str why;
    assert_true(params_decode(*state, STR("a=1&b=x+y%26z&c&d=&&e=%C3%A9&f=g=h"), &params, &why));
    assert_int_equal(params.n, 6);
    assert_str(params_get(&params, "a"), "1");
    assert_str(params_get(&params, "b"), "x y&z");
    assert_str(params_get(&params, "c"), "");
    assert_non_null(params_get(&params, "d").at);
    assert_str(params_get(&params, "e"), "\xc3\xa9");
    assert_str(params_get(&params, "f"), "g=h");
    assert_null(params_get(&params, "g").at);
    assert_true(params_decode(*state, STR(""), &params, &why));
    assert_int_equal(params.n, 0);
    assert_true(params_decode(*state, STR("&&"), &params, &why));
    assert_int_equal(params.n, 0);
}

static void test_params__refuses_what_has_two_readings(void **state)
{
    const struct str rows[] = { STR("a=1&a=2"),  STR("a=1&%61=2"),
                                STR("a=%"),      STR("a=%4"),
                                STR("a=%zz"),    STR("%=1"),
                                STR("=1"),       STR("a=%00"),
                                STR("a=%ff"),    STR("a=\xff"),
                                STR("a\0b=1"),   STR("a=%ed%a0%80"),
                                STR("a=%c0%af"), STR("tenant=a&x=1&tenant=a") };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct params params;
        struct str why = STR_NONE;
        assert_false(params_decode(*state, rows[i], &params, &why));
        assert_true(why.len > 0);
    }
}

static void test_params__takes_256_pairs_and_no_more(void **state)
{
    struct buf buf;
    struct params params;
    struct str why;
    buf_init(&buf, *state, 8192);
    for (int i = 0; i < 256; i++)
        buf_printf(&buf, "%sk%d=%d", i ? "&" : "", i, i);
    assert_true(params_decode(*state, buf_str(&buf), &params, &why));
    assert_int_equal(params.n, 256);
    buf_add(&buf, STR("&k256=1"));
    assert_false(params_decode(*state, buf_str(&buf), &params, &why));
}

/* ---- Accept ---- */

static void test_accept__problem_only_when_asked_for(void **state)
{
    (void)state;
    const struct {
        struct str accept;
        bool wants;
    } rows[] = {
        { STR("application/problem+json"), true },
        { STR("Application/Problem+JSON"), true },
        { STR("application/json, application/problem+json"), true },
        { STR("application/problem+json;q=0.5, text/html"), true },
        { STR("application/problem+json ; q=0.001"), true },
        { STR("application/json;q=0.4,application/problem+json;q=0.5"), true },
        { STR("text/html;q=0.3;level=1, application/problem+json;x=y;q=1.000"), true },
        { STR("application/problem+json;q=0.5, application/json"), false },
        { STR("application/problem+json;q=0"), false },
        { STR("application/problem+json;q=0.000"), false },
        { STR("application/problem+json;q=1.1"), false },
        { STR("application/problem+json;q=2"), false },
        { STR("application/problem+json;q=0.1234"), false },
        { STR("application/problem+json;q="), false },
        { STR("application/problem+json;q=x"), false },
        { STR("application/problem+json;q=-1"), false },
        { STR("*/*"), false },
        { STR("application/*"), false },
        { STR("application/json"), false },
        { STR("application/problem+jsonx"), false },
        { STR(""), false },
        { STR(",,;;,"), false },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct header header = { STR("accept"), rows[i].accept };
        struct request request = { .headers = &header, .header_count = 1 };
        if (accept_wants_problem(&request) != rows[i].wants)
            fail_msg("Accept: %s", rows[i].accept.at);
    }
    const struct header split[] = { { STR("accept"), STR("text/html") },
                                    { STR("accept"), STR("application/problem+json") } };
    struct request request = { .headers = split, .header_count = 2 };
    assert_true(accept_wants_problem(&request));
}

/* ---- replies ---- */

static void test_reply__holds_headers_and_bodies(void **state)
{
    (void)state;
    struct reply reply = { 0 };
    reply_header(&reply, "x-a", STR("1\t2"));
    assert_true(reply_has_header(&reply, "x-a"));
    assert_false(reply_has_header(&reply, "x-b"));
    reply_text(&reply, 201, "text/plain", STR("hi"));
    assert_int_equal(reply.status, 201);
    assert_str(reply.body, "hi");
    reply_empty(&reply, 204);
    assert_null(reply.content_type);
    assert_int_equal(reply.body.len, 0);
    assert_int_equal(reply.header_count, 1);
}

struct bad_header {
    const char *name;
    struct str value;
    int times;
};

static bool aborts(const struct bad_header *bad)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct reply reply = { 0 };
        signal(SIGABRT, SIG_DFL);
        for (int i = 0; i < bad->times; i++)
            reply_header(&reply, bad->name, bad->value);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_reply__a_header_that_splits_stops_the_program(void **state)
{
    (void)state;
    const struct bad_header bad[] = {
        { "x", STR("a\r\nb: c"), 1 }, { "x", STR("a\nb"), 1 },
        { "x", STR("a\0b"), 1 },      { "x", STR("\x7f"), 1 },
        { "X-Upper", STR("a"), 1 },   { "a:b", STR("a"), 1 },
        { "", STR("a"), 1 },          { "x", STR("a"), REPLY_MAX_HEADERS + 1 },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_true(aborts(&bad[i]));
    const struct bad_header good = { "x", STR("a"), REPLY_MAX_HEADERS };
    assert_false(aborts(&good));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request__methods_are_case_sensitive),
        cmocka_unit_test(test_request__headers_are_found_and_counted),
        cmocka_unit_test(test_request__etags_are_found_in_a_list),
        cmocka_unit_test(test_request__media_type_loses_case_and_parameters),
        cmocka_unit_test(test_params__decodes_pairs),
        cmocka_unit_test(test_params__refuses_what_has_two_readings),
        cmocka_unit_test(test_params__takes_256_pairs_and_no_more),
        cmocka_unit_test(test_accept__problem_only_when_asked_for),
        cmocka_unit_test(test_reply__holds_headers_and_bodies),
        cmocka_unit_test(test_reply__a_header_that_splits_stops_the_program),
    };
    return cmocka_run_group_tests(tests, arena_up, arena_down);
}
