/* The life of a request in the transport. */
#include "http/exchange.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "http/internal.h"
#include "http/loop.h"
#include "http/question.h"
#include "http/send.h"
#include "http/view.h"

static struct exchange *new_exchange(struct open_request *open)
{
    struct connection *connection = open->connection;
    struct http_loop *loop = connection->loop;
    struct walk *walk = loop->server->walk;
    int64_t now_us = loop_clock(loop);
    struct call *call = call_new_at(walk, now_us, loop->clock.to_epoch_us);
    struct exchange *exchange = ARENA_NEW(call->arena, struct exchange);
    call->t_received = open->arrived_us;
    view_fill(call, open->req, connection, (size_t)walk_config(walk)->server.max_body);
    *exchange = (struct exchange){ .call = call, .loop = loop, .connection = connection, .open = open };
    exchange->job.queued_us = call->t_received;
    open->exchange = exchange;
    connection->jobs++;
    return exchange;
}

/* The reply is complete then. */
static void refuse_overload(struct exchange *exchange)
{
    metric_add(METRIC_OVERLOAD, 1);
    walk_refuse_overload(exchange->loop->server->walk, exchange->call);
}

void exchange_begin(struct open_request *open)
{
    struct http_loop *loop = open->connection->loop;
    struct exchange *exchange = new_exchange(open);
    enum lane lane = LANE_GENERAL;
    if (walk_admit(loop->server->walk, exchange->call, &lane)) {
        if (open->has_question)
            kept_answers_keep(loop->kept, &open->question, exchange->call);
        loop_answer(loop, exchange);
    } else if (lane_reserve(loop->server->lanes[lane])) {
        exchange->job.is_quick = walk_is_quick(exchange->call);
        loop_stage(loop, lane, exchange);
    } else {
        refuse_overload(exchange);
        loop_answer(loop, exchange);
    }
}

/* At once, and without a call. */
static bool answer_again(struct open_request *open)
{
    struct http_loop *loop = open->connection->loop;
    struct kept_use use;
    open->has_question = question_read(open->req, open->connection, &open->question);
    if (!open->has_question || !kept_answers_use(loop->kept, &open->question, open->arrived_us,
                                                 open->arrived_us + loop->clock.to_epoch_us, &use))
        return false;
    connection_answered(open, use.reply.body.len);
    send_reply(open->req, &use.reply, false, true);
    loop->clock.monotonic_us = kept_answers_log(&use);
    return true;
}

int exchange_on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    (void)handler;
    struct connection *connection = connection_of(req);
    struct open_request *open = connection_request(connection, req);
    loop_is_awake(connection->loop);
    if (answer_again(open))
        return 0;
    if (connection->jobs < connection->loop->limits->jobs)
        exchange_begin(open);
    else
        h2o_linklist_insert(&connection->waiting, &open->turn);
    return 0;
}

void exchange_cancel(struct exchange *exchange)
{
    exchange->open = NULL;
    atomic_store_explicit(&exchange->cancelled, true, memory_order_relaxed);
    if (!exchange->stream.is_resting)
        return;
    exchange->stream.is_resting = false;
    loop_answer(exchange->loop, exchange);
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
    lane_push(next, &exchange->job, &exchange->job, 1);
    return true;
}

static void make_piece(struct walk_worker *worker, struct exchange *exchange)
{
    struct exchange_stream *stream = &exchange->stream;
    stream->piece = arena_new(HTTP_PIECE_BUDGET);
    stream->body = STR_NONE;
    stream->is_broken = !walk_stream(worker, exchange->call, stream->piece, &stream->body);
}

/* The peer may take its time with a large answer, and what it was made of is many times as large. */
static void take_out_body(struct exchange *exchange)
{
    struct reply *reply = &exchange->call->reply;
    if (reply->stream.next || reply->body.len <= HTTP_COPY_MAX)
        return;
    exchange->body = arena_new(0);
    if (arena_is_wiped(exchange->call->arena))
        arena_wipe_on_free(exchange->body);
    reply->body = arena_copy(exchange->body, reply->body);
}

void exchange_run(void *worker, struct lane_job *job)
{
    struct exchange *exchange = (struct exchange *)job;
    struct call *call = exchange->call;
    enum lane lane;
    bool is_cancelled = atomic_load_explicit(&exchange->cancelled, memory_order_relaxed);
    if (exchange->stream.is_on) {
        if (!is_cancelled)
            make_piece(worker, exchange);
        loop_return(exchange->loop, exchange);
        return;
    }
    if (!is_cancelled && !walk_run(worker, call, job->taken_us, &lane) && move_on(exchange, lane))
        return;
    take_out_body(exchange);
    loop_return(exchange->loop, exchange);
}

/* Over HTTP/2 the connection of a refused request ends too: an answered stream pins its memory while the peer
 * does not read. */
static bool ends_connection(const struct call *call)
{
    return call->reply.close || call->request.malformed || call->request.headers_too_large ||
           call->request.target.len > REQUEST_MAX_TARGET;
}

/* True when the library now sends the body from where it lives, which must then stay. */
static bool answer(struct call *call, struct open_request *open)
{
    struct connection *connection = open->connection;
    bool close = ends_connection(call), keep = call->reply.body.len > HTTP_COPY_MAX;
    connection_answered(open, call->reply.body.len);
    send_reply(open->req, &call->reply, close, !keep);
    if (close && call->request.http_version >= 0x200)
        connection_close_when_idle(connection);
    return keep;
}

/* keep: what the body lives in stays with the library's request. */
static void end(struct exchange *exchange, bool keep)
{
    struct connection *connection = exchange->connection;
    struct open_request *open = exchange->open;
    struct arena *body = exchange->body, *memory = exchange->call->arena; /* the exchange's, too */
    struct arena **home = body ? &body : &memory;
    walk_log(exchange->loop->server->walk, exchange->call, open != NULL);
    if (keep) {
        open->kept = *home;
        *home = NULL;
    }
    arena_free(&body);
    arena_free(&memory);
    connection_job_done(connection);
}

/* ---- an answer in pieces ---- */

static void ask_for_piece(struct exchange *exchange)
{
    if (lane_reserve(exchange->loop->server->lanes[LANE_GENERAL]))
        loop_stage(exchange->loop, LANE_GENERAL, exchange);
    else
        loop_put_off(exchange->loop, exchange);
}

void exchange_ask_again(struct http_loop *loop)
{
    while (loop->put_off.first && lane_reserve(loop->server->lanes[LANE_GENERAL]))
        loop_stage(loop, LANE_GENERAL, loop_take_put_off(loop));
}

/* The library has sent the piece, and calls from inside its turn. */
static void on_taken(struct open_request *open)
{
    struct exchange *exchange = open->exchange;
    exchange->stream.is_resting = false;
    arena_free(&exchange->stream.piece);
    connection_sent(open);
    ask_for_piece(exchange);
}

static void begin_stream(struct exchange *exchange)
{
    struct open_request *open = exchange->open;
    bool close = ends_connection(exchange->call);
    exchange->stream.is_on = true;
    send_head(open, &exchange->call->reply, close, on_taken);
    if (close && exchange->call->request.http_version >= 0x200)
        connection_close_when_idle(open->connection);
    ask_for_piece(exchange);
}

/* A piece is back from its worker, or the client has left. */
static void go_on_with_stream(struct exchange *exchange)
{
    struct exchange_stream *stream = &exchange->stream;
    struct open_request *open = exchange->open;
    bool is_last = stream->is_broken || stream->body.len == 0;
    if (open && !is_last) {
        connection_sending(open, stream->body.len);
        stream->is_resting = true;
        send_piece(open->req, stream->body);
        return;
    }
    if (open) {
        connection_answered(open, 0);
        send_end(open->req, stream->is_broken);
    }
    arena_free(&stream->piece);
    end(exchange, false);
}

static bool comes_in_pieces(const struct call *call)
{
    return call->reply.stream.next && call->request.method != METHOD_HEAD;
}

void exchange_finish(struct exchange *exchange)
{
    struct open_request *open = exchange->open;
    exchange->loop->jobs--;
    if (exchange->stream.is_on)
        go_on_with_stream(exchange);
    else if (open && comes_in_pieces(exchange->call))
        begin_stream(exchange);
    else
        end(exchange, open && answer(exchange->call, open));
}
