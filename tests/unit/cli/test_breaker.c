/* When the supervisor suspects HTTP/2, and how long it waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/breaker.h"

static void test_breaker__opens_at_the_fifth_crash_within_a_minute(void **state)
{
    (void)state;
    struct breaker breaker = { 0 };
    for (int i = 0; i < 4; i++)
        assert_false(breaker_crashed(&breaker, 1000 + i * 10000, true));
    assert_false(breaker.open);
    assert_true(breaker_crashed(&breaker, 1000 + BREAKER_WINDOW_MS, true));
    assert_true(breaker.open);
}

static void test_breaker__stays_closed_when_crashes_are_far_apart(void **state)
{
    (void)state;
    struct breaker breaker = { 0 };
    for (int i = 0; i < 50; i++)
        assert_false(breaker_crashed(&breaker, i * INT64_C(15001), true));
    assert_false(breaker.open);
}

static void test_breaker__opens_after_a_quiet_time_too(void **state)
{
    (void)state;
    struct breaker breaker = { 0 };
    for (int i = 0; i < 7; i++)
        assert_false(breaker_crashed(&breaker, i * INT64_C(100000), true));
    int64_t now = 700000;
    for (int i = 0; i < 3; i++)
        assert_false(breaker_crashed(&breaker, now + i, true));
    assert_false(breaker_crashed(&breaker, now + 4, true));
    assert_true(breaker_crashed(&breaker, now + 5, true));
}

static void test_breaker__opens_once(void **state)
{
    (void)state;
    struct breaker breaker = { 0 };
    int opened = 0;
    for (int i = 0; i < 50; i++)
        opened += breaker_crashed(&breaker, i, true);
    assert_int_equal(opened, 1);
    assert_true(breaker.open);
}

static void test_breaker__a_server_that_served_is_back_at_once(void **state)
{
    (void)state;
    struct breaker breaker = { 0 };
    for (int i = 0; i < 50; i++) {
        breaker_crashed(&breaker, i, true);
        assert_in_range(breaker_delay_ms(&breaker), 0, 100);
    }
}

static void test_breaker__waits_longer_for_one_that_dies_at_start(void **state)
{
    (void)state;
    struct breaker breaker = { 0 };
    int64_t before = 0;
    for (int i = 0; i < 4; i++) {
        breaker_crashed(&breaker, i, false);
        assert_true(breaker_delay_ms(&breaker) > before);
        before = breaker_delay_ms(&breaker);
    }
    for (int i = 0; i < 100; i++)
        breaker_crashed(&breaker, i, false);
    assert_int_equal(breaker_delay_ms(&breaker), 5000);
    breaker_crashed(&breaker, 200, true);
    assert_in_range(breaker_delay_ms(&breaker), 0, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaker__opens_at_the_fifth_crash_within_a_minute),
        cmocka_unit_test(test_breaker__stays_closed_when_crashes_are_far_apart),
        cmocka_unit_test(test_breaker__opens_after_a_quiet_time_too),
        cmocka_unit_test(test_breaker__opens_once),
        cmocka_unit_test(test_breaker__a_server_that_served_is_back_at_once),
        cmocka_unit_test(test_breaker__waits_longer_for_one_that_dies_at_start),
    };
    return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
