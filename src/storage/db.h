/* Storage for the rest of the house: one `struct db` per process, one `struct db_conn` per worker thread.
 *
 * These wrappers own what every driver would otherwise repeat: the statement cache, arity checks, retries of
 * whole transactions, reconnecting, timing. Domain code writes its SQL beside the code that owns the table,
 * once:
 *
 *     DB_ROWS(rows);
 *     enum storage_status s = db_query(conn, &rows, "SELECT id, name FROM tenants WHERE slug = $1",
 *                                      DB_ARGS(db_text(slug)));
 *     while (s == STORAGE_OK && (s = db_next(&rows)) == STORAGE_ROW) { … db_col_int(&rows, 0) …; s =
 * STORAGE_OK; }
 *
 * Rules for SQL: $1…$n; RETURNING and ON CONFLICT are fine; times are BIGINT microseconds passed in; booleans
 * are BIGINT 0/1; CAST($1 AS TEXT) or AS BIGINT where nothing else tells a parameter's type ($1 IS NULL); no
 * now(), no ILIKE, no string built from input. Every query of a tenant-owned table has tenant_id in its
 * WHERE. */
#ifndef TETHER_STORAGE_DB_H
#define TETHER_STORAGE_DB_H

#include <tether/storage.h>

#include "base/arena.h"

struct db;
struct db_conn;
struct db_stmt;

/* Makes a compiled-in driver known by its name; main() and tests do it for each before db_open(). A duplicate
 * name, another ABI or a missing entry aborts. */
void db_register_driver(const struct storage_driver *driver);

/* Opens the driver named `driver`: "sqlite", "postgres", or a path (it holds a '/') of a module that exports
 * tether_storage_driver(). OK, or a failure with `error` for people. */
enum storage_status db_open(const char *driver, const struct storage_setting *settings, size_t n,
                            struct db **ret, struct storage_error *error);
/* As db_open() with a driver at hand: tests, decorators. */
enum storage_status db_open_driver(const struct storage_driver *driver,
                                   const struct storage_setting *settings, size_t n, struct db **ret,
                                   struct storage_error *error);
void db_close(struct db **db);
const struct storage_driver *db_driver(const struct db *db);

/* A connection for one thread. Connects lazily: never fails; calls answer GONE while the engine is away, and
 * reconnect with backoff (50 ms doubling to 1 s) on later calls. */
struct db_conn *db_connect(struct db *db);
/* As db_connect(), for a thread whose reads lie far apart, with commits of others between them. */
struct db_conn *db_connect_seldom(struct db *db);
void db_disconnect(struct db_conn **conn);

/* The request's deadline, monotonic milliseconds; 0 for none. */
void db_set_deadline(struct db_conn *conn, int64_t monotonic_ms);
enum storage_status db_ping(struct db_conn *conn);
/* Why the last call failed, for the log. Never NULL. */
const char *db_error(struct db_conn *conn);

struct db_args {
    const struct storage_value *at;
    size_t n;
};

static inline struct storage_value db_int(int64_t value)
{
    return (struct storage_value){ STORAGE_INT, 0, value, NULL };
}
static inline struct storage_value db_text(struct str s)
{
    return (struct storage_value){ STORAGE_TEXT, s.len, 0, s.at ? s.at : "" };
}
static inline struct storage_value db_blob(const void *data, size_t size)
{
    return (struct storage_value){ STORAGE_BLOB, size, 0, data };
}
static inline struct storage_value db_null(void)
{
    return (struct storage_value){ STORAGE_NULL, 0, 0, NULL };
}
/* NULL when s.at is NULL. */
static inline struct storage_value db_text_or_null(struct str s)
{
    return s.at ? db_text(s) : db_null();
}

#define DB_ARGS(...)                                                                                         \
    ((struct db_args){ (const struct storage_value[]){ __VA_ARGS__ },                                        \
                       sizeof((const struct storage_value[]){ __VA_ARGS__ }) /                               \
                           sizeof(struct storage_value) })
#define DB_NO_ARGS ((struct db_args){ NULL, 0 })

/* A running query. Declare with DB_ROWS(name): it is closed when the name goes out of scope. The members are
 * the wrappers' own. */
struct db_rows {
    struct db_conn *conn;
    struct db_stmt *stmt;     /* NULL when nothing runs */
    enum storage_status next; /* what db_next() answers while `fresh`, or once nothing runs */
    bool fresh;               /* the first row was fetched and not yet asked for */
    int64_t changes;
};
#define DB_ROWS(name)                                                                                        \
    struct db_rows name __attribute__((cleanup(db_rows_close))) = { NULL, NULL, STORAGE_INVALID, false, 0 }
void db_rows_close(struct db_rows *rows);

/* OK: now db_next(). `sql` is made of constant texts alone, and kept as a prepared statement. A read outside a transaction that
 * meets GONE is tried once more on a new connection. */
enum storage_status db_query(struct db_conn *conn, struct db_rows *ret, const char *sql, struct db_args args);
/* ROW, DONE or a failure. */
enum storage_status db_next(struct db_rows *rows);
/* The first row: ROW with `ret` on it, DONE when there is none, or a failure. */
enum storage_status db_first(struct db_conn *conn, struct db_rows *ret, const char *sql, struct db_args args);
/* For statements without rows, inside a write transaction. *ret_changes (may be NULL): rows touched. */
enum storage_status db_exec(struct db_conn *conn, const char *sql, struct db_args args, int64_t *ret_changes);

/* Columns of the current row, from 0. A column of another type than asked for is a bug and aborts, except
 * NULL: 0 and the empty slice with at == NULL. Text and blobs are copied to the arena. */
int64_t db_col_int(struct db_rows *rows, int column);
struct str db_col_text(struct db_rows *rows, int column, struct arena *arena);
struct str db_col_blob(struct db_rows *rows, int column, struct arena *arena);
bool db_col_is_null(struct db_rows *rows, int column);
/* Whatever is there, as the driver has it: bytes live until the next row is asked for or the rows are closed. */
struct storage_value db_col(struct db_rows *rows, int column);
/* The first n columns in the same way. */
void db_cols(struct db_rows *rows, struct storage_value *ret, size_t n);

/* The body of a transaction. OK: commit. DONE: roll back, on purpose (a refusal; nothing is written). Any
 * other: roll back. It may run several times, so it must not keep state in `context` that a second run would
 * see. */
typedef enum storage_status (*db_tx_fn)(struct db_conn *conn, void *context);

/* Runs fn in one transaction, with pauses and within the deadline again: up to 20 times after BUSY, 5 after
 * GONE before the commit. OK: committed and durable. DONE: fn refused. UNCERTAIN: commit lost in flight. */
enum storage_status db_transaction(struct db_conn *conn, enum storage_mode mode, db_tx_fn fn, void *context);

/* Inside a write transaction: told to other nodes when it commits. */
enum storage_status db_notify(struct db_conn *conn, const char *channel, const char *payload);

/* Schema. db_schema_version(): 0 for an empty database. */
enum storage_status db_schema_version(struct db_conn *conn, int *ret);
int db_schema_newest(const struct db *db);
typedef void (*db_progress_fn)(void *context, int version, const char *name);
/* Applies what is missing, each migration under the schema lock in one transaction. `from` and `to` as found
 * and left (may be NULL). INVALID with text in db_error() when the database is newer than this program. */
enum storage_status db_migrate(struct db_conn *conn, db_progress_fn progress, void *context, int *ret_from,
                               int *ret_to);

/* A consistent copy of the data at `path`; INVALID when the driver has none (use the engine's own tools). */
enum storage_status db_backup(struct db_conn *conn, const char *path, struct storage_error *error);

/* "unique key taken" and so on, for logs. */
const char *storage_status_name(enum storage_status status);

#endif
