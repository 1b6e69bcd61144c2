/* What is kept of tokens that nobody has: found again, bounded, and hardly any worse when full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "request/absence.h"

#define MANY 100000

static struct absences *absences;

static int up(void **state)
{
    (void)state;
    random_init();
    absences = absences_new();
    return 0;
}

static int down(void **state)
{
    (void)state;
    absences_free(&absences);
    assert_null(absences);
    return 0;
}

static struct str token_of(char text[32], int n)
{
    return str_from(text, (size_t)snprintf(text, 32, "tth_%d", n));
}

static void put(int n)
{
    char text[32];
    absences_put(absences, token_of(text, n), &(struct absence){ n, { (uint64_t)n + 1 }, 3 * (int64_t)n });
}

static bool is_met(int n)
{
    char text[32];
    struct absence found;
    if (!absences_get(absences, token_of(text, n), &found))
        return false;
    assert_int_equal(found.subject, n);
    assert_int_equal(found.unknown.value, n + 1);
    assert_int_equal(found.kept_at, 3 * n);
    return true;
}

static void test_absence__is_met_again(void **state)
{
    (void)state;
    assert_false(is_met(1));
    put(1);
    assert_true(is_met(1));
    assert_false(is_met(2));
    absences_put(absences, STR("tth_1"), &(struct absence){ 1, { 2 }, 3 });
    assert_true(is_met(1));
}

static void test_absence__most_of_very_many_are_met(void **state)
{
    (void)state;
    int met = 0;
    for (int round = 0; round < 2; round++)
        for (int n = 0; n < MANY; n++)
            put(n);
    for (int n = 0; n < MANY; n++)
        met += is_met(n);
    assert_true(met > MANY * 9 / 10);
}

static void test_absence__more_than_fit_do_no_harm(void **state)
{
    (void)state;
    int met = 0;
    for (int n = 0; n < 3 * ABSENCES_MAX; n++)
        put(n);
    for (int n = 0; n < 3 * ABSENCES_MAX; n++)
        met += is_met(n);
    assert_true(met <= ABSENCES_MAX);
    assert_true(met > ABSENCES_MAX * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_absence__is_met_again, up, down),
        cmocka_unit_test_setup_teardown(test_absence__most_of_very_many_are_met, up, down),
        cmocka_unit_test_setup_teardown(test_absence__more_than_fit_do_no_harm, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
