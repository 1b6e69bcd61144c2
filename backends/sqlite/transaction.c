/* Transactions: reads on the connection's own handle, writes on the writer. */
#include "internal.h"

static enum storage_status exec_reader(struct storage_conn *conn, const char *sql)
{
    int rc = sqlite3_exec(conn->reader, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? STORAGE_OK : conn_fail(conn, conn->reader, rc);
}

enum storage_status sqlite_begin(struct storage_conn *conn, enum storage_mode mode)
{
    conn_start_call(conn);
    if (conn->transaction != TRANSACTION_NONE)
        return conn_refuse(conn, STORAGE_INVALID, "a transaction is open already");
    stmts_end(conn);
    enum storage_status s = mode == STORAGE_WRITE ? writer_begin(conn) : exec_reader(conn, "BEGIN");
    if (s == STORAGE_OK)
        conn->transaction = mode == STORAGE_WRITE ? TRANSACTION_WRITE : TRANSACTION_READ;
    return s;
}

enum storage_status sqlite_commit(struct storage_conn *conn)
{
    conn_start_call(conn);
    if (conn->transaction == TRANSACTION_NONE)
        return conn_refuse(conn, STORAGE_INVALID, "no transaction is open");
    stmts_end(conn);
    bool writes = conn->transaction == TRANSACTION_WRITE;
    conn->transaction = TRANSACTION_NONE;
    if (writes)
        return writer_commit(conn);
    enum storage_status s = exec_reader(conn, "COMMIT");
    if (!sqlite3_get_autocommit(conn->reader))
        sqlite3_exec(conn->reader, "ROLLBACK", NULL, NULL, NULL);
    return s;
}

void sqlite_rollback(struct storage_conn *conn)
{
    enum transaction transaction = conn->transaction;
    if (transaction == TRANSACTION_NONE)
        return;
    stmts_end(conn);
    conn->transaction = TRANSACTION_NONE;
    conn_start_call(conn);
    if (transaction == TRANSACTION_WRITE)
        writer_rollback(conn);
    else if (!sqlite3_get_autocommit(conn->reader))
        sqlite3_exec(conn->reader, "ROLLBACK", NULL, NULL, NULL);
}

/* The one check of the entries that need a write transaction. */
static enum storage_status need_write(struct storage_conn *conn)
{
    conn_start_call(conn);
    if (conn->transaction != TRANSACTION_WRITE)
        return conn_refuse(conn, STORAGE_INVALID, "this needs a write transaction");
    if (conn->lost != STORAGE_OK)
        return conn_refuse(conn, conn->lost, "the transaction has ended in a failure");
    return STORAGE_OK;
}

enum storage_status sqlite_script(struct storage_conn *conn, const char *sql)
{
    enum storage_status s = need_write(conn);
    if (s != STORAGE_OK)
        return s;
    sqlite3 *handle = conn->db->writer.handle;
    int rc = sqlite3_exec(handle, sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return STORAGE_OK;
    s = conn_fail(conn, handle, rc);
    writer_check_lost(conn, s);
    return s;
}

/* Whoever holds the writer's turn is the only one that changes anything, and this process the only one that
 * may. */
enum storage_status sqlite_lock_schema(struct storage_conn *conn)
{
    return need_write(conn);
}

/* One process owns the data: there is nobody else to tell. */
enum storage_status sqlite_notify(struct storage_conn *conn, const char *channel, const char *payload)
{
    (void)channel;
    (void)payload;
    return need_write(conn);
}
