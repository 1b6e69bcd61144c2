/* The conformance suite for storage drivers: every promise of include/tether/storage.h, as a case.
 *
 *     storage_conformance --driver sqlite --setting path=/tmp/scratch.db
 *     storage_conformance --driver postgres --setting "conninfo=host=/tmp/pg dbname=scratch"
 *     storage_conformance --driver /path/to/module.so --setting key=value
 *
 * The settings name a scratch database, best an empty one: the suite makes and drops tables called conf_* and
 * uses the table schema_migrations. --trace and --fault run the same cases through the decorators, --fault
 * adds the loop that fails every call in turn; --group NAME runs one group; --rounds N sets how often the
 * durability case kills a writer.
 *
 * Cases work on one of two levels: `raw` ones call the driver's table, `db` ones the wrappers of
 * src/storage/. */
#ifndef TETHER_TESTS_STORAGE_CONFORMANCE_H
#define TETHER_TESTS_STORAGE_CONFORMANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/db.h"

#define SETTINGS_MAX 8

struct suite {
    const struct storage_driver *driver;     /* decorated as asked for */
    const struct storage_driver *for_faults; /* what many made-up faults in turn are made on top of */
    struct storage_setting settings[SETTINGS_MAX];
    size_t setting_count;
    char **arguments; /* to start a copy of this program */
    int argument_count;
    int rounds;
    bool faults;
};
extern struct suite suite;

struct suite_group {
    const char *name;
    const struct CMUnitTest *tests;
    size_t count;
};
extern const struct suite_group values_group, constraints_group, statements_group, transactions_group,
    concurrency_group, schema_group, notify_group, durability_group, fault_group;

#define GROUP(symbol, title, list)                                                                           \
    const struct suite_group symbol = { (title), (list), sizeof(list) / sizeof((list)[0]) }

/* --- raw --- */

/* The state of a raw case: two connections and fresh tables. */
struct raw {
    struct storage_db *db;
    struct storage_conn *conn;
    struct storage_conn *other;
};
int raw_setup(void **state);
int raw_teardown(void **state);

#define RAW_CASE(function) cmocka_unit_test_setup_teardown(function, raw_setup, raw_teardown)

/* Prepares, runs to the end, finalizes: OK or the failure. */
enum storage_status raw_exec(struct storage_conn *conn, const char *sql, struct db_args args);
/* The same in a write transaction of its own. */
enum storage_status raw_write(struct storage_conn *conn, const char *sql, struct db_args args);
/* Column 0 of the first row, which must be there. */
int64_t raw_int(struct storage_conn *conn, const char *sql, struct db_args args);
struct storage_stmt *raw_prepare(struct storage_conn *conn, const char *sql);
struct storage_conn *raw_connect(struct storage_db *db);

/* --- db --- */

struct fixture {
    struct db *db;
    struct db_conn *conn;
    struct arena *arena;
};
int db_setup(void **state);
int db_teardown(void **state);

#define DB_CASE(function) cmocka_unit_test_setup_teardown(function, db_setup, db_teardown)

struct db *suite_open(const struct storage_driver *driver);
/* One statement in a transaction of its own, retried as usual. */
enum storage_status db_write(struct db_conn *conn, const char *sql, struct db_args args);
int64_t db_read_int(struct db_conn *conn, const char *sql, struct db_args args);

/* Runs `fn` in `n` threads, each with a connection and its number, and waits for all. */
typedef void (*worker_fn)(struct db_conn *conn, int number, void *context);
void run_threads(struct db *db, int n, worker_fn fn, void *context);

#define assert_status(actual, expected)                                                                      \
    assert_string_equal(storage_status_name(actual), storage_status_name(expected))

/* The child's half of the durability case. */
int durability_child(void);

/* --commits */
int print_commits(void);

#endif
