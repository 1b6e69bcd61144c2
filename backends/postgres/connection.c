/* Everything that waits for the server: always through poll(), always with a deadline.
 *
 * A connection that breaks or is late is closed on the spot (postgres_drop) and its struct stays behind as an
 * empty shell that answers GONE: an answer that came after its deadline could otherwise be taken for that of
 * the next question. PQcancel is not used, since it blocks on a connection of its own; closing the socket is
 * enough for the server to roll back. */
#include "internal.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>

/* Session settings, so that they also hold where start-up options do not pass (PgBouncer): what runs outside
 * a transaction may only read, and a query whose asker gave up does not run on for long. */
static const char session_settings[] =
    "SET default_transaction_read_only = on; SET statement_timeout = 30000; "
    "SET lock_timeout = 4000";

void *postgres_allocate(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

const char *postgres_error(struct storage_conn *conn)
{
    return conn->error;
}

void postgres_set_deadline(struct storage_conn *conn, int64_t monotonic_ms)
{
    conn->deadline_ms = monotonic_ms;
}

int64_t postgres_deadline(const struct storage_conn *conn, int default_ms)
{
    return conn->deadline_ms > 0 ? conn->deadline_ms : clock_monotonic_ms() + default_ms;
}

enum storage_status postgres_fail(struct storage_conn *conn, enum storage_status status, const char *format,
                                  ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(conn->error, sizeof(conn->error), format, args);
    va_end(args);
    return status;
}

void postgres_drop(struct storage_conn *conn)
{
    if (conn->pg)
        PQfinish(conn->pg); /* does not block: the connection is in non-blocking mode */
    conn->pg = NULL;
    conn->transaction = TRANSACTION_NONE;
}

static enum storage_status lose(struct storage_conn *conn, const char *why)
{
    postgres_drop(conn);
    return postgres_fail(conn, STORAGE_GONE, "%s", why);
}

/* libpq's text has several lines, and could quote what we must not tell. */
static void describe_connection(struct storage_conn *conn)
{
    const char *message = PQerrorMessage(conn->pg);
    const char *password = PQpass(conn->pg);
    if (password && *password && strstr(message, password))
        message = "the connection failed (the reason is withheld, it quotes the password)";
    postgres_fail(conn, STORAGE_GONE, "%s", *message ? message : "the connection was lost");
    size_t end = strlen(conn->error);
    while (end > 0 && conn->error[end - 1] == '\n')
        conn->error[--end] = '\0';
    for (char *c = conn->error; *c; c++)
        *c = *c == '\n' || *c == '\t' ? ' ' : *c;
}

/* False when the deadline came first. */
static bool wait_socket(PGconn *pg, short events, int64_t deadline)
{
    for (;;) {
        struct pollfd socket = { .fd = PQsocket(pg), .events = events };
        int64_t left = deadline - clock_monotonic_ms();
        if (left <= 0)
            return false;
        int ready = poll(&socket, 1, left > 60000 ? 60000 : (int)left);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true;
    }
}

/* False when libpq can no longer say anything about the connection; its state then is not to be relied on. */
static bool read_socket(PGconn *pg)
{
    return PQconsumeInput(pg) || PQstatus(pg) == CONNECTION_BAD;
}

enum progress { READY, LATE, BROKEN };

static enum progress send_all(PGconn *pg, int64_t deadline)
{
    int left;
    while ((left = PQflush(pg)) == 1) {
        if (!wait_socket(pg, POLLIN | POLLOUT, deadline))
            return LATE;
        /* A server that cannot send its answer does not read our question. */
        if (!read_socket(pg))
            return BROKEN;
    }
    return left == 0 || PQstatus(pg) == CONNECTION_BAD ? READY : BROKEN;
}

/* READY: PQgetResult() will not block. */
static enum progress await_result(PGconn *pg, int64_t deadline)
{
    while (PQstatus(pg) != CONNECTION_BAD && PQisBusy(pg)) {
        if (!wait_socket(pg, POLLIN, deadline))
            return LATE;
        if (!read_socket(pg))
            return BROKEN;
    }
    return READY;
}

static bool is_failure(const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_EMPTY_QUERY:
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
        return false;
    default:
        return true;
    }
}

/* COPY wants a conversation that the contract does not have. */
static bool is_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Takes all answers up to "ready for query". *ret: the last one, or the first that is a failure. */
static enum progress take_results(PGconn *pg, int64_t deadline, PGresult **ret)
{
    *ret = NULL;
    enum progress progress = send_all(pg, deadline);
    while (progress == READY && (progress = await_result(pg, deadline)) == READY) {
        PGresult *result = PQgetResult(pg);
        if (!result)
            return READY;
        if (*ret && is_failure(*ret)) {
            PQclear(result);
            continue;
        }
        PQclear(*ret);
        *ret = result;
        if (is_copy(result))
            return BROKEN;
    }
    return progress;
}

/* The server's verdict; only here a SQLSTATE is looked at. */
static enum storage_status judge(struct storage_conn *conn, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!sqlstate) { /* made by libpq itself: the connection broke, or memory ran out */
        describe_connection(conn);
        postgres_drop(conn);
        return STORAGE_GONE;
    }
    snprintf(conn->sqlstate, sizeof(conn->sqlstate), "%s", sqlstate);
    postgres_describe(result, conn->error, sizeof(conn->error));
    enum storage_status status = postgres_classify(sqlstate);
    if (status == STORAGE_GONE || postgres_is_fatal(result) || PQstatus(conn->pg) == CONNECTION_BAD) {
        postgres_drop(conn);
        return STORAGE_GONE;
    }
    /* We asked for a transaction that may write: it is the server that is read-only. */
    if (strcmp(sqlstate, "25006") == 0 && conn->transaction == TRANSACTION_WRITE)
        return STORAGE_FULL;
    return status;
}

enum storage_status postgres_collect(struct storage_conn *conn, int sent, int64_t deadline, PGresult **ret)
{
    PGresult *result = NULL;
    conn->sqlstate[0] = '\0';
    enum progress progress = sent ? take_results(conn->pg, deadline, &result) : BROKEN;
    enum storage_status status = STORAGE_OK;
    if (progress == LATE) {
        status = lose(conn, "no answer within the deadline; the connection is closed");
    } else if (progress == BROKEN) {
        describe_connection(conn);
        postgres_drop(conn);
        status = STORAGE_GONE;
    } else if (result && is_failure(result)) {
        status = judge(conn, result);
    } else if (!result || PQstatus(conn->pg) == CONNECTION_BAD) {
        status = lose(conn, "the connection was lost");
    }
    if (status == STORAGE_OK && ret)
        *ret = result;
    else
        PQclear(result);
    return status;
}

enum storage_status postgres_usable(struct storage_conn *conn, int64_t deadline)
{
    if (!conn->pg)
        return STORAGE_GONE; /* the text still says why */
    if (clock_monotonic_ms() >= deadline)
        return lose(conn, "the deadline has passed; the connection is closed");
    return STORAGE_OK;
}

enum storage_status postgres_command(struct storage_conn *conn, const char *sql, int64_t deadline)
{
    enum storage_status status = postgres_usable(conn, deadline);
    if (status != STORAGE_OK)
        return status;
    return postgres_collect(conn, PQsendQuery(conn->pg, sql), deadline, NULL);
}

bool postgres_seen_dead(struct storage_conn *conn)
{
    struct pollfd socket = { .fd = PQsocket(conn->pg), .events = POLLIN };
    while (poll(&socket, 1, 0) > 0) {
        if (!PQconsumeInput(conn->pg) || PQstatus(conn->pg) == CONNECTION_BAD)
            return true;
        PQfreemem(PQnotifies(conn->pg)); /* this is what makes libpq look at what it read */
        if (conn->doomed)
            return true;
    }
    return false;
}

/* Notices are not for anybody, but a last word is a sign. */
static void on_notice(void *context, const PGresult *notice)
{
    struct storage_conn *conn = context;
    if (postgres_is_fatal(notice))
        conn->doomed = true;
}

/* PostgreSQL's own state machine, turned until it is done or the deadline comes. */
static bool establish(PGconn *pg, int64_t deadline)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        if (!wait_socket(pg, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline))
            return false;
        state = PQconnectPoll(pg);
    }
    return true;
}

static enum storage_status set_up_session(struct storage_conn *conn, int64_t deadline)
{
    const char *encoding = PQparameterStatus(conn->pg, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return postgres_fail(conn, STORAGE_INVALID, "the database's encoding is %s, it must be UTF8",
                             encoding ? encoding : "unknown");
    return postgres_command(conn, session_settings, deadline);
}

static enum storage_status start(struct storage_conn *conn, const struct candidate *server, int64_t deadline)
{
    conn->doomed = false;
    conn->pg = PQconnectStartParams(server->keywords, server->values, 0);
    if (!conn->pg)
        abort();
    PQsetNoticeReceiver(conn->pg, on_notice, conn);
    if (PQstatus(conn->pg) != CONNECTION_BAD && !establish(conn->pg, deadline))
        return lose(conn, "the server did not answer within the deadline");
    if (PQstatus(conn->pg) != CONNECTION_OK || PQsetnonblocking(conn->pg, 1) != 0) {
        describe_connection(conn);
        return STORAGE_GONE;
    }
    return set_up_session(conn, deadline);
}

/* The server that was reached last first, then the others; each gets its share of the time that is left. */
static enum storage_status start_any(struct storage_conn *conn, int64_t deadline)
{
    struct storage_db *db = conn->db;
    unsigned first = atomic_load(&db->preferred);
    enum storage_status status = STORAGE_GONE;
    for (unsigned left = db->candidate_count; left > 0; left--) {
        unsigned index = (first + db->candidate_count - left) % db->candidate_count;
        int64_t now = clock_monotonic_ms();
        status = start(conn, &db->candidates[index], now + (deadline - now) / left);
        if (status == STORAGE_OK) {
            atomic_store(&db->preferred, index);
            return STORAGE_OK;
        }
        postgres_drop(conn);
    }
    return status;
}

enum storage_status postgres_connect(struct storage_db *db, int64_t deadline_ms, struct storage_conn **ret,
                                     struct storage_error *error)
{
    struct storage_conn *conn = postgres_allocate(sizeof(*conn));
    conn->db = db;
    int64_t deadline = deadline_ms > 0 ? deadline_ms : clock_monotonic_ms() + POSTGRES_CALL_MS;
    enum storage_status status = start_any(conn, deadline);
    if (status != STORAGE_OK) {
        error->status = status;
        snprintf(error->text, sizeof(error->text), "%s", conn->error);
        postgres_disconnect(conn);
        return status;
    }
    *ret = conn;
    return STORAGE_OK;
}

void postgres_disconnect(struct storage_conn *conn)
{
    postgres_forget_statements(conn);
    postgres_drop(conn);
    free(conn);
}

enum storage_status postgres_ping(struct storage_conn *conn)
{
    /* The empty query is answered in every state, in a failed transaction too. */
    return postgres_command(conn, "", postgres_deadline(conn, POSTGRES_CALL_MS));
}
