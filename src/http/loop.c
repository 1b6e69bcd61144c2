/* Event loops: accepting, one turn, draining.
 *
 * Work for a loop is left in atomics and only announced by a system call when the loop sleeps; replies that
 * gather while it is busy are sent in one go. Jobs for the lanes are likewise gathered, a few of them or
 * until the end of the turn. */
#include "http/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cache_line.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/complaint.h"
#include "http/connection.h"
#include "http/exchange.h"
#include "http/guard.h"
#include "http/internal.h"
#include "http/run_delay.h"
#include "http/send.h"
#include "http/sweep.h"
#include "http/thread.h"
#include "request/kept_answers.h"

#define STAGED_MAX    16                /* jobs that wait for more of the same turn */
#define SENTINEL_HOST "no-host.invalid" /* what the library puts where a request names no host */

/* --- Accepting --- */

static void pause_accepting(struct http_loop *loop)
{
    if (atomic_exchange(&loop->paused, true))
        return;
    for (size_t i = 0; i < loop->listener_count; i++) {
        if (loop->listeners[i].sock)
            h2o_socket_read_stop(loop->listeners[i].sock);
    }
}

static bool claim_connection(struct http_server *server)
{
    if (atomic_fetch_add(&server->connections, 1) < atomic_load(&server->max_connections))
        return true;
    atomic_fetch_sub(&server->connections, 1);
    return false;
}

/* False when nothing more can be accepted now. */
static bool accept_one(struct http_loop *loop, struct loop_listener *listener)
{
    if (!claim_connection(loop->server)) {
        pause_accepting(loop);
        return false;
    }
    h2o_socket_t *sock = h2o_evloop_socket_accept(listener->sock);
    if (!sock) {
        atomic_fetch_sub(&loop->server->connections, 1);
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            loop->starved = true;
            pause_accepting(loop);
        }
        return false;
    }
    if (connection_open(loop, sock, listener->port, listener->accept.ssl_ctx))
        h2o_accept(&listener->accept, sock);
    return true;
}

static void on_accept(h2o_socket_t *sock, const char *err)
{
    struct loop_listener *listener = sock->data;
    struct http_loop *loop = H2O_STRUCT_FROM_MEMBER(struct http_loop, ctx, listener->accept.ctx);
    if (err)
        return;
    for (int i = 0; i < HTTP_ACCEPT_BATCH && accept_one(loop, listener); i++)
        ;
}

static void resume_accepting(struct http_loop *loop)
{
    struct http_server *server = loop->server;
    if (!atomic_load(&loop->paused) || loop->starved || loop->draining ||
        atomic_load(&server->connections) >= atomic_load(&server->max_connections))
        return;
    atomic_store(&loop->paused, false);
    for (size_t i = 0; i < loop->listener_count; i++)
        h2o_socket_read_start(loop->listeners[i].sock, on_accept);
}

void loop_connection_closed(struct http_loop *loop)
{
    struct http_server *server = loop->server;
    atomic_fetch_sub(&server->connections, 1);
    loop->starved = false;
    for (size_t i = 0; i < server->loop_count; i++) {
        if (atomic_load(&server->loops[i].paused))
            loop_wake(&server->loops[i]);
    }
}

/* Who is already in the backlog was promised a server; then the port closes. */
static void close_listeners(struct http_loop *loop)
{
    for (size_t i = 0; i < loop->listener_count; i++) {
        struct loop_listener *listener = &loop->listeners[i];
        while (accept_one(loop, listener))
            ;
        h2o_socket_close(listener->sock);
        listener->sock = NULL;
    }
}

/* --- Work from and for other threads --- */

static void send_message(struct http_loop *loop)
{
    struct loop_door *door = &loop->door;
    pthread_mutex_lock(&door->lock);
    if (door->state == LOOP_OPEN && !door->message_sent) {
        door->message_sent = true;
        h2o_multithread_send_message(&loop->receiver, &door->message);
    }
    pthread_mutex_unlock(&door->lock);
}

void loop_wake(struct http_loop *loop)
{
    if (!atomic_exchange(&loop->pending, true) && atomic_load(&loop->asleep))
        send_message(loop);
}

void loop_return(struct http_loop *loop, struct exchange *exchange)
{
    struct exchange *newest = atomic_load_explicit(&loop->returned, memory_order_relaxed);
    exchange->job.memory = arena_newest(exchange->call->arena);
    do
        exchange->job.next = (struct lane_job *)newest;
    while (!atomic_compare_exchange_weak(&loop->returned, &newest, exchange));
}

void loop_tell_all(void *context)
{
    struct http_server *server = context;
    for (size_t i = 0; i < server->loop_count; i++)
        if (atomic_load(&server->loops[i].returned))
            loop_wake(&server->loops[i]);
}

void loop_is_awake(struct http_loop *loop)
{
    if (atomic_load_explicit(&loop->asleep, memory_order_relaxed)) /* a line that others read */
        atomic_store_explicit(&loop->asleep, false, memory_order_relaxed);
}

int64_t loop_clock(struct http_loop *loop)
{
    if (loop->clock.monotonic_us == 0) {
        loop->clock.monotonic_us = clock_monotonic_us();
        loop->clock.to_epoch_us = clock_now() - loop->clock.monotonic_us;
    }
    return loop->clock.monotonic_us;
}

static void append(struct http_loop *loop, struct batch *batch, struct exchange *exchange)
{
    exchange->job.next = NULL;
    exchange->job.memory = arena_newest(exchange->call->arena);
    if (batch->first)
        batch->last->job.next = &exchange->job;
    else
        batch->first = exchange;
    batch->last = exchange;
    batch->n++;
    loop->jobs++;
}

static void push_batch(struct http_loop *loop, enum lane lane)
{
    struct batch *batch = &loop->staged[lane];
    if (batch->first)
        lane_push(loop->server->lanes[lane], &batch->first->job, &batch->last->job, batch->n);
    *batch = (struct batch){ 0 };
}

/* Workers begin while the loop still reads what else came. */
void loop_stage(struct http_loop *loop, enum lane lane, struct exchange *exchange)
{
    append(loop, &loop->staged[lane], exchange);
    if (loop->staged[lane].n == STAGED_MAX)
        push_batch(loop, lane);
}

void loop_answer(struct http_loop *loop, struct exchange *exchange)
{
    append(loop, &loop->answers, exchange);
    if (!h2o_timeout_is_linked(&loop->answers_entry))
        h2o_timeout_link(loop->ctx.loop, &loop->ctx.zero_timeout, &loop->answers_entry);
}

void loop_put_off(struct http_loop *loop, struct exchange *exchange)
{
    append(loop, &loop->put_off, exchange);
}

struct exchange *loop_take_put_off(struct http_loop *loop)
{
    struct exchange *oldest = loop->put_off.first;
    loop->put_off.first = (struct exchange *)oldest->job.next;
    loop->jobs--;
    return oldest;
}

static void push_staged(struct http_loop *loop)
{
    for (enum lane lane = 0; lane < LANE_INLINE; lane++)
        push_batch(loop, lane);
}

/* The watchdog looks for a loop that is stuck, not for one that has much to do. */
static void beat(struct http_loop *loop)
{
    atomic_store_explicit(&loop->heartbeat_ms, clock_monotonic_ms(), memory_order_relaxed);
}

/* A list, oldest first. */
static void finish_all(struct http_loop *loop, struct lane_job *job)
{
    while (job) {
        struct lane_job *next = job->next; /* goes with the exchange */
        if (next)
            cache_line_prefetch(next->memory);
        beat(loop);
        exchange_finish((struct exchange *)job);
        job = next;
    }
}

static void on_answers(h2o_timeout_entry_t *entry)
{
    struct http_loop *loop = H2O_STRUCT_FROM_MEMBER(struct http_loop, answers_entry, entry);
    struct lane_job *first = (struct lane_job *)loop->answers.first;
    loop->answers = (struct batch){ 0 };
    finish_all(loop, first);
}

/* Finishes what the workers brought back, oldest first. False when there was nothing. */
static bool collect(struct http_loop *loop)
{
    atomic_store(&loop->pending, false);
    struct lane_job *newest = (struct lane_job *)atomic_exchange(&loop->returned, NULL), *oldest = NULL;
    while (newest) {
        struct lane_job *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    bool any = oldest != NULL;
    finish_all(loop, oldest);
    return any;
}

/* Inside the library's turn, so that the replies are written in the same turn. */
static void on_message(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    struct http_loop *loop = H2O_STRUCT_FROM_MEMBER(struct http_loop, receiver, receiver);
    while (!h2o_linklist_is_empty(messages))
        h2o_linklist_unlink(messages->next);
    pthread_mutex_lock(&loop->door.lock);
    loop->door.message_sent = false;
    pthread_mutex_unlock(&loop->door.lock);
    loop_is_awake(loop);
    collect(loop);
}

void loop_reconfigure(struct http_loop *loop, SSL_CTX *tls, size_t max_body)
{
    pthread_mutex_lock(&loop->door.lock);
    SSL_CTX_free(loop->door.tls);
    if (tls)
        SSL_CTX_up_ref(tls);
    loop->door.tls = tls;
    loop->door.max_body = max_body;
    pthread_mutex_unlock(&loop->door.lock);
    loop_wake(loop);
}

static void apply_configuration(struct http_loop *loop)
{
    pthread_mutex_lock(&loop->door.lock);
    SSL_CTX *tls = loop->door.tls;
    size_t max_body = loop->door.max_body;
    loop->door.tls = NULL;
    loop->door.max_body = 0;
    pthread_mutex_unlock(&loop->door.lock);
    if (max_body)
        loop->globalconf.max_request_entity_size = max_body + HTTP_BODY_SLACK;
    for (size_t i = 0; tls && i < loop->listener_count; i++) {
        if (!loop->listeners[i].accept.ssl_ctx)
            continue;
        SSL_CTX_free(loop->listeners[i].accept.ssl_ctx);
        SSL_CTX_up_ref(tls);
        loop->listeners[i].accept.ssl_ctx = tls;
    }
    SSL_CTX_free(tls);
}

/* --- Time --- */

static void on_tick(h2o_timeout_entry_t *entry)
{
    struct http_loop *loop = H2O_STRUCT_FROM_MEMBER(struct http_loop, tick_entry, entry);
    bool settled =
        loop->draining && clock_monotonic_ms() - loop->drain_started_ms >= (int64_t)loop->limits->grace_ms;
    loop->starved = false;
    linger_sweep(&loop->linger, h2o_now(loop->ctx.loop), loop->draining);
    sweep_connections(loop, settled, atomic_load(&loop->server->phase) == SERVER_CUTTING);
    if (loop->index == 0) {
        guard_clock_nudge();
        complaint_settle(clock_monotonic_ms());
    }
    for (enum lane lane = 0; lane < LANE_INLINE; lane++)
        lane_attend(loop->server->lanes[lane]);
    arena_trim();
    h2o_timeout_link(loop->ctx.loop, loop->draining ? &loop->drain_tick : &loop->tick, entry);
}

/* The first GOAWAY only: after the second one a late CONTINUATION would spin the library's parser for ever.
 */
static void begin_drain(struct http_loop *loop)
{
    loop->draining = true;
    loop->drain_started_ms = clock_monotonic_ms();
    close_listeners(loop);
    h2o_context_request_shutdown(&loop->ctx);
    h2o_timeout_unlink(&loop->ctx.http2._graceful_shutdown_timeout);
    h2o_timeout_unlink(&loop->tick_entry);
    h2o_timeout_link(loop->ctx.loop, &loop->drain_tick, &loop->tick_entry);
}

/* --- The turn --- */

/* Nothing is under way, and nobody can leave anything any more. */
static bool has_ended(struct http_loop *loop)
{
    if (!loop->draining || loop->jobs > 0 || loop->connections.next != &loop->connections)
        return false;
    pthread_mutex_lock(&loop->door.lock);
    bool ended = !loop->door.message_sent;
    if (ended)
        loop->door.state = LOOP_CLOSED;
    pthread_mutex_unlock(&loop->door.lock);
    return ended;
}

static void turn(struct http_loop *loop)
{
    beat(loop);
    atomic_store(&loop->asleep, true);
    bool hurry = loop->unflushed || atomic_load(&loop->pending);
    loop->clock.monotonic_us = 0;
    h2o_evloop_run(loop->ctx.loop, hurry ? 0 : loop->log_due_ms); /* -1: a signal; never ours */
    loop_is_awake(loop);
    loop->unflushed = collect(loop);
    exchange_ask_again(loop);
    push_staged(loop);
    apply_configuration(loop);
    resume_accepting(loop);
    if (!loop->draining && atomic_load(&loop->server->phase) != SERVER_RUNNING)
        begin_drain(loop);
    loop->log_due_ms = log_settle((int64_t)h2o_now(loop->ctx.loop));
}

/* --- Life --- */

static void configure(struct http_loop *loop)
{
    h2o_globalconf_t *conf = &loop->globalconf;
    const struct http_limits *limits = loop->limits;
    h2o_config_init(conf);
    conf->server_name = h2o_iovec_init(H2O_STRLIT("tether"));
    conf->max_request_entity_size = loop->server->max_body + HTTP_BODY_SLACK;
    conf->handshake_timeout = limits->handshake_ms;
    /* Over HTTP/1 the library knows one figure for requests and for rest. Both are the sweeper's, which comes
     * first. */
    conf->http1.req_timeout = limits->idle_ms + 2 * limits->request_ms;
    conf->http1.upgrade_to_http2 = loop->server->http2;
    conf->http2.idle_timeout = limits->idle_ms;
    /* The library must never let a request wait by itself: while all others of a connection end behind a
     * blocked write, any byte that arrives would trip its assertion that none waits. Ours wait in
     * connection.waiting. */
    conf->http2.max_concurrent_requests_per_connection = INT32_MAX;
    h2o_hostconf_t *host = h2o_config_register_host(conf, h2o_iovec_init(H2O_STRLIT(SENTINEL_HOST)), 65535);
    host->fallback_path.error_log.emit_request_errors = 0;
    h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = exchange_on_request;
    send_register_error_filter(&host->fallback_path);
}

static void open_listener(struct http_loop *loop, const struct http_listener *from, int fd)
{
    struct loop_listener *listener = &loop->listeners[loop->listener_count++];
    listener->port = listener_port(fd);
    listener->accept = (h2o_accept_ctx_t){ .ctx = &loop->ctx, .hosts = loop->globalconf.hosts };
    if (from->scheme == LISTEN_HTTPS) {
        SSL_CTX_up_ref(loop->server->tls);
        listener->accept.ssl_ctx = loop->server->tls;
    }
    listener->sock = h2o_evloop_socket_create(loop->ctx.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
    listener->sock->data = listener;
    h2o_socket_read_start(listener->sock, on_accept);
}

static bool open_listeners(struct http_loop *loop)
{
    const struct http_listeners *all = loop->server->listeners;
    loop->listeners = calloc(all->n + 1, sizeof *loop->listeners);
    for (size_t i = 0; loop->listeners && i < all->n; i++) {
        if (all->at[i].loop != loop->index)
            continue;
        int fd = fcntl(all->at[i].fd, F_DUPFD_CLOEXEC, 0); /* the library closes what it is given */
        if (fd < 0)
            return false;
        open_listener(loop, &all->at[i], fd);
    }
    return loop->listeners != NULL;
}

/* On the loop's thread. */
static bool open_loop(struct http_loop *loop)
{
    configure(loop);
    h2o_evloop_t *evloop = h2o_evloop_create();
    h2o_context_init(&loop->ctx, evloop, &loop->globalconf);
    loop->kept = kept_answers_new(loop->server->walk);
    h2o_multithread_register_receiver(loop->ctx.queue, &loop->receiver, on_message);
    h2o_timeout_init(evloop, &loop->tick, loop->limits->tick_ms);
    h2o_timeout_init(evloop, &loop->drain_tick, loop->limits->drain_tick_ms);
    loop->tick_entry.cb = on_tick;
    loop->answers_entry.cb = on_answers;
    h2o_timeout_link(evloop, &loop->tick, &loop->tick_entry);
    return open_listeners(loop);
}

static void close_listener(struct loop_listener *listener)
{
    if (listener->sock)
        h2o_socket_close(listener->sock);
    SSL_CTX_free(listener->accept.ssl_ctx);
}

static void close_loop(struct http_loop *loop)
{
    h2o_evloop_t *evloop = loop->ctx.loop;
    h2o_multithread_queue_t *queue = loop->ctx.queue;
    for (size_t i = 0; i < loop->listener_count; i++)
        close_listener(&loop->listeners[i]);
    linger_sweep(&loop->linger, 0, true);
    free(loop->listeners);
    h2o_timeout_unlink(&loop->tick_entry);
    h2o_timeout_dispose(evloop, &loop->tick);
    h2o_timeout_dispose(evloop, &loop->drain_tick);
    h2o_multithread_unregister_receiver(queue, &loop->receiver);
    h2o_context_dispose(&loop->ctx);
    free(queue); /* destroying a queue leaves its memory */
    h2o_evloop_destroy(evloop);
    h2o_config_dispose(&loop->globalconf);
    kept_answers_free(&loop->kept);
}

static void enter_state(struct http_loop *loop, enum loop_state state)
{
    pthread_mutex_lock(&loop->door.lock);
    loop->door.state = state;
    pthread_cond_signal(&loop->door.change);
    pthread_mutex_unlock(&loop->door.lock);
}

static void run(void *arg)
{
    struct http_loop *loop = arg;
    log_gather();
    atomic_store(&loop->run_delay_fd, run_delay_open());
    loop->log_due_ms = INT32_MAX;
    arena_keep_blocks();
    bool open = open_loop(loop);
    if (!open)
        snprintf(loop->door.error, sizeof loop->door.error, "cannot take over a listening socket: %s",
                 strerror(errno));
    enter_state(loop, open ? LOOP_OPEN : LOOP_FAILED);
    while (open && !has_ended(loop))
        turn(loop);
    atomic_store(&loop->heartbeat_ms, WATCHDOG_ENDED);
    close_loop(loop);
    arena_keep_end();
    log_gather_end();
}

void loop_init(struct http_loop *loop, struct http_server *server, unsigned index)
{
    loop->server = server;
    loop->limits = server->limits;
    loop->index = index;
    pthread_mutex_init(&loop->door.lock, NULL);
    pthread_cond_init(&loop->door.change, NULL);
    h2o_linklist_init_anchor(&loop->connections);
    atomic_store(&loop->run_delay_fd, -1);
    atomic_store(&loop->heartbeat_ms, WATCHDOG_ENDED);
}

bool loop_start(struct http_loop *loop, char *error, size_t cap)
{
    char name[16];
    snprintf(name, sizeof name, "loop-%u", loop->index);
    loop->started = thread_start(&loop->thread, name, run, loop);
    if (!loop->started) {
        snprintf(error, cap, "cannot start the thread of an event loop");
        return false;
    }
    pthread_mutex_lock(&loop->door.lock);
    while (loop->door.state == LOOP_NEW)
        pthread_cond_wait(&loop->door.change, &loop->door.lock);
    bool open = loop->door.state != LOOP_FAILED;
    pthread_mutex_unlock(&loop->door.lock);
    if (!open)
        snprintf(error, cap, "%s", loop->door.error);
    return open;
}

bool loop_join(struct http_loop *loop, int64_t deadline_ms)
{
    if (loop->started && !thread_join(&loop->thread, deadline_ms))
        return false;
    loop->started = false;
    return true;
}

void loop_release(struct http_loop *loop)
{
    SSL_CTX_free(loop->door.tls);
    if (loop->run_delay_fd >= 0)
        close(loop->run_delay_fd);
    pthread_cond_destroy(&loop->door.change);
    pthread_mutex_destroy(&loop->door.lock);
}

#ifdef __SANITIZE_ADDRESS__
/* The library keeps freed buffers and pool chunks per thread, takes them again, and never gives them back
 * when the thread ends. Here these stand in for its own: what is freed is freed, so that a use after that is
 * seen, nothing is left at the end, and LeakSanitizer needs not read the debug information of the whole
 * program to name what was. */
void *h2o_mem_alloc_recycle(h2o_mem_recycle_t *allocator, size_t size)
{
    (void)allocator;
    return h2o_mem_alloc(size);
}

void h2o_mem_free_recycle(h2o_mem_recycle_t *allocator, void *memory)
{
    (void)allocator;
    free(memory);
}

const char *__lsan_default_suppressions(void); /* NOLINT: LeakSanitizer's own name */
const char *__lsan_default_suppressions(void)  /* NOLINT */
{
    return "leak:h2o_multithread_create_queue\n";
}
#endif
