/* The schema of the house itself, and what is asked of a driver without backups. The rules of migrating are
 * in the conformance suite. */
#include "storage_fixture.h"

static const char *const tables[] = { "tenants", "tenant_domains", "tenant_usage",
                                      "users",   "memberships",    "sessions" };

static void test_schema__the_first_migration_makes_the_tables(void **state)
{
    struct fixture *fixture = *state;
    int from = -1;
    int to = -1;
    assert_status(db_migrate(fixture->conn, NULL, NULL, &from, &to), STORAGE_OK);
    assert_int_equal(from, 0);
    assert_int_equal(to, db_schema_newest(fixture->db));
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        DB_ROWS(rows);
        assert_status(db_first(fixture->conn, &rows,
                               "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
                               DB_ARGS(db_text(str_of(tables[i])))),
                      STORAGE_ROW);
        assert_int_equal(db_col_int(&rows, 0), 1);
    }
}

static void test_schema__asking_for_the_version_makes_nothing(void **state)
{
    struct fixture *fixture = *state;
    int version = -1;
    assert_status(db_schema_version(fixture->conn, &version), STORAGE_OK);
    assert_int_equal(version, 0);
    assert_int_equal(
        read_int(fixture->conn, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_migrations'"), 0);
}

static void test_schema__types_are_strict(void **state)
{
    struct fixture *fixture = *state;
    assert_status(db_migrate(fixture->conn, NULL, NULL, NULL, NULL), STORAGE_OK);
    assert_status(write_sql(fixture->conn, "INSERT INTO tenants (slug, name, plan, created_at, updated_at) "
                                           "VALUES ('a', 'A', 'free', 'soon', 1)"),
                  STORAGE_INVALID);
}

static void test_schema__a_driver_without_backups_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct storage_error error = { STORAGE_OK, "" };
    counting_driver.backup = NULL;
    assert_status(db_backup(fixture->conn, "unused", &error), STORAGE_INVALID);
    assert_non_null(strstr(error.text, "engine's own tools"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORAGE_CASE(test_schema__the_first_migration_makes_the_tables),
        STORAGE_CASE(test_schema__asking_for_the_version_makes_nothing),
        STORAGE_CASE(test_schema__types_are_strict),
        STORAGE_CASE(test_schema__a_driver_without_backups_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
