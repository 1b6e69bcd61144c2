/* Whole transactions: what is committed, what is rolled back, what is run again. */
#include "storage_fixture.h"

#include "backend_sqlite/driver.h"
#include "base/clock.h"
#include "base/metrics.h"

/* A body that inserts row 9 and returns what the case says. */
struct plan {
    enum storage_status answer;
    int runs;
};

static enum storage_status insert_and_answer(struct db_conn *conn, void *context)
{
    struct plan *plan = context;
    plan->runs++;
    enum storage_status s = db_exec(conn, "INSERT INTO t (id) VALUES (9)", DB_NO_ARGS, NULL);
    return s == STORAGE_OK ? plan->answer : s;
}

static int64_t rows(struct fixture *fixture)
{
    return read_int(fixture->conn, "SELECT COUNT(*) FROM t WHERE id = 9");
}

static void test_transaction__ok_commits_and_nothing_else_does(void **state)
{
    struct fixture *fixture = *state;
    static const enum storage_status refusals[] = { STORAGE_DONE,    STORAGE_CONFLICT, STORAGE_REFERENCE,
                                                    STORAGE_INVALID, STORAGE_FULL,     STORAGE_ERROR };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct plan plan = { refusals[i], 0 };
        assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_and_answer, &plan), refusals[i]);
        assert_int_equal(plan.runs, 1);
        assert_int_equal(rows(fixture), 0);
    }
    struct plan plan = { STORAGE_ROW, 0 };
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_and_answer, &plan), STORAGE_INVALID);
    assert_int_equal(rows(fixture), 0);
    plan.answer = STORAGE_OK;
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_and_answer, &plan), STORAGE_OK);
    assert_int_equal(rows(fixture), 1);
}

static void test_transaction__busy_is_run_again_up_to_twenty_times(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan = { STORAGE_BUSY, 0 };
    int64_t retries = metric_value(METRIC_STORAGE_RETRIES);
    int64_t failures = metric_value(METRIC_STORAGE_FAILURES);
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_and_answer, &plan), STORAGE_BUSY);
    assert_int_equal(plan.runs, 20);
    assert_int_equal(metric_value(METRIC_STORAGE_RETRIES) - retries, 19);
    assert_int_equal(metric_value(METRIC_STORAGE_FAILURES) - failures, 1);
    assert_int_equal(rows(fixture), 0);
}

static void test_transaction__the_deadline_ends_the_attempts(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan = { STORAGE_BUSY, 0 };
    assert_status(db_ping(fixture->conn), STORAGE_OK);
    db_set_deadline(fixture->conn, clock_monotonic_ms() - 1);
    assert_int_not_equal(db_transaction(fixture->conn, STORAGE_WRITE, insert_and_answer, &plan), STORAGE_OK);
    assert_true(plan.runs <= 1);
    db_set_deadline(fixture->conn, 0);
    plan.answer = STORAGE_OK;
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_and_answer, &plan), STORAGE_OK);
}

static enum storage_status third_time(struct db_conn *conn, void *context)
{
    struct plan *plan = context;
    plan->answer = plan->runs < 2 ? STORAGE_BUSY : STORAGE_OK;
    return insert_and_answer(conn, context);
}

static void test_transaction__a_later_attempt_that_succeeds_is_ok(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan = { STORAGE_OK, 0 };
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, third_time, &plan), STORAGE_OK);
    assert_int_equal(plan.runs, 3);
    assert_int_equal(rows(fixture), 1);
}

/* A body that does not look at what its statements say. */
static enum storage_status careless(struct db_conn *conn, void *context)
{
    enum storage_status answer = *(enum storage_status *)context;
    (void)db_exec(conn, "INSERT INTO t (id) VALUES (9)", DB_NO_ARGS, NULL);
    (void)db_exec(conn, "INSERT INTO t (id) VALUES (1)", DB_NO_ARGS, NULL);
    assert_status(db_exec(conn, "INSERT INTO t (id) VALUES (10)", DB_NO_ARGS, NULL), STORAGE_CONFLICT);
    return answer;
}

static void test_transaction__a_failed_statement_cannot_be_committed_over(void **state)
{
    struct fixture *fixture = *state;
    enum storage_status answer = STORAGE_OK;
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, careless, &answer), STORAGE_CONFLICT);
    answer = STORAGE_DONE; /* a refusal after a conflict is the caller's own reading of it */
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, careless, &answer), STORAGE_DONE);
    assert_int_equal(rows(fixture), 0);
    assert_int_equal(read_int(fixture->conn, "SELECT COUNT(*) FROM t"), 3);
}

static enum storage_status failing_step(struct storage_stmt *stmt)
{
    sqlite_driver.reset(stmt);
    return STORAGE_BUSY;
}

static enum storage_status refuse_whatever(struct db_conn *conn, void *context)
{
    (void)context;
    DB_ROWS(found);
    return db_first(conn, &found, "SELECT id FROM t", DB_NO_ARGS) == STORAGE_ROW ? STORAGE_OK : STORAGE_DONE;
}

static void test_transaction__a_refusal_after_a_lost_race_is_not_believed(void **state)
{
    struct fixture *fixture = *state;
    counting_driver.step = failing_step;
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, refuse_whatever, NULL), STORAGE_BUSY);
    assert_int_equal(counts.begins, 20);
    assert_int_equal(counts.rollbacks, 20);
}

static enum storage_status nested(struct db_conn *conn, void *context)
{
    return db_transaction(conn, STORAGE_WRITE, insert_and_answer, context);
}

static void test_transaction__none_is_nested(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan = { STORAGE_OK, 0 };
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, nested, &plan), STORAGE_INVALID);
    assert_int_equal(plan.runs, 0);
}

static enum storage_status write_in_read(struct db_conn *conn, void *context)
{
    (void)context;
    return db_exec(conn, "INSERT INTO t (id) VALUES (9)", DB_NO_ARGS, NULL);
}

static void test_transaction__reading_ones_do_not_write(void **state)
{
    struct fixture *fixture = *state;
    assert_status(db_transaction(fixture->conn, STORAGE_READ, write_in_read, NULL), STORAGE_INVALID);
    assert_int_equal(rows(fixture), 0);
}

static enum storage_status commit_answer;
static int commits_to_fail;

static enum storage_status failing_commit(struct storage_conn *conn)
{
    if (commits_to_fail-- <= 0)
        return sqlite_driver.commit(conn);
    sqlite_driver.rollback(conn);
    return commit_answer;
}

static void test_transaction__a_lost_connection_before_the_commit_is_made_again(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan = { STORAGE_OK, 0 };
    int64_t reconnects = metric_value(METRIC_STORAGE_RECONNECTS);
    counting_driver.commit = failing_commit;
    commit_answer = STORAGE_GONE;
    commits_to_fail = 2;
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_and_answer, &plan), STORAGE_OK);
    assert_int_equal(plan.runs, 3);
    assert_int_equal(metric_value(METRIC_STORAGE_RECONNECTS) - reconnects, 2);
    assert_int_equal(rows(fixture), 1);
}

static void test_transaction__an_uncertain_commit_is_not_run_again(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan = { STORAGE_OK, 0 };
    counting_driver.commit = failing_commit;
    commit_answer = STORAGE_UNCERTAIN;
    commits_to_fail = 1;
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_and_answer, &plan), STORAGE_UNCERTAIN);
    assert_int_equal(plan.runs, 1);
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_and_answer, &plan), STORAGE_OK);
    assert_int_equal(counts.connects, 1); /* the old connection was given up */
}

/* Rows that outlive their transaction are over, not dangling. */
static struct db_rows escaped;

static enum storage_status leave_rows_open(struct db_conn *conn, void *context)
{
    (void)context;
    return db_first(conn, &escaped, "SELECT id FROM t ORDER BY id", DB_NO_ARGS) == STORAGE_ROW
               ? STORAGE_OK
               : STORAGE_ERROR;
}

static void test_transaction__rows_left_open_are_over(void **state)
{
    struct fixture *fixture = *state;
    escaped = (struct db_rows){ .next = STORAGE_INVALID };
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, leave_rows_open, NULL), STORAGE_OK);
    assert_int_not_equal(db_next(&escaped), STORAGE_ROW);
    db_rows_close(&escaped);
    assert_int_equal(read_int(fixture->conn, "SELECT id FROM t ORDER BY id"), 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORAGE_CASE(test_transaction__ok_commits_and_nothing_else_does),
        STORAGE_CASE(test_transaction__busy_is_run_again_up_to_twenty_times),
        STORAGE_CASE(test_transaction__the_deadline_ends_the_attempts),
        STORAGE_CASE(test_transaction__a_later_attempt_that_succeeds_is_ok),
        STORAGE_CASE(test_transaction__a_failed_statement_cannot_be_committed_over),
        STORAGE_CASE(test_transaction__a_refusal_after_a_lost_race_is_not_believed),
        STORAGE_CASE(test_transaction__none_is_nested),
        STORAGE_CASE(test_transaction__reading_ones_do_not_write),
        STORAGE_CASE(test_transaction__a_lost_connection_before_the_commit_is_made_again),
        STORAGE_CASE(test_transaction__an_uncertain_commit_is_not_run_again),
        STORAGE_CASE(test_transaction__rows_left_open_are_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
