/* The decorators: they change nothing but what they are for. */
#include "storage_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "backend_sqlite/driver.h"
#include "base/log.h"
#include "storage/decorate.h"

static struct db *open_decorated(const struct storage_driver *driver)
{
    static const struct storage_setting settings[] = { { "path", ":memory:" } };
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    if (db_open_driver(driver, settings, 1, &db, &error) != STORAGE_OK)
        fail_msg("%s", error.text);
    return db;
}

static void test_decorate__trace_logs_each_call(void **state)
{
    (void)state;
    char text[8192] = "";
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct db *db = open_decorated(storage_trace(&sqlite_driver));
    struct db_conn *conn = db_connect(db);
    log_set_fd(fds[1]);
    log_set_level(LOG_DEBUG);
    assert_int_equal(read_int(conn, "SELECT 7"), 7);
    DB_ROWS(rows);
    assert_status(db_query(conn, &rows, "BROKEN", DB_NO_ARGS), STORAGE_ERROR);
    log_set_level(LOG_WARN);
    log_set_fd(STDERR_FILENO);
    close(fds[1]);
    assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
    close(fds[0]);
    assert_non_null(strstr(text, "\"call\":\"connect\""));
    assert_non_null(strstr(text, "\"call\":\"step\",\"status\":\"row\""));
    assert_non_null(strstr(text, "\"call\":\"run\",\"status\":\"storage error\""));
    db_disconnect(&conn);
    db_close(&db);
}

static void test_decorate__fault_counts_and_fails_the_nth_call(void **state)
{
    (void)state;
    struct db *db = open_decorated(storage_fault(&sqlite_driver));
    struct db_conn *conn = db_connect(db);
    assert_status(db_ping(conn), STORAGE_OK);
    storage_fault_set(2, STORAGE_FULL, false);
    assert_status(db_ping(conn), STORAGE_OK);
    assert_status(db_ping(conn), STORAGE_FULL);
    assert_non_null(strstr(db_error(conn), "on purpose"));
    assert_status(db_ping(conn), STORAGE_OK);
    assert_int_equal(storage_fault_calls(), 3);
    storage_fault_set(1, STORAGE_BUSY, true);
    assert_status(db_ping(conn), STORAGE_BUSY);
    assert_status(db_ping(conn), STORAGE_BUSY);
    storage_fault_set(0, STORAGE_OK, false);
    assert_status(db_ping(conn), STORAGE_OK);
    db_disconnect(&conn);
    db_close(&db);
}

static void test_decorate__a_fault_at_open_says_so(void **state)
{
    (void)state;
    static const struct storage_setting settings[] = { { "path", ":memory:" } };
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    const struct storage_driver *driver = storage_fault(&sqlite_driver);
    storage_fault_set(1, STORAGE_ERROR, false);
    assert_status(db_open_driver(driver, settings, 1, &db, &error), STORAGE_ERROR);
    assert_non_null(strstr(error.text, "on purpose"));
    storage_fault_set(0, STORAGE_OK, false);
}

/* Of uncertain commits some happened and some did not. */
static void test_decorate__uncertain_commits_are_both(void **state)
{
    (void)state;
    struct db *db = open_decorated(storage_fault(&sqlite_driver));
    struct db_conn *conn = db_connect(db);
    assert_status(write_sql(conn, "CREATE TABLE t (id BIGINT)"), STORAGE_OK);
    for (int i = 0; i < 4; i++) {
        assert_status(db_ping(conn), STORAGE_OK);
        storage_fault_set(5, STORAGE_UNCERTAIN, false); /* begin, prepare, run, step, commit */
        assert_status(write_sql(conn, "INSERT INTO t (id) VALUES (1)"), STORAGE_UNCERTAIN);
        storage_fault_set(0, STORAGE_OK, false);
    }
    assert_int_equal(read_int(conn, "SELECT COUNT(*) FROM t"), 2);
    db_disconnect(&conn);
    db_close(&db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decorate__trace_logs_each_call),
        cmocka_unit_test(test_decorate__fault_counts_and_fails_the_nth_call),
        cmocka_unit_test(test_decorate__a_fault_at_open_says_so),
        cmocka_unit_test(test_decorate__uncertain_commits_are_both),
    };
    log_set_level(LOG_WARN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
