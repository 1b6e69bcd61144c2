/* Transactions: whole or not at all, snapshots, deadlines. */
#include "base/clock.h"
#include "conformance.h"

#define COUNT_ITEMS "SELECT COUNT(*) FROM conf_item"

static void insert(struct storage_conn *conn, int64_t id)
{
    assert_status(raw_exec(conn, "INSERT INTO conf_item (id, n) VALUES ($1, $1)", DB_ARGS(db_int(id))),
                  STORAGE_OK);
}

static void begin(struct storage_conn *conn, enum storage_mode mode)
{
    assert_status(suite.driver->begin(conn, mode), STORAGE_OK);
}

static void test_transactions__a_commit_is_seen_by_others_a_rollback_is_not(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    begin(raw->conn, STORAGE_WRITE);
    insert(raw->conn, 1);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 1);
    assert_int_equal(raw_int(raw->other, COUNT_ITEMS, DB_NO_ARGS), 0);
    assert_status(driver->commit(raw->conn), STORAGE_OK);
    assert_int_equal(raw_int(raw->other, COUNT_ITEMS, DB_NO_ARGS), 1);
    begin(raw->conn, STORAGE_WRITE);
    insert(raw->conn, 2);
    driver->rollback(raw->conn);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 1);
    assert_int_equal(raw_int(raw->other, COUNT_ITEMS, DB_NO_ARGS), 1);
}

static void test_transactions__wrong_order_is_refused_and_harmless(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    driver->rollback(raw->conn);
    assert_int_not_equal(driver->commit(raw->conn), STORAGE_OK);
    begin(raw->conn, STORAGE_WRITE);
    insert(raw->conn, 1);
    assert_int_not_equal(driver->begin(raw->conn, STORAGE_WRITE), STORAGE_OK);
    driver->rollback(raw->conn);
    driver->rollback(raw->conn);
    begin(raw->conn, STORAGE_READ);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 0);
    assert_status(driver->commit(raw->conn), STORAGE_OK);
}

static void test_transactions__a_read_sees_one_moment(void **state)
{
    struct raw *raw = *state;
    begin(raw->conn, STORAGE_READ);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 0);
    assert_status(raw_write(raw->other, "INSERT INTO conf_item (id, name) VALUES (1, 'new')", DB_NO_ARGS),
                  STORAGE_OK);
    assert_status(
        raw_write(raw->other, "INSERT INTO conf_child (id, item, note) VALUES (1, 1, 'new')", DB_NO_ARGS),
        STORAGE_OK);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 0);
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_child", DB_NO_ARGS), 0);
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 1);
}

static void test_transactions__after_a_failed_statement_rollback_mends(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    begin(raw->conn, STORAGE_WRITE);
    insert(raw->conn, 1);
    assert_status(raw_exec(raw->conn, "INSERT INTO conf_item (id) VALUES (1)", DB_NO_ARGS), STORAGE_CONFLICT);
    driver->rollback(raw->conn);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 0);
    begin(raw->conn, STORAGE_WRITE);
    insert(raw->conn, 1);
    assert_status(driver->commit(raw->conn), STORAGE_OK);
    assert_int_equal(raw_int(raw->other, COUNT_ITEMS, DB_NO_ARGS), 1);
}

static void test_transactions__disconnecting_rolls_back(void **state)
{
    struct raw *raw = *state;
    struct storage_conn *leaver = raw_connect(raw->db);
    begin(leaver, STORAGE_WRITE);
    insert(leaver, 1);
    struct storage_stmt *left_open = raw_prepare(leaver, COUNT_ITEMS);
    assert_status(suite.driver->run(left_open, NULL, 0), STORAGE_OK);
    suite.driver->disconnect(leaver);
    assert_status(raw_write(raw->conn, "INSERT INTO conf_item (id) VALUES (1)", DB_NO_ARGS), STORAGE_OK);
    assert_int_equal(raw_int(raw->other, COUNT_ITEMS, DB_NO_ARGS), 1);
}

static void test_transactions__schema_changes_roll_back_too(void **state)
{
    struct raw *raw = *state;
    begin(raw->conn, STORAGE_WRITE);
    assert_status(suite.driver->script(raw->conn,
                                       "CREATE TABLE conf_never (id BIGINT); -- a comment; with a semicolon\n"
                                       "INSERT INTO conf_never (id) VALUES (1);\n"
                                       "INSERT INTO conf_item (id, name) VALUES (1, 'a;b')"),
                  STORAGE_OK);
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_never", DB_NO_ARGS), 1);
    suite.driver->rollback(raw->conn);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 0);
    assert_int_not_equal(raw_exec(raw->conn, "SELECT id FROM conf_never", DB_NO_ARGS), STORAGE_OK);
}

static void test_transactions__a_script_that_fails_leaves_nothing(void **state)
{
    struct raw *raw = *state;
    begin(raw->conn, STORAGE_WRITE);
    assert_int_not_equal(suite.driver->script(raw->conn, "INSERT INTO conf_item (id) VALUES (1); BROKEN; "
                                                         "INSERT INTO conf_item (id) VALUES (2)"),
                         STORAGE_OK);
    assert_true(strlen(suite.driver->error(raw->conn)) > 0);
    suite.driver->rollback(raw->conn);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 0);
}

/* Two writers of the same row: the one that waits is told by its deadline, and neither is harmed. */
static void test_transactions__waiting_for_a_writer_ends_at_the_deadline(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    assert_status(raw_write(raw->conn, "INSERT INTO conf_counter (id, n) VALUES (1, 0)", DB_NO_ARGS),
                  STORAGE_OK);
    begin(raw->conn, STORAGE_WRITE);
    assert_status(raw_exec(raw->conn, "UPDATE conf_counter SET n = n + 1", DB_NO_ARGS), STORAGE_OK);

    int64_t began = clock_monotonic_ms();
    driver->deadline(raw->other, began + 150);
    enum storage_status s = raw_write(raw->other, "UPDATE conf_counter SET n = n + 10", DB_NO_ARGS);
    assert_true(s == STORAGE_BUSY || s == STORAGE_GONE);
    assert_true(clock_monotonic_ms() >= began + 100); /* it did wait */

    assert_status(driver->commit(raw->conn), STORAGE_OK);
    if (s == STORAGE_GONE) {
        driver->disconnect(raw->other);
        raw->other = raw_connect(raw->db);
    }
    driver->deadline(raw->other, 0);
    assert_status(raw_write(raw->other, "UPDATE conf_counter SET n = n + 100", DB_NO_ARGS), STORAGE_OK);
    assert_int_equal(raw_int(raw->conn, "SELECT n FROM conf_counter", DB_NO_ARGS), 101);
}

static void test_transactions__a_deadline_that_passed_fails_at_once(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    driver->deadline(raw->conn, clock_monotonic_ms() - 1000);
    enum storage_status s = raw_exec(raw->conn, "SELECT id FROM conf_item", DB_NO_ARGS);
    assert_true(s == STORAGE_GONE || s == STORAGE_BUSY);
    driver->disconnect(raw->conn);
    raw->conn = raw_connect(raw->db);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 0);
}

/* A statement that would run for ages. */
static void test_transactions__a_long_statement_ends_at_the_deadline(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    driver->deadline(raw->conn, clock_monotonic_ms() + 150);
    enum storage_status s =
        raw_exec(raw->conn,
                 "WITH RECURSIVE t (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 2000000000) "
                 "SELECT COUNT(*) FROM t",
                 DB_NO_ARGS);
    assert_true(s == STORAGE_GONE || s == STORAGE_BUSY);
    driver->disconnect(raw->conn);
    raw->conn = raw_connect(raw->db);
    assert_int_equal(raw_int(raw->conn, COUNT_ITEMS, DB_NO_ARGS), 0);
}

static void test_transactions__ping_answers_also_after_a_failure(void **state)
{
    struct raw *raw = *state;
    assert_status(suite.driver->ping(raw->conn), STORAGE_OK);
    assert_int_not_equal(raw_exec(raw->conn, "BROKEN", DB_NO_ARGS), STORAGE_OK);
    assert_status(suite.driver->ping(raw->conn), STORAGE_OK);
}

static const struct CMUnitTest tests[] = {
    RAW_CASE(test_transactions__a_commit_is_seen_by_others_a_rollback_is_not),
    RAW_CASE(test_transactions__wrong_order_is_refused_and_harmless),
    RAW_CASE(test_transactions__a_read_sees_one_moment),
    RAW_CASE(test_transactions__after_a_failed_statement_rollback_mends),
    RAW_CASE(test_transactions__disconnecting_rolls_back),
    RAW_CASE(test_transactions__schema_changes_roll_back_too),
    RAW_CASE(test_transactions__a_script_that_fails_leaves_nothing),
    RAW_CASE(test_transactions__waiting_for_a_writer_ends_at_the_deadline),
    RAW_CASE(test_transactions__a_deadline_that_passed_fails_at_once),
    RAW_CASE(test_transactions__a_long_statement_ends_at_the_deadline),
    RAW_CASE(test_transactions__ping_answers_also_after_a_failure),
};
GROUP(transactions_group, "transactions", tests);
