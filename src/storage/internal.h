/* What the files of this room share; no other room includes it. */
#ifndef TETHER_STORAGE_INTERNAL_H
#define TETHER_STORAGE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "storage/changes.h"
#include "storage/db.h"

#define CHANGES_SLOTS 65536 /* counters of 4 bytes */
#define TOUCHED_MAX   16    /* subjects of one transaction; more raise everything */

struct changes {
    _Atomic uint32_t epoch;
    _Atomic int64_t trusted_until; /* monotonic ms: so long the counters count; 0: no longer */
    atomic_bool stopping;
    bool listening;  /* the thread runs */
    bool complained; /* the thread's own: it has said that it hears nothing */
    pthread_t thread;
    _Atomic uint32_t generations[CHANGES_SLOTS + 1]; /* the last one is the directory's own */
};

struct touched {
    enum db_subject subject;
    int64_t id;
};

struct db {
    struct changes *changes;
    const struct storage_driver *driver;
    struct storage_db *inner;
    void *module; /* of dlopen(), or NULL */
};

/* One prepared statement. Busy while rows run on it; `inner` is NULL once its connection is lost. */
struct db_stmt {
    struct db_stmt *next; /* the most recently used first */
    char *sql; /* a copy of its own */
    struct storage_stmt *inner;
    size_t params;
    bool busy;
};

enum db_transaction_state { DB_TX_NONE = 0, DB_TX_READ, DB_TX_WRITE };

struct db_conn {
    struct db *db;
    struct storage_conn *inner; /* NULL while not connected */
    int64_t deadline_ms;
    int64_t retry_at_ms; /* no attempt to connect before this */
    int64_t backoff_ms;
    bool was_connected;
    bool reads_seldom;
    enum db_transaction_state transaction;
    enum storage_status failed; /* the transaction's first failure: from then on it can only be rolled back */
    struct db_stmt *stmts;
    size_t stmt_count;
    struct touched touched[TOUCHED_MAX]; /* in the current transaction */
    size_t touched_count;                /* more than TOUCHED_MAX: everything */
    char error[256];
};

void changes_open(struct db *db);
void changes_close(struct db *db);
void changes_begin(struct db_conn *conn);
/* After a commit that happened or may have happened. */
void changes_publish(struct db_conn *conn);

/* Connects if need be. OK, GONE while the engine is away, or what connecting ended with. */
enum storage_status conn_ensure(struct db_conn *conn);
/* Gives the connection up; its statements lose their inner half. */
void conn_drop(struct db_conn *conn);
/* Takes note of a failed call: its text, the transaction's failure; outside a transaction a lost connection
 * is given up. Returns `status`. */
enum storage_status conn_failed(struct db_conn *conn, enum storage_status status);
/* Takes note of a call used wrongly. Returns INVALID. */
enum storage_status conn_misused(struct db_conn *conn, const char *text);
/* Counts what a caller will have to live with; inside a transaction nothing is final yet. Returns `status`.
 */
enum storage_status conn_count_failure(const struct db_conn *conn, enum storage_status status);

/* A statement for `sql` that nobody else runs, from the cache or newly prepared; busy until it is released.
 */
enum storage_status stmt_take(struct db_conn *conn, const char *sql, struct db_stmt **ret);
void stmt_release(struct db_conn *conn, struct db_stmt *stmt);
/* Instead of releasing: never used again. */
void stmt_discard(struct db_conn *conn, struct db_stmt *stmt);
/* The connection is gone: the inner halves are the driver's to free. */
void stmts_lost(struct db_conn *conn);
/* The highest n of the $n in `sql`, outside quotes and comments. */
size_t sql_param_count(const char *sql);

/* As db_open_driver(), with the driver's table checked: names what is wrong in `error`. */
bool driver_check(const struct storage_driver *driver, struct storage_error *error);
/* A driver from a loadable module. */
enum storage_status module_load(const char *path, void **ret_module, const struct storage_driver **ret,
                                struct storage_error *error);

/* Fills `error` (may be NULL) and returns `status`. */
enum storage_status error_set(struct storage_error *error, enum storage_status status, const char *format,
                              ...) __attribute__((format(printf, 3, 4)));

#endif
