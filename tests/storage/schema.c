/* Migrations: in order, once, under the lock, never past what this program knows. */
#include <stdatomic.h>

#include "conformance.h"

static const struct storage_migration steps[] = {
    { 1, "first",
      "CREATE TABLE conf_first (id BIGINT PRIMARY KEY); INSERT INTO conf_first (id) VALUES (1);" },
    { 2, "second",
      "CREATE TABLE conf_second (id BIGINT PRIMARY KEY);\nINSERT INTO conf_first (id) VALUES (2);" },
    { 3, "third", "ALTER TABLE conf_second ADD COLUMN note TEXT" },
};
static const struct storage_migration broken_steps[] = {
    { 1, "first",
      "CREATE TABLE conf_first (id BIGINT PRIMARY KEY); INSERT INTO conf_first (id) VALUES (1);" },
    { 2, "broken",
      "CREATE TABLE conf_second (id BIGINT PRIMARY KEY); INSERT INTO no_such_table (id) VALUES (2);" },
};

/* The driver with another list of migrations. It is used until the case's teardown, so it is not on the
 * stack. */
static const struct storage_driver *with_steps(const struct storage_migration *list, size_t n)
{
    static struct storage_driver variants[2];
    static int turn;
    struct storage_driver *driver = &variants[turn++ % 2];
    *driver = *suite.driver;
    driver->migrations = list;
    driver->migration_count = n;
    return driver;
}

/* The driver's own migrations first, while the database is as it was given. */
static void test_schema__the_drivers_own_migrations_apply(void **state)
{
    (void)state;
    struct db *db = suite_open(suite.driver);
    struct db_conn *conn = db_connect(db);
    int from = -1;
    int to = -1;
    int version = -1;
    enum storage_status s = db_migrate(conn, NULL, NULL, &from, &to);
    if (s != STORAGE_OK)
        fail_msg("%s", db_error(conn));
    assert_true(from == 0 || from == db_schema_newest(db));
    assert_int_equal(to, db_schema_newest(db));
    assert_status(db_schema_version(conn, &version), STORAGE_OK);
    assert_int_equal(version, to);
    assert_status(db_migrate(conn, NULL, NULL, &from, &to), STORAGE_OK);
    assert_int_equal(from, to);
    db_disconnect(&conn);
    db_close(&db);
}

/* The record of the driver's own migrations is put aside meanwhile, and back: the suite can run again on the
 * same database. */
static void drop_all(struct db_conn *conn)
{
    static const char *const statements[] = { "DROP TABLE IF EXISTS schema_migrations",
                                              "DROP TABLE IF EXISTS conf_first",
                                              "DROP TABLE IF EXISTS conf_second" };
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        assert_status(db_write(conn, statements[i], DB_NO_ARGS), STORAGE_OK);
}

static int put_record_aside(void **state)
{
    if (db_setup(state) != 0)
        return -1;
    struct fixture *fixture = *state;
    (void)db_write(fixture->conn, "ALTER TABLE schema_migrations RENAME TO conf_record", DB_NO_ARGS);
    drop_all(fixture->conn);
    return 0;
}

static int put_record_back(void **state)
{
    struct fixture *fixture = *state;
    drop_all(fixture->conn);
    (void)db_write(fixture->conn, "ALTER TABLE conf_record RENAME TO schema_migrations", DB_NO_ARGS);
    return db_teardown(state);
}

/* As the fixture, with a driver that has other migrations: one process owns some engines, so the first is
 * closed. */
static void reopen(struct fixture *fixture, const struct storage_driver *driver)
{
    db_disconnect(&fixture->conn);
    db_close(&fixture->db);
    fixture->db = suite_open(driver);
    fixture->conn = db_connect(fixture->db);
}

struct progress {
    int calls;
    int last_version;
};

static void on_progress(void *context, int version, const char *name)
{
    struct progress *progress = context;
    assert_string_equal(name, steps[version - 1].name);
    assert_int_equal(version, progress->last_version + 1);
    progress->last_version = version;
    progress->calls++;
}

static bool is_private(void)
{
    for (size_t i = 0; i < suite.setting_count; i++)
        if (strcmp(suite.settings[i].value, ":memory:") == 0)
            return true;
    return false;
}

static void test_schema__steps_apply_in_order_and_once(void **state)
{
    struct fixture *fixture = *state;
    struct progress progress = { 0, 0 };
    int version = -1;
    int from = -1;
    int to = -1;
    reopen(fixture, with_steps(steps, 2));
    assert_status(db_schema_version(fixture->conn, &version), STORAGE_OK);
    assert_int_equal(version, 0);
    assert_status(db_migrate(fixture->conn, on_progress, &progress, &from, &to), STORAGE_OK);
    assert_int_equal(from, 0);
    assert_int_equal(to, 2);
    assert_int_equal(progress.calls, 2);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_first", DB_NO_ARGS), 2);
    assert_int_equal(
        db_read_int(fixture->conn,
                    "SELECT COUNT(*) FROM schema_migrations WHERE name = 'second' AND applied_at > 0",
                    DB_NO_ARGS),
        1);
    if (is_private())
        return; /* nothing is left after closing */
    reopen(fixture, with_steps(steps, 3));
    assert_status(db_migrate(fixture->conn, on_progress, &progress, &from, &to), STORAGE_OK);
    assert_int_equal(from, 2);
    assert_int_equal(to, 3);
    assert_int_equal(progress.calls, 3);
}

static void test_schema__a_newer_database_is_refused(void **state)
{
    struct fixture *fixture = *state;
    reopen(fixture, with_steps(steps, 2));
    assert_status(db_migrate(fixture->conn, NULL, NULL, NULL, NULL), STORAGE_OK);
    assert_status(db_write(fixture->conn,
                           "INSERT INTO schema_migrations (version, name, applied_at) VALUES (3, 'x', 1)",
                           DB_NO_ARGS),
                  STORAGE_OK);
    assert_status(db_migrate(fixture->conn, NULL, NULL, NULL, NULL), STORAGE_INVALID);
    assert_non_null(strstr(db_error(fixture->conn), "schema version 3"));
}

static void test_schema__a_step_that_fails_leaves_the_one_before(void **state)
{
    struct fixture *fixture = *state;
    int version = -1;
    reopen(fixture, with_steps(broken_steps, 2));
    assert_int_not_equal(db_migrate(fixture->conn, NULL, NULL, NULL, NULL), STORAGE_OK);
    assert_true(strlen(db_error(fixture->conn)) > 0);
    assert_status(db_schema_version(fixture->conn, &version), STORAGE_OK);
    assert_int_equal(version, 1);
    assert_status(db_write(fixture->conn, "CREATE TABLE conf_second (id BIGINT)", DB_NO_ARGS), STORAGE_OK);
}

struct migrators {
    atomic_int failures;
    atomic_int applied;
};

static void count_step(void *context, int version, const char *name)
{
    (void)version;
    (void)name;
    atomic_fetch_add((atomic_int *)context, 1);
}

static void migrate_worker(struct db_conn *conn, int number, void *context)
{
    (void)number;
    struct migrators *migrators = context;
    int to = 0;
    if (db_migrate(conn, count_step, &migrators->applied, NULL, &to) != STORAGE_OK || to != 3)
        atomic_fetch_add(&migrators->failures, 1);
}

static void test_schema__several_migrators_do_the_work_once(void **state)
{
    struct fixture *fixture = *state;
    struct migrators migrators = { 0, 0 };
    reopen(fixture, with_steps(steps, 3));
    run_threads(fixture->db, 4, migrate_worker, &migrators);
    assert_int_equal(migrators.failures, 0);
    assert_int_equal(migrators.applied, 3);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM schema_migrations", DB_NO_ARGS), 3);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_first", DB_NO_ARGS), 2);
}

#define SCHEMA_CASE(function) cmocka_unit_test_setup_teardown(function, put_record_aside, put_record_back)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_schema__the_drivers_own_migrations_apply),
    SCHEMA_CASE(test_schema__steps_apply_in_order_and_once),
    SCHEMA_CASE(test_schema__a_newer_database_is_refused),
    SCHEMA_CASE(test_schema__a_step_that_fails_leaves_the_one_before),
    SCHEMA_CASE(test_schema__several_migrators_do_the_work_once),
};
GROUP(schema_group, "schema", tests);
