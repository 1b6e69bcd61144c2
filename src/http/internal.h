/* The server's own struct. */
#ifndef TETHER_HTTP_INTERNAL_H
#define TETHER_HTTP_INTERNAL_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "http/lane.h"
#include "http/limits.h"
#include "http/listener.h"
#include "http/loop.h"
#include "http/watchdog.h"

enum server_phase { SERVER_RUNNING = 0, SERVER_DRAINING, SERVER_CUTTING /* the deadline has passed */ };

struct http_server {
    struct walk *walk;
    struct http_listeners *listeners; /* borrowed */
    const struct http_limits *limits;
    bool http2;
    SSL_CTX *tls; /* NULL without https listeners */
    size_t max_body;
    int64_t drain_us;
    struct http_loop *loops;
    size_t loop_count;
    struct http_lane *lanes[LANE_INLINE];
    struct walk_worker **workers[LANE_INLINE];
    size_t worker_counts[LANE_INLINE];
    struct watchdog *watchdog;

    atomic_size_t connections;
    atomic_size_t max_connections;
    atomic_int phase; /* enum server_phase */
    bool abandoned;   /* a thread did not end: nothing may be freed */
};

#endif
