/* The PostgreSQL driver: what stands behind `storage.driver: postgres`.
 *
 * Waiting. libpq's own calls block for as long as the network lets them, so none of those is used: everything
 * is sent with PQsend…, answered through poll() with a deadline, and a connection that is late or broken is
 * closed at once and never used again (connection.c). The server's own timeouts (lock_timeout and friends,
 * set per transaction) only tidy up what such a connection leaves behind: a stopped server or a silent
 * network knows nothing of them.
 *
 * Isolation. A write transaction is SERIALIZABLE. Domain code is written once for both engines, and SQLite
 * runs one writer at a time: code that reads, decides and writes is right there without further thought. Only
 * SERIALIZABLE promises the same here. READ COMMITTED would lose an update between a SELECT and the UPDATE
 * that follows from it, REPEATABLE READ would let two owners remove each other. Whoever loses a race gets
 * 40001, which is BUSY, and the wrapper runs the transaction again. A read transaction is a REPEATABLE READ
 * snapshot: it never waits, never fails.
 *
 * The commit. Once COMMIT has been sent, an answer that does not come, or one that says the session is being
 * terminated, leaves the outcome open: UNCERTAIN. Before that nothing can have been committed: GONE.
 *
 * Poolers. Nothing is set through start-up options; transaction-scoped settings are SET LOCAL. Statement
 * names are unique among all clients of a server, so a pooler can lose a prepared statement (26000) but never
 * run another one under its name; when that happens a second time, the process goes on without named
 * statements. LISTEN needs a connection that is not pooled by transaction. */
#include "backend_postgres/driver.h"

#include "internal.h"
#include "postgres_migrations.h"

static const char *const setting_names[] = { "conninfo", NULL };

const struct storage_driver postgres_driver = {
    .abi = TETHER_STORAGE_ABI,
    .caps = STORAGE_CAP_NOTIFY | STORAGE_CAP_NODES,
    .name = "postgres",
    .settings = setting_names,
    .migrations = postgres_migrations,
    .migration_count = sizeof(postgres_migrations) / sizeof(postgres_migrations[0]),
    .open = postgres_open,
    .close = postgres_close,
    .connect = postgres_connect,
    .disconnect = postgres_disconnect,
    .ping = postgres_ping,
    .deadline = postgres_set_deadline,
    .error = postgres_error,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .prepare = postgres_prepare,
    .finalize = postgres_finalize,
    .run = postgres_run,
    .step = postgres_step,
    .reset = postgres_reset,
    .column = postgres_column,
    .changes = postgres_changes,
    .script = postgres_script,
    .lock_schema = postgres_lock_schema,
    .notify = postgres_notify,
    .listen = postgres_listen,
    .wait = postgres_wait,
    .unlisten = postgres_unlisten,
    .backup = NULL, /* pg_dump and pg_basebackup */
};
