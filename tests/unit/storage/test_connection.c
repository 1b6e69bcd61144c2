/* Connections: made on first use, given up, made again with backoff. */
#include "storage_fixture.h"

#include "backend_sqlite/driver.h"
#include "base/clock.h"

static int connects_asked;
static bool away;

static enum storage_status maybe_connect(struct storage_db *db, int64_t deadline_ms,
                                         struct storage_conn **ret, struct storage_error *error)
{
    connects_asked++;
    if (!away)
        return sqlite_driver.connect(db, deadline_ms, ret, error);
    assert_true(deadline_ms > clock_monotonic_ms() - 1000);
    *error = (struct storage_error){ STORAGE_GONE, "the engine is away" };
    return STORAGE_GONE;
}

static void test_connection__is_made_on_first_use(void **state)
{
    struct fixture *fixture = *state;
    struct db_conn *conn = db_connect(fixture->db);
    assert_int_equal(counts.connects, 0);
    assert_string_equal(db_error(conn), "");
    assert_status(db_ping(conn), STORAGE_OK);
    assert_int_equal(counts.connects, 1);
    db_disconnect(&conn);
    assert_null(conn);
    db_disconnect(&conn); /* harmless */
}

static void test_connection__backs_off_while_the_engine_is_away(void **state)
{
    struct fixture *fixture = *state;
    struct db_conn *conn = db_connect(fixture->db);
    counting_driver.connect = maybe_connect;
    connects_asked = 0;
    away = true;
    int64_t began = clock_monotonic_ms();
    int calls = 0;
    while (connects_asked < 3) {
        assert_status(db_ping(conn), STORAGE_GONE);
        assert_string_equal(db_error(conn), "the engine is away");
        calls++;
    }
    assert_true(clock_monotonic_ms() - began >= 50 + 100);
    assert_true(calls > 3);
    away = false;
    enum storage_status s;
    while ((s = db_ping(conn)) == STORAGE_GONE)
        continue; /* it waits out its pause, without asking */
    assert_int_equal(connects_asked, 4);
    assert_status(s, STORAGE_OK);
    db_disconnect(&conn);
}

static enum storage_status plain_run(struct db_conn *conn, void *context)
{
    (void)conn;
    (void)context;
    return STORAGE_OK;
}

static void test_connection__everything_answers_gone_while_the_engine_is_away(void **state)
{
    struct fixture *fixture = *state;
    struct db_conn *conn = db_connect(fixture->db);
    struct storage_error error = { STORAGE_OK, "" };
    counting_driver.connect = maybe_connect;
    away = true;
    int version = 0;
    DB_ROWS(rows);
    assert_status(db_query(conn, &rows, "SELECT 1", DB_NO_ARGS), STORAGE_GONE);
    assert_status(db_next(&rows), STORAGE_GONE);
    assert_status(db_transaction(conn, STORAGE_READ, plain_run, NULL), STORAGE_GONE);
    assert_status(db_schema_version(conn, &version), STORAGE_GONE);
    assert_status(db_migrate(conn, NULL, NULL, NULL, NULL), STORAGE_GONE);
    assert_status(db_backup(conn, "unused", &error), STORAGE_GONE);
    assert_non_null(strstr(error.text, "away"));
    away = false;
    db_disconnect(&conn);
}

static int steps_to_lose;

static enum storage_status losing_step(struct storage_stmt *stmt)
{
    if (steps_to_lose == 0 || --steps_to_lose > 0)
        return sqlite_driver.step(stmt);
    sqlite_driver.reset(stmt);
    return STORAGE_GONE;
}

static void test_connection__a_read_is_tried_once_more(void **state)
{
    struct fixture *fixture = *state;
    counting_driver.step = losing_step;
    steps_to_lose = 1;
    assert_int_equal(read_int(fixture->conn, "SELECT COUNT(*) FROM t"), 3);
    assert_int_equal(counts.connects, 1);
}

static void test_connection__rows_handed_out_are_not_begun_again(void **state)
{
    struct fixture *fixture = *state;
    counting_driver.step = losing_step;
    steps_to_lose = 2;
    DB_ROWS(rows);
    DB_ROWS(others);
    assert_status(db_first(fixture->conn, &rows, "SELECT id FROM t ORDER BY id", DB_NO_ARGS), STORAGE_ROW);
    steps_to_lose = 0;
    assert_status(db_first(fixture->conn, &others, "SELECT id FROM t WHERE id > 1 ORDER BY id", DB_NO_ARGS),
                  STORAGE_ROW);
    steps_to_lose = 1;
    assert_status(db_next(&rows), STORAGE_GONE);
    assert_status(db_next(&rows), STORAGE_GONE);
    assert_status(db_next(&others), STORAGE_GONE); /* it lost its connection too */
    assert_int_equal(read_int(fixture->conn, "SELECT COUNT(*) FROM t"), 3);
}

static struct storage_conn *told;

static void note_seldom(struct storage_conn *conn)
{
    told = conn;
}

static void test_connection__the_driver_is_told_of_each_that_reads_seldom(void **state)
{
    struct fixture *fixture = *state;
    counting_driver.reads_seldom = note_seldom;
    struct db_conn *often = db_connect(fixture->db), *seldom = db_connect_seldom(fixture->db);
    told = NULL;
    assert_status(db_ping(often), STORAGE_OK);
    assert_null(told);
    assert_status(db_ping(seldom), STORAGE_OK);
    assert_non_null(told);
    told = NULL;
    counting_driver.step = losing_step;
    steps_to_lose = 1; /* a new connection is made for the second attempt */
    assert_int_equal(read_int(seldom, "SELECT COUNT(*) FROM t"), 3);
    assert_non_null(told);
    counting_driver.reads_seldom = NULL; /* a driver need not care */
    steps_to_lose = 1;
    assert_int_equal(read_int(seldom, "SELECT COUNT(*) FROM t"), 3);
    db_disconnect(&often);
    db_disconnect(&seldom);
}

static void test_connection__sqlite_maps_nothing_for_who_reads_seldom(void **state)
{
    struct fixture *fixture = *state;
    struct db_conn *seldom = db_connect_seldom(fixture->db);
    assert_true(read_int(fixture->conn, "PRAGMA mmap_size") > 0);
    assert_int_equal(read_int(seldom, "PRAGMA mmap_size"), 0);
    assert_int_equal(read_int(seldom, "PRAGMA query_only"), 1);
    db_disconnect(&seldom);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORAGE_CASE(test_connection__is_made_on_first_use),
        STORAGE_CASE(test_connection__backs_off_while_the_engine_is_away),
        STORAGE_CASE(test_connection__everything_answers_gone_while_the_engine_is_away),
        STORAGE_CASE(test_connection__a_read_is_tried_once_more),
        STORAGE_CASE(test_connection__rows_handed_out_are_not_begun_again),
        STORAGE_CASE(test_connection__the_driver_is_told_of_each_that_reads_seldom),
        STORAGE_CASE(test_connection__sqlite_maps_nothing_for_who_reads_seldom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
