/* Guessing at one account: when it gets slow, for how long, and for whom. */
#include "identity_fixture.h"
#include "identity/slow_down.h"

#define ANN  STR("ann@example.com")
#define HOME STR("192.0.2.1")
#define AWAY STR("198.51.100.0")
#define HOUR (INT64_C(3600) * CLOCK_SECOND)
#define DAY  (24 * HOUR)
#define T0   (INT64_C(1800000000) * CLOCK_SECOND)

static struct slow_down attempt_at(struct fixture *f, struct str email, struct str place, int64_t now,
                                   int64_t *ret_wait)
{
    struct slow_down attempt;
    assert_int_equal(slow_down_check(f->conn, &f->config, f->arena, email, place, now, &attempt, ret_wait),
                     STORAGE_OK);
    return attempt;
}

static int64_t wait_at(struct fixture *f, struct str email, struct str place, int64_t now)
{
    int64_t wait;
    attempt_at(f, email, place, now, &wait);
    return wait;
}

struct end {
    const struct slow_down *attempt;
    int64_t now;
    bool passed;
};

static enum storage_status store_end(struct db_conn *conn, void *context)
{
    const struct end *end = context;
    return (end->passed ? slow_down_passed : slow_down_failed)(conn, end->attempt, end->now);
}

static void end_at(struct fixture *f, struct str email, struct str place, int64_t now, bool passed)
{
    int64_t wait;
    struct slow_down attempt = attempt_at(f, email, place, now, &wait);
    struct end end = { &attempt, now, passed };
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, store_end, &end), STORAGE_OK);
}

static void fail_times(struct fixture *f, struct str email, struct str place, int64_t now, int times)
{
    for (int i = 0; i < times; i++)
        end_at(f, email, place, now, false);
}

static int64_t rows(struct fixture *f)
{
    return fixture_int(f, "SELECT COUNT(*) FROM sign_in_failures", DB_NO_ARGS);
}

static void test_slow_down__grows_to_a_minute(void **state)
{
    struct fixture *f = *state;
    static const int64_t seconds[] = { 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60 };
    int64_t now = T0;
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        assert_int_equal(wait_at(f, ANN, HOME, now), 0);
        end_at(f, ANN, HOME, now, false);
        assert_int_equal(wait_at(f, ANN, HOME, now), seconds[i] * CLOCK_SECOND);
        if (seconds[i] > 0)
            assert_int_equal(wait_at(f, ANN, HOME, now + CLOCK_SECOND / 2),
                             seconds[i] * CLOCK_SECOND - CLOCK_SECOND / 2);
        now += seconds[i] * CLOCK_SECOND;
    }
}

static void test_slow_down__counts_every_address_of_strangers_together(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++)
        end_at(f, STR("Ann@Example.COM"), arena_printf(f->arena, "203.0.113.%d", i), T0, false);
    assert_int_equal(wait_at(f, ANN, HOME, T0), CLOCK_SECOND);
    assert_int_equal(wait_at(f, STR("bob@example.com"), HOME, T0), 0);
}

static void test_slow_down__a_success_is_a_fresh_start(void **state)
{
    struct fixture *f = *state;
    fail_times(f, ANN, HOME, T0, 6);
    end_at(f, ANN, HOME, T0 + 10 * CLOCK_SECOND, true);
    fail_times(f, ANN, HOME, T0 + 10 * CLOCK_SECOND, 4);
    assert_int_equal(wait_at(f, ANN, HOME, T0 + 10 * CLOCK_SECOND), 0);
}

static void test_slow_down__an_hour_is_a_fresh_start(void **state)
{
    struct fixture *f = *state;
    fail_times(f, ANN, HOME, T0, 9);
    fail_times(f, ANN, HOME, T0 + HOUR + 1, 4);
    assert_int_equal(wait_at(f, ANN, HOME, T0 + HOUR + 1), 0);
}

/* Strangers who never stop do not keep the owner out of a place they have signed in from. */
static void test_slow_down__known_place_is_counted_apart(void **state)
{
    struct fixture *f = *state;
    end_at(f, ANN, HOME, T0, true);
    fail_times(f, ANN, AWAY, T0 + DAY, 12);
    assert_int_equal(wait_at(f, ANN, AWAY, T0 + DAY), 60 * CLOCK_SECOND);
    assert_int_equal(wait_at(f, ANN, HOME, T0 + DAY), 0);
    end_at(f, ANN, HOME, T0 + DAY, true);
    assert_int_equal(wait_at(f, ANN, AWAY, T0 + DAY), 60 * CLOCK_SECOND); /* and is no help to them */
    /* Guessing from there is slowed down as anywhere, and only there. */
    fail_times(f, ANN, HOME, T0 + DAY, 5);
    assert_int_equal(wait_at(f, ANN, HOME, T0 + DAY), CLOCK_SECOND);
    end_at(f, ANN, HOME, T0 + DAY + CLOCK_SECOND, true);
    assert_int_equal(wait_at(f, ANN, HOME, T0 + DAY + CLOCK_SECOND), 0);
}

static void test_slow_down__a_place_is_forgotten_after_a_month(void **state)
{
    struct fixture *f = *state;
    end_at(f, ANN, HOME, T0, true);
    fail_times(f, ANN, AWAY, T0 + 31 * DAY, 5);
    assert_int_equal(wait_at(f, ANN, HOME, T0 + 31 * DAY), CLOCK_SECOND);
    end_at(f, ANN, HOME, T0 + 31 * DAY + CLOCK_SECOND, true);
    fail_times(f, ANN, AWAY, T0 + 31 * DAY + CLOCK_SECOND, 5);
    assert_int_equal(wait_at(f, ANN, HOME, T0 + 31 * DAY + CLOCK_SECOND), 0);
}

/* A place belongs to one account: knowing ann's tells nothing of bob. */
static void test_slow_down__a_place_is_known_for_one_account(void **state)
{
    struct fixture *f = *state;
    end_at(f, ANN, HOME, T0, true);
    fail_times(f, STR("bob@example.com"), AWAY, T0, 5);
    assert_int_equal(wait_at(f, STR("bob@example.com"), HOME, T0), CLOCK_SECOND);
}

/* What somebody types cannot be made to count for another account's known place. */
static void test_slow_down__typed_text_is_no_place(void **state)
{
    struct fixture *f = *state;
    end_at(f, ANN, HOME, T0, true);
    fail_times(f, STR("ann@example.com\n192.0.2.1"), AWAY, T0, 9);
    fail_times(f, STR("place\nann@example.com\n192.0.2.1"), AWAY, T0, 9);
    assert_int_equal(wait_at(f, ANN, HOME, T0), 0);
    fail_times(f, STR("\xff\xfe"), STR_NONE, T0, 5);
    assert_int_equal(wait_at(f, STR("\xff\xfe"), STR_NONE, T0), CLOCK_SECOND);
}

static void test_slow_down__holds_no_address(void **state)
{
    struct fixture *f = *state;
    end_at(f, ANN, HOME, T0, false);
    struct str key = fixture_text(f,
                                  "SELECT CASE WHEN LENGTH(account) = 32 THEN 'hash' ELSE 'text' END FROM "
                                  "sign_in_failures",
                                  DB_NO_ARGS);
    assert_string_equal(key.at, "hash");
}

/* Made-up addresses do not pile up: each new one takes some old ones along. */
static void test_slow_down__old_rows_go(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++)
        end_at(f, arena_printf(f->arena, "x%d@example.com", i), HOME, T0, false);
    end_at(f, ANN, AWAY, T0, true);
    assert_int_equal(rows(f), 21);
    for (int i = 0; i < 3; i++)
        end_at(f, arena_printf(f->arena, "y%d@example.com", i), HOME, T0 + 2 * HOUR, false);
    assert_int_equal(rows(f), 4); /* the known place stays */
    end_at(f, STR("z@example.com"), HOME, T0 + 31 * DAY, false);
    assert_int_equal(rows(f), 1);
}

/* A sign-in a day from the same place is one write a day, not one per sign-in. */
static void test_slow_down__clean_success_writes_nothing(void **state)
{
    struct fixture *f = *state;
    end_at(f, ANN, HOME, T0, true);
    end_at(f, ANN, HOME, T0 + HOUR, true);
    assert_int_equal(fixture_int(f, "SELECT last_at FROM sign_in_failures", DB_NO_ARGS), T0);
    end_at(f, ANN, HOME, T0 + 25 * HOUR, true);
    assert_int_equal(fixture_int(f, "SELECT last_at FROM sign_in_failures", DB_NO_ARGS), T0 + 25 * HOUR);
}

struct sweeping {
    int64_t now, limit, n;
};

static enum storage_status sweep(struct db_conn *conn, void *context)
{
    struct sweeping *sweeping = context;
    return slow_down_sweep(conn, sweeping->now, sweeping->limit, &sweeping->n);
}

static int64_t swept(struct fixture *f, int64_t now, int64_t limit)
{
    struct sweeping sweeping = { now, limit, -1 };
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, sweep, &sweeping), STORAGE_OK);
    return sweeping.n;
}

static void test_slow_down__sweep_takes_what_is_over_and_is_bounded(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++)
        end_at(f, arena_printf(f->arena, "%d@example.com", i), AWAY, T0, false);
    end_at(f, ANN, HOME, T0, true);
    assert_int_equal(swept(f, T0 + HOUR, 100), 0);
    assert_int_equal(swept(f, T0 + DAY, 3), 3);
    assert_int_equal(swept(f, T0 + DAY, 3), 2);
    assert_int_equal(swept(f, T0 + 30 * DAY, 3), 0); /* a known place stays for a month */
    assert_int_equal(swept(f, T0 + 30 * DAY + 1, 3), 1);
    assert_int_equal(rows(f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_slow_down__grows_to_a_minute),
        FIXTURE_TEST(test_slow_down__counts_every_address_of_strangers_together),
        FIXTURE_TEST(test_slow_down__a_success_is_a_fresh_start),
        FIXTURE_TEST(test_slow_down__an_hour_is_a_fresh_start),
        FIXTURE_TEST(test_slow_down__known_place_is_counted_apart),
        FIXTURE_TEST(test_slow_down__a_place_is_forgotten_after_a_month),
        FIXTURE_TEST(test_slow_down__a_place_is_known_for_one_account),
        FIXTURE_TEST(test_slow_down__typed_text_is_no_place),
        FIXTURE_TEST(test_slow_down__holds_no_address),
        FIXTURE_TEST(test_slow_down__old_rows_go),
        FIXTURE_TEST(test_slow_down__clean_success_writes_nothing),
        FIXTURE_TEST(test_slow_down__sweep_takes_what_is_over_and_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
