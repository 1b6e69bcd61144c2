/* Rate limits: exact, in fixed memory, and not to be talked out of a count by a flood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "access/rate_limit.h"
#include "base/clock.h"
#include "base/random.h"

#define MINUTE (60 * CLOCK_SECOND)
#define START  (INT64_C(1700000000) / 60 * MINUTE) /* a minute begins */

static struct config limits = { .rate_limits = { .enabled = true,
                                                 .login = { 5, MINUTE },
                                                 .register_ = { 3, MINUTE },
                                                 .default_ = { 60, MINUTE },
                                                 .panel = { 600, MINUTE },
                                                 .verify = { 0, 0 } } };

static int set_up(void **state)
{
    random_init();
    *state = rate_limiter_new(1 << 12);
    return 0;
}

static int tear_down(void **state)
{
    rate_limiter_free((struct rate_limiter **)state);
    assert_null(*state);
    return 0;
}

static void test_rate__counts_down_then_refuses(void **state)
{
    for (int i = 0; i < 5; i++) {
        struct rate_state s = rate_take(*state, &limits, RATE_LOGIN, STR("a"), START + i);
        assert_true(s.applies && s.allowed);
        assert_int_equal(s.limit, 5);
        assert_int_equal(s.remaining, 4 - i);
        assert_int_equal(s.reset, (START + MINUTE) / CLOCK_SECOND);
    }
    for (int i = 0; i < 3; i++) {
        struct rate_state s = rate_take(*state, &limits, RATE_LOGIN, STR("a"), START + MINUTE - 1);
        assert_false(s.allowed);
        assert_int_equal(s.remaining, 0);
        assert_int_equal(s.reset, (START + MINUTE) / CLOCK_SECOND);
    }
    assert_true(rate_take(*state, &limits, RATE_LOGIN, STR("a"), START + MINUTE).allowed);
}

/* A limit of the key's own holds whatever the configuration says. */
static void test_rate__a_key_may_have_a_limit_of_its_own(void **state)
{
    const struct rate own = { 2, MINUTE };
    for (int i = 0; i < 4; i++) {
        struct rate_state s = rate_take_own(*state, &own, STR("t:1"), START + i);
        assert_true(s.applies);
        assert_int_equal(s.limit, 2);
        assert_int_equal(s.allowed, i < 2);
    }
    assert_true(rate_take_own(*state, &own, STR("t:2"), START).allowed);
    assert_true(rate_take_own(*state, &own, STR("t:1"), START + MINUTE).allowed);
}

static void test_rate__keys_and_classes_count_apart(void **state)
{
    for (int i = 0; i < 5; i++)
        rate_take(*state, &limits, RATE_LOGIN, STR("a"), START);
    assert_false(rate_take(*state, &limits, RATE_LOGIN, STR("a"), START).allowed);
    assert_true(rate_take(*state, &limits, RATE_LOGIN, STR("b"), START).allowed);
    assert_true(rate_take(*state, &limits, RATE_LOGIN, STR(""), START).allowed);
    struct rate_state other = rate_take(*state, &limits, RATE_REGISTER, STR("a"), START);
    assert_int_equal(other.limit, 3);
    assert_int_equal(other.remaining, 2);
}

static void test_rate__each_class_has_its_limit(void **state)
{
    struct config all = limits;
    all.rate_limits.verify = (struct rate){ 9, MINUTE };
    static const int64_t expected[] = {
        [RATE_DEFAULT] = 60, [RATE_LOGIN] = 5, [RATE_REGISTER] = 3, [RATE_PANEL] = 600, [RATE_VERIFY] = 9,
    };
    for (int class = RATE_DEFAULT; class <= RATE_VERIFY; class ++)
        assert_int_equal(rate_take(*state, &all, (enum rate_class) class, STR("a"), START).limit,
                         expected[class]);
}

static void test_rate__peek_counts_nothing(void **state)
{
    assert_int_equal(rate_peek(*state, &limits, RATE_LOGIN, STR("a"), START).remaining, 5);
    for (int i = 0; i < 20; i++)
        assert_true(rate_peek(*state, &limits, RATE_LOGIN, STR("a"), START).allowed);
    for (int i = 0; i < 5; i++)
        rate_take(*state, &limits, RATE_LOGIN, STR("a"), START);
    struct rate_state s = rate_peek(*state, &limits, RATE_LOGIN, STR("a"), START);
    assert_false(s.allowed);
    assert_int_equal(s.remaining, 0);
    assert_true(rate_peek(*state, &limits, RATE_LOGIN, STR("a"), START + MINUTE).allowed);
}

static void test_rate__no_limit_has_no_headers(void **state)
{
    struct config off = limits;
    off.rate_limits.enabled = false;
    for (int i = 0; i < 100; i++) {
        struct rate_state none = rate_take(*state, &limits, RATE_VERIFY, STR("a"), START);
        struct rate_state unlimited = rate_take(*state, &limits, RATE_UNLIMITED, STR("a"), START);
        struct rate_state disabled = rate_take(*state, &off, RATE_LOGIN, STR("a"), START);
        assert_true(none.allowed && !none.applies);
        assert_true(unlimited.allowed && !unlimited.applies);
        assert_true(disabled.allowed && !disabled.applies);
    }
}

/* A request that began just before a window's end may be counted after one that began behind it. */
static void test_rate__late_calls_do_not_bring_the_old_window_back(void **state)
{
    int allowed = 0;
    for (int i = 0; i < 20; i++) {
        allowed += rate_take(*state, &limits, RATE_LOGIN, STR("a"), START + MINUTE).allowed;
        allowed += rate_take(*state, &limits, RATE_LOGIN, STR("a"), START + MINUTE - 1).allowed;
    }
    assert_int_equal(allowed, 5);
}

static void test_rate__clock_step_costs_at_most_a_window(void **state)
{
    for (int i = 0; i < 5; i++)
        rate_take(*state, &limits, RATE_LOGIN, STR("a"), START + 600 * MINUTE);
    struct rate_state back = rate_take(*state, &limits, RATE_LOGIN, STR("a"), START);
    assert_true(back.allowed);
    assert_int_equal(back.reset, (START + MINUTE) / CLOCK_SECOND);
    assert_true(rate_take(*state, &limits, RATE_LOGIN, STR("a"), START + 600 * MINUTE).allowed);
}

static void test_rate__reload_takes_new_limits(void **state)
{
    struct config wide = limits;
    wide.rate_limits.login = (struct rate){ 7, MINUTE };
    for (int i = 0; i < 5; i++)
        rate_take(*state, &limits, RATE_LOGIN, STR("a"), START);
    assert_int_equal(rate_take(*state, &wide, RATE_LOGIN, STR("a"), START).remaining, 1);
    assert_false(rate_take(*state, &limits, RATE_LOGIN, STR("a"), START).allowed);
    assert_int_equal(rate_peek(*state, &limits, RATE_LOGIN, STR("a"), START).remaining, 0);
    wide.rate_limits.login.window_us = CLOCK_SECOND;
    assert_int_equal(rate_take(*state, &wide, RATE_LOGIN, STR("a"), START).remaining, 6);
}

struct crowd {
    struct rate_limiter *limiter;
    pthread_barrier_t barrier;
    atomic_int allowed;
};

static void *take_hundred(void *context)
{
    struct crowd *crowd = context;
    pthread_barrier_wait(&crowd->barrier);
    for (int i = 0; i < 100; i++)
        atomic_fetch_add(
            &crowd->allowed,
            rate_take(crowd->limiter, &limits, RATE_LOGIN, STR("203.0.113.7"), START + i).allowed);
    return NULL;
}

static void test_rate__is_exact_under_concurrency(void **state)
{
    struct crowd crowd = { .limiter = *state };
    pthread_t threads[64];
    pthread_barrier_init(&crowd.barrier, NULL, 64);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_hundred, &crowd), 0);
    for (size_t i = 0; i < 64; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&crowd.barrier);
    assert_int_equal(crowd.allowed, 5);
}

static struct str flood_key(char buffer[24], unsigned i)
{
    int n = snprintf(buffer, 24, "%u.%u.%u.%u", 1 + (i >> 24), i >> 16 & 255, i >> 8 & 255, i & 255);
    return str_from(buffer, (size_t)n);
}

/* The table has 4096 places; a million others come by between the takes of one. */
static void test_rate__flood_neither_grows_nor_frees_the_one_that_hammers(void **state)
{
    char buffer[24];
    for (int i = 0; i < 8; i++)
        rate_take(*state, &limits, RATE_LOGIN, STR("hammer"), START);
    size_t before = mallinfo2().uordblks;
    for (unsigned i = 0; i < 1000000; i++) {
        rate_take(*state, &limits, RATE_LOGIN, flood_key(buffer, i), START + 1);
        if (i % 1000 == 0)
            assert_false(rate_take(*state, &limits, RATE_LOGIN, STR("hammer"), START + 2).allowed);
    }
    assert_true(mallinfo2().uordblks <= before);
    assert_false(rate_take(*state, &limits, RATE_LOGIN, STR("hammer"), START + 3).allowed);
}

/* Also where one take is all there is, so that the count alone could not tell it from the flood. */
static void test_rate__flood_does_not_free_a_limit_of_one(void **state)
{
    struct config one = limits;
    char buffer[24];
    one.rate_limits.login.limit = 1;
    for (int i = 0; i < 3; i++)
        rate_take(*state, &one, RATE_LOGIN, STR("hammer"), START);
    for (unsigned i = 0; i < 100000; i++)
        rate_take(*state, &one, RATE_LOGIN, flood_key(buffer, i), START + 1);
    assert_false(rate_take(*state, &one, RATE_LOGIN, STR("hammer"), START + 2).allowed);
}

/* Windows that are over make room before any live one has to. */
static void test_rate__dead_windows_give_way_first(void **state)
{
    char buffer[24];
    for (unsigned i = 0; i < 100000; i++)
        for (int j = 0; j < 3; j++)
            rate_take(*state, &limits, RATE_LOGIN, flood_key(buffer, i), START);
    for (int i = 0; i < 6; i++)
        rate_take(*state, &limits, RATE_LOGIN, STR("new"), START + MINUTE);
    assert_false(rate_take(*state, &limits, RATE_LOGIN, STR("new"), START + MINUTE).allowed);
}

static void test_rate__tiny_table_works(void **state)
{
    (void)state;
    struct rate_limiter *limiter = rate_limiter_new(1);
    for (int i = 0; i < 5; i++)
        assert_true(rate_take(limiter, &limits, RATE_LOGIN, STR("a"), START).allowed);
    assert_false(rate_take(limiter, &limits, RATE_LOGIN, STR("a"), START).allowed);
    rate_limiter_free(&limiter);
    rate_limiter_free(&limiter); /* NULL by now */
}

static void test_rate__address_keys(void **state)
{
    (void)state;
    static const struct {
        const char *address, *key;
    } cases[] = {
        { "192.0.2.1", "192.0.2.1" },
        { "::ffff:192.0.2.1", "192.0.2.1" },
        { "::FFFF:c000:201", "192.0.2.1" },
        { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
        { "2001:DB8:1:2::1", "2001:db8:1:2::/64" },
        { "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64" },
        { "2001:db8:1:3::1", "2001:db8:1:3::/64" },
        { "::1", "::/64" },
        { "fe80::1%eth0", "fe80::/64" },
        { "unix", "unix" },
        { "", "" },
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str key = rate_address_key(arena, str_of(cases[i].address));
        if (!str_equal(key, str_of(cases[i].key)))
            fail_msg("%s gave %.*s", cases[i].address, STR_ARG(key));
    }
    arena_free(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rate__counts_down_then_refuses),
        TEST(test_rate__a_key_may_have_a_limit_of_its_own),
        TEST(test_rate__keys_and_classes_count_apart),
        TEST(test_rate__each_class_has_its_limit),
        TEST(test_rate__peek_counts_nothing),
        TEST(test_rate__no_limit_has_no_headers),
        TEST(test_rate__late_calls_do_not_bring_the_old_window_back),
        TEST(test_rate__clock_step_costs_at_most_a_window),
        TEST(test_rate__reload_takes_new_limits),
        TEST(test_rate__is_exact_under_concurrency),
        TEST(test_rate__flood_neither_grows_nor_frees_the_one_that_hammers),
        TEST(test_rate__flood_does_not_free_a_limit_of_one),
        TEST(test_rate__dead_windows_give_way_first),
        TEST(test_rate__tiny_table_works),
        TEST(test_rate__address_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
