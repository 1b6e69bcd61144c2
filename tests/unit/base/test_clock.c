/* Time: printing and reading ISO 8601, the test shift, the monotonic clock. */
#include "unit.h"

#include "base/clock.h"

static const struct pair {
    const char *text;
    int64_t time;
} round_trips[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "2026-11-22T07:13:04Z", INT64_C(1795331584000000) },
    { "2026-11-22T07:13:04.000123Z", INT64_C(1795331584000123) },
    { "1969-12-31T23:59:59.999999Z", -1 },
    { "1969-12-31T23:59:59Z", -CLOCK_SECOND },
    { "2000-02-29T00:00:00Z", INT64_C(951782400000000) },
    { "2038-01-19T03:14:08Z", INT64_C(2147483648000000) },
    { "9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999) },
    { "0000-01-01T00:00:00Z", INT64_C(-62167219200000000) },
};

static void test_clock__iso8601_round_trips(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    for (size_t i = 0; i < COUNT(round_trips); i++) {
        int64_t time = 42;
        assert_str(clock_iso8601(arena, round_trips[i].time), str_of(round_trips[i].text));
        assert_case(clock_parse_iso8601(str_of(round_trips[i].text), &time), str_of(round_trips[i].text));
        assert_true(time == round_trips[i].time);
    }
    arena_free(&arena);
}

static void test_clock__offsets_and_short_fractions_are_read(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        { "1970-01-01T02:00:00+02:00", 0 },        { "1969-12-31T14:30:00-09:30", 0 },
        { "1970-01-01T00:00:00+00:00", 0 },        { "1970-01-01T00:00:00-00:00", 0 },
        { "1970-01-01T00:00:00.1Z", 100000 },      { "1970-01-01T00:00:00.123Z", 123000 },
        { "1970-01-01T00:00:00.000001+00:00", 1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t time = 42;
        assert_case(clock_parse_iso8601(str_of(cases[i].text), &time), str_of(cases[i].text));
        assert_true(time == cases[i].time);
    }
}

static void test_clock__other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "2026-11-22",
        "2026-11-22T07:13:04",
        "2026-11-22T07:13Z",
        "2026-11-22 07:13:04Z",
        "2026-11-22t07:13:04z",
        "2026-11-22T07:13:04z",
        "2026-11-22T07:13:04ZZ",
        " 2026-11-22T07:13:04Z",
        "2026-11-22T07:13:04Z ",
        "26-11-22T07:13:04Z",
        "02026-11-22T07:13:04Z",
        "+2026-11-22T07:13:04Z",
        "-026-11-22T07:13:04Z",
        "2026-00-22T07:13:04Z",
        "2026-13-22T07:13:04Z",
        "2026-11-00T07:13:04Z",
        "2026-11-31T07:13:04Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T07:60:04Z",
        "2026-11-22T07:13:60Z",
        "2016-12-31T23:59:60Z",
        "2026-11-22T07:13:04.Z",
        "2026-11-22T07:13:04.1234567Z",
        "2026-11-22T07:13:04,5Z",
        "2026-11-22T07:13:04+2:00",
        "2026-11-22T07:13:04+0200",
        "2026-11-22T07:13:04+24:00",
        "2026-11-22T07:13:04+02:60",
        "2026-11-22T07:13:04+02:00Z",
        "2026-11-22T07:13:04 02:00",
        "2026-1-22T07:13:04Z",
        "1795331584",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t time = 42;
        assert_case(!clock_parse_iso8601(str_of(cases[i]), &time), str_of(cases[i]));
        assert_true(time == 42);
    }
}

static void test_clock__format_can_be_forced_to_microseconds(void **state)
{
    (void)state;
    char text[CLOCK_ISO8601_CAP];
    assert_int_equal(clock_format_iso8601(text, 0, true), 27);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
    assert_int_equal(clock_format_iso8601(text, 0, false), 20);
}

static void test_clock__any_int64_can_be_printed(void **state)
{
    (void)state;
    char text[CLOCK_ISO8601_CAP];
    assert_true(clock_format_iso8601(text, INT64_MAX, true) < CLOCK_ISO8601_CAP);
    assert_string_equal(text, "294247-01-10T04:00:54.775807Z");
    assert_true(clock_format_iso8601(text, INT64_MIN, true) < CLOCK_ISO8601_CAP);
}

/* Every day over more than two spans of 400 years, before and after 1970, as the C library has it. */
static void test_clock__every_day_is_the_calendars(void **state)
{
    (void)state;
    char is[CLOCK_ISO8601_CAP], must[CLOCK_ISO8601_CAP];
    for (int64_t day = -400 * 366; day < 500 * 366; day++) {
        struct tm tm;
        time_t second = (time_t)(day * 86400 + (day & 0xFFFF));
        assert_non_null(gmtime_r(&second, &tm));
        snprintf(must, sizeof must, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        clock_format_iso8601(is, second * CLOCK_SECOND, false);
        assert_string_equal(is, must);
    }
}

static void test_clock__words_for_people(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 12);
    assert_string_equal(clock_in_words(arena, 0).at, "1 January 1970, 00:00 UTC");
    assert_string_equal(clock_in_words(arena, INT64_C(1795331584) * CLOCK_SECOND).at,
                        "22 November 2026, 07:13 UTC");
    arena_free(&arena);
}

static void test_clock__the_shift_moves_the_wall_clock_only(void **state)
{
    (void)state;
    int64_t wall = clock_now(), monotonic = clock_monotonic_us();
    clock_shift_for_tests(1000 * 3600 * CLOCK_SECOND);
    assert_true(clock_now() - wall >= 1000 * 3600 * CLOCK_SECOND);
    assert_true(clock_monotonic_us() - monotonic < 3600 * CLOCK_SECOND);
    clock_shift_for_tests(0);
    assert_true(clock_now() - wall < 3600 * CLOCK_SECOND);
}

static void test_clock__the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t last = clock_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_us();
        assert_true(now >= last);
        last = now;
    }
    int64_t before = clock_monotonic_us() / 1000, ms = clock_monotonic_ms(),
            after = clock_monotonic_us() / 1000;
    assert_true(before <= ms && ms <= after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__iso8601_round_trips),
        cmocka_unit_test(test_clock__offsets_and_short_fractions_are_read),
        cmocka_unit_test(test_clock__other_texts_are_refused),
        cmocka_unit_test(test_clock__format_can_be_forced_to_microseconds),
        cmocka_unit_test(test_clock__any_int64_can_be_printed),
        cmocka_unit_test(test_clock__every_day_is_the_calendars),
        cmocka_unit_test(test_clock__words_for_people),
        cmocka_unit_test(test_clock__the_shift_moves_the_wall_clock_only),
        cmocka_unit_test(test_clock__the_monotonic_clock_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
