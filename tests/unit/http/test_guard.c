/* The guards that can be looked at without a peer. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <sys/time.h>

#include "base/clock.h"
#include "http/guard.h"
#include "http/unparsed.h"
#include "http/view.h"

static void test_guard__is_in_effect_in_this_program(void **state)
{
    (void)state;
    char why[256] = "";
    bool ok = http_guard_self_test(why, sizeof why);
    assert_string_equal(why, "");
    assert_true(ok);
    assert_true(guard_is_active());
}

static void test_guard__refuses_initial_windows_out_of_bounds(void **state)
{
    (void)state;
    static const struct {
        uint8_t payload[12];
        size_t len;
        bool refused;
    } cases[] = {
        { { 0, 4, 0x40, 0, 0, 0 }, 6, true },
        { { 0, 4, 0x3f, 0xff, 0xff, 0xff }, 6, false }, /* h2load's */
        { { 0, 4, 0x7f, 0xff, 0xff, 0xff }, 6, true },
        { { 0, 3, 0x7f, 0xff, 0xff, 0xff }, 6, false },
        { { 0, 3, 0, 0, 0, 1, 0, 4, 0x80, 0, 0, 0 }, 12, true },
        { { 0, 4, 0x40, 0, 0 }, 5, false }, /* cut: the library refuses it by itself */
        { { 0 }, 0, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(guard_settings_refused(cases[i].payload, cases[i].len), cases[i].refused);
}

static int64_t timers_clock(void)
{
    struct timeval tv;
    assert_int_equal(gettimeofday(&tv, NULL), 0);
    return (int64_t)tv.tv_sec * CLOCK_SECOND + tv.tv_usec;
}

static void test_guard__timers_follow_the_monotonic_clock(void **state)
{
    (void)state;
    int64_t wall = timers_clock(), monotonic = clock_monotonic_us();
    int64_t last = wall;
    for (int i = 0; i < 10000; i++) {
        int64_t now = timers_clock();
        assert_true(now >= last);
        last = now;
    }
    guard_clock_nudge(); /* nothing to catch up: at most what lies between two readings */
    int64_t drift = (timers_clock() - wall) - (clock_monotonic_us() - monotonic);
    assert_true(drift >= -CLOCK_SECOND / 4 && drift <= CLOCK_SECOND / 4);
}

static void test_guard__clock_steps_are_small_and_forward(void **state)
{
    (void)state;
    assert_int_equal(guard_clock_step(0), 0);
    assert_int_equal(guard_clock_step(-3600 * CLOCK_SECOND), 0);
    assert_int_equal(guard_clock_step(-1), 0);
    assert_int_equal(guard_clock_step(1000), 1000);
    assert_int_equal(guard_clock_step(3600 * CLOCK_SECOND), CLOCK_SECOND / 4);
    assert_int_equal(guard_clock_step(86400 * CLOCK_SECOND), CLOCK_SECOND / 4);
}

static void test_unparsed__refuses_what_is_neither_http2_nor_nothing(void **state)
{
    (void)state;
    static char endless[H2O_MAX_REQLEN];
    const struct {
        int status;
        struct str input;
        bool http2, refused;
    } cases[] = {
        { PARSE_FAILED, STR("\x16\x03\x01"), true, true },
        { PARSE_FAILED, STR("GET / HTTP/3.0\r\n"), true, true },
        { PARSE_FAILED, STR("\r\n\r\n\r"), true, true },
        { PARSE_FAILED, STR("\r\n\r\n"), true, false },
        { PARSE_FAILED, STR("PRI * HTTP/2.0\r\n"), true, false },
        { PARSE_FAILED, STR("PRI * HTTP/2.0\r\n"), false, true },
        { PARSE_FAILED, STR("PRI * HTTP/3"), true, true },
        { PARSE_INCOMPLETE, STR("GET / HT"), true, false },
        { PARSE_INCOMPLETE, str_from(endless, sizeof endless), true, true },
        { PARSE_INCOMPLETE, str_from(endless, sizeof endless - 1), true, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(unparsed_is_refused(cases[i].status, cases[i].input, cases[i].http2),
                         cases[i].refused);
}

static void test_unparsed__tells_what_is_too_large_from_what_is_wrong(void **state)
{
    (void)state;
    assert_int_equal(unparsed_judge(PARSE_INCOMPLETE, 3, 100, 1).fault, UNPARSED_TOO_LARGE);
    assert_int_equal(unparsed_judge(PARSE_FAILED, 100, 100, 1).fault, UNPARSED_TOO_LARGE);
    assert_int_equal(unparsed_judge(PARSE_FAILED, 99, 100, 1).fault, UNPARSED_WRONG);
    assert_int_equal(unparsed_judge(PARSE_FAILED, 0, 100, -1).fault, UNPARSED_WRONG);
}

static void test_unparsed__has_the_version_that_it_names(void **state)
{
    (void)state;
    assert_int_equal(unparsed_judge(PARSE_FAILED, 0, 100, -1).version, 0);
    assert_int_equal(unparsed_judge(PARSE_FAILED, 0, 100, 0).version, 0x100);
    assert_int_equal(unparsed_judge(PARSE_FAILED, 0, 100, 1).version, 0x101);
    assert_int_equal(unparsed_judge(PARSE_FAILED, 0, 100, 7).version, 0x101); /* so the library takes it */
}

static void test_unparsed__keeps_a_whole_line_and_nothing_less(void **state)
{
    (void)state;
    const char *method = "GET", *target = "/a";
    size_t method_len = 3, target_len = 2;
    unparsed_name(&method, &method_len, &target, &target_len);
    assert_true(str_equal(str_from(method, method_len), STR("GET")));
    assert_true(str_equal(str_from(target, target_len), STR("/a")));
    target_len = 0;
    unparsed_name(&method, &method_len, &target, &target_len);
    assert_true(str_equal(str_from(method, method_len), STR("-")));
    assert_true(str_equal(str_from(target, target_len), STR("*")));
}

static void test_view__knows_sound_targets(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target;
        bool sound;
    } cases[] = {
        { "GET", "/", true },          { "GET", "/a/../b?c#d", true }, { "GET", "//", true },
        { "GET", "/%2e%2f%00", true }, { "OPTIONS", "*", true },       { "GET", "*", false },
        { "GET", "", false },          { "GET", "foo", false },        { "GET", "http://a/", false },
        { "GET", "/a b", false },      { "GET", "/\t", false },        { "GET", "/\xc3\xa9", false },
        { "GET", "/\xff", false },     { "GET", "/\x7f", false },      { "CONNECT", "a:443", false },
        { "OPTIONS", "**", false },    { "OPTIONS", "/x", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (view_target_is_sound(str_of(cases[i].method), str_of(cases[i].target)) != cases[i].sound)
            fail_msg("%s %s", cases[i].method, cases[i].target);
    }
    assert_false(view_target_is_sound(STR("GET"), STR("/a\0b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard__is_in_effect_in_this_program),
        cmocka_unit_test(test_guard__refuses_initial_windows_out_of_bounds),
        cmocka_unit_test(test_guard__timers_follow_the_monotonic_clock),
        cmocka_unit_test(test_guard__clock_steps_are_small_and_forward),
        cmocka_unit_test(test_unparsed__refuses_what_is_neither_http2_nor_nothing),
        cmocka_unit_test(test_unparsed__tells_what_is_too_large_from_what_is_wrong),
        cmocka_unit_test(test_unparsed__has_the_version_that_it_names),
        cmocka_unit_test(test_unparsed__keeps_a_whole_line_and_nothing_less),
        cmocka_unit_test(test_view__knows_sound_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
