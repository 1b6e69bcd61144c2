/* A thread that aborts the process when an event loop no longer turns; the supervisor starts a new one. */
#ifndef TETHER_HTTP_WATCHDOG_H
#define TETHER_HTTP_WATCHDOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watchdog;

#define WATCHDOG_ENDED INT64_MAX

/* The CLOCK_MONOTONIC millisecond of loop i's last turn; WATCHDOG_ENDED when it need not turn. Any thread. */
typedef int64_t (*watchdog_beat_fn)(void *context, size_t i);

/* limit_ms is stretched under sanitizers; under a debugger or valgrind nothing is aborted. NULL when limit_ms
 * is 0 or the thread cannot be started. */
struct watchdog *watchdog_new(watchdog_beat_fn beat, void *context, size_t n, uint64_t limit_ms);
void watchdog_free(struct watchdog **watchdog);

#endif
