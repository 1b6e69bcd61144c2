/* Statements: runs, rows, counts, early ends, and what is refused. */
#include "conformance.h"

static void fill(struct storage_conn *conn, int rows)
{
    assert_status(suite.driver->begin(conn, STORAGE_WRITE), STORAGE_OK);
    for (int i = 1; i <= rows; i++)
        assert_status(raw_exec(conn, "INSERT INTO conf_item (id, n) VALUES ($1, $2)",
                               DB_ARGS(db_int(i), db_int(i * 10))),
                      STORAGE_OK);
    assert_status(suite.driver->commit(conn), STORAGE_OK);
}

static void run(struct storage_stmt *stmt, struct db_args args)
{
    assert_status(suite.driver->run(stmt, args.at, args.n), STORAGE_OK);
}

static int64_t step_int(struct storage_stmt *stmt)
{
    struct storage_value value;
    assert_status(suite.driver->step(stmt), STORAGE_ROW);
    assert_status(suite.driver->column(stmt, 0, &value), STORAGE_OK);
    assert_int_equal(value.type, STORAGE_INT);
    return value.integer;
}

#define SELECT_FROM "SELECT id FROM conf_item WHERE id >= $1 ORDER BY id"

static void test_statements__a_statement_runs_again_with_other_arguments(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn, 3);
    struct storage_stmt *stmt = raw_prepare(raw->conn, SELECT_FROM);
    for (int first = 3; first >= 1; first--) {
        run(stmt, DB_ARGS(db_int(first)));
        for (int id = first; id <= 3; id++)
            assert_int_equal(step_int(stmt), id);
        assert_status(suite.driver->step(stmt), STORAGE_DONE);
    }
    suite.driver->finalize(stmt);
}

static void test_statements__a_new_run_abandons_the_earlier_one(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn, 3);
    struct storage_stmt *stmt = raw_prepare(raw->conn, SELECT_FROM);
    run(stmt, DB_ARGS(db_int(1)));
    assert_int_equal(step_int(stmt), 1);
    run(stmt, DB_ARGS(db_int(3)));
    assert_int_equal(step_int(stmt), 3);
    assert_status(suite.driver->step(stmt), STORAGE_DONE);
    suite.driver->finalize(stmt);
}

static void test_statements__a_run_ends_early(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn, 3);
    struct storage_stmt *stmt = raw_prepare(raw->conn, SELECT_FROM);
    suite.driver->reset(stmt); /* harmless without a run */
    run(stmt, DB_ARGS(db_int(1)));
    assert_int_equal(step_int(stmt), 1);
    suite.driver->reset(stmt);
    suite.driver->reset(stmt);
    struct storage_value value;
    assert_status(suite.driver->column(stmt, 0, &value), STORAGE_INVALID);
    assert_status(raw_write(raw->conn, "DELETE FROM conf_item", DB_NO_ARGS), STORAGE_OK);
    run(stmt, DB_ARGS(db_int(1)));
    suite.driver->finalize(stmt); /* ends a run too */
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 0);
}

static void test_statements__several_run_at_the_same_time(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn, 3);
    for (int mode = 0; mode < 2; mode++) { /* reading, then in a write transaction */
        if (mode == 1)
            assert_status(suite.driver->begin(raw->conn, STORAGE_WRITE), STORAGE_OK);
        struct storage_stmt *outer = raw_prepare(raw->conn, SELECT_FROM);
        struct storage_stmt *inner = raw_prepare(raw->conn, SELECT_FROM); /* the same text, another run */
        run(outer, DB_ARGS(db_int(1)));
        for (int i = 1; i <= 3; i++) {
            assert_int_equal(step_int(outer), i);
            run(inner, DB_ARGS(db_int(i)));
            assert_int_equal(step_int(inner), i);
            if (mode == 1)
                assert_status(
                    raw_exec(raw->conn, "UPDATE conf_item SET n = n + 1 WHERE id = $1", DB_ARGS(db_int(i))),
                    STORAGE_OK);
        }
        assert_status(suite.driver->step(outer), STORAGE_DONE);
        suite.driver->finalize(inner);
        suite.driver->finalize(outer);
    }
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
    assert_int_equal(raw_int(raw->conn, "SELECT CAST(SUM(n) AS BIGINT) FROM conf_item", DB_NO_ARGS), 63);
}

static void test_statements__returning_gives_rows(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn, 3);
    assert_status(suite.driver->begin(raw->conn, STORAGE_WRITE), STORAGE_OK);
    struct storage_stmt *stmt =
        raw_prepare(raw->conn, "UPDATE conf_item SET n = n + $1 WHERE id < 3 RETURNING n");
    run(stmt, DB_ARGS(db_int(1)));
    int64_t sum = step_int(stmt) + step_int(stmt);
    assert_int_equal(sum, 11 + 21);
    assert_status(suite.driver->step(stmt), STORAGE_DONE);
    assert_int_equal(suite.driver->changes(stmt), 2);
    suite.driver->finalize(stmt);
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
}

static void test_statements__returning_that_ends_early_has_written(void **state)
{
    struct raw *raw = *state;
    assert_status(suite.driver->begin(raw->conn, STORAGE_WRITE), STORAGE_OK);
    struct storage_stmt *stmt =
        raw_prepare(raw->conn, "INSERT INTO conf_item (id, n) VALUES (1, 1), (2, 2) RETURNING id");
    run(stmt, DB_NO_ARGS);
    (void)step_int(stmt);
    suite.driver->reset(stmt);
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
    suite.driver->finalize(stmt);
    assert_int_equal(raw_int(raw->other, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 2);
}

struct counted {
    const char *sql;
    int64_t changes;
};

static void test_statements__changes_counts_rows(void **state)
{
    struct raw *raw = *state;
    static const struct counted statements[] = {
        { "INSERT INTO conf_item (id, n) VALUES (1, 1), (2, 2), (3, 3)", 3 },
        { "CREATE TABLE conf_counter_2 (id BIGINT)", 0 },
        { "DROP TABLE conf_counter_2", 0 },
        { "UPDATE conf_item SET n = 5 WHERE id > 1", 2 },
        { "UPDATE conf_item SET n = 5 WHERE id > 1", 2 },
        { "UPDATE conf_item SET n = 6 WHERE id = 99", 0 },
        { "DELETE FROM conf_item WHERE id = 99", 0 },
        { "DELETE FROM conf_item", 3 },
    };
    assert_status(suite.driver->begin(raw->conn, STORAGE_WRITE), STORAGE_OK);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        struct storage_stmt *stmt = raw_prepare(raw->conn, statements[i].sql);
        run(stmt, DB_NO_ARGS);
        assert_status(suite.driver->step(stmt), STORAGE_DONE);
        assert_int_equal(suite.driver->changes(stmt), statements[i].changes);
        suite.driver->finalize(stmt);
    }
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
}

static void test_statements__columns_are_checked(void **state)
{
    struct raw *raw = *state;
    struct storage_stmt *stmt = raw_prepare(raw->conn, "SELECT 1, 'x'");
    struct storage_value value;
    run(stmt, DB_NO_ARGS);
    assert_status(suite.driver->step(stmt), STORAGE_ROW);
    assert_status(suite.driver->column(stmt, 1, &value), STORAGE_OK);
    assert_int_equal(value.type, STORAGE_TEXT);
    assert_status(suite.driver->column(stmt, 2, &value), STORAGE_INVALID);
    assert_status(suite.driver->column(stmt, -1, &value), STORAGE_INVALID);
    suite.driver->finalize(stmt);
}

static bool is_failure(enum storage_status s)
{
    return s != STORAGE_OK && s != STORAGE_ROW && s != STORAGE_DONE;
}

/* To be refused, whichever call says so. */
static void assert_refused(struct storage_conn *conn, const char *sql, struct db_args args)
{
    enum storage_status s = raw_exec(conn, sql, args);
    if (!is_failure(s))
        fail_msg("not refused: %s", sql);
    assert_true(s == STORAGE_INVALID || s == STORAGE_ERROR);
}

static void test_statements__a_wrong_number_of_arguments_is_refused(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn, 1);
    assert_refused(raw->conn, SELECT_FROM, DB_NO_ARGS);
    assert_refused(raw->conn, SELECT_FROM, DB_ARGS(db_int(1), db_int(2)));
    assert_int_equal(raw_int(raw->conn, SELECT_FROM, DB_ARGS(db_int(1))), 1);
}

static void test_statements__broken_sql_is_refused_with_a_text(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    struct storage_stmt *stmt = NULL;
    enum storage_status s = driver->prepare(raw->conn, "SELECT FROM WHERE", &stmt);
    if (s == STORAGE_OK) {
        s = driver->run(stmt, NULL, 0);
        s = s == STORAGE_OK ? driver->step(stmt) : s;
        assert_true(strlen(driver->error(raw->conn)) > 0);
        driver->finalize(stmt);
    }
    assert_true(is_failure(s));
    assert_refused(raw->conn, "SELECT no_such_column FROM conf_item", DB_NO_ARGS);
    assert_refused(raw->conn, "SELECT id FROM no_such_table", DB_NO_ARGS);
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 0);
}

static void test_statements__writing_needs_a_write_transaction(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    assert_refused(raw->conn, "INSERT INTO conf_item (id) VALUES (1)", DB_NO_ARGS);
    assert_status(driver->begin(raw->conn, STORAGE_READ), STORAGE_OK);
    assert_refused(raw->conn, "INSERT INTO conf_item (id) VALUES (2)", DB_NO_ARGS);
    driver->rollback(raw->conn);
    assert_true(is_failure(driver->script(raw->conn, "INSERT INTO conf_item (id) VALUES (3)")));
    assert_true(is_failure(driver->lock_schema(raw->conn)));
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 0);
}

static void test_statements__a_statement_outlives_transactions(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    struct storage_stmt *count = raw_prepare(raw->conn, "SELECT COUNT(*) FROM conf_item");
    struct storage_stmt *insert = raw_prepare(raw->conn, "INSERT INTO conf_item (id) VALUES ($1)");
    for (int i = 0; i < 3; i++) {
        assert_status(driver->begin(raw->conn, STORAGE_WRITE), STORAGE_OK);
        run(insert, DB_ARGS(db_int(i)));
        assert_status(driver->step(insert), STORAGE_DONE);
        run(count, DB_NO_ARGS);
        assert_int_equal(step_int(count), i + 1); /* its own writes are seen; the run is left open */
        assert_status(driver->commit(raw->conn), STORAGE_OK);
        run(count, DB_NO_ARGS);
        assert_int_equal(step_int(count), i + 1);
    }
    driver->finalize(count);
    driver->finalize(insert);
}

static void test_statements__a_schema_change_does_not_break_prepared_ones(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn, 1);
    struct storage_stmt *stmt = raw_prepare(raw->conn, "SELECT n FROM conf_item WHERE id = $1");
    run(stmt, DB_ARGS(db_int(1)));
    assert_int_equal(step_int(stmt), 10);
    suite.driver->reset(stmt);
    assert_status(raw_write(raw->other, "ALTER TABLE conf_item ADD COLUMN extra TEXT", DB_NO_ARGS),
                  STORAGE_OK);
    run(stmt, DB_ARGS(db_int(1)));
    assert_int_equal(step_int(stmt), 10);
    suite.driver->finalize(stmt);
}

static const struct CMUnitTest tests[] = {
    RAW_CASE(test_statements__a_statement_runs_again_with_other_arguments),
    RAW_CASE(test_statements__a_new_run_abandons_the_earlier_one),
    RAW_CASE(test_statements__a_run_ends_early),
    RAW_CASE(test_statements__several_run_at_the_same_time),
    RAW_CASE(test_statements__returning_gives_rows),
    RAW_CASE(test_statements__returning_that_ends_early_has_written),
    RAW_CASE(test_statements__changes_counts_rows),
    RAW_CASE(test_statements__columns_are_checked),
    RAW_CASE(test_statements__a_wrong_number_of_arguments_is_refused),
    RAW_CASE(test_statements__broken_sql_is_refused_with_a_text),
    RAW_CASE(test_statements__writing_needs_a_write_transaction),
    RAW_CASE(test_statements__a_statement_outlives_transactions),
    RAW_CASE(test_statements__a_schema_change_does_not_break_prepared_ones),
};
GROUP(statements_group, "statements", tests);
