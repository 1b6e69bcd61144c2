/* A thread that works in rounds beside everything else: named, with a stack of known size and all signals
 * blocked, and soon over when it is told to stop. */
#ifndef TETHER_BASE_WORKER_H
#define TETHER_BASE_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A thread as workers have it, for what does not go in rounds. False: it cannot be started. */
bool worker_thread(pthread_t *thread, void *(*run)(void *arg), void *arg);

/* One round, on the worker's thread. Returns after how many milliseconds the next one begins. */
typedef int64_t (*worker_round_fn)(void *context);

/* Lies in what it works for, all zero before worker_start(). */
struct worker {
    atomic_bool stopping; /* for a round that lasts: end it soon */
    bool runs;
    char name[16];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* on the monotonic clock */
    worker_round_fn round;
    void *context;
};

/* The first round begins at once. `name`: at most 15 bytes are kept. Neither `worker` nor `context` moves
 * until worker_stop(). False: the thread cannot be started. */
bool worker_start(struct worker *worker, const char *name, worker_round_fn round, void *context);
/* Ends the pause, waits for the round under way and begins no other. Nothing to do for one that was not
 * started or is stopped already; it may then be started again. */
void worker_stop(struct worker *worker);

#endif
