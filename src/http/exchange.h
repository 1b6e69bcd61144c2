/* An exchange: one request on its way from libh2o through the walk and back.
 *
 * Born on the loop in the call's arena, it moves with the call: loop → lane → worker → loop, by way of
 * a second lane when the walk says so (request/walk.h). The worker sees
 * the call and the cancelled mark, nothing of libh2o. When the client leaves, the loop cuts the tie to the
 * library's request at once and drops the result when the job is back. */
#ifndef TETHER_HTTP_EXCHANGE_H
#define TETHER_HTTP_EXCHANGE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "http/connection.h"
#include "http/lane.h"

/* An answer in pieces. The exchange goes to a worker for each, and stays on the loop while the client takes
 * it. */
struct exchange_stream {
    bool is_on;
    bool is_resting;     /* the library has the piece; nobody else knows of the exchange */
    bool is_broken;      /* the worker could not make the piece */
    struct arena *piece; /* what `body` lives in; NULL between pieces */
    struct str body;     /* empty: the end */
};

struct exchange {
    struct lane_job job; /* first: what the lane sees; on the way back `next` links the loop's list */
    struct call *call;
    struct http_loop *loop;
    struct connection *connection;
    struct open_request *open; /* loop thread; NULL once the client left */
    atomic_bool cancelled;
    struct exchange_stream stream;
    struct arena *body; /* what a worker's large answer lives in; NULL: in the call's */
};

/* The library's handler: every request comes here. */
int exchange_on_request(h2o_handler_t *handler, h2o_req_t *req);
/* Loop thread: the request's turn has come. */
void exchange_begin(struct open_request *open);
/* Loop thread: the client left before the answer, or within it. */
void exchange_cancel(struct exchange *exchange);
/* Worker thread: the lanes' run function; `worker` is a struct walk_worker. */
void exchange_run(void *worker, struct lane_job *job);
/* Loop thread, and never inside the library's handler call: while it closes a connection it still starts
 * requests that waited, and a reply at that moment trips an assertion. The reply is complete; sends it,
 * unless the client left. */
void exchange_finish(struct exchange *exchange);
/* Loop thread: a lane that was full may have room now. */
void exchange_ask_again(struct http_loop *loop);

#endif
