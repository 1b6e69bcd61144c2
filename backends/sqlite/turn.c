/* The writer's turn: first come, first served, passed on by whoever has it.
 *
 * A wake-up is a system call, and costs more than the insert that it lets happen. So each waits on a semaphore
 * of its own, posted after the mutex was left: whoever wakes has nothing more to wait for. */
#include <errno.h>

#include "internal.h"

/* With the mutex held. */
static void enqueue(struct writer *writer, struct storage_conn *conn)
{
    conn->next = NULL;
    conn->queued = true;
    *(writer->queue ? &writer->queue_last->next : &writer->queue) = conn;
    writer->queue_last = conn;
}

/* With the mutex held: the first one, or NULL. */
static struct storage_conn *dequeue(struct writer *writer)
{
    struct storage_conn *first = writer->queue;
    if (first) {
        writer->queue = first->next;
        first->queued = false;
    }
    return first;
}

/* False: it is not there any more, the turn is on its way. */
static bool leave_queue(struct writer *writer, struct storage_conn *conn)
{
    pthread_mutex_lock(&writer->mutex);
    bool queued = conn->queued;
    if (queued) {
        struct storage_conn *before = NULL, **link = &writer->queue;
        for (; *link != conn; link = &before->next)
            before = *link;
        *link = conn->next;
        if (writer->queue_last == conn)
            writer->queue_last = before;
        conn->queued = false;
    }
    pthread_mutex_unlock(&writer->mutex);
    return queued;
}

/* Returns 0, or ETIMEDOUT at the end of the call's time. */
static int sleep_in_time(struct storage_conn *conn)
{
    struct timespec until = { .tv_sec = conn->until_ms / 1000, .tv_nsec = conn->until_ms % 1000 * 1000000 };
    while (sem_clockwait(&conn->wake, CLOCK_MONOTONIC, &until) != 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

static void sleep_until_woken(struct storage_conn *conn)
{
    while (sem_wait(&conn->wake) != 0)
        ; /* a signal came */
}

bool turn_take(struct writer *writer, struct storage_conn *conn)
{
    pthread_mutex_lock(&writer->mutex);
    bool is_free = !writer->owner;
    if (is_free)
        writer->owner = conn;
    else
        enqueue(writer, conn);
    pthread_mutex_unlock(&writer->mutex);
    if (is_free)
        return true;
    if (sleep_in_time(conn) != 0) {
        if (leave_queue(writer, conn))
            return false;
        sleep_until_woken(conn); /* chosen at the last moment counts as chosen */
    }
    return atomic_exchange(&conn->given, false);
}

struct storage_conn *turn_choose(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    struct storage_conn *next = dequeue(writer);
    if (next)
        writer->owner = next;
    pthread_mutex_unlock(&writer->mutex);
    return next;
}

void turn_give(struct storage_conn *chosen)
{
    atomic_store(&chosen->given, true);
    sem_post(&chosen->wake);
}

void turn_pass(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    struct storage_conn *next = writer->owner = dequeue(writer);
    pthread_mutex_unlock(&writer->mutex);
    if (next)
        turn_give(next);
}
