/* The smallest storage driver that keeps the contract's core promises: one SQLite handle per connection, and
 * nothing clever. Written from tether/storage.h alone, as a pattern for others; Tether's own driver is in
 * backends/sqlite. The setting: path, the database file. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tether/storage.h>

struct storage_db {
    char *path;
};

struct storage_conn {
    sqlite3 *handle;
    struct storage_stmt *stmts;
    int64_t deadline_ms;
    int writing; /* a write transaction is open */
};

struct storage_stmt {
    struct storage_conn *conn;
    struct storage_stmt *next;
    sqlite3_stmt *raw;
    int running;
    int64_t total_before;
    int64_t changes;
};

/* --- what every call needs --- */

static enum storage_status classify(int rc)
{
    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
        return STORAGE_CONFLICT;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return STORAGE_REFERENCE;
    }
    switch (rc & 0xff) {
    case SQLITE_OK:
        return STORAGE_OK;
    case SQLITE_ROW:
        return STORAGE_ROW;
    case SQLITE_DONE:
        return STORAGE_DONE;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        return STORAGE_INVALID;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORAGE_BUSY;
    case SQLITE_INTERRUPT:
        return STORAGE_GONE;
    case SQLITE_FULL:
    case SQLITE_READONLY:
        return STORAGE_FULL;
    default:
        return STORAGE_ERROR;
    }
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int is_late(void *context)
{
    const struct storage_conn *conn = context;
    return conn->deadline_ms && now_ms() >= conn->deadline_ms;
}

static int on_busy(void *context, int count)
{
    (void)count;
    if (is_late(context))
        return 0;
    sqlite3_sleep(2);
    return 1;
}

static enum storage_status exec(struct storage_conn *conn, const char *sql)
{
    return classify(sqlite3_exec(conn->handle, sql, NULL, NULL, NULL));
}

/* --- database and connections --- */

static enum storage_status example_open(const struct storage_setting *settings, size_t n,
                                        struct storage_db **ret, struct storage_error *error)
{
    const char *path = NULL;
    for (size_t i = 0; i < n; i++)
        if (strcmp(settings[i].key, "path") == 0)
            path = settings[i].value;
    if (!path) {
        error->status = STORAGE_INVALID;
        snprintf(error->text, sizeof(error->text), "example: the setting \"path\" is missing");
        return STORAGE_INVALID;
    }
    *ret = calloc(1, sizeof(**ret));
    (*ret)->path = strdup(path);
    return STORAGE_OK;
}

static void example_close(struct storage_db *db)
{
    free(db->path);
    free(db);
}

static enum storage_status example_connect(struct storage_db *db, int64_t deadline_ms,
                                           struct storage_conn **ret, struct storage_error *error)
{
    (void)deadline_ms;
    sqlite3 *handle = NULL;
    int rc = sqlite3_open_v2(
        db->path, &handle,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_busy_timeout(handle, 2000);
        rc = sqlite3_exec(handle,
                          "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                          "PRAGMA case_sensitive_like=ON;",
                          NULL, NULL, NULL);
    }
    if (rc != SQLITE_OK) {
        error->status = STORAGE_GONE;
        snprintf(error->text, sizeof(error->text), "example: %s: %s", db->path, sqlite3_errstr(rc));
        sqlite3_close(handle);
        return STORAGE_GONE;
    }
    struct storage_conn *conn = calloc(1, sizeof(*conn));
    conn->handle = handle;
    sqlite3_busy_handler(handle, on_busy, conn);
    sqlite3_progress_handler(handle, 1000, is_late, conn);
    *ret = conn;
    return STORAGE_OK;
}

static void example_finalize(struct storage_stmt *stmt);
static void example_rollback(struct storage_conn *conn);

static void example_disconnect(struct storage_conn *conn)
{
    example_rollback(conn);
    while (conn->stmts)
        example_finalize(conn->stmts);
    sqlite3_close(conn->handle);
    free(conn);
}

static enum storage_status example_ping(struct storage_conn *conn)
{
    return exec(conn, "SELECT COUNT(*) FROM sqlite_master");
}

static void example_deadline(struct storage_conn *conn, int64_t monotonic_ms)
{
    conn->deadline_ms = monotonic_ms;
}

static const char *example_error(struct storage_conn *conn)
{
    return sqlite3_errmsg(conn->handle);
}

/* --- transactions --- */

static void end_runs(struct storage_conn *conn)
{
    for (struct storage_stmt *stmt = conn->stmts; stmt; stmt = stmt->next) {
        sqlite3_reset(stmt->raw);
        stmt->running = 0;
    }
}

static enum storage_status example_begin(struct storage_conn *conn, enum storage_mode mode)
{
    if (!sqlite3_get_autocommit(conn->handle))
        return STORAGE_INVALID;
    end_runs(conn);
    enum storage_status s = exec(conn, mode == STORAGE_WRITE ? "BEGIN IMMEDIATE" : "BEGIN");
    conn->writing = s == STORAGE_OK && mode == STORAGE_WRITE;
    return s;
}

static void example_rollback(struct storage_conn *conn)
{
    end_runs(conn);
    conn->writing = 0;
    if (!sqlite3_get_autocommit(conn->handle))
        sqlite3_exec(conn->handle, "ROLLBACK", NULL, NULL, NULL);
}

static enum storage_status example_commit(struct storage_conn *conn)
{
    end_runs(conn);
    if (sqlite3_get_autocommit(conn->handle))
        return STORAGE_INVALID;
    enum storage_status s = exec(conn, "COMMIT");
    example_rollback(conn); /* whatever a failed commit left */
    return s;
}

static enum storage_status example_script(struct storage_conn *conn, const char *sql)
{
    return conn->writing ? exec(conn, sql) : STORAGE_INVALID;
}

static enum storage_status example_lock_schema(struct storage_conn *conn)
{
    return conn->writing ? STORAGE_OK : STORAGE_INVALID; /* BEGIN IMMEDIATE let nobody else in */
}

static enum storage_status example_notify(struct storage_conn *conn, const char *channel, const char *payload)
{
    (void)channel;
    (void)payload;
    return conn->writing ? STORAGE_OK : STORAGE_INVALID;
}

/* --- statements --- */

static enum storage_status example_prepare(struct storage_conn *conn, const char *sql,
                                           struct storage_stmt **ret)
{
    sqlite3_stmt *raw = NULL;
    int rc = sqlite3_prepare_v3(conn->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, NULL);
    if (rc != SQLITE_OK || !raw)
        return rc == SQLITE_OK ? STORAGE_INVALID : classify(rc);
    struct storage_stmt *stmt = calloc(1, sizeof(*stmt));
    *stmt = (struct storage_stmt){ .conn = conn, .next = conn->stmts, .raw = raw };
    conn->stmts = stmt;
    *ret = stmt;
    return STORAGE_OK;
}

static void example_reset(struct storage_stmt *stmt)
{
    sqlite3_reset(stmt->raw);
    if (stmt->running)
        stmt->changes = sqlite3_total_changes64(stmt->conn->handle) != stmt->total_before
                            ? sqlite3_changes64(stmt->conn->handle)
                            : 0;
    stmt->running = 0;
}

static void example_finalize(struct storage_stmt *stmt)
{
    struct storage_stmt **link = &stmt->conn->stmts;
    while (*link != stmt)
        link = &(*link)->next;
    *link = stmt->next;
    sqlite3_finalize(stmt->raw);
    free(stmt);
}

static int bind(sqlite3_stmt *raw, int slot, const struct storage_value *value)
{
    const void *data = value->size ? value->data : "";
    switch (value->type) {
    case STORAGE_INT:
        return sqlite3_bind_int64(raw, slot, value->integer);
    case STORAGE_TEXT:
        return sqlite3_bind_text64(raw, slot, data, value->size, SQLITE_TRANSIENT, SQLITE_UTF8);
    case STORAGE_BLOB:
        return sqlite3_bind_blob64(raw, slot, data, value->size, SQLITE_TRANSIENT);
    default:
        return sqlite3_bind_null(raw, slot);
    }
}

static enum storage_status example_run(struct storage_stmt *stmt, const struct storage_value *args, size_t n)
{
    size_t highest = 0;
    example_reset(stmt);
    if (is_late(stmt->conn))
        return STORAGE_GONE;
    if (!stmt->conn->writing && !sqlite3_stmt_readonly(stmt->raw))
        return STORAGE_INVALID;
    for (int slot = 1; slot <= sqlite3_bind_parameter_count(stmt->raw); slot++) {
        size_t number = strtoul(sqlite3_bind_parameter_name(stmt->raw, slot) + 1, NULL, 10);
        if (number == 0 || number > n)
            return STORAGE_INVALID;
        highest = number > highest ? number : highest;
        int rc = bind(stmt->raw, slot, &args[number - 1]);
        if (rc != SQLITE_OK)
            return classify(rc);
    }
    if (highest != n)
        return STORAGE_INVALID;
    stmt->running = 1;
    stmt->total_before = sqlite3_total_changes64(stmt->conn->handle);
    return STORAGE_OK;
}

static enum storage_status example_step(struct storage_stmt *stmt)
{
    if (!stmt->running)
        return STORAGE_INVALID;
    int rc = sqlite3_step(stmt->raw);
    if (rc != SQLITE_ROW)
        example_reset(stmt);
    return classify(rc);
}

static enum storage_status example_column(struct storage_stmt *stmt, int column, struct storage_value *ret)
{
    if (column < 0 || column >= sqlite3_data_count(stmt->raw))
        return STORAGE_INVALID;
    memset(ret, 0, sizeof(*ret));
    switch (sqlite3_column_type(stmt->raw, column)) {
    case SQLITE_NULL:
        return STORAGE_OK;
    case SQLITE_INTEGER:
        ret->type = STORAGE_INT;
        ret->integer = sqlite3_column_int64(stmt->raw, column);
        return STORAGE_OK;
    case SQLITE_BLOB:
        ret->type = STORAGE_BLOB;
        ret->data = sqlite3_column_blob(stmt->raw, column);
        break;
    default:
        ret->type = STORAGE_TEXT;
        ret->data = sqlite3_column_text(stmt->raw, column);
    }
    ret->size = (size_t)sqlite3_column_bytes(stmt->raw, column);
    if (!ret->data)
        ret->data = "";
    return STORAGE_OK;
}

static int64_t example_changes(struct storage_stmt *stmt)
{
    return stmt->changes;
}

/* --- the table --- */

static const char *const settings[] = { "path", NULL };

/* A driver that is to serve brings every step of Tether's schema, with the names of
 * backends/sqlite/migrations. */
static const struct storage_migration migrations[] = {
    { 1, "core", "CREATE TABLE example_core (id INTEGER PRIMARY KEY);" },
};

static const struct storage_driver driver = {
    .abi = TETHER_STORAGE_ABI,
    .name = "example",
    .settings = settings,
    .migrations = migrations,
    .migration_count = sizeof(migrations) / sizeof(migrations[0]),
    .open = example_open,
    .close = example_close,
    .connect = example_connect,
    .disconnect = example_disconnect,
    .ping = example_ping,
    .deadline = example_deadline,
    .error = example_error,
    .begin = example_begin,
    .commit = example_commit,
    .rollback = example_rollback,
    .prepare = example_prepare,
    .finalize = example_finalize,
    .run = example_run,
    .step = example_step,
    .reset = example_reset,
    .column = example_column,
    .changes = example_changes,
    .script = example_script,
    .lock_schema = example_lock_schema,
    .notify = example_notify,
};

__attribute__((visibility("default"))) const struct storage_driver *tether_storage_driver(void);

const struct storage_driver *tether_storage_driver(void)
{
    return &driver;
}
