/* Lanes. Idle workers stand on a stack, so that the same few threads stay hot. At most one wake-up is under
 * way at a time: the woken worker wakes the next one when it finds more than it can take, which spares a
 * system call per job while workers are busy anyway. For the same reason what quick jobs leave is announced
 * for several of them together: before a job that may take longer, before the worker waits, and after so
 * many. */
#include "http/lane.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/thread.h"

#define UNSETTLED_MAX 16
#define QUICK_FOR_ONE 16

struct lane_worker {
    struct http_lane *lane;
    void *own;        /* the caller's entry */
    size_t unsettled; /* jobs run since lane_params.settle() */
    struct http_thread thread;
    pthread_cond_t wake;
    bool signalled;
    struct lane_worker *below; /* on the stack of idle ones */
};

struct http_lane {
    struct lane_params params;
    atomic_size_t capacity;
    atomic_size_t waiting; /* reserved and queued */
    pthread_mutex_t lock;  /* of everything below */
    struct lane_job *head, **tail;
    struct lane_worker *idle;
    bool waking; /* a signalled worker has not yet run */
    bool stopping;
    size_t started;
    struct lane_worker workers[];
};

/* With the lock held: the worker to signal after unlocking, or NULL. */
static struct lane_worker *pick_idle(struct http_lane *lane)
{
    struct lane_worker *worker = lane->idle;
    if (!worker || lane->waking || !lane->head)
        return NULL;
    lane->idle = worker->below;
    lane->waking = true;
    worker->signalled = true;
    return worker;
}

/* With the lock held, for who has taken a job and leaves others: a few quick ones behind a quick one are done
 * sooner than somebody wakes. */
static bool is_worth_another(const struct http_lane *lane, const struct lane_job *taken)
{
    return !taken->is_quick || !lane->head->is_quick ||
           atomic_load_explicit(&lane->waiting, memory_order_relaxed) > QUICK_FOR_ONE;
}

static void signal_worker(struct lane_worker *worker)
{
    if (worker)
        pthread_cond_signal(&worker->wake);
}

bool lane_reserve(struct http_lane *lane)
{
    size_t before = atomic_fetch_add(&lane->waiting, 1);
    if (before < atomic_load(&lane->capacity)) {
        metric_add(lane->params.depth, 1);
        return true;
    }
    atomic_fetch_sub(&lane->waiting, 1);
    return false;
}

void lane_push(struct http_lane *lane, struct lane_job *first, struct lane_job *last)
{
    last->next = NULL;
    pthread_mutex_lock(&lane->lock);
    *lane->tail = first;
    lane->tail = &last->next;
    struct lane_worker *worker = pick_idle(lane);
    pthread_mutex_unlock(&lane->lock);
    signal_worker(worker);
}

static void settle(struct lane_worker *worker)
{
    const struct lane_params *params = &worker->lane->params;
    if (worker->unsettled > 0 && params->settle)
        params->settle(params->context);
    worker->unsettled = 0;
}

/* With the lock held, which it gives up meanwhile. */
static void wait_for_work(struct lane_worker *worker)
{
    struct http_lane *lane = worker->lane;
    if (worker->unsettled > 0) {
        pthread_mutex_unlock(&lane->lock);
        settle(worker);
        pthread_mutex_lock(&lane->lock);
        return;
    }
    worker->signalled = false;
    worker->below = lane->idle;
    lane->idle = worker;
    while (!worker->signalled)
        pthread_cond_wait(&worker->wake, &lane->lock);
    lane->waking = false;
}

/* NULL: the lane has ended. */
static struct lane_job *next_job(struct lane_worker *worker)
{
    struct http_lane *lane = worker->lane;
    struct lane_worker *another = NULL;
    pthread_mutex_lock(&lane->lock);
    while (!lane->head && !lane->stopping)
        wait_for_work(worker);
    struct lane_job *job = lane->head;
    if (job) {
        lane->head = job->next;
        if (!lane->head)
            lane->tail = &lane->head;
        else if (is_worth_another(lane, job))
            another = pick_idle(lane);
    }
    pthread_mutex_unlock(&lane->lock);
    signal_worker(another);
    return job;
}

static void work(void *arg)
{
    struct lane_worker *worker = arg;
    struct http_lane *lane = worker->lane;
    if (lane->params.nice != 0)
        thread_be_patient(lane->params.nice);
    for (struct lane_job *job; (job = next_job(worker));) {
        atomic_fetch_sub(&lane->waiting, 1);
        metric_add(lane->params.depth, -1);
        metric_observe(lane->params.wait, clock_monotonic_us() - job->queued_us);
        if (!job->is_quick || worker->unsettled == UNSETTLED_MAX)
            settle(worker);
        lane->params.run(worker->own, job); /* which may free the job */
        worker->unsettled++;
    }
    settle(worker);
}

struct http_lane *lane_new(const struct lane_params *params)
{
    struct http_lane *lane = calloc(1, sizeof *lane + params->threads * sizeof lane->workers[0]);
    if (!lane)
        return NULL;
    lane->params = *params;
    atomic_init(&lane->capacity, params->capacity);
    pthread_mutex_init(&lane->lock, NULL);
    lane->tail = &lane->head;
    for (size_t i = 0; i < params->threads; i++) {
        struct lane_worker *worker = &lane->workers[i];
        char name[32];
        *worker = (struct lane_worker){ .lane = lane, .own = params->workers[i] };
        pthread_cond_init(&worker->wake, NULL);
        snprintf(name, sizeof name, "%s-%zu", params->thread_name, i);
        if (!thread_start(&worker->thread, name, work, worker)) {
            if (lane_stop(lane, THREAD_NO_DEADLINE))
                lane_free(&lane);
            return NULL;
        }
        lane->started++;
    }
    return lane;
}

void lane_set_capacity(struct http_lane *lane, size_t capacity)
{
    atomic_store(&lane->capacity, capacity);
}

bool lane_stop(struct http_lane *lane, int64_t deadline_ms)
{
    pthread_mutex_lock(&lane->lock);
    lane->stopping = true;
    for (struct lane_worker *worker = lane->idle; worker; worker = worker->below) {
        worker->signalled = true;
        pthread_cond_signal(&worker->wake);
    }
    lane->idle = NULL;
    pthread_mutex_unlock(&lane->lock);
    while (lane->started > 0 && thread_join(&lane->workers[lane->started - 1].thread, deadline_ms))
        lane->started--;
    return lane->started == 0;
}

void lane_free(struct http_lane **lane)
{
    struct http_lane *freeing = *lane;
    *lane = NULL;
    if (!freeing)
        return;
    for (size_t i = 0; i < freeing->params.threads; i++) {
        if (freeing->workers[i].lane)
            pthread_cond_destroy(&freeing->workers[i].wake);
    }
    pthread_mutex_destroy(&freeing->lock);
    free(freeing);
}
