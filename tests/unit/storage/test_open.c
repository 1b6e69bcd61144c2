/* Choosing a driver: known names, settings, modules and their flaws. */
#include "storage_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend_sqlite/driver.h"
#include "base/log.h"

static void assert_refused(const char *driver, const struct storage_setting *settings, size_t n,
                           const char *text)
{
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    enum storage_status s = db_open(driver, settings, n, &db, &error);
    assert_int_not_equal(s, STORAGE_OK);
    assert_int_equal(error.status, s);
    assert_null(db);
    if (!strstr(error.text, text))
        fail_msg("\"%s\" does not say \"%s\"", error.text, text);
}

static void test_open__a_registered_name_opens(void **state)
{
    (void)state;
    static const struct storage_setting settings[] = { { "path", ":memory:" } };
    struct db *db = NULL;
    struct storage_error error;
    assert_status(db_open("sqlite", settings, 1, &db, &error), STORAGE_OK);
    assert_ptr_equal(db_driver(db), &sqlite_driver);
    assert_true(db_schema_newest(db) >= 1);
    db_close(&db);
    assert_null(db);
    db_close(&db); /* harmless */
}

static void test_open__an_unknown_name_is_told_the_known_ones(void **state)
{
    (void)state;
    assert_refused("oracle", NULL, 0, "\"oracle\" is not known; known are sqlite, or the path of a module");
}

static void test_open__settings_are_the_drivers_own(void **state)
{
    (void)state;
    static const struct storage_setting unknown[] = { { "path", ":memory:" }, { "pathh", "x" } };
    static const struct storage_setting twice[] = { { "path", ":memory:" }, { "path", ":memory:" } };
    assert_refused("sqlite", unknown, 2, "no setting \"pathh\"");
    assert_refused("sqlite", twice, 2, "\"path\" is given twice");
}

static void test_open__a_module_is_loaded(void **state)
{
    (void)state;
    static const struct storage_setting settings[] = { { "colour", "blue" } };
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    if (db_open(MODULE_none, settings, 1, &db, &error) != STORAGE_OK)
        fail_msg("%s", error.text);
    assert_string_equal(db_driver(db)->name, "idle");
    struct db_conn *conn = db_connect(db);
    assert_status(db_ping(conn), STORAGE_GONE);
    assert_string_equal(db_error(conn), "nobody is here");
    db_disconnect(&conn);
    db_close(&db);
    static const struct storage_setting unknown[] = { { "path", "x" } };
    assert_refused(MODULE_none, unknown, 1, "driver idle: it has no setting \"path\"");
}

static void test_open__a_flawed_module_is_refused_with_its_flaw(void **state)
{
    (void)state;
    assert_refused("/no/such/module.so", NULL, 0, "/no/such/module.so");
    assert_refused("./README.md", NULL, 0, "README.md");
    assert_refused(MODULE_symbol, NULL, 0, "does not export tether_storage_driver()");
    assert_refused(MODULE_null, NULL, 0, "returned no driver");
    assert_refused(MODULE_abi, NULL, 0, "built for storage ABI 3, this program has 2");
    assert_refused(MODULE_name, NULL, 0, "the driver's name must be");
    assert_refused(MODULE_entry, NULL, 0, "driver idle: the entry \"step\" is missing");
    assert_refused(MODULE_migrations, NULL, 0, "migration 2 stands where 1");
}

static void assert_aborts(const struct storage_driver *driver)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        db_register_driver(driver);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_open__registering_a_wrong_driver_aborts(void **state)
{
    (void)state;
    struct storage_driver wrong = sqlite_driver;
    assert_aborts(&sqlite_driver); /* again */
    wrong.name = "other";
    wrong.abi = 99;
    assert_aborts(&wrong);
    wrong.abi = TETHER_STORAGE_ABI;
    wrong.commit = NULL;
    assert_aborts(&wrong);
    wrong.commit = sqlite_driver.commit;
    wrong.caps = STORAGE_CAP_NOTIFY; /* and no listen */
    assert_aborts(&wrong);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open__a_registered_name_opens),
        cmocka_unit_test(test_open__an_unknown_name_is_told_the_known_ones),
        cmocka_unit_test(test_open__settings_are_the_drivers_own),
        cmocka_unit_test(test_open__a_module_is_loaded),
        cmocka_unit_test(test_open__a_flawed_module_is_refused_with_its_flaw),
        cmocka_unit_test(test_open__registering_a_wrong_driver_aborts),
    };
    log_set_level(LOG_WARN);
    db_register_driver(&sqlite_driver);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
