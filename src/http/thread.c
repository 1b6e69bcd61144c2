/* Starting and joining threads. */
#include "http/thread.h"

#include <signal.h>

#include "http/limits.h"

static void *run(void *arg)
{
    struct http_thread *thread = arg;
    thread->run(thread->arg);
    pthread_mutex_lock(&thread->lock);
    thread->ended = true;
    pthread_cond_signal(&thread->change);
    pthread_mutex_unlock(&thread->lock);
    return NULL;
}

static bool create(struct http_thread *thread)
{
    pthread_attr_t attr;
    sigset_t all, before;
    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setstacksize(&attr, HTTP_STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited: signals go to the main thread */
    bool ok = pthread_create(&thread->id, &attr, run, thread) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return ok;
}

bool thread_start(struct http_thread *thread, const char *name, void (*function)(void *arg), void *arg)
{
    char kept[16];
    snprintf(kept, sizeof kept, "%s", name);
    *thread = (struct http_thread){ .run = function, .arg = arg };
    pthread_mutex_init(&thread->lock, NULL);
    pthread_cond_init(&thread->change, NULL);
    if (create(thread)) {
        pthread_setname_np(thread->id, kept);
        return true;
    }
    pthread_cond_destroy(&thread->change);
    pthread_mutex_destroy(&thread->lock);
    return false;
}

bool thread_join(struct http_thread *thread, int64_t deadline_ms)
{
    struct timespec until = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };
    int rc = 0;
    pthread_mutex_lock(&thread->lock);
    while (!thread->ended && rc == 0)
        rc = pthread_cond_clockwait(&thread->change, &thread->lock, CLOCK_MONOTONIC, &until);
    bool ended = thread->ended;
    pthread_mutex_unlock(&thread->lock);
    if (!ended)
        return false;
    pthread_join(thread->id, NULL);
    pthread_cond_destroy(&thread->change);
    pthread_mutex_destroy(&thread->lock);
    return true;
}
