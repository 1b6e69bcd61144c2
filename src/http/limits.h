/* The transport's limits that no operator sets: measured figures. */
#ifndef TETHER_HTTP_LIMITS_H
#define TETHER_HTTP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct http_limits {
    uint64_t tick_ms;     /* period of the sweeper */
    uint64_t stall_ms;    /* an answer is out and makes no progress for so long: the connection is closed */
    uint64_t stall_bytes; /* what counts as progress within stall_ms, shared by the answers of a connection */
    uint64_t max_age_ms;  /* an idle connection older than this is closed */
    uint64_t request_ms;  /* for a request, head and body together, once it has begun; for the first one, since
                             the connection was accepted */
    uint64_t idle_ms;     /* from one answer to the next request */
    uint64_t handshake_ms;  /* TLS */
    uint64_t drain_tick_ms; /* period of the sweeper while draining */
    uint64_t grace_ms;      /* draining: how long an idle connection may still send what it had under way */
    uint64_t watchdog_ms;   /* an event loop that does not turn for so long aborts the process; 0: never */
    size_t jobs;            /* in flight per connection */
    size_t cancelled;       /* cancelled requests that are forgiven before the share counts */
    size_t held;            /* bytes of incomplete requests per connection */
    size_t
        held_in_all; /* … and of answers not yet taken, per loop: beyond it the largest holders are closed */
    size_t abandoned; /* header blocks without a request that are forgiven */
};

extern const struct http_limits http_limits_default;

/* Connections accepted per wake-up of a listener. */
#define HTTP_ACCEPT_BATCH 16
/* A header block over HTTP/2, compressed; one that decodes to more fields ends the connection at once. */
#define HTTP_MAX_HEADER_BLOCK  32768
#define HTTP_MAX_HEADER_FIELDS 256
/* Bytes of body that the library takes beyond server.max_body, so that the walk can answer a real 413. */
#define HTTP_BODY_SLACK 65536
/* Answers up to this size are copied and their call is freed at once; larger ones are sent from where they
 * are. */
#define HTTP_COPY_MAX   16384
/* What making one piece of a streamed answer may take. */
#define HTTP_PIECE_BUDGET ((size_t)8 << 20)
#define HTTP_STACK_SIZE ((size_t)2 << 20)

#endif
