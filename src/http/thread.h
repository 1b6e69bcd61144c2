/* Threads of the transport: named, with a stack of known size, all signals blocked, and joined with a
 * deadline. */
#ifndef TETHER_HTTP_THREAD_H
#define TETHER_HTTP_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define THREAD_NO_DEADLINE (INT64_MAX / 2)

struct http_thread {
    pthread_t id;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool ended;
    void (*run)(void *arg);
    void *arg;
};

/* name: at most 15 bytes are kept. `thread` stays where it is until thread_join() returned true. */
bool thread_start(struct http_thread *thread, const char *name, void (*run)(void *arg), void *arg);
/* False when the thread still runs at that CLOCK_MONOTONIC millisecond; it may then be joined later. */
bool thread_join(struct http_thread *thread, int64_t deadline_ms);

/* This thread: whoever wakes up goes before it, at once but for the little time that the kernel may owe it;
 * where time is short, its share is that of `nice`. */
void thread_be_patient(int nice);

#endif
