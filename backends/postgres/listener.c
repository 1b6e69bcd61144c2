/* LISTEN: a connection of its own that hears one channel.
 *
 * An idle TCP connection looks the same whether its peer lives or not, and what the rest of the server does
 * with a notification (drop a cached principal) must not be missed. So a quiet wait ends with a question to
 * the server; DONE means that it answered, and that all notifications sent before the answer have been
 * delivered: those that came together with the answer are handed out first. */
#include "internal.h"

#include "base/clock.h"

#include <poll.h>

/* What a server may take for the question. */
#define ALIVE_MS 1000

struct storage_listener {
    struct storage_conn *conn;
    bool answered; /* the question was, and what came with the answer is still being handed out */
};

static enum storage_status subscribe(struct storage_conn *conn, const char *channel)
{
    char *name = PQescapeIdentifier(conn->pg, channel, strlen(channel));
    if (!name)
        return postgres_fail(conn, STORAGE_INVALID, "not a name for a channel");
    char sql[200];
    int length = snprintf(sql, sizeof(sql), "LISTEN %s", name);
    PQfreemem(name);
    if (length < 0 || (size_t)length >= sizeof(sql))
        return postgres_fail(conn, STORAGE_INVALID, "too long a name for a channel");
    return postgres_command(conn, sql, postgres_deadline(conn, POSTGRES_CALL_MS));
}

enum storage_status postgres_listen(struct storage_db *db, const char *channel, struct storage_listener **ret,
                                    struct storage_error *error)
{
    struct storage_conn *conn;
    enum storage_status status = postgres_connect(db, 0, &conn, error);
    if (status != STORAGE_OK)
        return status;
    status = subscribe(conn, channel);
    if (status != STORAGE_OK) {
        error->status = status;
        snprintf(error->text, sizeof(error->text), "%s", postgres_error(conn));
        postgres_disconnect(conn);
        return status;
    }
    struct storage_listener *listener = postgres_allocate(sizeof(*listener));
    listener->conn = conn;
    *ret = listener;
    return STORAGE_OK;
}

void postgres_unlisten(struct storage_listener *listener)
{
    postgres_disconnect(listener->conn);
    free(listener);
}

static bool take(struct storage_conn *conn, char *payload, size_t cap)
{
    PGnotify *heard = PQnotifies(conn->pg);
    if (!heard)
        return false;
    snprintf(payload, cap, "%s", heard->extra);
    PQfreemem(heard);
    return true;
}

/* Reads what is there, or comes within `ms`. False: the connection is lost. */
static bool hear(struct storage_conn *conn, int64_t ms)
{
    struct pollfd socket = { .fd = PQsocket(conn->pg), .events = POLLIN };
    if (poll(&socket, 1, (int)ms) <= 0)
        return true;
    return PQconsumeInput(conn->pg) && PQstatus(conn->pg) != CONNECTION_BAD && !conn->doomed;
}

static bool ask(struct storage_listener *listener)
{
    listener->answered = postgres_command(listener->conn, "", clock_monotonic_ms() + ALIVE_MS) == STORAGE_OK;
    return listener->answered;
}

enum storage_status postgres_wait(struct storage_listener *listener, int timeout_ms, char *payload,
                                  size_t cap)
{
    struct storage_conn *conn = listener->conn;
    if (!conn->pg)
        return STORAGE_GONE;
    if (take(conn, payload, cap))
        return STORAGE_ROW;
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    while (!listener->answered) {
        int64_t left = deadline - clock_monotonic_ms();
        bool lives = left > 0 ? hear(conn, left) : ask(listener);
        if (!lives) {
            postgres_drop(conn);
            return STORAGE_GONE;
        }
        if (take(conn, payload, cap))
            return STORAGE_ROW;
    }
    listener->answered = false;
    return STORAGE_DONE;
}
