/* Limits that nodes share: exact whoever asks at once, and gone when they are over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "access/shared_rate.h"
#include "base/clock.h"
#include "tenancy_fixture.h"

#define MINUTE  (60 * CLOCK_SECOND)
#define HOUR    (60 * MINUTE)
#define START   (INT64_C(1800000000) / 60 * MINUTE) /* a minute begins */
#define THREADS 32

static const struct config limits = {
    .rate_limits = { .enabled = true, .login = { 5, MINUTE }, .register_ = { 3, MINUTE } }
};

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    fixture_free((struct fixture **)state);
    return 0;
}

static struct rate_state take_with(struct fixture *f, const struct config *config, enum rate_class class,
                                   struct str key, int64_t now)
{
    struct rate_state state;
    assert_int_equal(shared_rate_take(f->conn, config, f->arena, class, key, now, &state), STORAGE_OK);
    return state;
}

static struct rate_state take(struct fixture *f, enum rate_class class, struct str key, int64_t now)
{
    return take_with(f, &limits, class, key, now);
}

static int64_t windows(struct fixture *f)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(f->conn, &rows, "SELECT COUNT(*) FROM rate_windows", DB_NO_ARGS), STORAGE_ROW);
    return db_col_int(&rows, 0);
}

static void test_shared_rate__counts_down_then_refuses(void **state)
{
    for (int i = 0; i < 8; i++) {
        struct rate_state s = take(*state, RATE_LOGIN, STR("a"), START + i);
        assert_true(s.applies);
        assert_int_equal(s.allowed, i < 5);
        assert_int_equal(s.limit, 5);
        assert_int_equal(s.remaining, i < 5 ? 4 - i : 0);
        assert_int_equal(s.reset, (START + MINUTE) / CLOCK_SECOND);
    }
    assert_false(take(*state, RATE_LOGIN, STR("a"), START + MINUTE - 1).allowed);
    struct rate_state next = take(*state, RATE_LOGIN, STR("a"), START + MINUTE);
    assert_true(next.allowed);
    assert_int_equal(next.remaining, 4);
    assert_int_equal(next.reset, (START + 2 * MINUTE) / CLOCK_SECOND);
    assert_int_equal(windows(*state), 1);
}

static void test_shared_rate__keys_and_classes_count_apart(void **state)
{
    for (int i = 0; i < 6; i++)
        take(*state, RATE_LOGIN, STR("a"), START);
    assert_false(take(*state, RATE_LOGIN, STR("a"), START).allowed);
    assert_true(take(*state, RATE_LOGIN, STR("2001:db8::/64"), START).allowed);
    assert_int_equal(take(*state, RATE_REGISTER, STR("a"), START).remaining, 2);
}

static void test_shared_rate__is_for_what_costs_much(void **state)
{
    (void)state;
    for (int class = RATE_DEFAULT; class < RATE_CLASS_COUNT; class ++)
        assert_int_equal(shared_rate_has((enum rate_class) class),
                         class == RATE_LOGIN || class == RATE_REGISTER);
}

static void test_shared_rate__no_limit_counts_nothing(void **state)
{
    struct config off = limits, none = limits;
    off.rate_limits.enabled = false;
    none.rate_limits.login = (struct rate){ 0, 0 };
    for (int i = 0; i < 10; i++) {
        struct rate_state disabled = take_with(*state, &off, RATE_LOGIN, STR("a"), START);
        struct rate_state unlimited = take_with(*state, &none, RATE_LOGIN, STR("a"), START);
        assert_true(disabled.allowed && !disabled.applies);
        assert_true(unlimited.allowed && !unlimited.applies);
    }
    assert_int_equal(windows(*state), 0);
}

/* Nodes' clocks differ a little, and calls carry the time at which they began. */
static void test_shared_rate__late_calls_do_not_bring_the_old_window_back(void **state)
{
    int allowed = 0;
    for (int i = 0; i < 10; i++) {
        allowed += take(*state, RATE_LOGIN, STR("a"), START + MINUTE).allowed;
        allowed += take(*state, RATE_LOGIN, STR("a"), START + MINUTE - 1).allowed;
    }
    assert_int_equal(allowed, 5);
}

static void test_shared_rate__a_window_from_far_ahead_does_not_count(void **state)
{
    struct config hourly = limits;
    hourly.rate_limits.login = (struct rate){ 5, HOUR };
    for (int i = 0; i < 6; i++)
        take_with(*state, &hourly, RATE_LOGIN, STR("a"), START);
    assert_false(take_with(*state, &hourly, RATE_LOGIN, STR("a"), START).allowed);
    struct rate_state minutely = take(*state, RATE_LOGIN, STR("a"), START);
    assert_true(minutely.allowed);
    assert_int_equal(minutely.remaining, 4);
}

static void test_shared_rate__a_lowered_limit_holds_at_once(void **state)
{
    struct config lower = limits;
    lower.rate_limits.login.limit = 2;
    for (int i = 0; i < 4; i++)
        take(*state, RATE_LOGIN, STR("a"), START);
    struct rate_state s = take_with(*state, &lower, RATE_LOGIN, STR("a"), START);
    assert_false(s.allowed);
    assert_int_equal(s.remaining, 0);
    assert_int_equal(s.limit, 2);
    assert_int_equal(take(*state, RATE_LOGIN, STR("a"), START).remaining, 0);
}

/* ---- many at once ---- */

struct crowd {
    struct db *db;
    pthread_barrier_t barrier;
    atomic_int allowed, refused, failed;
    atomic_int remaining[5];
};

static void *ask_once(void *arg)
{
    struct crowd *crowd = arg;
    struct db_conn *conn = db_connect(crowd->db);
    struct arena *arena = arena_new(1 << 16);
    struct rate_state s;
    pthread_barrier_wait(&crowd->barrier);
    enum storage_status status =
        shared_rate_take(conn, &limits, arena, RATE_LOGIN, STR("192.0.2.1"), START, &s);
    atomic_fetch_add(status != STORAGE_OK ? &crowd->failed
                     : s.allowed          ? &crowd->allowed
                                          : &crowd->refused,
                     1);
    if (status == STORAGE_OK && s.allowed && s.remaining < 5)
        atomic_fetch_add(&crowd->remaining[s.remaining], 1);
    arena_free(&arena);
    db_disconnect(&conn);
    return NULL;
}

static void test_shared_rate__exactly_the_limit_of_a_crowd_passes(void **state)
{
    struct fixture *f = *state;
    struct crowd crowd = { .db = f->db };
    pthread_t threads[THREADS];
    pthread_barrier_init(&crowd.barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_once, &crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&crowd.barrier);
    assert_int_equal(crowd.failed, 0);
    assert_int_equal(crowd.allowed, 5);
    assert_int_equal(crowd.refused, THREADS - 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(crowd.remaining[i], 1);
}

/* ---- what is over ---- */

struct sweeping {
    int64_t now, limit, n;
};

static enum storage_status sweep_in(struct db_conn *conn, void *context)
{
    struct sweeping *sweeping = context;
    return shared_rate_sweep(conn, sweeping->now, sweeping->limit, &sweeping->n);
}

static int64_t sweep(struct fixture *f, int64_t now, int64_t limit)
{
    struct sweeping sweeping = { now, limit, -1 };
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, sweep_in, &sweeping), STORAGE_OK);
    return sweeping.n;
}

static void test_shared_rate__sweeps_what_is_long_over_in_pieces(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 12; i++)
        take(f, RATE_LOGIN, arena_printf(f->arena, "192.0.2.%d", i), START);
    take(f, RATE_REGISTER, STR("192.0.2.1"), START + MINUTE);
    assert_int_equal(sweep(f, START + HOUR + MINUTE, 100), 0);
    assert_int_equal(sweep(f, START + HOUR + MINUTE + 1, 10), 10);
    assert_int_equal(sweep(f, START + HOUR + MINUTE + 1, 10), 2);
    assert_int_equal(sweep(f, START + HOUR + MINUTE + 1, 10), 0);
    assert_int_equal(windows(f), 1);
    assert_int_equal(take(f, RATE_REGISTER, STR("192.0.2.1"), START + MINUTE).remaining, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_shared_rate__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_down_then_refuses),
        TEST(keys_and_classes_count_apart),
        TEST(is_for_what_costs_much),
        TEST(no_limit_counts_nothing),
        TEST(late_calls_do_not_bring_the_old_window_back),
        TEST(a_window_from_far_ahead_does_not_count),
        TEST(a_lowered_limit_holds_at_once),
        TEST(exactly_the_limit_of_a_crowd_passes),
        TEST(sweeps_what_is_long_over_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
