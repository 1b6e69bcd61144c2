/* Lanes. Idle workers stand on a stack, so that the same few threads stay hot. At most one wake-up is under
 * way at a time: the woken worker wakes the next one when it finds more than it can take, which spares a
 * system call per job while workers are busy anyway. For the same reason what quick jobs leave is announced
 * for several of them together: before a job that may take longer, before the worker waits, and after so
 * many. And of quick jobs alone no more workers run at once than there are processors for, unless one of them
 * is held up, by the disk for instance. */
#include "http/lane.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/cache_line.h"
#include "base/clock.h"
#include "http/thread.h"

#define UNSETTLED_MAX 16
#define QUICK_FOR_ONE 16
#define HELD_UP_US    1000 /* no quick job takes so long by itself */
/* A pause for others is worth it when they waited for more than this part of the job, and this many times as
 * long. */
#define WAITED_SHARE 8
#define PAUSE_FACTOR 4
#define PAUSE_MAX_US 50000

struct lane_worker {
    alignas(CACHE_LINE) struct http_lane *lane;
    void *own;        /* the caller's entry */
    size_t unsettled; /* jobs run since lane_params.settle() */
    struct http_thread thread;
    pthread_cond_t wake;
    bool signalled;
    bool is_on_quick;          /* runs a quick job; with the lane's lock */
    bool was_held_up;          /* by the job before the last */
    int64_t taken_us;          /* when it took the last job; 0: it has waited since */
    struct lane_worker *below; /* on the stack of idle ones */
};

struct http_lane {
    struct lane_params params;
    atomic_size_t capacity;
    atomic_bool hurries; /* lane_hurry() */
    /* Two counters, so that who reserves and who takes each write to a line of their own. Both may wrap. */
    alignas(CACHE_LINE) atomic_size_t reserved; /* places so far */
    atomic_size_t taken_seen;                   /* `taken`, as it was when a reservation last had to know */
    alignas(CACHE_LINE) pthread_mutex_t lock; /* of everything below; who only reads the atomics needs none */
    atomic_size_t taken;                      /* jobs so far */
    _Atomic int64_t taken_us;                 /* when that was last */
    size_t queued;
    struct lane_job *head, **tail;
    struct lane_worker *idle;
    bool waking; /* a signalled worker has not yet run */
    size_t on_quick;
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

/* With the lock held. */
static bool has_quick_threads(const struct http_lane *lane)
{
    return lane->on_quick >= lane->params.quick_threads;
}

/* With the lock held, for who has taken a job and leaves others: a few quick ones behind a quick one are done
 * sooner than somebody wakes. */
static bool is_worth_another(const struct lane_worker *worker, const struct lane_job *taken)
{
    const struct http_lane *lane = worker->lane;
    if (!taken->is_quick || !lane->head->is_quick || worker->was_held_up)
        return true;
    return !has_quick_threads(lane) && lane->queued > QUICK_FOR_ONE;
}

/* With the lock held, for who has pushed: those that run quick jobs will come by themselves, and do get on.
 */
static bool is_attended(const struct http_lane *lane, int64_t now)
{
    return lane->head && lane->head->is_quick && has_quick_threads(lane) &&
           now - atomic_load_explicit(&lane->taken_us, memory_order_relaxed) < HELD_UP_US;
}

static void signal_worker(struct lane_worker *worker)
{
    if (worker)
        pthread_cond_signal(&worker->wake);
}

/* Meanwhile more than `place` may have been taken. */
static bool has_room(struct http_lane *lane, size_t place, size_t taken)
{
    return (ptrdiff_t)(place - taken) <
           (ptrdiff_t)atomic_load_explicit(&lane->capacity, memory_order_relaxed);
}

bool lane_reserve(struct http_lane *lane)
{
    size_t place = atomic_fetch_add(&lane->reserved, 1);
    if (has_room(lane, place, atomic_load_explicit(&lane->taken_seen, memory_order_relaxed)))
        return true;
    size_t taken = atomic_load(&lane->taken);
    atomic_store_explicit(&lane->taken_seen, taken, memory_order_relaxed);
    if (has_room(lane, place, taken))
        return true;
    atomic_fetch_sub(&lane->reserved, 1);
    return false;
}

void lane_push(struct http_lane *lane, struct lane_job *first, struct lane_job *last, size_t n)
{
    last->next = NULL;
    pthread_mutex_lock(&lane->lock);
    *lane->tail = first;
    lane->tail = &last->next;
    lane->queued += n;
    struct lane_worker *worker = is_attended(lane, last->queued_us) ? NULL : pick_idle(lane);
    pthread_mutex_unlock(&lane->lock);
    signal_worker(worker);
}

void lane_attend(struct http_lane *lane)
{
    int64_t now = clock_monotonic_us();
    pthread_mutex_lock(&lane->lock);
    struct lane_worker *worker = is_attended(lane, now) ? NULL : pick_idle(lane);
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

/* With the lock held. job: what it runs from now on; NULL: nothing. */
static void note_quick(struct lane_worker *worker, const struct lane_job *job)
{
    bool is_quick = job && job->is_quick;
    worker->lane->on_quick += (size_t)is_quick - (size_t)worker->is_on_quick;
    worker->is_on_quick = is_quick;
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
    note_quick(worker, NULL);
    worker->taken_us = 0;
    worker->signalled = false;
    worker->below = lane->idle;
    lane->idle = worker;
    while (!worker->signalled)
        pthread_cond_wait(&worker->wake, &lane->lock);
    lane->waking = false;
}

/* With the lock held. */
static struct lane_job *take(struct http_lane *lane)
{
    struct lane_job *job = lane->head;
    if (!job)
        return NULL;
    lane->head = job->next;
    lane->queued--;
    size_t taken = atomic_load_explicit(&lane->taken, memory_order_relaxed) + 1;
    atomic_store_explicit(&lane->taken, taken, memory_order_release);
    if (!lane->head)
        lane->tail = &lane->head;
    return job;
}

/* NULL: the lane has ended. */
static struct lane_job *next_job(struct lane_worker *worker)
{
    struct http_lane *lane = worker->lane;
    struct lane_worker *another = NULL;
    pthread_mutex_lock(&lane->lock);
    while (!lane->head && !lane->stopping)
        wait_for_work(worker);
    struct lane_job *job = take(lane);
    struct str next = job && lane->head ? lane->head->memory : STR_NONE;
    note_quick(worker, job);
    if (job && lane->head && is_worth_another(worker, job))
        another = pick_idle(lane);
    pthread_mutex_unlock(&lane->lock);
    signal_worker(another);
    cache_line_prefetch(next);
    return job;
}

static void note_taken(struct lane_worker *worker, int64_t now)
{
    worker->was_held_up = worker->taken_us != 0 && now - worker->taken_us > HELD_UP_US;
    worker->taken_us = now;
    atomic_store_explicit(&worker->lane->taken_us, now, memory_order_relaxed);
}

static bool gives_way(const struct http_lane *lane)
{
    return lane->params.others_waited_us && !atomic_load_explicit(&lane->hurries, memory_order_relaxed);
}

static int64_t others_waited(const struct lane_params *params)
{
    return params->others_waited_us(params->context);
}

/* After a job: the processor is left to those who waited for it meanwhile. */
static void give_way(int64_t waited_us, int64_t took_us)
{
    int64_t pause_us = took_us * PAUSE_FACTOR < PAUSE_MAX_US ? took_us * PAUSE_FACTOR : PAUSE_MAX_US;
    if (waited_us > took_us / WAITED_SHARE)
        nanosleep(&(struct timespec){ .tv_nsec = pause_us * 1000 }, NULL);
}

static void run_job(struct lane_worker *worker, struct lane_job *job)
{
    const struct lane_params *params = &worker->lane->params;
    bool is_measured = gives_way(worker->lane);
    int64_t taken_us = job->taken_us, waited_us = is_measured ? others_waited(params) : 0;
    params->run(worker->own, job); /* which may free the job */
    worker->unsettled++;
    if (!is_measured || !gives_way(worker->lane))
        return;
    settle(worker); /* what it left must not wait for the pause */
    give_way(others_waited(params) - waited_us, clock_monotonic_us() - taken_us);
}

static void work(void *arg)
{
    struct lane_worker *worker = arg;
    struct http_lane *lane = worker->lane;
    if (lane->params.nice != 0)
        thread_be_patient(lane->params.nice);
    for (struct lane_job *job; (job = next_job(worker));) {
        int64_t now = job->taken_us = clock_monotonic_us();
        note_taken(worker, now);
        metric_observe(lane->params.wait, now - job->queued_us);
        if (!job->is_quick || worker->unsettled == UNSETTLED_MAX)
            settle(worker);
        run_job(worker, job);
    }
    settle(worker);
}

struct http_lane *lane_new(const struct lane_params *params)
{
    struct http_lane *lane = cache_line_alloc(sizeof *lane + params->threads * sizeof lane->workers[0]);
    if (!lane)
        return NULL;
    lane->params = *params;
    atomic_init(&lane->capacity, params->capacity);
    metric_source(params->depth, &lane->reserved, &lane->taken);
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

void lane_hurry(struct http_lane *lane)
{
    atomic_store(&lane->hurries, true);
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
    metric_source(freeing->params.depth, NULL, NULL);
    pthread_mutex_destroy(&freeing->lock);
    free(freeing);
}
