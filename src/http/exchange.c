/* The life of a request in the transport. */
#include "http/exchange.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "http/internal.h"
#include "http/loop.h"
#include "http/send.h"
#include "http/view.h"

static struct exchange *begin(struct connection *connection, h2o_req_t *req)
{
    struct walk *walk = connection->loop->server->walk;
    struct call *call = call_new(walk);
    struct exchange *exchange = ARENA_NEW(call->arena, struct exchange);
    call->t_received = clock_monotonic_us();
    view_fill(call, req, connection, (size_t)walk_config(walk)->server.max_body);
    exchange->call = call;
    exchange->loop = connection->loop;
    exchange->connection = connection;
    exchange->open = connection_request(connection, req);
    exchange->open->exchange = exchange;
    exchange->job.queued_us = call->t_received;
    connection->jobs++;
    return exchange;
}

/* The reply is complete then. */
static void refuse_overload(struct exchange *exchange)
{
    metric_add(METRIC_OVERLOAD, 1);
    walk_refuse_overload(exchange->loop->server->walk, exchange->call);
}

int exchange_on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    (void)handler;
    struct connection *connection = connection_of(req);
    struct http_loop *loop = connection->loop;
    bool crowded = connection->jobs >= loop->limits->jobs;
    struct exchange *exchange = begin(connection, req);
    enum lane lane = LANE_GENERAL;
    loop_is_awake(loop);
    if (walk_admit(loop->server->walk, exchange->call, &lane))
        loop_answer(loop, exchange);
    else if (!crowded && lane_reserve(loop->server->lanes[lane]))
        loop_stage(loop, lane, exchange);
    else {
        refuse_overload(exchange);
        loop_answer(loop, exchange);
    }
    return 0;
}

void exchange_cancel(struct exchange *exchange)
{
    exchange->open = NULL;
    atomic_store_explicit(&exchange->cancelled, true, memory_order_relaxed);
}

/* From a worker of one lane to another lane. After the push the exchange belongs to that lane's worker.
 * False: that lane is full, and the exchange goes back to its loop. */
static bool move_on(struct exchange *exchange, enum lane lane)
{
    struct http_lane *next = exchange->loop->server->lanes[lane];
    if (!lane_reserve(next)) {
        refuse_overload(exchange);
        return false;
    }
    exchange->job.queued_us = clock_monotonic_us();
    lane_push(next, &exchange->job, &exchange->job);
    return true;
}

void exchange_run(void *worker, struct lane_job *job)
{
    struct exchange *exchange = (struct exchange *)job;
    struct call *call = exchange->call;
    enum lane lane;
    call->t_started = clock_monotonic_us();
    bool is_cancelled = atomic_load_explicit(&exchange->cancelled, memory_order_relaxed);
    if (!is_cancelled && !walk_run(worker, call, &lane) && move_on(exchange, lane))
        return;
    call->t_done = clock_monotonic_us();
    loop_return(exchange->loop, exchange);
}

/* Over HTTP/2 the connection of a refused request ends too: an answered stream pins its memory while the peer
 * does not read. */
static bool ends_connection(const struct call *call)
{
    return call->reply.close || call->request.malformed || call->request.headers_too_large ||
           call->request.target.len > REQUEST_MAX_TARGET;
}

/* True when the library now sends the body from the call's own memory, which must then stay. */
static bool answer(struct call *call, struct open_request *open)
{
    struct connection *connection = open->connection;
    bool close = ends_connection(call), keep = call->reply.body.len > HTTP_COPY_MAX;
    connection_answered(open, call->reply.body.len);
    send_reply(open->req, call, close, !keep);
    if (close && call->request.http_version >= 0x200)
        connection_close_when_idle(connection);
    return keep;
}

void exchange_finish(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    struct open_request *open = exchange->open;
    struct call *call = exchange->call;
    bool keep = open && answer(call, open);
    walk_log(exchange->loop->server->walk, call, open != NULL);
    exchange->loop->jobs--;
    if (keep)
        open->kept = call;
    else
        call_free(&call); /* and the exchange in it */
    connection_job_done(connection);
}
