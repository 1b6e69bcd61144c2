/* The server: lanes, loops and the watchdog, started and stopped together. */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/cache_line.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/processors.h"
#include "http/complaint.h"
#include "http/exchange.h"
#include "http/guard.h"
#include "http/internal.h"
#include "http/run_delay.h"
#include "http/thread.h"
#include "http/tls.h"

#define SPARE_DESCRIPTORS 64
#define LARGE_BLOCK       (512 * 1024)
#define HEAPS_MIN         2
#define CUT_MS            3000 /* after the drain deadline, for what was cut off to come back */

/* A loop of them, in the mean. */
static int64_t loops_waited_us(void *context)
{
    struct http_server *server = context;
    int64_t sum = 0;
    for (size_t i = 0; i < server->loop_count; i++)
        sum += run_delay_us(atomic_load(&server->loops[i].run_delay_fd));
    return sum / (int64_t)server->loop_count;
}

static const struct {
    const char *thread_name;
    int nice;
    enum metric depth, wait;
    int64_t (*others_waited_us)(void *server);
} lane_rows[LANE_INLINE] = {
    [LANE_GENERAL] = { "work", 0, METRIC_LANE_GENERAL_DEPTH, METRIC_LANE_GENERAL_WAIT, NULL },
    [LANE_PASSWORD] = { "hash", 19, METRIC_LANE_PASSWORD_DEPTH, METRIC_LANE_PASSWORD_WAIT, loops_waited_us },
};

static size_t count_open_descriptors(size_t limit)
{
    size_t count = 0;
    for (size_t fd = 0; fd < limit && fd < 4096; fd++) {
        if (fcntl((int)fd, F_GETFD) >= 0)
            count++;
    }
    return count;
}

/* How many connections the descriptors allow, at most `wanted`. */
static size_t fit_descriptors(size_t wanted, size_t workers)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    size_t used = count_open_descriptors(limit.rlim_cur) + workers + SPARE_DESCRIPTORS;
    if (limit.rlim_cur == RLIM_INFINITY || used + wanted <= limit.rlim_cur)
        return wanted;
    size_t fitting = used + 8 < limit.rlim_cur ? limit.rlim_cur - used : 8;
    log_event(LOG_WARN, "fewer connections than configured: too few file descriptors",
              LOG_I("max_connections", fitting), LOG_I("file_descriptors", limit.rlim_cur));
    return fitting;
}

static size_t lane_capacity(const struct config *config, enum lane lane)
{
    return (size_t)(lane == LANE_PASSWORD ? config->server.password_queue : config->server.queue);
}

/* The loops have the others. */
static size_t quick_threads(const struct config *config)
{
    int64_t processors = processors_here();
    return processors > config->server.loops ? (size_t)(processors - config->server.loops) : 1;
}

static bool start_lane(struct http_server *server, const struct config *config, enum lane lane)
{
    size_t n = (size_t)(lane == LANE_PASSWORD ? config->server.hash_workers : config->server.workers);
    server->workers[lane] = calloc(n, sizeof(struct walk_worker *));
    if (!server->workers[lane])
        return false;
    for (size_t i = 0; i < n; i++) {
        server->workers[lane][i] = walk_worker_new(server->walk, lane);
        if (!server->workers[lane][i])
            return false;
        server->worker_counts[lane]++;
    }
    server->lanes[lane] = lane_new(&(struct lane_params){
        .thread_name = lane_rows[lane].thread_name,
        .threads = n,
        .quick_threads = quick_threads(config),
        .capacity = lane_capacity(config, lane),
        .nice = lane_rows[lane].nice,
        .depth = lane_rows[lane].depth,
        .wait = lane_rows[lane].wait,
        .run = exchange_run,
        .workers = (void **)server->workers[lane],
        .settle = loop_tell_all,
        .others_waited_us = lane_rows[lane].others_waited_us,
        .context = server,
    });
    return server->lanes[lane] != NULL;
}

static int64_t beat_of(void *context, size_t i)
{
    struct http_server *server = context;
    return atomic_load(&server->loops[i].heartbeat_ms);
}

static bool start_loops(struct http_server *server, char *error, size_t cap)
{
    for (size_t i = 0; i < server->loop_count; i++) {
        if (!loop_start(&server->loops[i], error, cap))
            return false;
    }
    server->watchdog = watchdog_new(beat_of, server, server->loop_count, server->limits->watchdog_ms);
    return true;
}

static bool needs_tls(const struct http_listeners *listeners)
{
    for (size_t i = 0; i < listeners->n; i++) {
        if (listeners->at[i].scheme == LISTEN_HTTPS)
            return true;
    }
    return false;
}

/* Large blocks go back to the system when they are freed; by itself malloc raises this threshold and keeps
 * them. And it gives nearly every thread a heap of its own, each with its own holes, though no more threads
 * ask at once than there are processors. */
static void keep_heaps_small(void)
{
    int processors = processors_here();
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
    mallopt(M_ARENA_MAX, processors > HEAPS_MIN ? processors : HEAPS_MIN);
}

/* Over HTTP/2 the library drops a `host` field; we need to see it beside :authority. */
static void keep_host_fields(void)
{
    h2o_token_t *token = H2O_TOKEN_HOST;
    token->http2_should_reject = 0;
}

static bool start_all(struct http_server *server, const struct config *config, char *error, size_t cap)
{
    if (needs_tls(server->listeners)) {
        server->tls = tls_context_new(config, server->http2, error, cap);
        if (!server->tls)
            return false;
    }
    snprintf(error, cap, "cannot start the workers");
    if (!start_lane(server, config, LANE_GENERAL) || !start_lane(server, config, LANE_PASSWORD))
        return false;
    return start_loops(server, error, cap);
}

struct http_server *http_server_start(const struct config *config, struct http_listeners *listeners,
                                      struct walk *walk, bool http2, char *error, size_t cap)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (!server)
        abort();
    server->walk = walk;
    server->listeners = listeners;
    server->limits = &http_limits_default;
    server->http2 = http2 && guard_is_active();
    if (http2 && !server->http2)
        log_event(LOG_WARN, "HTTP/2 stays off: its guards are not in effect");
    server->max_body = (size_t)config->server.max_body;
    server->drain_us = config->server.drain_us;
    server->loop_count = (size_t)config->server.loops;
    server->loops = cache_line_alloc(server->loop_count * sizeof *server->loops);
    if (!server->loops)
        abort();
    for (size_t i = 0; i < server->loop_count; i++)
        loop_init(&server->loops[i], server, (unsigned)i);
    atomic_store(&server->max_connections,
                 fit_descriptors((size_t)config->server.max_connections,
                                 (size_t)(config->server.workers + config->server.hash_workers)));
    signal(SIGPIPE, SIG_IGN);
    keep_host_fields();
    keep_heaps_small();
    if (!start_all(server, config, error, cap)) {
        http_server_stop(server);
        http_server_free(&server);
    }
    return server;
}

bool http_server_reload(struct http_server *server, const struct config *config, char *error, size_t cap)
{
    SSL_CTX *tls = NULL;
    if (server->tls) {
        tls = tls_context_new(config, server->http2, error, cap);
        if (!tls)
            return false;
    }
    for (enum lane lane = 0; lane < LANE_INLINE; lane++)
        lane_set_capacity(server->lanes[lane], lane_capacity(config, lane));
    for (size_t i = 0; i < server->loop_count; i++)
        loop_reconfigure(&server->loops[i], tls, (size_t)config->server.max_body);
    SSL_CTX_free(tls);
    return true;
}

static void enter_phase(struct http_server *server, enum server_phase phase)
{
    atomic_store(&server->phase, phase);
    for (size_t i = 0; i < server->loop_count; i++)
        loop_wake(&server->loops[i]);
}

static bool join_loops(struct http_server *server, int64_t deadline_ms)
{
    for (size_t i = 0; i < server->loop_count; i++) {
        if (!loop_join(&server->loops[i], deadline_ms))
            return false;
    }
    return true;
}

static bool stop_lanes(struct http_server *server, int64_t deadline_ms)
{
    bool all = true;
    for (enum lane lane = 0; lane < LANE_INLINE; lane++)
        all = (!server->lanes[lane] || lane_stop(server->lanes[lane], deadline_ms)) && all;
    return all;
}

static void hurry_lanes(struct http_server *server)
{
    for (enum lane lane = 0; lane < LANE_INLINE; lane++)
        if (server->lanes[lane])
            lane_hurry(server->lanes[lane]);
}

bool http_server_stop(struct http_server *server)
{
    int64_t deadline = clock_monotonic_ms() + server->drain_us / 1000;
    http_listeners_shut(server->listeners);
    enter_phase(server, SERVER_DRAINING);
    hurry_lanes(server);
    bool clean = join_loops(server, deadline);
    if (!clean) {
        log_event(LOG_WARN, "draining took too long: what is left is cut off");
        enter_phase(server, SERVER_CUTTING);
    }
    server->abandoned = !join_loops(server, deadline + CUT_MS) || !stop_lanes(server, deadline + CUT_MS);
    watchdog_free(&server->watchdog);
    complaint_settle(COMPLAINT_NO_MORE);
    return clean && !server->abandoned;
}

bool http_server_is_stuck(const struct http_server *server)
{
    return server->abandoned;
}

static void free_lane(struct http_server *server, enum lane lane)
{
    lane_free(&server->lanes[lane]);
    for (size_t i = 0; i < server->worker_counts[lane]; i++)
        walk_worker_free(&server->workers[lane][i]);
    free(server->workers[lane]);
}

void http_server_free(struct http_server **server)
{
    struct http_server *freeing = *server;
    *server = NULL;
    if (!freeing || freeing->abandoned) /* a thread still uses it; the process is about to end */
        return;
    for (enum lane lane = 0; lane < LANE_INLINE; lane++)
        free_lane(freeing, lane);
    for (size_t i = 0; i < freeing->loop_count; i++)
        loop_release(&freeing->loops[i]);
    free(freeing->loops);
    SSL_CTX_free(freeing->tls);
    free(freeing);
}
