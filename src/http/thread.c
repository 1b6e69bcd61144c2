/* Starting and joining threads. */
#include "http/thread.h"

#include <signal.h>

#include "http/limits.h"

bool thread_start(pthread_t *ret, const char *name, void *(*run)(void *arg), void *arg)
{
    pthread_attr_t attr;
    sigset_t all, before;
    char kept[16];
    snprintf(kept, sizeof kept, "%s", name);
    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setstacksize(&attr, HTTP_STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited: signals go to the main thread */
    bool ok = pthread_create(ret, &attr, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (ok)
        pthread_setname_np(*ret, kept);
    return ok;
}

bool thread_join(pthread_t thread, int64_t deadline_ms)
{
    struct timespec deadline = { .tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000 };
    return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &deadline) == 0;
}
