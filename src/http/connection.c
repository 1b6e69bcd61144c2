/* Connection records, their counters, and the sweeper that ends what libh2o never would: slow readers, silent
 * HTTP/2 peers, and those who open requests only to cancel them. */
#include "http/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/metrics.h"
#include "http/exchange.h"
#include "http/guard.h"
#include "http/internal.h"
#include "http/loop.h"

static struct connection *from_link(h2o_linklist_t *link)
{
    return H2O_STRUCT_FROM_MEMBER(struct connection, link, link);
}

static void release_if_unused(struct connection *connection)
{
    if (connection->sock || connection->jobs > 0)
        return;
    h2o_linklist_unlink(&connection->link);
    free(connection);
}

static void on_socket_closed(void *data)
{
    struct connection *connection = data;
    connection->sock = NULL;
    if (connection->linger_fd >= 0)
        linger_add(&connection->loop->linger, connection->linger_fd, h2o_now(connection->loop->ctx.loop));
    metric_add(METRIC_CONNECTIONS_OPEN, -1);
    loop_connection_closed(connection->loop);
    release_if_unused(connection);
}

static void write_address(struct connection *connection)
{
    struct sockaddr_storage address = { 0 };
    const char *text = NULL;
    socklen_t size = h2o_socket_getpeername(connection->sock, (struct sockaddr *)&address);
    if (size > 0 && address.ss_family == AF_INET)
        text = inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr, connection->address,
                         sizeof connection->address);
    else if (size > 0 && address.ss_family == AF_INET6)
        text = inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&address)->sin6_addr, connection->address,
                         sizeof connection->address);
    if (!text)
        snprintf(connection->address, sizeof connection->address, "unix");
}

struct connection *connection_open(struct http_loop *loop, h2o_socket_t *sock, bool tls)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        h2o_socket_close(sock);
        return NULL;
    }
    connection->loop = loop;
    connection->sock = sock;
    connection->tls = tls;
    connection->linger_fd = -1;
    connection->accepted_ms = connection->last_request_ms = h2o_now(loop->ctx.loop);
    h2o_linklist_init_anchor(&connection->open);
    h2o_linklist_insert(&loop->connections, &connection->link);
    write_address(connection);
    sock->on_close.cb = on_socket_closed;
    sock->on_close.data = connection;
    metric_add(METRIC_CONNECTIONS_ACCEPTED, 1);
    metric_add(METRIC_CONNECTIONS_OPEN, 1);
    return connection;
}

struct connection *connection_of(h2o_req_t *req)
{
    h2o_socket_t *sock = req->conn->callbacks->get_socket(req->conn);
    return sock && sock->on_close.cb == on_socket_closed ? sock->on_close.data : NULL;
}

void connection_shut(struct connection *connection)
{
    if (connection->sock && !connection->closing)
        shutdown(h2o_socket_get_fd(connection->sock), SHUT_RDWR);
    connection->closing = true;
}

void connection_refused(struct connection *connection)
{
    if (!connection || connection->closing)
        return;
    metric_add(METRIC_CONNECTIONS_REFUSED, 1);
    log_event(LOG_DEBUG, "connection closed by a guard", LOG_Z("address", connection->address),
              LOG_I("requests", connection->requests), LOG_I("cancelled", connection->cancelled),
              LOG_I("open", connection->open_count), LOG_I("jobs", connection->jobs));
    connection_shut(connection);
}

void connection_close_when_idle(struct connection *connection)
{
    connection->close_when_idle = true;
    if (connection->open_count == 0)
        connection_shut(connection);
}

void connection_linger(struct connection *connection)
{
    if (connection->linger_fd < 0)
        connection->linger_fd = fcntl(h2o_socket_get_fd(connection->sock), F_DUPFD_CLOEXEC, 0);
}

/* More than `forgiven` and more than half of all. */
static bool is_excessive(uint64_t count, uint64_t total, uint64_t forgiven)
{
    return count > forgiven && count * 2 > total;
}

bool connection_may_open(struct connection *connection)
{
    if (!connection)
        return true;
    if (connection->closing || connection->close_when_idle)
        return false;
    connection->blocks++;
    return !is_excessive(connection->blocks - connection->requests, connection->blocks,
                         connection->loop->limits->abandoned);
}

/* The library is done with the request: answered and sent, reset, or its connection is gone. */
static void on_request_disposed(void *data)
{
    struct open_request *open = data;
    struct connection *connection = open->connection;
    h2o_linklist_unlink(&open->link);
    connection->open_count--;
    if (open->exchange) {
        exchange_cancel(open->exchange);
        connection->cancelled++;
        metric_add(METRIC_REQUESTS_CANCELLED, 1);
        if (is_excessive(connection->cancelled, connection->requests, connection->loop->limits->cancelled))
            connection_refused(connection);
    }
    if (connection->close_when_idle && connection->open_count == 0)
        connection_shut(connection);
}

struct open_request *connection_request(struct connection *connection, h2o_req_t *req)
{
    struct open_request *open = h2o_mem_alloc_shared(&req->pool, sizeof *open, on_request_disposed);
    *open = (struct open_request){ .req = req, .connection = connection };
    h2o_linklist_insert(&connection->open, &open->link);
    connection->open_count++;
    connection->requests++;
    if (connection->blocks < connection->requests) /* HTTP/1 has no blocks of its own */
        connection->blocks = connection->requests;
    connection->last_request_ms = h2o_now(connection->loop->ctx.loop);
    return open;
}

void connection_answered(struct open_request *open)
{
    open->exchange = NULL;
    open->answered_ms = open->progress_ms = h2o_now(open->connection->loop->ctx.loop);
    open->taken_mark = TAKEN_UNKNOWN;
}

void connection_job_done(struct connection *connection)
{
    connection->jobs--;
    release_if_unused(connection);
}

/* Bytes the peer has acknowledged; 0 where the kernel does not say. */
static uint64_t bytes_taken(struct connection *connection)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    if (getsockopt(h2o_socket_get_fd(connection->sock), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_acked;
}

/* An answer is out for too long when the peer took less than stall_bytes of it in the last stall_ms. Over
 * HTTP/2 the request itself is measured, since the connection's bytes may be answers to PINGs. */
static bool answer_stalls(struct open_request *open, uint64_t now)
{
    const struct http_limits *limits = open->connection->loop->limits;
    bool due = now - open->progress_ms >= limits->stall_ms;
    if (open->answered_ms == 0 || (!due && open->taken_mark != TAKEN_UNKNOWN))
        return false;
    uint64_t taken = open->req->version >= 0x200 ? open->req->bytes_sent : bytes_taken(open->connection);
    if (due && (open->taken_mark == TAKEN_UNKNOWN || taken - open->taken_mark < limits->stall_bytes))
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

/* What incomplete requests hold: bodies of streams, and whatever waits unparsed. Returns the sum. */
static size_t measure_held(struct http_loop *loop)
{
    size_t sum = 0;
    for (h2o_linklist_t *link = loop->connections.next; link != &loop->connections; link = link->next) {
        struct connection *connection = from_link(link);
        connection->held = connection->sock ? connection->sock->input->size : 0;
    }
    if (loop->server->http2)
        loop->globalconf.http2.callbacks.foreach_request(&loop->ctx, count_held, NULL);
    for (h2o_linklist_t *link = loop->connections.next; link != &loop->connections; link = link->next)
        sum += from_link(link)->held;
    return sum;
}

/* A connection may always hold a few whole bodies. */
static size_t held_limit(struct http_loop *loop, size_t sum)
{
    size_t few = 4 * loop->globalconf.max_request_entity_size;
    size_t limit = sum > loop->limits->held_in_all ? loop->limits->held / 8 : loop->limits->held;
    return limit > few ? limit : few;
}

void connection_sweep(struct http_loop *loop, bool draining, bool all)
{
    uint64_t now = h2o_now(loop->ctx.loop);
    size_t limit = held_limit(loop, measure_held(loop));
    for (h2o_linklist_t *link = loop->connections.next, *next; link != &loop->connections; link = next) {
        struct connection *connection = from_link(link);
        next = link->next;
        if (all || (draining && connection->open_count == 0))
            connection_shut(connection);
        else if (connection->sock && (connection->held > limit || stalls(connection, now)))
            connection_refused(connection);
    }
}
