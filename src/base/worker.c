#include "base/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"

#define STACK_SIZE ((size_t)2 << 20)

static void pause_for(struct worker *worker, int64_t ms)
{
    int64_t until_ms = clock_monotonic_ms() + ms;
    struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
    int rc = 0;
    pthread_mutex_lock(&worker->lock);
    while (!atomic_load(&worker->stopping) && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&worker->wake, &worker->lock, &until);
    pthread_mutex_unlock(&worker->lock);
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    pthread_setname_np(pthread_self(), worker->name);
    while (!atomic_load(&worker->stopping))
        pause_for(worker, worker->round(worker->context));
    return NULL;
}

bool worker_thread(pthread_t *thread, void *(*function)(void *arg), void *arg)
{
    pthread_attr_t attr;
    sigset_t all, before;
    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited: signals go to the main thread */
    bool ok = pthread_create(thread, &attr, function, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return ok;
}

static void init_wake(struct worker *worker)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&worker->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&worker->lock, NULL);
}

static void release_wake(struct worker *worker)
{
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
}

bool worker_start(struct worker *worker, const char *name, worker_round_fn round, void *context)
{
    snprintf(worker->name, sizeof worker->name, "%s", name);
    init_wake(worker);
    atomic_store(&worker->stopping, false);
    worker->round = round;
    worker->context = context;
    worker->runs = worker_thread(&worker->thread, run, worker);
    if (!worker->runs)
        release_wake(worker);
    return worker->runs;
}

void worker_stop(struct worker *worker)
{
    if (!worker->runs)
        return;
    pthread_mutex_lock(&worker->lock);
    atomic_store(&worker->stopping, true);
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    release_wake(worker);
    worker->runs = false;
}
