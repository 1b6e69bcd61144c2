/* Threads of the transport: named, with a stack of known size and all signals blocked. */
#ifndef TETHER_HTTP_THREAD_H
#define TETHER_HTTP_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* name: at most 15 bytes are kept. */
bool thread_start(pthread_t *ret, const char *name, void *(*run)(void *arg), void *arg);
/* False when the thread still runs at that CLOCK_MONOTONIC millisecond. */
bool thread_join(pthread_t thread, int64_t deadline_ms);

#endif
