/* A connection that heals: made on first use, given up when the driver says it is gone, made again with
 * backoff. */
#include "base/clock.h"
#include "base/metrics.h"
#include "storage/internal.h"

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS   1000
#define CONNECT_MS       5000 /* when no deadline is set */

struct db_conn *db_connect(struct db *db)
{
    struct db_conn *conn = calloc(1, sizeof(*conn));
    if (!conn)
        abort();
    conn->db = db;
    return conn;
}

struct db_conn *db_connect_seldom(struct db *db)
{
    struct db_conn *conn = db_connect(db);
    conn->reads_seldom = true;
    return conn;
}

void db_disconnect(struct db_conn **conn)
{
    if (!*conn)
        return;
    conn_drop(*conn);
    while ((*conn)->stmts)
        stmt_discard(*conn, (*conn)->stmts);
    free(*conn);
    *conn = NULL;
}

static void set_error(struct db_conn *conn, const char *text)
{
    snprintf(conn->error, sizeof(conn->error), "%s", text);
}

static void back_off(struct db_conn *conn, int64_t now_ms)
{
    conn->backoff_ms = conn->backoff_ms ? conn->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (conn->backoff_ms > BACKOFF_MAX_MS)
        conn->backoff_ms = BACKOFF_MAX_MS;
    conn->retry_at_ms = now_ms + conn->backoff_ms;
}

enum storage_status conn_ensure(struct db_conn *conn)
{
    if (conn->inner)
        return STORAGE_OK;
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < conn->retry_at_ms)
        return STORAGE_GONE; /* the text of the last attempt still says why */
    struct storage_error error = { STORAGE_OK, "" };
    const struct storage_driver *driver = conn->db->driver;
    enum storage_status s = driver->connect(
        conn->db->inner, conn->deadline_ms ? conn->deadline_ms : now_ms + CONNECT_MS, &conn->inner, &error);
    if (s != STORAGE_OK) {
        conn->inner = NULL;
        set_error(conn, error.text);
        back_off(conn, clock_monotonic_ms());
        return s;
    }
    conn->retry_at_ms = 0;
    conn->backoff_ms = 0;
    if (conn->was_connected)
        metric_add(METRIC_STORAGE_RECONNECTS, 1);
    conn->was_connected = true;
    driver->deadline(conn->inner, conn->deadline_ms);
    if (conn->reads_seldom && driver->reads_seldom)
        driver->reads_seldom(conn->inner);
    return STORAGE_OK;
}

void conn_drop(struct db_conn *conn)
{
    if (!conn->inner)
        return;
    stmts_lost(conn);
    conn->db->driver->disconnect(conn->inner);
    conn->inner = NULL;
}

enum storage_status conn_failed(struct db_conn *conn, enum storage_status status)
{
    if (conn->inner)
        set_error(conn, conn->db->driver->error(conn->inner));
    if (conn->transaction != DB_TX_NONE) {
        if (conn->failed == STORAGE_OK)
            conn->failed = status;
    } else if (status == STORAGE_GONE || status == STORAGE_UNCERTAIN) {
        conn_drop(conn);
    }
    return status;
}

enum storage_status conn_misused(struct db_conn *conn, const char *text)
{
    set_error(conn, text);
    if (conn->transaction != DB_TX_NONE && conn->failed == STORAGE_OK)
        conn->failed = STORAGE_INVALID;
    return STORAGE_INVALID;
}

enum storage_status conn_count_failure(const struct db_conn *conn, enum storage_status status)
{
    switch (status) {
    case STORAGE_BUSY:
    case STORAGE_GONE:
    case STORAGE_FULL:
    case STORAGE_UNCERTAIN:
    case STORAGE_ERROR:
        if (conn->transaction == DB_TX_NONE)
            metric_add(METRIC_STORAGE_FAILURES, 1);
        return status;
    default: /* a result, or what the caller's own data brought about */
        return status;
    }
}

void db_set_deadline(struct db_conn *conn, int64_t monotonic_ms)
{
    conn->deadline_ms = monotonic_ms;
    if (conn->inner)
        conn->db->driver->deadline(conn->inner, monotonic_ms);
}

enum storage_status db_ping(struct db_conn *conn)
{
    enum storage_status s = conn_ensure(conn);
    if (s != STORAGE_OK)
        return s;
    s = conn->db->driver->ping(conn->inner);
    return s == STORAGE_OK ? s : conn_failed(conn, s);
}

const char *db_error(struct db_conn *conn)
{
    return conn->error;
}
