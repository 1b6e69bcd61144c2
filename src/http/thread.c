/* Starting and joining threads. */
#include "http/thread.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/limits.h"

#define PATIENT_SLICE_NS 4000000u /* longer than the kernel's preset, which is 3 ms at most */

/* The kernel's struct sched_attr, as it was at first; its header and the C library's cannot both be included.
 */
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};
_Static_assert(sizeof(struct scheduling) == 48, "SCHED_ATTR_SIZE_VER0");

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

/* A kernel since 6.12 lets a running thread finish its slice before one that wakes up, unless the slice of
 * that one is shorter: hence longer than the preset. But by little, since two slices are also the most that a
 * thread can be owed (EEVDF's lag): as long as the kernel owes this one time, others that wake up beside it
 * wait for the next tick, up to 4 ms. What a thread is owed grows with its share, so great niceness keeps it
 * small. An older kernel heeds policy and niceness alone. */
void thread_be_patient(int nice)
{
    struct scheduling attr = {
        .size = sizeof attr, .policy = SCHED_BATCH, .nice = nice, .runtime = PATIENT_SLICE_NS
    };
    if (syscall(SYS_sched_setattr, 0, &attr, 0) != 0)
        setpriority(PRIO_PROCESS, (id_t)gettid(), nice);
}
