#include "cli/upkeep.h"

#include <pthread.h>
#include <signal.h>

#include "access/shared_rate.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "identity/session.h"
#include "identity/slow_down.h"
#include "spaces/ticket.h"

#define FIRST_MS    60000 /* a server that has just been started has better to do */
#define IDLE_MS     60000
#define MORE_MS     1000
#define DEADLINE_MS 5000
#define PIECE       200
#define SESSIONS_US (INT64_C(30) * 86400 * CLOCK_SECOND) /* how long one that is over stays */

struct upkeep {
    struct db *db;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* on the monotonic clock */
    bool stopping;
};

#define ARENA_SIZE ((size_t)4 * 1024 * 1024)

struct counts {
    int64_t now, failures, windows;
};

struct overdue {
    struct arena *arena;
    int64_t now, tickets;
};

static enum storage_status expire_tickets(struct db_conn *conn, void *context)
{
    struct overdue *overdue = context;
    return ticket_sweep(conn, overdue->arena, overdue->now, PIECE, &overdue->tickets);
}

/* A transaction of its own: it waits for whoever orders. */
static enum storage_status sweep_tickets(struct db_conn *conn, int64_t now, int64_t *ret)
{
    struct overdue overdue = { .arena = arena_new(ARENA_SIZE), .now = now };
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, expire_tickets, &overdue);
    json_use_arena(NULL);
    arena_free(&overdue.arena);
    *ret = overdue.tickets;
    return status;
}

static enum storage_status forget_counts(struct db_conn *conn, void *context)
{
    struct counts *counts = context;
    enum storage_status status = slow_down_sweep(conn, counts->now, PIECE, &counts->failures);
    return status == STORAGE_OK ? shared_rate_sweep(conn, counts->now, PIECE, &counts->windows) : status;
}

enum storage_status upkeep_round(struct db_conn *conn, int64_t now, bool *ret_more)
{
    struct counts counts = { .now = now };
    int64_t sessions = 0, tickets = 0;
    enum storage_status status = session_sweep(conn, now - SESSIONS_US, PIECE, &sessions);
    if (status == STORAGE_OK)
        status = db_transaction(conn, STORAGE_WRITE, forget_counts, &counts);
    if (status == STORAGE_OK)
        status = sweep_tickets(conn, now, &tickets);
    *ret_more = status == STORAGE_OK && (sessions == PIECE || counts.failures == PIECE ||
                                         counts.windows == PIECE || tickets == PIECE);
    return status;
}

/* True when it is time to stop. */
static bool pause_for(struct upkeep *upkeep, int64_t ms)
{
    int64_t until_ms = clock_monotonic_ms() + ms;
    struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
    int rc = 0;
    pthread_mutex_lock(&upkeep->lock);
    while (!upkeep->stopping && rc == 0)
        rc = pthread_cond_timedwait(&upkeep->wake, &upkeep->lock, &until);
    bool stopping = upkeep->stopping;
    pthread_mutex_unlock(&upkeep->lock);
    return stopping;
}

/* What fails now is done a minute later; the connection is not held meanwhile. */
static void *run(void *arg)
{
    struct upkeep *upkeep = arg;
    int64_t pause_ms = FIRST_MS;
    while (!pause_for(upkeep, pause_ms)) {
        struct db_conn *conn = db_connect(upkeep->db);
        bool more = false;
        db_set_deadline(conn, clock_monotonic_ms() + DEADLINE_MS);
        enum storage_status status = upkeep_round(conn, clock_now(), &more);
        if (status != STORAGE_OK)
            log_event(LOG_WARN, "nothing could be tidied up", LOG_Z("status", storage_status_name(status)),
                      LOG_Z("error", db_error(conn)));
        db_disconnect(&conn);
        pause_ms = more ? MORE_MS : IDLE_MS;
    }
    return NULL;
}

static bool start_thread(struct upkeep *upkeep)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited: signals go to the main thread */
    bool ok = pthread_create(&upkeep->thread, NULL, run, upkeep) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ok)
        pthread_setname_np(upkeep->thread, "upkeep");
    return ok;
}

static void release(struct upkeep **upkeep)
{
    pthread_cond_destroy(&(*upkeep)->wake);
    pthread_mutex_destroy(&(*upkeep)->lock);
    free(*upkeep);
    *upkeep = NULL;
}

struct upkeep *upkeep_start(struct db *db)
{
    struct upkeep *upkeep = calloc(1, sizeof *upkeep);
    pthread_condattr_t attr;
    if (!upkeep)
        abort();
    upkeep->db = db;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&upkeep->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&upkeep->lock, NULL);
    if (!start_thread(upkeep))
        release(&upkeep);
    return upkeep;
}

void upkeep_stop(struct upkeep **upkeep)
{
    if (!*upkeep)
        return;
    pthread_mutex_lock(&(*upkeep)->lock);
    (*upkeep)->stopping = true;
    pthread_cond_signal(&(*upkeep)->wake);
    pthread_mutex_unlock(&(*upkeep)->lock);
    pthread_join((*upkeep)->thread, NULL);
    release(upkeep);
}
