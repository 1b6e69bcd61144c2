/* Many threads at once: what each was told is what happened. */
#include <stdatomic.h>

#include "conformance.h"

#define THREADS 8

/* Workers run outside cmocka's thread, where its asserts may not be used: they count what went wrong. */
struct tally {
    atomic_int ok;
    atomic_int refused;
    atomic_int conflicts;
    atomic_int failures;
    atomic_int busy;
};

static void count(struct tally *tally, enum storage_status s)
{
    atomic_int *slot = s == STORAGE_OK         ? &tally->ok
                       : s == STORAGE_DONE     ? &tally->refused
                       : s == STORAGE_CONFLICT ? &tally->conflicts
                       : s == STORAGE_BUSY     ? &tally->busy
                                               : &tally->failures;
    atomic_fetch_add(slot, 1);
}

/* A lost race that was lost five times in a row is told as BUSY; the client of a test is patient. */
static enum storage_status patiently(struct db_conn *conn, db_tx_fn fn, void *context)
{
    enum storage_status s;
    int attempts = 0;
    do
        s = db_transaction(conn, STORAGE_WRITE, fn, context);
    while (s == STORAGE_BUSY && ++attempts < 200);
    return s;
}

static void start_counter(struct db_conn *conn, int64_t value)
{
    assert_status(db_write(conn, "INSERT INTO conf_counter (id, n) VALUES (1, $1)", DB_ARGS(db_int(value))),
                  STORAGE_OK);
}

static int64_t counter(struct db_conn *conn)
{
    return db_read_int(conn, "SELECT n FROM conf_counter WHERE id = 1", DB_NO_ARGS);
}

static enum storage_status read_counter(struct db_conn *conn, int64_t *ret)
{
    DB_ROWS(rows);
    enum storage_status s = db_first(conn, &rows, "SELECT n FROM conf_counter WHERE id = 1", DB_NO_ARGS);
    if (s != STORAGE_ROW)
        return s == STORAGE_DONE ? STORAGE_ERROR : s;
    *ret = db_col_int(&rows, 0);
    return STORAGE_OK;
}

/* Reads, then writes what it read plus one: the classic lost update. */
static enum storage_status read_and_raise(struct db_conn *conn, void *context)
{
    (void)context;
    int64_t n = 0;
    enum storage_status s = read_counter(conn, &n);
    if (s != STORAGE_OK)
        return s;
    return db_exec(conn, "UPDATE conf_counter SET n = $1 WHERE id = 1", DB_ARGS(db_int(n + 1)), NULL);
}

#define RAISES 25

static void raise_worker(struct db_conn *conn, int number, void *context)
{
    (void)number;
    for (int i = 0; i < RAISES; i++)
        count(context, patiently(conn, read_and_raise, NULL));
}

static void test_concurrency__no_update_is_lost(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    start_counter(fixture->conn, 0);
    run_threads(fixture->db, THREADS, raise_worker, &tally);
    assert_int_equal(tally.ok, THREADS * RAISES);
    assert_int_equal(counter(fixture->conn), THREADS * RAISES);
}

/* Two on call, each may leave only while the other stays: a write skew would let both go. */
static enum storage_status leave_call(struct db_conn *conn, void *context)
{
    const int *number = context;
    int64_t on_call;
    {
        DB_ROWS(rows);
        enum storage_status s =
            db_first(conn, &rows, "SELECT COUNT(*) FROM conf_counter WHERE n = 1", DB_NO_ARGS);
        if (s != STORAGE_ROW)
            return s;
        on_call = db_col_int(&rows, 0);
    }
    if (on_call < 2)
        return STORAGE_DONE;
    return db_exec(conn, "UPDATE conf_counter SET n = 0 WHERE id = $1", DB_ARGS(db_int(*number)), NULL);
}

static void leave_worker(struct db_conn *conn, int number, void *context)
{
    count(context, patiently(conn, leave_call, &number));
}

static void test_concurrency__no_write_skew(void **state)
{
    struct fixture *fixture = *state;
    for (int round = 0; round < 10; round++) {
        struct tally tally = { 0 };
        assert_status(db_write(fixture->conn, "DELETE FROM conf_counter", DB_NO_ARGS), STORAGE_OK);
        for (int i = 0; i < 4; i++)
            assert_status(db_write(fixture->conn, "INSERT INTO conf_counter (id, n) VALUES ($1, 1)",
                                   DB_ARGS(db_int(i))),
                          STORAGE_OK);
        run_threads(fixture->db, 4, leave_worker, &tally);
        assert_int_equal(tally.ok, 3);
        assert_int_equal(tally.refused, 1);
        assert_int_equal(
            db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_counter WHERE n = 1", DB_NO_ARGS), 1);
    }
}

#define KEYS 30

static enum storage_status claim(struct db_conn *conn, void *context)
{
    return db_exec(conn, "INSERT INTO conf_item (id) VALUES ($1)", DB_ARGS(db_int(*(int *)context)), NULL);
}

static void claim_worker(struct db_conn *conn, int number, void *context)
{
    (void)number;
    for (int key = 0; key < KEYS; key++)
        count(context, patiently(conn, claim, &key));
}

static void test_concurrency__a_unique_key_has_one_winner(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    run_threads(fixture->db, THREADS, claim_worker, &tally);
    assert_int_equal(tally.ok, KEYS);
    assert_int_equal(tally.conflicts, KEYS * (THREADS - 1));
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), KEYS);
}

#define TAKERS        200
#define SEATS         37
#define TAKER_THREADS 20

static enum storage_status take_seat(struct db_conn *conn, void *context)
{
    int64_t changes = 0;
    enum storage_status s = db_exec(conn, "UPDATE conf_counter SET n = n + 1 WHERE id = 1 AND n < $1",
                                    DB_ARGS(db_int(SEATS)), &changes);
    if (s != STORAGE_OK)
        return s;
    if (changes == 0)
        return STORAGE_DONE;
    return db_exec(conn, "INSERT INTO conf_item (id) VALUES ($1)", DB_ARGS(db_int(*(int *)context)), NULL);
}

static void seat_worker(struct db_conn *conn, int number, void *context)
{
    for (int i = 0; i < TAKERS / TAKER_THREADS; i++) {
        int taker = number * TAKERS + i;
        count(context, patiently(conn, take_seat, &taker));
    }
}

static void test_concurrency__a_limit_is_kept_exactly(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    start_counter(fixture->conn, 0);
    run_threads(fixture->db, TAKER_THREADS, seat_worker, &tally);
    assert_int_equal(tally.ok, SEATS);
    assert_int_equal(tally.refused, TAKERS - SEATS);
    assert_int_equal(counter(fixture->conn), SEATS);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), SEATS);
}

/* Each third writes and refuses, each third runs into a constraint, each third commits. */
static enum storage_status mixed(struct db_conn *conn, void *context)
{
    int id = *(int *)context;
    enum storage_status s =
        db_exec(conn, "INSERT INTO conf_item (id, n) VALUES ($1, 1)", DB_ARGS(db_int(id)), NULL);
    if (s != STORAGE_OK)
        return s;
    if (id % 3 == 0)
        return STORAGE_DONE;
    if (id % 3 == 1)
        return db_exec(conn, "INSERT INTO conf_child (id, item, note) VALUES ($1, -1, 'x')",
                       DB_ARGS(db_int(id)), NULL);
    return db_exec(conn, "UPDATE conf_counter SET n = n + 1 WHERE id = 1", DB_NO_ARGS, NULL);
}

#define MIXED 30

static void mixed_worker(struct db_conn *conn, int number, void *context)
{
    for (int i = 0; i < MIXED; i++) {
        int id = number * MIXED + i;
        count(context, patiently(conn, mixed, &id));
    }
}

static void test_concurrency__who_rolls_back_leaves_neighbours_alone(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    start_counter(fixture->conn, 0);
    run_threads(fixture->db, THREADS, mixed_worker, &tally);
    assert_int_equal(tally.ok, THREADS * MIXED / 3);
    assert_int_equal(tally.refused, THREADS * MIXED / 3);
    assert_int_equal(tally.failures, THREADS * MIXED / 3); /* the foreign key */
    assert_int_equal(counter(fixture->conn), THREADS * MIXED / 3);
    assert_int_equal(
        db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item WHERE id % 3 <> 2", DB_NO_ARGS), 0);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS),
                     THREADS * MIXED / 3);
}

/* Writers keep two rows' sum at zero; whoever reads both in one transaction sees zero. */
static enum storage_status move(struct db_conn *conn, void *context)
{
    (void)context;
    enum storage_status s = db_exec(conn, "UPDATE conf_counter SET n = n + 1 WHERE id = 1", DB_NO_ARGS, NULL);
    return s == STORAGE_OK ? db_exec(conn, "UPDATE conf_counter SET n = n - 1 WHERE id = 2", DB_NO_ARGS, NULL)
                           : s;
}

static enum storage_status look(struct db_conn *conn, void *context)
{
    int64_t *sum = context;
    *sum = 0;
    for (int id = 1; id <= 2; id++) {
        DB_ROWS(rows);
        enum storage_status s =
            db_first(conn, &rows, "SELECT n FROM conf_counter WHERE id = $1", DB_ARGS(db_int(id)));
        if (s != STORAGE_ROW)
            return s == STORAGE_DONE ? STORAGE_ERROR : s;
        *sum += db_col_int(&rows, 0);
    }
    return STORAGE_OK;
}

static void move_or_look(struct db_conn *conn, int number, void *context)
{
    struct tally *tally = context;
    for (int i = 0; i < 40; i++) {
        int64_t sum = 0;
        enum storage_status s =
            number % 2 ? patiently(conn, move, NULL) : db_transaction(conn, STORAGE_READ, look, &sum);
        count(tally, s == STORAGE_OK && sum != 0 ? STORAGE_ERROR : s);
    }
}

static void test_concurrency__readers_see_whole_transactions(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    start_counter(fixture->conn, 0);
    assert_status(db_write(fixture->conn, "INSERT INTO conf_counter (id, n) VALUES (2, 0)", DB_NO_ARGS),
                  STORAGE_OK);
    run_threads(fixture->db, 6, move_or_look, &tally);
    assert_int_equal(tally.failures, 0);
    assert_int_equal(tally.ok, 6 * 40);
    assert_int_equal(counter(fixture->conn), 3 * 40);
}

/* What was acknowledged is seen by a read that begins afterwards, on any connection. */
static void acknowledge_worker(struct db_conn *conn, int number, void *context)
{
    struct fixture *shared = ((void **)context)[0];
    struct tally *tally = ((void **)context)[1];
    struct db_conn *reader = db_connect(shared->db);
    for (int i = 0; i < 20; i++) {
        int id = number * 100 + i;
        enum storage_status s = patiently(conn, claim, &id);
        DB_ROWS(rows);
        if (s == STORAGE_OK && db_first(reader, &rows, "SELECT id FROM conf_item WHERE id = $1",
                                        DB_ARGS(db_int(id))) != STORAGE_ROW)
            s = STORAGE_ERROR;
        count(tally, s);
    }
    db_disconnect(&reader);
}

static void test_concurrency__what_is_acknowledged_is_seen(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    void *context[] = { fixture, &tally };
    run_threads(fixture->db, THREADS, acknowledge_worker, context);
    assert_int_equal(tally.ok, THREADS * 20);
}

static const struct CMUnitTest tests[] = {
    DB_CASE(test_concurrency__no_update_is_lost),
    DB_CASE(test_concurrency__no_write_skew),
    DB_CASE(test_concurrency__a_unique_key_has_one_winner),
    DB_CASE(test_concurrency__a_limit_is_kept_exactly),
    DB_CASE(test_concurrency__who_rolls_back_leaves_neighbours_alone),
    DB_CASE(test_concurrency__readers_see_whole_transactions),
    DB_CASE(test_concurrency__what_is_acknowledged_is_seen),
};
GROUP(concurrency_group, "concurrency", tests);
