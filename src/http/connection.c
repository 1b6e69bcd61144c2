/* Connection records: their life, and the counters that end peers who open requests only to cancel them. */
#include "http/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/exchange.h"
#include "http/loop.h"

static void release_if_unused(struct connection *connection)
{
    if (connection->sock || connection->jobs > 0)
        return;
    h2o_linklist_unlink(&connection->link);
    block_forget(&connection->block);
    free(connection);
}

static void on_socket_closed(void *data)
{
    struct connection *connection = data;
    connection->sock = NULL;
    SSL_CTX_free(connection->tls);
    connection->tls = NULL;
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

struct connection *connection_open(struct http_loop *loop, h2o_socket_t *sock, uint16_t port, SSL_CTX *tls)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        h2o_socket_close(sock);
        return NULL;
    }
    connection->loop = loop;
    connection->sock = sock;
    connection->port = port;
    connection->tls = tls;
    if (tls)
        SSL_CTX_up_ref(tls);
    connection->linger_fd = -1;
    connection->accepted_ms = connection->active_ms = h2o_now(loop->ctx.loop);
    hpack_peer_init(&connection->hpack);
    h2o_linklist_init_anchor(&connection->open);
    h2o_linklist_init_anchor(&connection->waiting);
    h2o_linklist_insert(&loop->connections, &connection->link);
    write_address(connection);
    sock->on_close.cb = on_socket_closed;
    sock->on_close.data = connection;
    metric_add(METRIC_CONNECTIONS_ACCEPTED, 1);
    metric_add(METRIC_CONNECTIONS_OPEN, 1);
    return connection;
}

struct connection *connection_of_socket(const h2o_socket_t *sock)
{
    return sock && sock->on_close.cb == on_socket_closed ? sock->on_close.data : NULL;
}

struct connection *connection_of(h2o_req_t *req)
{
    return connection_of_socket(req->conn->callbacks->get_socket(req->conn));
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

void connection_retire(struct connection *connection)
{
    if (connection->retired)
        connection_refused(connection);
    else if (connection->sock && !connection->closing)
        shutdown(h2o_socket_get_fd(connection->sock), SHUT_RD);
    connection->retired = true;
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

static void count_cancelled(struct connection *connection)
{
    connection->cancelled++;
    metric_add(METRIC_REQUESTS_CANCELLED, 1);
    if (is_excessive(connection->cancelled, connection->requests, connection->loop->limits->cancelled))
        connection_refused(connection);
}

static void begin_to_rest(struct connection *connection)
{
    connection->active_ms = h2o_now(connection->loop->ctx.loop);
    h2o_linklist_unlink(&connection->link);
    h2o_linklist_insert(&connection->loop->connections, &connection->link);
}

/* The library is done with the request: answered and sent, reset, or its connection is gone. */
static void on_request_disposed(void *data)
{
    struct open_request *open = data;
    struct connection *connection = open->connection;
    bool waits = h2o_linklist_is_linked(&open->turn);
    h2o_linklist_unlink(&open->link);
    connection->open_count--;
    if (waits)
        h2o_linklist_unlink(&open->turn);
    if (open->exchange)
        exchange_cancel(open->exchange);
    if (open->exchange || waits)
        count_cancelled(connection);
    else
        connection->is_kept = true;
    if (connection->open_count == 0)
        begin_to_rest(connection);
    if (connection->close_when_idle && connection->open_count == 0)
        connection_shut(connection);
    arena_free(&open->kept);
}

struct open_request *connection_request(struct connection *connection, h2o_req_t *req)
{
    struct open_request *open = h2o_mem_alloc_shared(&req->pool, sizeof *open, on_request_disposed);
    *open = (struct open_request){ .req = req,
                                   .connection = connection,
                                   .arrived_us = loop_clock(connection->loop) };
    h2o_linklist_insert(&connection->open, &open->link);
    connection->open_count++;
    connection->requests++;
    if (connection->blocks < connection->requests) /* HTTP/1 has no blocks of its own */
        connection->blocks = connection->requests;
    connection->is_http2 = req->version >= 0x200;
    connection->active_ms = h2o_now(connection->loop->ctx.loop);
    return open;
}

/* The whole input: the head of the request that runs stands at its beginning. */
bool connection_raw_head(struct connection *connection, struct rawhead *ret)
{
    const h2o_buffer_t *input = connection->sock->input;
    if (connection->raw.of != connection->requests) {
        connection->raw.is_sound =
            rawhead_check(str_from(input->bytes, input->size), &connection->raw.head) &&
            connection->unparsed.fault == UNPARSED_NONE;
        connection->raw.of = connection->requests;
    }
    *ret = connection->raw.head;
    return connection->raw.is_sound;
}

void connection_forget_raw_head(struct connection *connection)
{
    connection->raw.of = UINT64_MAX;
}

void connection_sending(struct open_request *open, size_t bytes)
{
    open->owed = bytes;
    open->answered_ms = open->progress_ms = h2o_now(open->connection->loop->ctx.loop);
    open->taken_mark = TAKEN_UNKNOWN;
}

void connection_sent(struct open_request *open)
{
    open->owed = 0;
    open->answered_ms = 0;
}

void connection_answered(struct open_request *open, size_t bytes)
{
    open->exchange = NULL;
    connection_sending(open, bytes);
}

void connection_job_done(struct connection *connection)
{
    connection->jobs--;
    if (!h2o_linklist_is_empty(&connection->waiting)) {
        struct open_request *next =
            H2O_STRUCT_FROM_MEMBER(struct open_request, turn, connection->waiting.next);
        h2o_linklist_unlink(&next->turn);
        exchange_begin(next);
    }
    release_if_unused(connection);
}
