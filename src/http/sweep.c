/* The sweeper: ends what libh2o never would. Slow readers, silent HTTP/2 peers, bodies that never end, old
 * idle connections. */
#include "http/sweep.h"

#include <netinet/in.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include "http/connection.h"
#include "http/guard.h"
#include "http/internal.h"

#define RELIEVED_AT_ONCE 64
#define HARMLESS         65536 /* bytes that nobody is closed for */

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

static bool stalls(struct connection *connection, uint64_t now)
{
    const struct http_limits *limits = connection->loop->limits;
    if (connection->open_count == 0)
        return now - connection->last_request_ms >= limits->stall_ms ||
               (now - connection->accepted_ms >= limits->max_age_ms && connection->jobs == 0);
    return any_answer_stalls(connection, now);
}

static int count_held(h2o_req_t *req, void *unused)
{
    (void)unused;
    struct connection *connection = connection_of(req);
    if (connection)
        connection->held += guard_held_body(req);
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
    }
    if (loop->server->http2)
        loop->globalconf.http2.callbacks.foreach_request(&loop->ctx, count_held, NULL);
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

void sweep_connections(struct http_loop *loop, bool draining, bool all)
{
    uint64_t now = h2o_now(loop->ctx.loop);
    relieve(loop, measure(loop));
    for (h2o_linklist_t *link = loop->connections.next, *next; link != &loop->connections; link = next) {
        struct connection *connection = from_link(link);
        next = link->next;
        if (all || (draining && connection->open_count == 0))
            connection_shut(connection);
        else if (connection->sock && (holds_too_much(connection) || stalls(connection, now)))
            connection_refused(connection);
    }
}
