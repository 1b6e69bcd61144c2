/* A private SQLite database behind a driver whose calls are counted and may be replaced. */
#ifndef TETHER_TESTS_UNIT_STORAGE_FIXTURE_H
#define TETHER_TESTS_UNIT_STORAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/db.h"

struct counts {
    int connects;
    int prepares;
    int finalizes;
    int begins;
    int commits;
    int rollbacks;
};

struct fixture {
    struct db *db;
    struct db_conn *conn;
    struct arena *arena;
};

/* What the driver under the fixture's database was asked for. Reset by the setup. */
extern struct counts counts;
/* The driver itself: a case replaces entries, the setup puts them back. */
extern struct storage_driver counting_driver;

int storage_setup(
    void **state); /* with a table t (id BIGINT PRIMARY KEY, name TEXT, n BIGINT, b BYTEA), rows 1 to 3 */
int storage_teardown(void **state);

#define STORAGE_CASE(function) cmocka_unit_test_setup_teardown(function, storage_setup, storage_teardown)

/* One statement in a transaction of its own. */
enum storage_status write_sql(struct db_conn *conn, const char *sql);
int64_t read_int(struct db_conn *conn, const char *sql);

#define assert_status(actual, expected)                                                                      \
    assert_string_equal(storage_status_name(actual), storage_status_name(expected))

#endif
