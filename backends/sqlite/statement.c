/* Statements: prepared when first run, on the reader, or inside a write transaction on the writer. */
#include "internal.h"

enum storage_status sqlite_prepare(struct storage_conn *conn, const char *sql, struct storage_stmt **ret)
{
    conn_start_call(conn);
    struct storage_stmt *stmt = calloc(1, sizeof(*stmt));
    if (!stmt)
        abort();
    *stmt = (struct storage_stmt){ .conn = conn, .next = conn->stmts, .sql = sql, .hash = sql_hash(sql) };
    conn->stmts = stmt;
    *ret = stmt;
    return STORAGE_OK;
}

static sqlite3 *handle_of(const struct storage_stmt *stmt)
{
    return sqlite3_db_handle(stmt->active);
}

static bool is_on_writer(const struct storage_stmt *stmt)
{
    return stmt->active && stmt->active == stmt->writer;
}

/* The number of rows is known once the statement has ended; DDL leaves SQLite's counter at an earlier
 * statement's. */
static void end_run(struct storage_stmt *stmt)
{
    stmt->columns = 0;
    if (!stmt->active)
        return;
    sqlite3 *handle = handle_of(stmt);
    sqlite3_reset(stmt->active);
    sqlite3_clear_bindings(stmt->active);
    stmt->changes = sqlite3_total_changes64(handle) != stmt->total_before ? sqlite3_changes64(handle) : 0;
    stmt->active = NULL;
}

void stmts_end(struct storage_conn *conn)
{
    for (struct storage_stmt *stmt = conn->stmts; stmt; stmt = stmt->next) {
        end_run(stmt);
        if (stmt->writer)
            writer_cache_return(stmt);
    }
}

void sqlite_finalize(struct storage_stmt *stmt)
{
    end_run(stmt);
    if (stmt->writer)
        writer_cache_return(stmt);
    sqlite3_finalize(stmt->reader);
    struct storage_stmt **link = &stmt->conn->stmts;
    while (*link != stmt)
        link = &(*link)->next;
    *link = stmt->next;
    free(stmt->numbers);
    free(stmt);
}

void sqlite_reset(struct storage_stmt *stmt)
{
    end_run(stmt);
}

static enum storage_status prepare_reader(struct storage_stmt *stmt)
{
    if (stmt->reader)
        return STORAGE_OK;
    struct storage_conn *conn = stmt->conn;
    int rc = sqlite3_prepare_v3(conn->reader, stmt->sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->reader, NULL);
    if (rc != SQLITE_OK)
        return conn_fail(conn, conn->reader, rc);
    if (!stmt->reader)
        return conn_refuse(conn, STORAGE_INVALID, "an empty statement");
    return STORAGE_OK;
}

static enum storage_status prepare_writer(struct storage_stmt *stmt)
{
    if (stmt->writer)
        return STORAGE_OK;
    struct storage_conn *conn = stmt->conn;
    int rc = writer_cache_take(&conn->db->writer, stmt);
    return rc == SQLITE_OK ? STORAGE_OK : conn_fail(conn, conn->db->writer.handle, rc);
}

/* Transaction control has no columns and counts as read-only; it would break the batch. */
static bool is_control(sqlite3_stmt *raw)
{
    return sqlite3_stmt_readonly(raw) && sqlite3_column_count(raw) == 0;
}

static enum storage_status choose(struct storage_stmt *stmt, sqlite3_stmt **ret)
{
    struct storage_conn *conn = stmt->conn;
    bool writes = conn->transaction == TRANSACTION_WRITE;
    enum storage_status s = writes ? prepare_writer(stmt) : prepare_reader(stmt);
    if (s != STORAGE_OK)
        return s;
    *ret = writes ? stmt->writer : stmt->reader;
    if (is_control(*ret))
        return conn_refuse(conn, STORAGE_INVALID, "transactions are controlled by the driver's entries only");
    if (!writes && !sqlite3_stmt_readonly(*ret))
        return conn_refuse(conn, STORAGE_INVALID, "a statement that writes needs a write transaction");
    return STORAGE_OK;
}

static int bind_value(sqlite3_stmt *raw, int slot, const struct storage_value *value)
{
    const void *data = value->size > 0 ? value->data : "";
    switch (value->type) {
    case STORAGE_INT:
        return sqlite3_bind_int64(raw, slot, value->integer);
    case STORAGE_TEXT:
        return sqlite3_bind_text64(raw, slot, data, value->size, SQLITE_STATIC, SQLITE_UTF8);
    case STORAGE_BLOB:
        return sqlite3_bind_blob64(raw, slot, data, value->size, SQLITE_STATIC);
    case STORAGE_NULL:
        break;
    }
    return sqlite3_bind_null(raw, slot);
}

/* SQLite takes $n as a name and numbers its slots by first appearance; looking a name up takes it longer the
 * more there are. */
static enum storage_status number_slots(struct storage_stmt *stmt, sqlite3_stmt *raw)
{
    int slots = sqlite3_bind_parameter_count(raw);
    uint16_t *numbers = malloc((size_t)(slots + 1) * sizeof(*numbers));
    if (!numbers)
        abort();
    stmt->highest = 0;
    for (int slot = 1; slot <= slots; slot++) {
        const char *name = sqlite3_bind_parameter_name(raw, slot);
        size_t number = name && name[0] == '$' ? strtoul(name + 1, NULL, 10) : 0;
        numbers[slot] = number <= UINT16_MAX ? (uint16_t)number : 0;
        if (numbers[slot] == 0) {
            free(numbers);
            return conn_refuse(stmt->conn, STORAGE_INVALID, "the parameters are not $1 to the number given");
        }
        stmt->highest = number > stmt->highest ? number : stmt->highest;
    }
    stmt->slots = slots;
    stmt->numbers = numbers;
    return STORAGE_OK;
}

static enum storage_status bind_all(struct storage_stmt *stmt, sqlite3_stmt *raw,
                                    const struct storage_value *args, size_t n)
{
    enum storage_status s = stmt->numbers ? STORAGE_OK : number_slots(stmt, raw);
    if (s != STORAGE_OK)
        return s;
    if (stmt->highest != n)
        return conn_refuse(stmt->conn, STORAGE_INVALID,
                           stmt->highest > n ? "the parameters are not $1 to the number given"
                                             : "more parameters are given than the statement has");
    for (int slot = 1; slot <= stmt->slots; slot++) {
        int rc = bind_value(raw, slot, &args[stmt->numbers[slot] - 1]);
        if (rc != SQLITE_OK)
            return conn_fail(stmt->conn, sqlite3_db_handle(raw), rc);
    }
    return STORAGE_OK;
}

enum storage_status sqlite_run(struct storage_stmt *stmt, const struct storage_value *args, size_t n)
{
    struct storage_conn *conn = stmt->conn;
    end_run(stmt);
    conn_start_call(conn);
    if (conn->transaction == TRANSACTION_WRITE && conn->lost != STORAGE_OK)
        return conn_refuse(conn, conn->lost, "the transaction has ended in a failure");
    if (conn_is_late(conn))
        return conn_refuse(conn, STORAGE_GONE, "the deadline passed");
    sqlite3_stmt *raw = NULL;
    enum storage_status s = choose(stmt, &raw);
    if (s == STORAGE_OK)
        s = bind_all(stmt, raw, args, n);
    if (s != STORAGE_OK)
        return s;
    stmt->active = raw;
    stmt->changes = 0;
    stmt->total_before = sqlite3_total_changes64(handle_of(stmt));
    return STORAGE_OK;
}

static enum storage_status fail_step(struct storage_stmt *stmt, int rc)
{
    struct storage_conn *conn = stmt->conn;
    enum storage_status s = conn_fail(conn, handle_of(stmt), rc);
    bool on_writer = is_on_writer(stmt);
    end_run(stmt);
    stmt->changes = 0;
    if (on_writer)
        writer_check_lost(conn, s);
    return s;
}

enum storage_status sqlite_step(struct storage_stmt *stmt)
{
    struct storage_conn *conn = stmt->conn;
    conn_start_call(conn);
    if (!stmt->active)
        return conn_refuse(conn, STORAGE_INVALID, "the statement does not run");
    conn->interruptible = sqlite3_stmt_readonly(stmt->active);
    int rc = sqlite3_step(stmt->active);
    conn->interruptible = false;
    stmt->columns = rc == SQLITE_ROW ? sqlite3_data_count(stmt->active) : 0;
    if (rc == SQLITE_ROW)
        return STORAGE_ROW;
    if (rc != SQLITE_DONE)
        return fail_step(stmt, rc);
    end_run(stmt);
    return STORAGE_DONE;
}

enum storage_status sqlite_column(struct storage_stmt *stmt, int column, struct storage_value *ret)
{
    if (column < 0 || column >= stmt->columns)
        return conn_refuse(stmt->conn, STORAGE_INVALID, "there is no such column");
    /* Safe because one thread alone has the connection; asked column by column, SQLite would find it anew
     * each time. */
    sqlite3_value *value = sqlite3_column_value(stmt->active, column);
    *ret = (struct storage_value){ STORAGE_NULL, 0, 0, NULL };
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        return STORAGE_OK;
    case SQLITE_INTEGER:
        ret->type = STORAGE_INT;
        ret->integer = sqlite3_value_int64(value);
        return STORAGE_OK;
    case SQLITE_BLOB:
        ret->type = STORAGE_BLOB;
        ret->data = sqlite3_value_blob(value);
        break;
    default: /* text; the contract has no type for fractions, which come as text */
        ret->type = STORAGE_TEXT;
        ret->data = sqlite3_value_text(value);
        break;
    }
    ret->size = (size_t)sqlite3_value_bytes(value);
    if (!ret->data)
        ret->data = "";
    return STORAGE_OK;
}

int64_t sqlite_changes(struct storage_stmt *stmt)
{
    return stmt->changes;
}
