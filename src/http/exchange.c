/* The life of a request in the transport. */
#include "http/exchange.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "http/internal.h"
#include "http/loop.h"
#include "http/send.h"
#include "http/view.h"

/* Answers now, on the loop, and lets go of the call. */
static void answer(struct call *call, struct connection *connection, struct open_request *open)
{
    struct walk *walk = connection->loop->server->walk;
    bool sent = open != NULL;
    if (sent) {
        h2o_req_t *req = open->req;
        bool close = call->reply.close || call->request.malformed || call->request.headers_too_large ||
                     call->request.target.len > REQUEST_MAX_TARGET;
        connection_answered(open);
        send_reply(req, call, close);
        if (close && call->request.http_version >= 0x200)
            connection_close_when_idle(connection);
    }
    walk_log(walk, call, sent);
    call_free(&call);
}

static void refuse_overload(struct call *call, struct connection *connection, struct open_request *open)
{
    metric_add(METRIC_OVERLOAD, 1);
    walk_refuse_overload(connection->loop->server->walk, call);
    answer(call, connection, open);
}

static void enqueue(struct call *call, struct connection *connection, struct open_request *open,
                    enum lane lane)
{
    struct exchange *exchange = ARENA_NEW(call->arena, struct exchange);
    exchange->call = call;
    exchange->loop = connection->loop;
    exchange->connection = connection;
    exchange->open = open;
    exchange->job.queued_us = call->t_received;
    open->exchange = exchange;
    connection->jobs++;
    loop_stage(connection->loop, lane, exchange);
}

int exchange_on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    (void)handler;
    struct connection *connection = connection_of(req);
    struct http_loop *loop = connection->loop;
    struct walk *walk = loop->server->walk;
    struct open_request *open = connection_request(connection, req);
    loop_is_awake(loop);

    struct call *call = call_new(walk);
    call->t_received = clock_monotonic_us();
    view_fill(call, req, connection, (size_t)walk_config(walk)->server.max_body);
    enum lane lane = LANE_GENERAL;
    if (walk_admit(walk, call, &lane))
        answer(call, connection, open);
    else if (connection->jobs >= loop->limits->jobs || !lane_reserve(loop->server->lanes[lane]))
        refuse_overload(call, connection, open);
    else
        enqueue(call, connection, open, lane);
    return 0;
}

void exchange_cancel(struct exchange *exchange)
{
    exchange->open = NULL;
    atomic_store_explicit(&exchange->cancelled, true, memory_order_relaxed);
}

void exchange_run(void *worker, struct lane_job *job)
{
    struct exchange *exchange = (struct exchange *)job;
    struct call *call = exchange->call;
    call->t_started = clock_monotonic_us();
    if (!atomic_load_explicit(&exchange->cancelled, memory_order_relaxed))
        walk_run(worker, call);
    call->t_done = clock_monotonic_us();
    loop_return(exchange->loop, exchange);
}

void exchange_finish(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    struct http_loop *loop = exchange->loop;
    answer(exchange->call, connection, exchange->open); /* frees the exchange too */
    loop->jobs--;
    connection_job_done(connection);
}
