/* What the cases share: fresh tables, connections, small ways to run a statement, threads. */
#include <pthread.h>

#include "conformance.h"

/* BYTEA is PostgreSQL's word for bytes; SQLite takes any type name outside STRICT tables. */
static const char *const drop_tables[] = {
    "DROP TABLE IF EXISTS conf_child",
    "DROP TABLE IF EXISTS conf_item",
    "DROP TABLE IF EXISTS conf_counter",
};
static const char *const make_tables[] = {
    "CREATE TABLE conf_item (id BIGINT PRIMARY KEY, name TEXT UNIQUE, n BIGINT CHECK (n >= 0 OR n < -10), b "
    "BYTEA)",
    "CREATE TABLE conf_child (id BIGINT PRIMARY KEY, item BIGINT NOT NULL REFERENCES conf_item (id), note "
    "TEXT NOT NULL)",
    "CREATE TABLE conf_counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- raw --- */

struct storage_stmt *raw_prepare(struct storage_conn *conn, const char *sql)
{
    struct storage_stmt *stmt = NULL;
    assert_status(suite.driver->prepare(conn, sql, &stmt), STORAGE_OK);
    return stmt;
}

enum storage_status raw_exec(struct storage_conn *conn, const char *sql, struct db_args args)
{
    struct storage_stmt *stmt = NULL;
    enum storage_status s = suite.driver->prepare(conn, sql, &stmt);
    if (s != STORAGE_OK)
        return s;
    s = suite.driver->run(stmt, args.at, args.n);
    while (s == STORAGE_OK || s == STORAGE_ROW)
        s = suite.driver->step(stmt);
    suite.driver->finalize(stmt);
    return s == STORAGE_DONE ? STORAGE_OK : s;
}

enum storage_status raw_write(struct storage_conn *conn, const char *sql, struct db_args args)
{
    enum storage_status s = suite.driver->begin(conn, STORAGE_WRITE);
    if (s != STORAGE_OK)
        return s;
    s = raw_exec(conn, sql, args);
    if (s == STORAGE_OK)
        return suite.driver->commit(conn);
    suite.driver->rollback(conn);
    return s;
}

int64_t raw_int(struct storage_conn *conn, const char *sql, struct db_args args)
{
    struct storage_stmt *stmt = raw_prepare(conn, sql);
    assert_status(suite.driver->run(stmt, args.at, args.n), STORAGE_OK);
    assert_status(suite.driver->step(stmt), STORAGE_ROW);
    struct storage_value value;
    assert_status(suite.driver->column(stmt, 0, &value), STORAGE_OK);
    assert_int_equal(value.type, STORAGE_INT);
    suite.driver->finalize(stmt);
    return value.integer;
}

struct storage_conn *raw_connect(struct storage_db *db)
{
    struct storage_conn *conn = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    enum storage_status s = suite.driver->connect(db, 0, &conn, &error);
    if (s != STORAGE_OK)
        fail_msg("cannot connect: %s", error.text);
    return conn;
}

static void raw_must_write(struct storage_conn *conn, const char *sql)
{
    enum storage_status s = raw_write(conn, sql, DB_NO_ARGS);
    if (s != STORAGE_OK)
        fail_msg("%s: %s", sql, suite.driver->error(conn));
}

int raw_setup(void **state)
{
    struct raw *raw = calloc(1, sizeof(*raw));
    struct storage_error error = { STORAGE_OK, "" };
    if (suite.driver->open(suite.settings, suite.setting_count, &raw->db, &error) != STORAGE_OK)
        fail_msg("cannot open: %s", error.text);
    raw->conn = raw_connect(raw->db);
    raw->other = raw_connect(raw->db);
    for (size_t i = 0; i < COUNT(drop_tables); i++)
        raw_must_write(raw->conn, drop_tables[i]);
    for (size_t i = 0; i < COUNT(make_tables); i++)
        raw_must_write(raw->conn, make_tables[i]);
    *state = raw;
    return 0;
}

int raw_teardown(void **state)
{
    struct raw *raw = *state;
    suite.driver->disconnect(raw->conn);
    suite.driver->disconnect(raw->other);
    suite.driver->close(raw->db);
    free(raw);
    return 0;
}

/* --- db --- */

struct db *suite_open(const struct storage_driver *driver)
{
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    if (db_open_driver(driver, suite.settings, suite.setting_count, &db, &error) != STORAGE_OK)
        fail_msg("cannot open: %s", error.text);
    return db;
}

struct statement {
    const char *sql;
    struct db_args args;
};

static enum storage_status exec_statement(struct db_conn *conn, void *context)
{
    const struct statement *statement = context;
    return db_exec(conn, statement->sql, statement->args, NULL);
}

enum storage_status db_write(struct db_conn *conn, const char *sql, struct db_args args)
{
    struct statement statement = { sql, args };
    return db_transaction(conn, STORAGE_WRITE, exec_statement, &statement);
}

int64_t db_read_int(struct db_conn *conn, const char *sql, struct db_args args)
{
    DB_ROWS(rows);
    enum storage_status s = db_first(conn, &rows, sql, args);
    if (s != STORAGE_ROW)
        fail_msg("%s: %s: %s", sql, storage_status_name(s), db_error(conn));
    return db_col_int(&rows, 0);
}

static void must_write(struct db_conn *conn, const char *sql)
{
    enum storage_status s = db_write(conn, sql, DB_NO_ARGS);
    if (s != STORAGE_OK)
        fail_msg("%s: %s", sql, db_error(conn));
}

int db_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->db = suite_open(suite.driver);
    fixture->conn = db_connect(fixture->db);
    fixture->arena = arena_new(1 << 20);
    for (size_t i = 0; i < COUNT(drop_tables); i++)
        must_write(fixture->conn, drop_tables[i]);
    for (size_t i = 0; i < COUNT(make_tables); i++)
        must_write(fixture->conn, make_tables[i]);
    *state = fixture;
    return 0;
}

int db_teardown(void **state)
{
    struct fixture *fixture = *state;
    db_disconnect(&fixture->conn);
    db_close(&fixture->db);
    arena_free(&fixture->arena);
    free(fixture);
    return 0;
}

/* --- threads --- */

struct thread {
    pthread_t id;
    struct db *db;
    worker_fn fn;
    int number;
    void *context;
};

static void *thread_main(void *argument)
{
    struct thread *thread = argument;
    struct db_conn *conn = db_connect(thread->db);
    thread->fn(conn, thread->number, thread->context);
    db_disconnect(&conn);
    return NULL;
}

void run_threads(struct db *db, int n, worker_fn fn, void *context)
{
    struct thread *threads = calloc((size_t)n, sizeof(*threads));
    for (int i = 0; i < n; i++) {
        threads[i] = (struct thread){ .db = db, .fn = fn, .number = i, .context = context };
        assert_int_equal(pthread_create(&threads[i].id, NULL, thread_main, &threads[i]), 0);
    }
    for (int i = 0; i < n; i++)
        pthread_join(threads[i].id, NULL);
    free(threads);
}
