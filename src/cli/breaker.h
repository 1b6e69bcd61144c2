/* When the server process keeps dying: how long to wait before the next start, and when to suspect HTTP/2.
 * Pure arithmetic over times that the supervisor passes in. */
#ifndef TETHER_CLI_BREAKER_H
#define TETHER_CLI_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_CRASHES   5
#define BREAKER_WINDOW_MS 60000

struct breaker {
    int64_t crashes[BREAKER_CRASHES]; /* monotonic ms of the latest ones, a ring */
    unsigned count;                   /* of all crashes */
    unsigned failed_starts;           /* in a row */
    bool open;                        /* HTTP/2 stays off from now on */
};

/* The server died without being asked to. was_ready: it had served before. True when this crash opened the
 * breaker: the BREAKER_CRASHES-th within BREAKER_WINDOW_MS. */
bool breaker_crashed(struct breaker *breaker, int64_t now_ms, bool was_ready);

/* How long to wait before the next start. A server that had served is back within 300 ms, whatever happens;
 * one that dies while starting is tried ever more seldom, up to every 5 s. */
int64_t breaker_delay_ms(const struct breaker *breaker);

#endif
