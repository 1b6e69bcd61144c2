/* A lane: a bounded queue of jobs and the threads that run them. Knows nothing of HTTP. */
#ifndef TETHER_HTTP_LANE_H
#define TETHER_HTTP_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/str.h"

struct http_lane;

/* The head of whatever is queued. */
struct lane_job {
    struct lane_job *next;
    int64_t queued_us;
    int64_t taken_us;  /* the lane's to set: when a worker took it */
    bool is_quick;     /* takes some microseconds, and waits for nobody */
    struct str memory; /* what it will look at first, as a hint; may be empty */
};

struct lane_params {
    const char *thread_name; /* "work": threads are work-0, work-1, … */
    size_t threads;
    /* So many run quick jobs at once while they get on: what only computes gains nothing from more threads
     * than there are processors. Others come when one is held up. */
    size_t quick_threads;
    size_t capacity; /* jobs that may wait */
    int nice;        /* the threads' niceness; 0: as it is */
    enum metric depth, wait;
    /* Runs on a worker thread. worker: the entry of `workers` that this thread owns. */
    void (*run)(void *worker, struct lane_job *job);
    void **workers; /* `threads` of them; borrowed */
    /* NULL, or: on a worker thread that has run jobs since it was called last. What they left may be taken up
     * from now on; until then it lies at most as long as a few quick jobs take. */
    void (*settle)(void *context);
    /* NULL, or: microseconds that those who go first have waited for a processor so far. A worker during
     * whose job they waited for long pauses after it: niceness alone keeps a job that only computes on one
     * processor and all others on the rest. */
    int64_t (*others_waited_us)(void *context);
    void *context;
};

/* Starts the threads. NULL when one cannot be started. */
struct http_lane *lane_new(const struct lane_params *params);
/* Any thread: claims a waiting place; false when the lane is full. */
bool lane_reserve(struct http_lane *lane);
/* Any thread: queues a list of n jobs (linked by next) whose places are reserved, oldest first. */
void lane_push(struct http_lane *lane, struct lane_job *first, struct lane_job *last, size_t n);
/* Any thread, now and then: wakes another worker when those that run quick jobs are held up, since as long as
 * nobody pushes nothing else does. */
void lane_attend(struct http_lane *lane);
void lane_set_capacity(struct http_lane *lane, size_t capacity);
/* Any thread, when all is to end as soon as the lane is done: nobody pauses from now on. */
void lane_hurry(struct http_lane *lane);
/* Jobs still queued are run, then the threads end. False when one did not by then (CLOCK_MONOTONIC
 * milliseconds); the lane must then be left alone. */
bool lane_stop(struct http_lane *lane, int64_t deadline_ms);
/* After a lane_stop() that returned true. */
void lane_free(struct http_lane **lane);

#endif
