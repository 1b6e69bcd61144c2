/* The driver's entries, shortened. */
#include "session.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#include "backend_postgres/driver.h"
#include "base/clock.h"

void session_assert(enum storage_status got, enum storage_status expected, const char *what, const char *file,
                    int line)
{
    if (got != expected) {
        print_error("%s:%d: %s is %d, not %d\n", file, line, what, got, expected);
        _fail(file, line);
    }
}

struct storage_db *session_open(const char *conninfo)
{
    struct storage_db *db = NULL;
    struct storage_error error = { 0 };
    struct storage_setting settings[] = { { "conninfo", conninfo } };
    if (postgres_driver.open(settings, 1, &db, &error) != STORAGE_OK)
        fail_msg("open: %s", error.text);
    return db;
}

void session_close(struct storage_db *db)
{
    postgres_driver.close(db);
}

struct storage_conn *session_connect(struct storage_db *db)
{
    struct storage_conn *conn = NULL;
    struct storage_error error = { 0 };
    if (postgres_driver.connect(db, 0, &conn, &error) != STORAGE_OK)
        fail_msg("connect: %s", error.text);
    return conn;
}

void session_disconnect(struct storage_conn *conn)
{
    postgres_driver.disconnect(conn);
}

void session_deadline(struct storage_conn *conn, int ms)
{
    postgres_driver.deadline(conn, clock_monotonic_ms() + ms);
}

enum storage_status session_run_stmt(struct storage_stmt *stmt, const struct storage_value *args, size_t n,
                                     int64_t *ret_first)
{
    if (ret_first)
        *ret_first = 0;
    enum storage_status status = postgres_driver.run(stmt, args, n);
    if (status != STORAGE_OK)
        return status;
    bool first = true;
    while ((status = postgres_driver.step(stmt)) == STORAGE_ROW) {
        struct storage_value value;
        if (first && ret_first && postgres_driver.column(stmt, 0, &value) == STORAGE_OK)
            *ret_first = value.integer;
        first = false;
    }
    return status;
}

enum storage_status session_run(struct storage_conn *conn, const char *sql, const struct storage_value *args,
                                size_t n, int64_t *ret_first)
{
    struct storage_stmt *stmt;
    enum storage_status status = postgres_driver.prepare(conn, sql, &stmt);
    if (status != STORAGE_OK)
        return status;
    status = session_run_stmt(stmt, args, n, ret_first);
    postgres_driver.finalize(stmt);
    return status;
}

int session_backend(struct storage_conn *conn)
{
    int64_t pid = 0;
    assert_status(session_run(conn, "SELECT pg_backend_pid()", NO_ARGS, &pid), STORAGE_DONE);
    return (int)pid;
}
