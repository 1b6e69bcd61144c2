/* Transactions, and what happens inside one besides statements: migrations, the schema lock, notifications.
 */
#include "internal.h"

#include "base/clock.h"

/* Migrations build indexes; only a dead server should end one. */
#define SCRIPT_MS      (60 * 60 * 1000)
#define SCHEMA_LOCK_MS (60 * 1000)
/* What a rollback may take when the deadline has already passed. */
#define ROLLBACK_MS 50
/* What the server waits beyond our own deadline before it ends a transaction that nobody continues: one whose
 * node hangs or lost its network would hold its locks for ever. */
#define ABANDONED_MS 5000

/* Any number that no other program on the same database takes: "tether" in ASCII. */
#define SCHEMA_LOCK_KEY "128008965645682"

static const char *const modes[] = {
    [STORAGE_READ] = "REPEATABLE READ READ ONLY",
    [STORAGE_WRITE] = "SERIALIZABLE READ WRITE",
};

/* A wait for a lock ends on the server a while before it ends here: BUSY, and the connection can be kept. */
static long long lock_ms(int64_t deadline)
{
    int64_t left = deadline - clock_monotonic_ms();
    return left > 4 ? left * 3 / 4 : 1;
}

static enum storage_status send_begin(struct storage_conn *conn, enum storage_mode mode, int64_t deadline)
{
    char sql[200];
    long long left = deadline - clock_monotonic_ms();
    snprintf(sql, sizeof(sql),
             "BEGIN ISOLATION LEVEL %s; SET LOCAL lock_timeout = %lld; "
             "SET LOCAL idle_in_transaction_session_timeout = %lld",
             modes[mode], lock_ms(deadline), left + ABANDONED_MS);
    return postgres_command(conn, sql, deadline);
}

enum storage_status postgres_begin(struct storage_conn *conn, enum storage_mode mode)
{
    if (conn->transaction != TRANSACTION_NONE)
        return postgres_fail(conn, STORAGE_INVALID, "a transaction is already open");
    int64_t deadline = postgres_deadline(conn, POSTGRES_CALL_MS);
    enum storage_status status = postgres_usable(conn, deadline);
    if (status != STORAGE_OK)
        return status;
    status = send_begin(conn, mode, deadline);
    if (status == STORAGE_OK) {
        conn->transaction = mode == STORAGE_WRITE ? TRANSACTION_WRITE : TRANSACTION_READ;
        return STORAGE_OK;
    }
    /* Whatever stands in the way (a standby that refuses to write, for one), another connection may do
     * better. */
    postgres_drop(conn);
    return STORAGE_GONE;
}

void postgres_rollback(struct storage_conn *conn)
{
    if (!conn->pg || conn->transaction == TRANSACTION_NONE)
        return;
    char why[sizeof(conn->error)]; /* the caller may still want to say why it rolls back */
    memcpy(why, conn->error, sizeof(why));
    int64_t deadline = postgres_deadline(conn, POSTGRES_CALL_MS);
    int64_t least = clock_monotonic_ms() + ROLLBACK_MS;
    conn->transaction = TRANSACTION_NONE;
    if (postgres_command(conn, "ROLLBACK", deadline > least ? deadline : least) == STORAGE_OK)
        memcpy(conn->error, why, sizeof(why));
    else
        postgres_drop(conn); /* the server rolls back when the connection ends */
}

/* Sends COMMIT and judges the answer. Only an ERROR on a connection that lives says that nothing was
 * committed. */
static enum storage_status send_commit(struct storage_conn *conn, bool writes, int64_t deadline)
{
    PGresult *result = NULL;
    enum storage_status status = postgres_collect(conn, PQsendQuery(conn->pg, "COMMIT"), deadline, &result);
    conn->transaction = TRANSACTION_NONE;
    if (status == STORAGE_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        status = postgres_fail(conn, STORAGE_INVALID, "the transaction had failed before its commit");
    PQclear(result);
    /* Class 08 can be the word of a pooler that lost the server. */
    bool open =
        status == STORAGE_GONE || status == STORAGE_UNCERTAIN || strncmp(conn->sqlstate, "08", 2) == 0;
    if (status == STORAGE_OK || !open)
        return status;
    postgres_drop(conn);
    return writes ? STORAGE_UNCERTAIN : STORAGE_GONE;
}

enum storage_status postgres_commit(struct storage_conn *conn)
{
    if (!conn->pg)
        return STORAGE_GONE;
    if (conn->transaction == TRANSACTION_NONE)
        return postgres_fail(conn, STORAGE_INVALID, "no transaction is open");
    int64_t deadline = postgres_deadline(conn, POSTGRES_CALL_MS);
    enum storage_status status = postgres_usable(conn, deadline);
    if (status != STORAGE_OK)
        return status;
    if (postgres_seen_dead(conn)) { /* before COMMIT was sent: nothing is in doubt */
        postgres_drop(conn);
        return postgres_fail(conn, STORAGE_GONE, "the server closed the connection before the commit");
    }
    return send_commit(conn, conn->transaction == TRANSACTION_WRITE, deadline);
}

static enum storage_status require_write(struct storage_conn *conn, const char *what)
{
    if (conn->pg && conn->transaction != TRANSACTION_WRITE)
        return postgres_fail(conn, STORAGE_INVALID, "%s needs a write transaction", what);
    return STORAGE_OK;
}

enum storage_status postgres_script(struct storage_conn *conn, const char *sql)
{
    enum storage_status status = require_write(conn, "a script");
    return status == STORAGE_OK ? postgres_command(conn, sql, postgres_deadline(conn, SCRIPT_MS)) : status;
}

/* The lock must be had before the transaction looks at anything: a SERIALIZABLE snapshot is taken by the very
 * statement that waits for the lock, and would not show what its last holder migrated. Under READ COMMITTED
 * every statement after the wait sees it, and the lock itself keeps other migrators away. */
enum storage_status postgres_lock_schema(struct storage_conn *conn)
{
    enum storage_status status = require_write(conn, "the schema lock");
    if (status != STORAGE_OK)
        return status;
    char sql[240];
    int64_t deadline = postgres_deadline(conn, SCHEMA_LOCK_MS);
    snprintf(sql, sizeof(sql),
             "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = %lld; "
             "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(" SCHEMA_LOCK_KEY ")",
             lock_ms(deadline));
    return postgres_command(conn, sql, deadline);
}

enum storage_status postgres_notify(struct storage_conn *conn, const char *channel, const char *payload)
{
    enum storage_status status = require_write(conn, "a notification");
    int64_t deadline = postgres_deadline(conn, POSTGRES_CALL_MS);
    if (status == STORAGE_OK)
        status = postgres_usable(conn, deadline);
    if (status != STORAGE_OK)
        return status;
    const char *values[] = { channel, payload };
    int sent = PQsendQueryParams(conn->pg, "SELECT pg_notify($1, $2)", 2, NULL, values, NULL, NULL, 0);
    return postgres_collect(conn, sent, deadline, NULL);
}
