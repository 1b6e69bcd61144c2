/* Running statements and reading their rows.
 *
 * The first step is made together with the run, so that a query either starts or fails in one place, and a
 * read that meets a lost connection can be tried once more before any row was handed out. */
#include "base/text.h"
#include "storage/internal.h"

static void finish(struct db_rows *rows, enum storage_status result)
{
    struct db_stmt *stmt = rows->stmt;
    if (stmt && stmt->inner && result == STORAGE_DONE)
        rows->changes = rows->conn->db->driver->changes(stmt->inner);
    rows->stmt = NULL;
    rows->fresh = false;
    rows->next = result;
    if (stmt)
        stmt_release(rows->conn, stmt);
}

void db_rows_close(struct db_rows *rows)
{
    if (rows->stmt)
        finish(rows, STORAGE_DONE);
}

static const char *argument_flaw(const struct storage_value *arg)
{
    switch (arg->type) {
    case STORAGE_NULL:
    case STORAGE_INT:
        return NULL;
    case STORAGE_BLOB:
        return arg->size > 0 && !arg->data ? "a blob parameter has a size but no bytes" : NULL;
    case STORAGE_TEXT:
        if (!arg->data)
            return "a text parameter has no bytes";
        return text_is_clean(str_from(arg->data, arg->size)) ? NULL
                                                             : "a text parameter is not UTF-8 without NUL";
    }
    return "a parameter has an unknown type";
}

static const char *arguments_flaw(const struct db_stmt *stmt, struct db_args args)
{
    if (args.n != stmt->params)
        return "the number of parameters is not that of the statement";
    for (size_t i = 0; i < args.n; i++) {
        const char *flaw = argument_flaw(&args.at[i]);
        if (flaw)
            return flaw;
    }
    return NULL;
}

/* After a failed run: the text of a statement that cannot be run need not be kept. */
static enum storage_status give_up(struct db_rows *rows, enum storage_status status)
{
    struct db_conn *conn = rows->conn;
    conn_failed(conn, status);
    if (status == STORAGE_ERROR && rows->stmt) {
        stmt_discard(conn, rows->stmt);
        rows->stmt = NULL;
    }
    finish(rows, status);
    return status;
}

static enum storage_status start(struct db_rows *rows, const char *sql, struct db_args args)
{
    struct db_conn *conn = rows->conn;
    enum storage_status s = conn_ensure(conn);
    if (s != STORAGE_OK)
        return s;
    s = stmt_take(conn, sql, &rows->stmt);
    if (s != STORAGE_OK)
        return s;
    const char *flaw = arguments_flaw(rows->stmt, args);
    if (flaw) {
        finish(rows, STORAGE_INVALID);
        return conn_misused(conn, flaw);
    }
    const struct storage_driver *driver = conn->db->driver;
    s = driver->run(rows->stmt->inner, args.at, args.n);
    if (s == STORAGE_OK)
        s = driver->step(rows->stmt->inner);
    if (s != STORAGE_ROW && s != STORAGE_DONE)
        return give_up(rows, s);
    rows->next = s;
    rows->fresh = s == STORAGE_ROW;
    if (s == STORAGE_DONE)
        finish(rows, s);
    return STORAGE_OK;
}

enum storage_status db_query(struct db_conn *conn, struct db_rows *ret, const char *sql, struct db_args args)
{
    db_rows_close(ret);
    *ret = (struct db_rows){ .conn = conn };
    if (conn->transaction != DB_TX_NONE && conn->failed != STORAGE_OK)
        return ret->next =
                   conn->failed; /* engines differ in what they still allow; nothing is the same on all */
    enum storage_status s = start(ret, sql, args);
    if (s == STORAGE_GONE && conn->transaction == DB_TX_NONE)
        s = start(ret, sql, args);
    if (s != STORAGE_OK)
        ret->next = s;
    return conn_count_failure(conn, s);
}

enum storage_status db_next(struct db_rows *rows)
{
    if (!rows->stmt)
        return rows->next;
    if (rows->fresh) {
        rows->fresh = false;
        return rows->next;
    }
    if (!rows->stmt->inner) { /* the connection was given up under these rows */
        finish(rows, STORAGE_GONE);
        return STORAGE_GONE;
    }
    enum storage_status s = rows->conn->db->driver->step(rows->stmt->inner);
    if (s == STORAGE_DONE)
        finish(rows, s);
    else if (s != STORAGE_ROW)
        return conn_count_failure(rows->conn, give_up(rows, s));
    return s;
}

enum storage_status db_first(struct db_conn *conn, struct db_rows *ret, const char *sql, struct db_args args)
{
    enum storage_status s = db_query(conn, ret, sql, args);
    return s == STORAGE_OK ? db_next(ret) : s;
}

enum storage_status db_exec(struct db_conn *conn, const char *sql, struct db_args args, int64_t *ret_changes)
{
    if (conn->transaction != DB_TX_WRITE)
        return conn_misused(conn, "a statement that writes needs a write transaction");
    DB_ROWS(rows);
    enum storage_status s = db_first(conn, &rows, sql, args);
    while (s == STORAGE_ROW)
        s = db_next(&rows);
    if (s != STORAGE_DONE)
        return s;
    if (ret_changes)
        *ret_changes = rows.changes;
    return STORAGE_OK;
}
