/* Days and amounts of money. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spaces/day.h"
#include "spaces/money.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 16);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void test_day__reads_what_it_writes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t day;
    } days[] = {
        { "1970-01-01", 0 }, { "2024-02-29", 19782 }, { "2026-12-01", 20788 }, { "9999-12-31", 2932896 }
    };
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        int64_t day = -1;
        assert_true(day_read(str_of(days[i].text), &day));
        assert_int_equal(day, days[i].day);
        assert_true(str_equal(day_write(arena, day), str_of(days[i].text)));
        assert_int_equal(day_of(day * DAY_US), day);
        assert_int_equal(day_of((day + 1) * DAY_US - 1), day);
    }
}

static void test_day__other_texts_are_none(void **state)
{
    (void)state;
    static const char *const texts[] = { "",           "2026-12-1",  "2026-02-29", "2026-13-01",
                                         "1969-12-31", "2026/12/01", "20261201  ", "2026-12-011",
                                         "today     ", "2026-12-0x", "-026-12-01" };
    int64_t day;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(day_read(str_of(texts[i]), &day));
}

/* Kiritimati is 14 hours ahead of UTC, Baker Island 12 behind. */
static void test_day__is_50_hours_long_around_the_world(void **state)
{
    (void)state;
    int64_t hour = DAY_US / 24;
    assert_true(day_first_moment(10) == 10 * DAY_US - 14 * hour && day_end(10) == 11 * DAY_US + 12 * hour);
    assert_true(day_end(10) - day_first_moment(10) == 50 * hour);
}

static void test_money__has_the_decimals_of_its_currency(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        const char *currency, *text;
    } amounts[] = {
        { 0, "EUR", "0.00 EUR" },    { 5, "EUR", "0.05 EUR" },     { 1250, "USD", "12.50 USD" },
        { 1200, "JPY", "1200 JPY" }, { 1250, "KWD", "1.250 KWD" }, { MONEY_MAX, "EUR", "1000000000.00 EUR" },
    };
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++)
        assert_string_equal(money_in_words(arena, amounts[i].amount, str_of(amounts[i].currency)).at,
                            amounts[i].text);
}

static void test_money__currencies_are_three_capitals(void **state)
{
    (void)state;
    assert_true(money_is_currency(STR("EUR")));
    static const char *const wrong[] = { "", "EU", "EURO", "eur", "E R", "E1R" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(money_is_currency(str_of(wrong[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day__reads_what_it_writes),
        cmocka_unit_test(test_day__other_texts_are_none),
        cmocka_unit_test(test_day__is_50_hours_long_around_the_world),
        cmocka_unit_test(test_money__has_the_decimals_of_its_currency),
        cmocka_unit_test(test_money__currencies_are_three_capitals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
