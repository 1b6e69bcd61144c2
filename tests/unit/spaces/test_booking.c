/* A space is booked once at a time: half-open intervals, edges, and a crowd that wants the same hour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spaces/booking.h"
#include "spaces_fixture.h"

static int set_up(void **state)
{
    *state = spaces_new();
    return 0;
}

static int tear_down(void **state)
{
    spaces_free((struct spaces **)state);
    return 0;
}

struct attempt {
    struct booking_claim claim;
    int64_t id;
};

/* What a booking's kind does: claim, then write. */
static enum storage_status book_in(struct db_conn *conn, void *context)
{
    struct attempt *attempt = context;
    struct booking_claim *claim = &attempt->claim;
    enum storage_status status = booking_claim(conn, claim);
    if (status != STORAGE_OK || claim->verdict != BOOKING_OK)
        return status == STORAGE_OK ? STORAGE_DONE : status;
    return db_exec(
        conn,
        "INSERT INTO bookings (tenant_id, space_id, title, starts_at, ends_at, created_at, updated_at) "
        "VALUES ($1, $2, 'x', $3, $4, 1, 1)",
        DB_ARGS(db_int(claim->tenant_id), db_int(claim->space_id), db_int(claim->starts_at),
                db_int(claim->ends_at)),
        NULL);
}

static enum booking_verdict book_on(struct db_conn *conn, struct booking_claim *claim)
{
    struct attempt attempt = { .claim = *claim };
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, book_in, &attempt);
    assert_true(status == STORAGE_OK || status == STORAGE_DONE);
    *claim = attempt.claim;
    return attempt.claim.verdict;
}

static enum booking_verdict book(struct spaces *spaces, int64_t starts_at, int64_t ends_at)
{
    struct booking_claim claim = {
        .tenant_id = spaces->acme.id, .space_id = spaces->space, .starts_at = starts_at, .ends_at = ends_at
    };
    return book_on(spaces->fixture->conn, &claim);
}

static void test_booking__one_may_begin_when_another_ends(void **state)
{
    struct spaces *spaces = *state;
    assert_int_equal(book(spaces, NOON, NOON + HOUR), BOOKING_OK);
    assert_int_equal(book(spaces, NOON + HOUR, NOON + 2 * HOUR), BOOKING_OK);
    assert_int_equal(book(spaces, NOON - HOUR, NOON), BOOKING_OK);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM bookings"), 3);
}

static void test_booking__every_overlap_is_refused(void **state)
{
    struct spaces *spaces = *state;
    assert_int_equal(book(spaces, NOON, NOON + HOUR), BOOKING_OK);
    static const int64_t overlaps[][2] = {
        { 0, HOUR },           { -HOUR, 1 },           { HOUR - 1, 2 * HOUR },
        { -HOUR, 2 * HOUR },   { MINUTE, 2 * MINUTE }, { 1 - BOOKING_MAX_US, 1 },
        { 0, BOOKING_MAX_US },
    };
    for (size_t i = 0; i < sizeof(overlaps) / sizeof(overlaps[0]); i++) {
        struct booking_claim claim = { .tenant_id = spaces->acme.id,
                                       .space_id = spaces->space,
                                       .starts_at = NOON + overlaps[i][0],
                                       .ends_at = NOON + overlaps[i][1] };
        assert_int_equal(book_on(spaces->fixture->conn, &claim), BOOKING_TAKEN);
        assert_true(claim.taken_from == NOON && claim.taken_until == NOON + HOUR);
    }
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM bookings"), 1);
    assert_int_equal(spaces_count(spaces, "SELECT revision FROM spaces"), 1);
}

static void test_booking__the_longest_is_seen_from_its_end(void **state)
{
    struct spaces *spaces = *state;
    assert_int_equal(book(spaces, NOON, NOON + BOOKING_MAX_US), BOOKING_OK);
    assert_int_equal(book(spaces, NOON + BOOKING_MAX_US - 1, NOON + BOOKING_MAX_US + 1), BOOKING_TAKEN);
    assert_int_equal(book(spaces, NOON + BOOKING_MAX_US, NOON + BOOKING_MAX_US + 1), BOOKING_OK);
}

static void test_booking__wrong_times_and_spaces(void **state)
{
    struct spaces *spaces = *state;
    assert_int_equal(book(spaces, NOON, NOON), BOOKING_BACKWARDS);
    assert_int_equal(book(spaces, NOON, NOON - HOUR), BOOKING_BACKWARDS);
    assert_int_equal(book(spaces, NOON, NOON + BOOKING_MAX_US + 1), BOOKING_TOO_LONG);
    struct booking_claim elsewhere = {
        .tenant_id = spaces->bolt.id, .space_id = spaces->space, .starts_at = NOON, .ends_at = NOON + 1
    };
    assert_int_equal(book_on(spaces->fixture->conn, &elsewhere), BOOKING_SPACE_UNKNOWN);
    spaces_exec(spaces, "UPDATE spaces SET is_bookable = 0");
    assert_int_equal(book(spaces, NOON, NOON + HOUR), BOOKING_SPACE_CLOSED);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM bookings"), 0);
}

static void test_booking__cancelled_ones_and_oneself_are_not_in_the_way(void **state)
{
    struct spaces *spaces = *state;
    assert_int_equal(book(spaces, NOON, NOON + HOUR), BOOKING_OK);
    struct booking_claim moved = { .tenant_id = spaces->acme.id,
                                   .space_id = spaces->space,
                                   .starts_at = NOON + MINUTE,
                                   .ends_at = NOON + HOUR,
                                   .booking_id = spaces_count(spaces, "SELECT id FROM bookings") };
    assert_int_equal(book_on(spaces->fixture->conn, &moved), BOOKING_OK);
    spaces_exec(spaces, "UPDATE bookings SET status = 'cancelled'");
    assert_int_equal(book(spaces, NOON, NOON + HOUR), BOOKING_OK);
}

/* Each wants an hour that holds the same minute. */
static bool want(struct spaces *spaces, struct db_conn *conn, struct arena *arena, int number)
{
    (void)arena;
    int64_t starts_at = NOON - (number % 60) * MINUTE;
    struct booking_claim claim = { .tenant_id = spaces->acme.id,
                                   .space_id = spaces->space,
                                   .starts_at = starts_at,
                                   .ends_at = starts_at + HOUR };
    enum booking_verdict verdict = book_on(conn, &claim);
    if (verdict != BOOKING_OK)
        assert_int_equal(verdict, BOOKING_TAKEN);
    return verdict == BOOKING_OK;
}

static void test_booking__of_a_crowd_one_gets_it(void **state)
{
    struct spaces *spaces = *state;
    assert_int_equal(spaces_crowd(spaces, 200, want), 1);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM bookings"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_booking__one_may_begin_when_another_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_booking__every_overlap_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_booking__the_longest_is_seen_from_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_booking__wrong_times_and_spaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_booking__cancelled_ones_and_oneself_are_not_in_the_way, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_booking__of_a_crowd_one_gets_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
