/* The storage contract: what a database driver promises to Tether.
 *
 * This header and the conformance suite (tests/storage/) are all that somebody needs who writes a
 * backend. It depends on nothing of Tether. A driver is one `const struct storage_driver`; Tether reaches
 * it through the wrappers in src/storage/ only, which own retries, the statement cache and the arity checks.
 *
 * The level is the statement: every query is written once, above the drivers, in the SQL that SQLite and
 * PostgreSQL share ($1…$n parameters, RETURNING, ON CONFLICT, times passed in, keyset pages).
 *
 * Threads: `open`, `close` and the listen entries may be called from any one thread. A connection and its
 * statements belong to one thread at a time; different connections run at the same time.
 */
#ifndef TETHER_STORAGE_H
#define TETHER_STORAGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a field changes meaning or is added. A driver of another version is refused at start. */
#define TETHER_STORAGE_ABI 2u

/* What a call ended with. Drivers fold their engine's codes into these in one classify(); nobody above
 * sees a SQLSTATE or an SQLite result code. */
enum storage_status {
    STORAGE_OK = 0,    /* done */
    STORAGE_ROW,       /* step: a row is there */
    STORAGE_DONE,      /* step: no (more) rows */
    STORAGE_CONFLICT,  /* a unique key is taken */
    STORAGE_REFERENCE, /* a foreign key is missing, or still refers here */
    STORAGE_INVALID,   /* not-null, check, type or encoding violation; also a call used wrongly */
    STORAGE_BUSY,      /* lost a race or a lock; run the whole transaction again */
    STORAGE_GONE,      /* the connection is lost, nothing was committed; connect again */
    STORAGE_FULL,      /* no room: disk full, read-only medium, quota */
    STORAGE_UNCERTAIN, /* the connection was lost during COMMIT; it may or may not have happened */
    STORAGE_ERROR      /* anything else; the text says what */
};

enum storage_type { STORAGE_NULL = 0, STORAGE_INT, STORAGE_TEXT, STORAGE_BLOB };

/* One parameter or one column. TEXT is UTF-8 without NUL, checked above the drivers. `data` is not
 * NUL-terminated for parameters; for columns TEXT is followed by a NUL that `size` does not count. */
struct storage_value {
    enum storage_type type;
    size_t size;      /* bytes of TEXT or BLOB */
    int64_t integer;  /* INT */
    const void *data; /* TEXT, BLOB */
};

/* The text is for the log of an operator, never for a client. */
struct storage_error {
    enum storage_status status;
    char text[256];
};

/* One `key: value` of the configuration's section for this driver. */
struct storage_setting {
    const char *key;
    const char *value;
};

/* One numbered schema step. `version` counts from 1 without gaps; every driver has the same names. */
struct storage_migration {
    int version;
    const char *name; /* "core", of 0001_core.sql */
    const char *sql;  /* one or more statements */
};

enum storage_mode {
    STORAGE_READ = 0, /* a consistent snapshot; writing in it is STORAGE_INVALID or STORAGE_ERROR */
    STORAGE_WRITE     /* serialised against conflicting writers by the engine */
};

enum storage_capability {
    STORAGE_CAP_NOTIFY = 1u << 0, /* notify/listen reach other nodes; without it one process owns the data */
    STORAGE_CAP_NODES = 1u << 1   /* several server processes may use the same data */
};

struct storage_db;       /* opaque: the driver's own, one per process */
struct storage_conn;     /* opaque: one per worker thread */
struct storage_stmt;     /* opaque: a prepared statement of one connection */
struct storage_listener; /* opaque: a subscription to notifications */

struct storage_driver {
    uint32_t abi;           /* TETHER_STORAGE_ABI */
    uint32_t caps;          /* storage_capability, or-ed */
    const char *name;       /* the value of storage.driver */
    const char *const *settings; /* the keys `open` knows, NULL-terminated */
    const struct storage_migration *migrations;
    size_t migration_count;

    /* Checks the settings and prepares to connect. OK, or a failure with `error` filled (name the setting).
     * The settings' strings live only as long as the call. */
    enum storage_status (*open)(const struct storage_setting *settings, size_t n, struct storage_db **ret,
                                struct storage_error *error);
    /* After every connection and listener is gone. */
    void (*close)(struct storage_db *db);

    /* A connection. GONE when the engine is not reachable within the deadline. */
    enum storage_status (*connect)(struct storage_db *db, int64_t deadline_ms, struct storage_conn **ret,
                                   struct storage_error *error);
    /* Rolls back what is open, finalizes what is prepared. */
    void (*disconnect)(struct storage_conn *conn);
    /* OK when the engine answers within the deadline. */
    enum storage_status (*ping)(struct storage_conn *conn);
    /* Calls on this connection that are not done by then (CLOCK_MONOTONIC milliseconds) fail with GONE, or
     * BUSY when they waited for a lock. 0: the driver's default per call. */
    void (*deadline)(struct storage_conn *conn, int64_t monotonic_ms);
    /* Why the last call on this connection failed. Never NULL; lives until the next call. */
    const char *(*error)(struct storage_conn *conn);

    /* No transaction is nested. Statements outside a transaction may only read. */
    enum storage_status (*begin)(struct storage_conn *conn, enum storage_mode mode);
    /* OK means durable: it survives a power cut. On any failure the transaction is over. */
    enum storage_status (*commit)(struct storage_conn *conn);
    /* Always ends the transaction, whatever state it is in. Harmless without one. */
    void (*rollback)(struct storage_conn *conn);

    /* `sql` outlives the statement. Parameters are $1…$n, in any order, repeats allowed. May be lazy: an error
     * in the text may also be reported by the first run. */
    enum storage_status (*prepare)(struct storage_conn *conn, const char *sql, struct storage_stmt **ret);
    void (*finalize)(struct storage_stmt *stmt);
    /* Starts the statement with all its arguments ($1 is args[0]), abandoning an earlier run. OK: now step.
     * The arguments' bytes need to live until the last step. */
    enum storage_status (*run)(struct storage_stmt *stmt, const struct storage_value *args, size_t n);
    /* ROW, DONE or a failure: three answers. After DONE or a failure the run is over. */
    enum storage_status (*step)(struct storage_stmt *stmt);
    /* Ends a run early. Harmless when there is none. */
    void (*reset)(struct storage_stmt *stmt);
    /* After ROW. The value lives until the next step, reset, run or finalize. Integers of any width are INT.
     * INVALID for a column that does not exist. */
    enum storage_status (*column)(struct storage_stmt *stmt, int column, struct storage_value *ret);
    /* Rows the last finished run inserted, updated or deleted. */
    int64_t (*changes)(struct storage_stmt *stmt);

    /* Several statements without parameters, inside the caller's write transaction: migrations. */
    enum storage_status (*script)(struct storage_conn *conn, const char *sql);
    /* Inside a write transaction: waits (until the deadline) until no other node migrates; held to its end. */
    enum storage_status (*lock_schema)(struct storage_conn *conn);

    /* Sent when the current write transaction commits, dropped when it rolls back. Payload: at most 200 bytes of
     * ASCII without NUL. Without STORAGE_CAP_NOTIFY: OK and nothing happens. */
    enum storage_status (*notify)(struct storage_conn *conn, const char *channel, const char *payload);
    /* A connection of its own that hears `channel`. GONE when it cannot be had now. NULL without the capability. */
    enum storage_status (*listen)(struct storage_db *db, const char *channel, struct storage_listener **ret,
                                  struct storage_error *error);
    /* Waits up to timeout_ms. ROW: `payload` (cap bytes, NUL-terminated) is filled. DONE: nothing came, and the
     * connection was seen to live. GONE: lost, whatever was sent meanwhile is unknown; unlisten and listen again. */
    enum storage_status (*wait)(struct storage_listener *listener, int timeout_ms, char *payload, size_t cap);
    void (*unlisten)(struct storage_listener *listener);

    /* Writes a consistent copy of the live data to `path`. NULL: the engine has tools of its own for this. */
    enum storage_status (*backup)(struct storage_conn *conn, const char *path, struct storage_error *error);

    /* Told of a new connection whose reads will lie far apart, with commits of others between them: what is made
     * ready at one read is of no use at the next. NULL: that makes no difference. */
    void (*reads_seldom)(struct storage_conn *conn);
};

/* What a loadable module exports under the name "tether_storage_driver". */
typedef const struct storage_driver *(*tether_storage_driver_fn)(void);

#ifdef __cplusplus
}
#endif

#endif
