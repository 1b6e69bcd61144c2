/* An event loop: one thread, one libh2o context, the connections it accepted. */
#ifndef TETHER_HTTP_LOOP_H
#define TETHER_HTTP_LOOP_H

#include "http/libh2o.h"
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "base/cache_line.h"
#include "http/limits.h"
#include "http/linger.h"
#include "http/listener.h"
#include "http/thread.h"
#include "request/route.h"

struct exchange;
struct http_server;

/* A listening socket of this loop, as the library sees it. */
struct loop_listener {
    h2o_socket_t *sock; /* NULL once closed */
    h2o_accept_ctx_t accept;
    uint16_t port; /* 0: a unix socket */
};

/* Exchanges in order, linked by their jobs. */
struct batch {
    struct exchange *first, *last;
    size_t n; /* of those that were added */
};

enum loop_state { LOOP_NEW = 0, LOOP_OPEN, LOOP_FAILED, LOOP_CLOSED };

/* Where other threads and the loop meet. */
struct loop_door {
    pthread_mutex_t lock;
    pthread_cond_t change;
    enum loop_state state;
    char error[256];                   /* LOOP_FAILED: why */
    bool message_sent;                 /* `message` is on its way through the library's queue */
    h2o_multithread_message_t message; /* carries nothing: it wakes */
    SSL_CTX *tls;                      /* a new context to take, with a reference; NULL: none */
    size_t max_body;                   /* the library's new limit; 0: unchanged */
};

struct http_loop {
    struct http_server *server;
    const struct http_limits *limits;
    unsigned index;
    struct http_thread thread;
    bool started;

    h2o_globalconf_t globalconf; /* one per loop: only its thread touches it */
    h2o_context_t ctx;
    h2o_multithread_receiver_t receiver;
    h2o_timeout_t tick, drain_tick;
    h2o_timeout_entry_t tick_entry;
    struct loop_listener *listeners;
    size_t listener_count;
    h2o_linklist_t connections;
    struct kept_answers *kept;
    size_t jobs; /* exchanges that are not finished */
    struct batch staged[LANE_INLINE];
    struct batch put_off; /* answers in pieces whose next one found the lane full */
    struct batch answers; /* complete already; sent once the library is not inside a handler call */
    h2o_timeout_entry_t answers_entry;

    /* What other threads write. */
    alignas(CACHE_LINE) _Atomic(struct exchange *) returned; /* newest first */
    atomic_bool pending;                                     /* somebody left something for the next turn */
    /* What they read. */
    alignas(CACHE_LINE) atomic_bool asleep; /* about to wait, or waiting: who leaves something must wake it */
    atomic_bool paused;                     /* does not accept: the process is at its limit */
    atomic_int run_delay_fd;                /* of its thread (run_delay.h), from when that runs */

    /* What this thread writes all the time. */
    alignas(CACHE_LINE) _Atomic int64_t heartbeat_ms;
    struct loop_door door;
    struct linger_list linger;
    struct {
        int64_t monotonic_us; /* as read last in this turn; 0: not yet */
        int64_t to_epoch_us;
    } clock;
    bool starved;   /* accept failed for want of descriptors or memory: not again before the next tick */
    bool unflushed; /* replies were handed over outside the library's turn: it completes them in its next, at
                       once */
    int32_t log_due_ms; /* until log_settle(); INT32_MAX: no line waits */
    bool draining;
    int64_t drain_started_ms;
};

/* Monotonic microseconds, as of the last reading of this turn: a request costs one reading, not four. Loop
 * thread. */
int64_t loop_clock(struct http_loop *loop);

/* Before anything else. */
void loop_init(struct http_loop *loop, struct http_server *server, unsigned index);
/* Starts the thread, which makes everything of the library's that belongs to the loop, since the library's
 * buffers belong to threads. Returns when the loop turns; false with error when it does not. */
bool loop_start(struct http_loop *loop, char *error, size_t cap);
/* Waits for its end; true for a loop that was never started. */
bool loop_join(struct http_loop *loop, int64_t deadline_ms);
/* After its end. */
void loop_release(struct http_loop *loop);

/* Any thread: makes the loop turn. */
void loop_wake(struct http_loop *loop);
/* Any thread: the library's limit for bodies from now on, and TLS for new connections (NULL: as it is;
 * referenced). */
void loop_reconfigure(struct http_loop *loop, SSL_CTX *tls, size_t max_body);
/* Worker thread: hands a finished exchange back. A loop that sleeps hears of it with loop_tell_all(). */
void loop_return(struct http_loop *loop, struct exchange *exchange);
/* Any thread: wakes the loops for what was handed back to them. `context` is the server. */
void loop_tell_all(void *context);

/* Loop thread from here on. */
void loop_is_awake(struct http_loop *loop);
/* Queues an exchange whose lane place is reserved; it is pushed together with others, some of which may come
 * until the end of the loop's turn. */
void loop_stage(struct http_loop *loop, enum lane lane, struct exchange *exchange);
/* Finishes an exchange whose reply is complete, still in this turn. */
void loop_answer(struct http_loop *loop, struct exchange *exchange);
/* Keeps an exchange for which its lane has no room: the loop asks again at the end of its turns. */
void loop_put_off(struct http_loop *loop, struct exchange *exchange);
/* The oldest of them; there is one. */
struct exchange *loop_take_put_off(struct http_loop *loop);
/* A connection of this loop was closed: its place may be used. */
void loop_connection_closed(struct http_loop *loop);

#endif
