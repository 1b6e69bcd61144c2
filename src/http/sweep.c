/* The sweeper: ends what libh2o never would, or too late. Slow readers, requests that never become whole,
 * silent peers, who rests for too long or while the places run out, old connections. */
#include "http/sweep.h"

#include <netinet/in.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include "http/connection.h"
#include "http/guard.h"
#include "http/internal.h"

#define RELIEVED_AT_ONCE 64
#define HARMLESS         65536 /* bytes that nobody is closed for */
#define SPARE_PLACES     16 /* one in so many of the connections that there may be is kept free of who rests */

static struct connection *from_link(h2o_linklist_t *link)
{
    return H2O_STRUCT_FROM_MEMBER(struct connection, link, link);
}

/* Bytes the peer has acknowledged. False where the kernel does not say: on a unix socket. */
static bool bytes_taken(struct connection *connection, uint64_t *ret)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    if (getsockopt(h2o_socket_get_fd(connection->sock), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return false;
    *ret = info.tcpi_bytes_acked;
    return true;
}

/* Over HTTP/2 the request itself is measured, since the connection's bytes may be answers to PINGs. */
static bool answer_taken(const struct open_request *open, uint64_t *ret)
{
    if (open->req->version < 0x200)
        return bytes_taken(open->connection, ret);
    *ret = open->req->bytes_sent;
    return true;
}

/* An answer is out for too long when the peer took less than its share of stall_bytes in the last stall_ms.
 */
static bool answer_stalls(struct open_request *open, uint64_t now)
{
    const struct http_limits *limits = open->connection->loop->limits;
    uint64_t share = limits->stall_bytes / open->connection->open_count, taken;
    bool due = now - open->progress_ms >= limits->stall_ms;
    if (open->answered_ms == 0 || (!due && open->taken_mark != TAKEN_UNKNOWN) || !answer_taken(open, &taken))
        return false;
    if (due && (open->taken_mark == TAKEN_UNKNOWN || taken - open->taken_mark < share))
        return true;
    open->taken_mark = taken;
    if (due)
        open->progress_ms = now;
    return false;
}

static bool any_answer_stalls(struct connection *connection, uint64_t now)
{
    for (h2o_linklist_t *link = connection->open.next; link != &connection->open; link = link->next) {
        if (answer_stalls(H2O_STRUCT_FROM_MEMBER(struct open_request, link, link), now))
            return true;
    }
    return false;
}

/* Nothing is under way, and the next request has not begun. */
static bool is_resting(const struct connection *connection)
{
    return connection->open_count == 0 && connection->begun_ms == 0;
}

/* The next request has begun and takes too long. After a rest the time runs from where it was seen to begin.
 */
static bool request_is_late(const struct connection *connection, uint64_t now)
{
    uint64_t since = connection->active_ms;
    if (connection->is_kept && connection->begun_ms > since)
        since = connection->begun_ms;
    return now - since >= connection->loop->limits->request_ms;
}

static bool stalls(struct connection *connection, uint64_t now)
{
    if (connection->open_count > 0)
        return any_answer_stalls(connection, now);
    return !is_resting(connection) && request_is_late(connection, now);
}

/* Over HTTP/2 the library comes first where nothing at all is read: it takes its leave. */
static bool has_rested(const struct connection *connection, uint64_t now)
{
    const struct http_limits *limits = connection->loop->limits;
    uint64_t rest_ms = limits->idle_ms + (connection->is_http2 ? limits->request_ms : 0);
    if (!connection->is_kept)
        rest_ms = limits->request_ms;
    return is_resting(connection) &&
           (now - connection->active_ms >= rest_ms ||
            (now - connection->accepted_ms >= limits->max_age_ms && connection->jobs == 0));
}

static int count_stream(h2o_req_t *req, void *unused)
{
    (void)unused;
    struct connection *connection = connection_of(req);
    if (connection) {
        connection->held += guard_held_body(req);
        connection->streams += !guard_is_reserved(req);
    }
    return 0;
}

static size_t count_owed(const struct connection *connection)
{
    size_t owed = 0;
    for (h2o_linklist_t *link = connection->open.next; link != &connection->open; link = link->next)
        owed += H2O_STRUCT_FROM_MEMBER(struct open_request, link, link)->owed;
    return owed;
}

/* What connections hold: bodies of incomplete requests, what waits unparsed, answers not yet taken. Returns
 * the sum. */
static size_t measure(struct http_loop *loop)
{
    size_t sum = 0;
    for (h2o_linklist_t *link = loop->connections.next; link != &loop->connections; link = link->next) {
        struct connection *connection = from_link(link);
        connection->held = connection->sock ? connection->sock->input->size : 0;
        connection->owed = count_owed(connection);
        connection->streams = 0;
    }
    if (loop->server->http2)
        loop->globalconf.http2.callbacks.foreach_request(&loop->ctx, count_stream, NULL);
    for (h2o_linklist_t *link = loop->connections.next; link != &loop->connections; link = link->next)
        sum += from_link(link)->closing ? 0 : from_link(link)->held + from_link(link)->owed;
    return sum;
}

/* A connection may always hold a few whole bodies. */
static bool holds_too_much(const struct connection *connection)
{
    size_t few = 4 * connection->loop->globalconf.max_request_entity_size,
           limit = connection->loop->limits->held;
    return connection->held > (limit > few ? limit : few);
}

static struct connection *largest_holder(struct http_loop *loop)
{
    struct connection *largest = NULL;
    for (h2o_linklist_t *link = loop->connections.next; link != &loop->connections; link = link->next) {
        struct connection *connection = from_link(link);
        size_t holds = connection->held + connection->owed;
        if (!connection->closing && (!largest || holds > largest->held + largest->owed))
            largest = connection;
    }
    return largest;
}

/* While all connections together hold too much, the largest go; a bounded number, since each takes a look at
 * all. */
static void relieve(struct http_loop *loop, size_t sum)
{
    for (int i = 0; i < RELIEVED_AT_ONCE && sum > loop->limits->held_in_all; i++) {
        struct connection *largest = largest_holder(loop);
        if (!largest || largest->held + largest->owed < HARMLESS)
            return;
        sum -= largest->held + largest->owed;
        connection_refused(largest);
    }
}

/* Part of a request is here, or the peer does not take what is owed to it beside answers. */
static bool is_busy(const struct connection *connection)
{
    return connection->sock &&
           (connection->sock->input->size > 0 || connection->streams > connection->open_count ||
            h2o_socket_is_writing(connection->sock));
}

static void look(struct connection *connection, uint64_t now)
{
    if (!is_busy(connection))
        connection->begun_ms = 0;
    else if (connection->begun_ms == 0)
        connection->begun_ms = now;
}

/* How many of this loop's connections are to make room. */
static size_t count_surplus(struct http_loop *loop)
{
    struct http_server *server = loop->server;
    size_t max = atomic_load(&server->max_connections), n = atomic_load(&server->connections);
    size_t wanted = n + max / SPARE_PLACES + 1;
    return wanted > max ? (wanted - max + server->loop_count - 1) / server->loop_count : 0;
}

/* While the places run out, who has rested for as long as a request may take makes room, the longest first.
 * Whose socket is gone holds none: only a job still knows of that connection. */
static void make_room(struct http_loop *loop, uint64_t now)
{
    size_t surplus = count_surplus(loop);
    for (h2o_linklist_t *link = loop->connections.next; surplus > 0 && link != &loop->connections;
         link = link->next) {
        struct connection *connection = from_link(link);
        if (!connection->sock || !connection->is_kept || !is_resting(connection) ||
            now - connection->active_ms < loop->limits->request_ms)
            continue;
        if (!connection->retired)
            connection_retire(connection);
        surplus--;
    }
}

static void judge(struct connection *connection, uint64_t now)
{
    if (!connection->sock)
        return;
    if (holds_too_much(connection) || stalls(connection, now))
        connection_refused(connection);
    else if (has_rested(connection, now))
        connection_retire(connection);
}

void sweep_connections(struct http_loop *loop, bool draining, bool all)
{
    uint64_t now = h2o_now(loop->ctx.loop);
    relieve(loop, measure(loop));
    for (h2o_linklist_t *link = loop->connections.next, *next; link != &loop->connections; link = next) {
        struct connection *connection = from_link(link);
        next = link->next;
        look(connection, now);
        if (all || (draining && connection->open_count == 0))
            connection_shut(connection);
        else
            judge(connection, now);
    }
    make_room(loop, now);
}
