/* Prepared statements: made on the server when they first run, made again when the server lost them.
 *
 * Parameters travel without a declared type, so the server finds it from where they stand: INT and TEXT as
 * text, BLOB as bytes. A result is fetched whole: the connection is free again before the first row is read,
 * so statements may be nested, and results are kept small by LIMIT above. */
#include "internal.h"

#include <limits.h>

/* pg_type.oid, fixed for ever; the server's header for them is not installed with libpq. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23 };

#define INT_TEXT_SIZE  21 /* -9223372036854775808 and a NUL */
#define MAX_PARAMETERS 65535

struct storage_stmt {
    struct storage_conn *conn;
    struct storage_stmt *next;
    struct storage_stmt **link; /* what points to this one */
    const char *sql;
    char name[48];
    bool prepared;
    bool stale; /* the server holds it with a plan that no longer fits */
    unsigned epoch;
    PGresult *result;
    int row; /* the current one; -1 before the first */
    int64_t changes;
    unsigned char **blobs; /* decoded columns of the current row, or NULL */
};

struct parameters {
    int n;
    const char **values;
    int *lengths;
    int *formats;
    void *memory;
};

enum storage_status postgres_prepare(struct storage_conn *conn, const char *sql, struct storage_stmt **ret)
{
    struct storage_stmt *stmt = postgres_allocate(sizeof(*stmt));
    stmt->conn = conn;
    stmt->sql = sql;
    stmt->next = conn->statements;
    stmt->link = &conn->statements;
    if (stmt->next)
        stmt->next->link = &stmt->next;
    conn->statements = stmt;
    *ret = stmt;
    return STORAGE_OK;
}

static void free_row(struct storage_stmt *stmt)
{
    if (!stmt->blobs)
        return;
    for (int i = 0; i < PQnfields(stmt->result); i++)
        PQfreemem(stmt->blobs[i]);
    free(stmt->blobs);
    stmt->blobs = NULL;
}

void postgres_reset(struct storage_stmt *stmt)
{
    free_row(stmt);
    PQclear(stmt->result);
    stmt->result = NULL;
    stmt->row = -1;
}

static bool is_prepared(const struct storage_stmt *stmt)
{
    return stmt->prepared && stmt->epoch == stmt->conn->epoch;
}

static enum storage_status deallocate(struct storage_stmt *stmt, int64_t deadline)
{
    char sql[80];
    snprintf(sql, sizeof(sql), "DEALLOCATE %s", stmt->name);
    return postgres_command(stmt->conn, sql, deadline);
}

static void destroy(struct storage_stmt *stmt)
{
    postgres_reset(stmt);
    *stmt->link = stmt->next;
    if (stmt->next)
        stmt->next->link = stmt->link;
    free(stmt);
}

/* In a failed transaction the server takes no DEALLOCATE; the name then stays until the connection ends. */
void postgres_finalize(struct storage_stmt *stmt)
{
    struct storage_conn *conn = stmt->conn;
    if (conn->pg && (is_prepared(stmt) || stmt->stale) && PQtransactionStatus(conn->pg) != PQTRANS_INERROR)
        deallocate(stmt, postgres_deadline(conn, POSTGRES_CALL_MS));
    destroy(stmt);
}

void postgres_forget_statements(struct storage_conn *conn)
{
    while (conn->statements)
        destroy(conn->statements);
}

static enum storage_status measure(struct storage_conn *conn, const struct storage_value *args, size_t n,
                                   size_t *ret_size)
{
    size_t size = n * (sizeof(char *) + 2 * sizeof(int));
    for (size_t i = 0; i < n; i++) {
        if (args[i].size >= INT_MAX)
            return postgres_fail(conn, STORAGE_INVALID, "parameter $%zu is too large", i + 1);
        if (args[i].type == STORAGE_TEXT && args[i].size > 0 && memchr(args[i].data, 0, args[i].size))
            return postgres_fail(conn, STORAGE_INVALID, "parameter $%zu is text with a NUL byte", i + 1);
        if (args[i].type == STORAGE_INT)
            size += INT_TEXT_SIZE;
        else if (args[i].type == STORAGE_TEXT)
            size += args[i].size + 1;
    }
    *ret_size = size;
    return STORAGE_OK;
}

/* Returns the end of what was written at `at`. */
static char *pack_one(struct parameters *p, size_t i, const struct storage_value *arg, char *at)
{
    p->values[i] = at;
    switch (arg->type) {
    case STORAGE_INT:
        return at + snprintf(at, INT_TEXT_SIZE, "%lld", (long long)arg->integer) + 1;
    case STORAGE_TEXT:
        if (arg->size > 0)
            memcpy(at, arg->data, arg->size);
        at[arg->size] = '\0';
        return at + arg->size + 1;
    case STORAGE_BLOB:
        p->values[i] = arg->size > 0 ? arg->data : "";
        p->lengths[i] = (int)arg->size;
        p->formats[i] = 1;
        return at;
    default:
        p->values[i] = NULL;
        return at;
    }
}

static enum storage_status pack(struct storage_conn *conn, const struct storage_value *args, size_t n,
                                struct parameters *ret)
{
    if (n > MAX_PARAMETERS)
        return postgres_fail(conn, STORAGE_INVALID, "%zu parameters are too many", n);
    size_t size;
    enum storage_status status = measure(conn, args, n, &size);
    if (status != STORAGE_OK)
        return status;
    char *memory = postgres_allocate(size);
    ret->n = (int)n;
    ret->memory = memory;
    ret->values = (const char **)memory;
    ret->lengths = (int *)(memory + n * sizeof(char *));
    ret->formats = ret->lengths + n;
    char *at = (char *)(ret->formats + n);
    for (size_t i = 0; i < n; i++)
        at = pack_one(ret, i, &args[i], at);
    return STORAGE_OK;
}

static enum storage_status make_prepared(struct storage_stmt *stmt, int64_t deadline)
{
    struct storage_conn *conn = stmt->conn;
    enum storage_status status = stmt->stale ? deallocate(stmt, deadline) : STORAGE_OK;
    if (status != STORAGE_OK)
        return status;
    stmt->stale = false;
    snprintf(stmt->name, sizeof(stmt->name), "%s_%u", conn->db->name_prefix,
             atomic_fetch_add(&conn->db->next_name, 1));
    status = postgres_collect(conn, PQsendPrepare(conn->pg, stmt->name, stmt->sql, 0, NULL), deadline, NULL);
    stmt->prepared = status == STORAGE_OK;
    stmt->epoch = conn->epoch;
    return status;
}

static enum storage_status attempt(struct storage_stmt *stmt, const struct parameters *p, int64_t deadline,
                                   bool named)
{
    struct storage_conn *conn = stmt->conn;
    enum storage_status status = postgres_usable(conn, deadline);
    if (status == STORAGE_OK && named && !is_prepared(stmt))
        status = make_prepared(stmt, deadline);
    if (status != STORAGE_OK)
        return status;
    int sent = named
                   ? PQsendQueryPrepared(conn->pg, stmt->name, p->n, p->values, p->lengths, p->formats, 0)
                   : PQsendQueryParams(conn->pg, stmt->sql, p->n, NULL, p->values, p->lengths, p->formats, 0);
    return postgres_collect(conn, sent, deadline, &stmt->result);
}

/* After a failure: whether it was the prepared statement that failed, not what it says; it is then made anew
 * at its next run. `fresh`: it was prepared just now. */
static bool lost_statement(struct storage_stmt *stmt, bool fresh)
{
    struct storage_conn *conn = stmt->conn;
    if (!conn->pg)
        return false;
    if (strcmp(conn->sqlstate, "26000") ==
        0) { /* all of the session's statements are gone, or it is another one */
        conn->epoch++;
        if (fresh || atomic_fetch_add(&conn->db->lost_statements, 1) > 0)
            atomic_store(&conn->db->without_statements, true);
        return true;
    }
    if (strcmp(conn->sqlstate, "0A000") == 0 && !fresh) { /* the result's type was changed by DDL */
        stmt->stale = true;
        stmt->prepared = false;
        return true;
    }
    return false;
}

static enum storage_status run_packed(struct storage_stmt *stmt, const struct parameters *p)
{
    struct storage_conn *conn = stmt->conn;
    int64_t deadline = postgres_deadline(conn, POSTGRES_CALL_MS);
    bool in_transaction = conn->transaction != TRANSACTION_NONE;
    for (int tries = 0;; tries++) {
        bool named = !atomic_load(&conn->db->without_statements);
        bool fresh = !is_prepared(stmt);
        enum storage_status status = attempt(stmt, p, deadline, named);
        if (status == STORAGE_OK || !named || !lost_statement(stmt, fresh))
            return status;
        /* The failure ended the transaction, if there is one: only the whole of it can be run again. */
        if (in_transaction || tries > 0)
            return STORAGE_BUSY;
    }
}

/* "UPDATE 3", "INSERT 0 3": the count; "SELECT 3": 0. */
static int64_t count_changes(PGresult *result)
{
    const char *tag = PQcmdStatus(result);
    if (strncmp(tag, "SELECT", 6) == 0)
        return 0;
    return strtoll(PQcmdTuples(result), NULL, 10);
}

enum storage_status postgres_run(struct storage_stmt *stmt, const struct storage_value *args, size_t n)
{
    postgres_reset(stmt);
    stmt->changes = 0;
    struct parameters p = { 0 };
    enum storage_status status = pack(stmt->conn, args, n, &p);
    if (status != STORAGE_OK)
        return status;
    status = run_packed(stmt, &p);
    free(p.memory);
    if (status == STORAGE_OK)
        stmt->changes = count_changes(stmt->result);
    return status;
}

enum storage_status postgres_step(struct storage_stmt *stmt)
{
    if (!stmt->result)
        return postgres_fail(stmt->conn, STORAGE_INVALID, "step without a run");
    free_row(stmt);
    if (++stmt->row < PQntuples(stmt->result))
        return STORAGE_ROW;
    postgres_reset(stmt);
    return STORAGE_DONE;
}

static enum storage_status decode_blob(struct storage_stmt *stmt, int column, struct storage_value *ret)
{
    if (!stmt->blobs)
        stmt->blobs = postgres_allocate((size_t)PQnfields(stmt->result) * sizeof(*stmt->blobs));
    size_t size = 0;
    const unsigned char *text = (const unsigned char *)PQgetvalue(stmt->result, stmt->row, column);
    PQfreemem(stmt->blobs[column]);
    stmt->blobs[column] = PQunescapeBytea(text, &size);
    if (!stmt->blobs[column])
        abort();
    *ret = (struct storage_value){ .type = STORAGE_BLOB, .size = size, .data = stmt->blobs[column] };
    return STORAGE_OK;
}

enum storage_status postgres_column(struct storage_stmt *stmt, int column, struct storage_value *ret)
{
    if (!stmt->result || stmt->row < 0 || column < 0 || column >= PQnfields(stmt->result))
        return postgres_fail(stmt->conn, STORAGE_INVALID, "there is no column %d", column);
    *ret = (struct storage_value){ .type = STORAGE_NULL };
    if (PQgetisnull(stmt->result, stmt->row, column))
        return STORAGE_OK;
    const char *text = PQgetvalue(stmt->result, stmt->row, column);
    switch (PQftype(stmt->result, column)) {
    case OID_BOOL:
        *ret = (struct storage_value){ .type = STORAGE_INT, .integer = *text == 't' };
        return STORAGE_OK;
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
        *ret = (struct storage_value){ .type = STORAGE_INT, .integer = strtoll(text, NULL, 10) };
        return STORAGE_OK;
    case OID_BYTEA:
        return decode_blob(stmt, column, ret);
    default:
        ret->type = STORAGE_TEXT;
        ret->data = text;
        ret->size = (size_t)PQgetlength(stmt->result, stmt->row, column);
        return STORAGE_OK;
    }
}

int64_t postgres_changes(struct storage_stmt *stmt)
{
    return stmt->changes;
}
