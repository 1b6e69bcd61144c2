/* Whole transactions: begin, the caller's function, commit or roll back, and again after a lost race.
 *
 * A transaction in which any statement failed is never committed, whatever the function makes of it:
 * PostgreSQL refuses such a commit and SQLite would not, so this is where both become the same. */
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "storage/internal.h"

/* Serializable writers of one row mostly need one or two attempts, a crowd of them many; a database that is
 * away does not come back for being asked often. */
#define BUSY_ATTEMPTS  20
#define GONE_ATTEMPTS  5
#define PAUSE_FIRST_MS 4 /* doubles with each attempt; the pause is a random part of it */
#define PAUSE_MAX_MS   64

static enum storage_status commit(struct db_conn *conn)
{
    int64_t began = clock_monotonic_us();
    enum storage_status s = conn->db->driver->commit(conn->inner);
    metric_observe(METRIC_STORAGE_COMMIT, clock_monotonic_us() - began);
    changes_publish(conn); /* also when it failed: it may have happened, and a raise too many does no harm */
    return s == STORAGE_OK ? s : conn_failed(conn, s);
}

/* A refusal after CONFLICT and the like is the function's own reading of its data. After anything else it
 * rests on an answer that never came. */
static enum storage_status verdict(const struct db_conn *conn, enum storage_status s)
{
    switch (conn->failed) {
    case STORAGE_OK:
        return s;
    case STORAGE_CONFLICT:
    case STORAGE_REFERENCE:
    case STORAGE_INVALID:
        return s == STORAGE_OK ? conn->failed : s;
    default:
        return conn->failed;
    }
}

static enum storage_status run_body(struct db_conn *conn, db_tx_fn fn, void *context)
{
    enum storage_status s = verdict(conn, fn(conn, context));
    if (s == STORAGE_OK)
        return commit(conn);
    conn->db->driver->rollback(conn->inner);
    return s == STORAGE_ROW ? conn_misused(conn, "a transaction's function returned ROW") : s;
}

static enum storage_status run_once(struct db_conn *conn, enum storage_mode mode, db_tx_fn fn, void *context)
{
    enum storage_status s = conn_ensure(conn);
    if (s != STORAGE_OK)
        return s;
    s = conn->db->driver->begin(conn->inner, mode);
    if (s != STORAGE_OK)
        return conn_failed(conn, s);
    conn->transaction = mode == STORAGE_WRITE ? DB_TX_WRITE : DB_TX_READ;
    conn->failed = STORAGE_OK;
    changes_begin(conn);
    s = run_body(conn, fn, context);
    conn->transaction = DB_TX_NONE;
    if (s == STORAGE_GONE || s == STORAGE_UNCERTAIN)
        conn_drop(conn);
    return s;
}

/* Waits a little, at random, so that the same two do not meet again. False when the deadline does not leave
 * room. */
static bool pause_before(const struct db_conn *conn, int attempt)
{
    uint16_t dice;
    random_bytes(&dice, sizeof(dice));
    int64_t most_ms = attempt < 4 ? PAUSE_FIRST_MS << attempt : PAUSE_MAX_MS;
    int64_t pause_us = most_ms * 1000 * dice / UINT16_MAX;
    if (conn->deadline_ms && clock_monotonic_us() + pause_us >= conn->deadline_ms * 1000)
        return false;
    struct timespec pause = { .tv_sec = pause_us / CLOCK_SECOND, .tv_nsec = pause_us % CLOCK_SECOND * 1000 };
    nanosleep(&pause, NULL);
    return true;
}

enum storage_status db_transaction(struct db_conn *conn, enum storage_mode mode, db_tx_fn fn, void *context)
{
    if (conn->transaction != DB_TX_NONE)
        return conn_misused(conn, "a transaction inside a transaction");
    for (int attempt = 0;; attempt++) {
        enum storage_status s = run_once(conn, mode, fn, context);
        if (s != STORAGE_BUSY && s != STORAGE_GONE)
            return conn_count_failure(conn, s);
        int most = s == STORAGE_BUSY ? BUSY_ATTEMPTS : GONE_ATTEMPTS;
        if (attempt + 1 >= most || !pause_before(conn, attempt))
            return conn_count_failure(conn, s);
        metric_add(METRIC_STORAGE_RETRIES, 1);
    }
}

enum storage_status db_notify(struct db_conn *conn, const char *channel, const char *payload)
{
    if (conn->transaction != DB_TX_WRITE)
        return conn_misused(conn, "a notification needs a write transaction");
    if (conn->failed != STORAGE_OK)
        return conn->failed;
    enum storage_status s = conn->db->driver->notify(conn->inner, channel, payload);
    return s == STORAGE_OK ? s : conn_failed(conn, s);
}
