/* Every call of a small scenario fails in turn, with every status, once and for good. After each: what was
 * acknowledged is there, what failed is not, what is uncertain is there whole or not at all, and the next
 * attempt works. Runs with --fault. */
#include "conformance.h"
#include "storage/decorate.h"

#define CALLS_MAX 200

static const enum storage_status statuses[] = { STORAGE_CONFLICT,  STORAGE_REFERENCE, STORAGE_INVALID,
                                                STORAGE_BUSY,      STORAGE_GONE,      STORAGE_FULL,
                                                STORAGE_UNCERTAIN, STORAGE_ERROR };

/* Reads, writes twice, tells others. */
static enum storage_status scenario(struct db_conn *conn, void *context)
{
    int64_t id = *(int64_t *)context;
    {
        DB_ROWS(rows);
        enum storage_status s = db_first(conn, &rows, "SELECT n FROM conf_counter WHERE id = 1", DB_NO_ARGS);
        if (s != STORAGE_ROW)
            return s == STORAGE_DONE ? STORAGE_ERROR : s;
    }
    enum storage_status s =
        db_exec(conn, "INSERT INTO conf_item (id, n) VALUES ($1, 1)", DB_ARGS(db_int(id)), NULL);
    if (s == STORAGE_OK)
        s = db_exec(conn, "INSERT INTO conf_child (id, item, note) VALUES ($1, $1, 'x')", DB_ARGS(db_int(id)),
                    NULL);
    if (s == STORAGE_OK)
        s = db_notify(conn, "conf_channel", "x");
    return s;
}

static int64_t rows_of(struct db_conn *conn, int64_t id)
{
    return db_read_int(conn,
                       "SELECT (SELECT COUNT(*) FROM conf_item WHERE id = $1) + "
                       "(SELECT COUNT(*) FROM conf_child WHERE id = $1)",
                       DB_ARGS(db_int(id)));
}

static void assert_outcome(struct db_conn *conn, int64_t id, enum storage_status s)
{
    int64_t rows = rows_of(conn, id);
    if (s == STORAGE_UNCERTAIN)
        assert_true(rows == 0 || rows == 2);
    else
        assert_int_equal(rows, s == STORAGE_OK ? 2 : 0);
}

/* One run with call `nth` failing. False when the scenario makes fewer calls. */
static bool fail_call(struct fixture *fixture, int nth, enum storage_status status, bool persistent,
                      int64_t id)
{
    struct db_conn *conn = db_connect(fixture->db);
    storage_fault_set(nth, status, persistent);
    enum storage_status s = db_transaction(conn, STORAGE_WRITE, scenario, &id);
    int calls = storage_fault_calls();
    storage_fault_set(0, STORAGE_OK, false);
    assert_outcome(fixture->conn, id, s);
    if (persistent && calls >= nth)
        assert_int_not_equal(s, STORAGE_OK);
    if (!persistent && (status == STORAGE_BUSY || status == STORAGE_GONE) && calls > 2)
        assert_status(s, STORAGE_OK); /* tried again */

    int64_t next = id + 1; /* the same connection works */
    s = db_transaction(conn, STORAGE_WRITE, scenario, &next);
    for (int i = 0; s == STORAGE_GONE && i < 20; i++) { /* it backs off after a refused connect */
        struct timespec pause = { .tv_nsec = 20 * 1000000 };
        nanosleep(&pause, NULL);
        s = db_transaction(conn, STORAGE_WRITE, scenario, &next);
    }
    assert_status(s, STORAGE_OK);
    assert_outcome(fixture->conn, next, STORAGE_OK);
    db_disconnect(&conn);
    return calls >= nth;
}

static void fail_each_call(struct fixture *fixture, bool persistent)
{
    if (!suite.faults)
        skip();
    assert_status(db_write(fixture->conn, "INSERT INTO conf_counter (id, n) VALUES (1, 1)", DB_NO_ARGS),
                  STORAGE_OK);
    int64_t id = 0;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        int nth = 1;
        while (nth < CALLS_MAX && fail_call(fixture, nth, statuses[i], persistent, id += 2))
            nth++;
        assert_in_range(nth, 10, CALLS_MAX - 1);
    }
}

static void test_fault__each_call_failing_once(void **state)
{
    fail_each_call(*state, false);
}

static void test_fault__each_call_failing_for_good(void **state)
{
    fail_each_call(*state, true);
}

static void test_fault__a_read_that_finds_its_connection_lost_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    if (!suite.faults)
        skip();
    assert_status(db_write(fixture->conn, "INSERT INTO conf_counter (id, n) VALUES (1, 7)", DB_NO_ARGS),
                  STORAGE_OK);
    assert_int_equal(db_read_int(fixture->conn, "SELECT n FROM conf_counter WHERE id = 1", DB_NO_ARGS), 7);
    for (int nth = 1; nth <= 2; nth++) { /* the run, the first step */
        storage_fault_set(nth, STORAGE_GONE, false);
        assert_int_equal(db_read_int(fixture->conn, "SELECT n FROM conf_counter WHERE id = 1", DB_NO_ARGS),
                         7);
        storage_fault_set(0, STORAGE_OK, false);
    }
}

static const struct storage_driver *driver_before;

static int set_up(void **state)
{
    driver_before = suite.driver;
    if (suite.faults)
        suite.driver = storage_fault(suite.for_faults);
    return db_setup(state);
}

static int tear_down(void **state)
{
    int result = db_teardown(state);
    suite.driver = driver_before;
    return result;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_fault__each_call_failing_once, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_fault__each_call_failing_for_good, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_fault__a_read_that_finds_its_connection_lost_is_tried_again,
                                    db_setup, db_teardown),
};
GROUP(fault_group, "fault", tests);
