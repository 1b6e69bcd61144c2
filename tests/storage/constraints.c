/* What the schema forbids is refused with the right status and leaves nothing behind; ON CONFLICT does what
 * it says. */
#include "conformance.h"

struct violation {
    const char *sql;
    enum storage_status expected;
};

static void fill(struct storage_conn *conn)
{
    assert_status(raw_write(conn, "INSERT INTO conf_item (id, name, n) VALUES (1, 'one', 1), (2, 'two', 2)",
                            DB_NO_ARGS),
                  STORAGE_OK);
    assert_status(
        raw_write(conn, "INSERT INTO conf_child (id, item, note) VALUES (1, 1, 'note')", DB_NO_ARGS),
        STORAGE_OK);
}

static void test_constraints__each_violation_has_its_status(void **state)
{
    struct raw *raw = *state;
    static const struct violation violations[] = {
        { "INSERT INTO conf_item (id, name) VALUES (1, 'new')", STORAGE_CONFLICT },
        { "INSERT INTO conf_item (id, name) VALUES (3, 'one')", STORAGE_CONFLICT },
        { "UPDATE conf_item SET name = 'one' WHERE id = 2", STORAGE_CONFLICT },
        { "INSERT INTO conf_child (id, item, note) VALUES (2, 99, 'x')", STORAGE_REFERENCE },
        { "UPDATE conf_child SET item = 99 WHERE id = 1", STORAGE_REFERENCE },
        { "DELETE FROM conf_item WHERE id = 1", STORAGE_REFERENCE },
        { "INSERT INTO conf_child (id, item, note) VALUES (2, 1, NULL)", STORAGE_INVALID },
        { "UPDATE conf_item SET n = -5 WHERE id = 1", STORAGE_INVALID },
    };
    fill(raw->conn);
    for (size_t i = 0; i < sizeof(violations) / sizeof(violations[0]); i++) {
        assert_status(raw_write(raw->conn, violations[i].sql, DB_NO_ARGS), violations[i].expected);
    }
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 2);
    assert_int_equal(raw_int(raw->conn, "SELECT CAST(SUM(n) AS BIGINT) FROM conf_item", DB_NO_ARGS), 3);
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_child", DB_NO_ARGS), 1);
}

static void test_constraints__a_statement_that_fails_halfway_changes_nothing(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn);
    assert_status(
        raw_write(raw->conn, "INSERT INTO conf_item (id, name) VALUES (3, 'three'), (4, 'one')", DB_NO_ARGS),
        STORAGE_CONFLICT);
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item WHERE id > 2", DB_NO_ARGS), 0);
}

static int64_t changes_of(struct storage_conn *conn, const char *sql)
{
    const struct storage_driver *driver = suite.driver;
    assert_status(driver->begin(conn, STORAGE_WRITE), STORAGE_OK);
    struct storage_stmt *stmt = raw_prepare(conn, sql);
    assert_status(driver->run(stmt, NULL, 0), STORAGE_OK);
    enum storage_status s;
    while ((s = driver->step(stmt)) == STORAGE_ROW)
        continue;
    assert_status(s, STORAGE_DONE);
    int64_t changes = driver->changes(stmt);
    driver->finalize(stmt);
    assert_status(driver->commit(conn), STORAGE_OK);
    return changes;
}

static void test_constraints__on_conflict_do_nothing(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn);
    assert_int_equal(changes_of(raw->conn, "INSERT INTO conf_item (id, name, n) VALUES (1, 'other', 9) "
                                           "ON CONFLICT (id) DO NOTHING"),
                     0);
    assert_int_equal(changes_of(raw->conn, "INSERT INTO conf_item (id, name, n) VALUES (7, 'one', 9) "
                                           "ON CONFLICT DO NOTHING"),
                     0);
    assert_int_equal(raw_int(raw->conn, "SELECT n FROM conf_item WHERE name = 'one'", DB_NO_ARGS), 1);
}

static void test_constraints__on_conflict_do_update_returning(void **state)
{
    struct raw *raw = *state;
    const struct storage_driver *driver = suite.driver;
    fill(raw->conn);
    assert_status(driver->begin(raw->conn, STORAGE_WRITE), STORAGE_OK);
    assert_int_equal(raw_int(raw->conn,
                             "INSERT INTO conf_item (id, name, n) VALUES ($1, $2, $3) "
                             "ON CONFLICT (id) DO UPDATE SET n = conf_item.n + excluded.n RETURNING n",
                             DB_ARGS(db_int(2), db_text(STR("ignored")), db_int(40))),
                     42);
    assert_status(driver->commit(raw->conn), STORAGE_OK);
    assert_int_equal(raw_int(raw->other, "SELECT n FROM conf_item WHERE name = 'two'", DB_NO_ARGS), 42);
}

static void test_constraints__a_partial_unique_index_counts(void **state)
{
    struct raw *raw = *state;
    fill(raw->conn);
    assert_status(
        raw_write(raw->conn, "CREATE UNIQUE INDEX conf_item_seven ON conf_item (n) WHERE n = 7", DB_NO_ARGS),
        STORAGE_OK);
    assert_status(raw_write(raw->conn, "UPDATE conf_item SET n = 7 WHERE id = 1", DB_NO_ARGS), STORAGE_OK);
    assert_status(raw_write(raw->conn, "UPDATE conf_item SET n = 7 WHERE id = 2", DB_NO_ARGS),
                  STORAGE_CONFLICT);
    assert_status(raw_write(raw->conn, "UPDATE conf_item SET n = 8", DB_NO_ARGS), STORAGE_OK);
}

static const struct CMUnitTest tests[] = {
    RAW_CASE(test_constraints__each_violation_has_its_status),
    RAW_CASE(test_constraints__a_statement_that_fails_halfway_changes_nothing),
    RAW_CASE(test_constraints__on_conflict_do_nothing),
    RAW_CASE(test_constraints__on_conflict_do_update_returning),
    RAW_CASE(test_constraints__a_partial_unique_index_counts),
};
GROUP(constraints_group, "constraints", tests);
