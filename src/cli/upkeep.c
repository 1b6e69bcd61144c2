#include "cli/upkeep.h"

#include <pthread.h>
#include <signal.h>

#include "access/shared_rate.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "devices/pairing.h"
#include "identity/password.h"
#include "identity/session.h"
#include "identity/slow_down.h"
#include "records/upload.h"
#include "request/walk.h"
#include "spaces/ticket.h"

#define WRITE_MS    15000
#define FIRST_MS    60000 /* a server that has just been started has better to do */
#define IDLE_MS     60000
#define MORE_MS     1000
#define DEADLINE_MS 5000
#define PIECE       200
#define UPLOADS_US  (INT64_C(86400) * CLOCK_SECOND) /* and an import that nobody touches */
#define SESSIONS_US (INT64_C(30) * 86400 * CLOCK_SECOND) /* how long one that is over stays */

struct upkeep {
    struct db *db;
    struct walk *walk;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* on the monotonic clock */
    bool stopping;
};

#define ARENA_SIZE ((size_t)4 * 1024 * 1024)

struct counts {
    int64_t now, failures, windows, pairings;
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
    if (status == STORAGE_OK)
        status = shared_rate_sweep(conn, counts->now, PIECE, &counts->windows);
    return status == STORAGE_OK ? pairing_sweep(conn, counts->now, PIECE, &counts->pairings) : status;
}

enum storage_status upkeep_round(struct db_conn *conn, int64_t now, bool *ret_more)
{
    struct counts counts = { .now = now };
    int64_t sessions = 0, tickets = 0, uploads = 0;
    enum storage_status status = session_sweep(conn, now - SESSIONS_US, PIECE, &sessions);
    if (status == STORAGE_OK)
        status = db_transaction(conn, STORAGE_WRITE, forget_counts, &counts);
    if (status == STORAGE_OK)
        status = sweep_tickets(conn, now, &tickets);
    if (status == STORAGE_OK)
        status = upload_sweep(conn, now - UPLOADS_US, PIECE, &uploads);
    *ret_more =
        status == STORAGE_OK && (sessions == PIECE || counts.failures == PIECE || counts.windows == PIECE ||
                                 counts.pairings == PIECE || tickets == PIECE || uploads == PIECE);
    return status;
}

/* True when it is time to stop. */
static bool pause_until(struct upkeep *upkeep, int64_t until_ms)
{
    struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
    int rc = 0;
    pthread_mutex_lock(&upkeep->lock);
    while (!upkeep->stopping && rc == 0)
        rc = pthread_cond_timedwait(&upkeep->wake, &upkeep->lock, &until);
    bool stopping = upkeep->stopping;
    pthread_mutex_unlock(&upkeep->lock);
    return stopping;
}

/* What cannot be written stays noted until the next time. */
static void write_down(struct upkeep *upkeep)
{
    if (!upkeep->walk)
        return;
    struct db_conn *conn = db_connect(upkeep->db);
    db_set_deadline(conn, clock_monotonic_ms() + DEADLINE_MS);
    if (!walk_write_down(upkeep->walk, conn))
        log_event(LOG_WARN, "last uses could not be written down",
                  LOG_Z("error", db_error(conn)));
    db_disconnect(&conn);
}

/* What fails now is done a minute later; the connection is not held meanwhile. How long until the next time.
 */
static int64_t tidy_up(struct upkeep *upkeep)
{
    struct db_conn *conn = db_connect(upkeep->db);
    bool more = false;
    password_trim_memory();
    db_set_deadline(conn, clock_monotonic_ms() + DEADLINE_MS);
    enum storage_status status = upkeep_round(conn, clock_now(), &more);
    if (status != STORAGE_OK)
        log_event(LOG_WARN, "nothing could be tidied up", LOG_Z("status", storage_status_name(status)),
                  LOG_Z("error", db_error(conn)));
    db_disconnect(&conn);
    return more ? MORE_MS : IDLE_MS;
}

static void *run(void *arg)
{
    struct upkeep *upkeep = arg;
    int64_t write_ms = clock_monotonic_ms() + WRITE_MS, tidy_ms = clock_monotonic_ms() + FIRST_MS;
    for (bool stopping = false; !stopping;) {
        int64_t next_ms = write_ms < tidy_ms ? write_ms : tidy_ms;
        stopping = pause_until(upkeep, next_ms);
        if (stopping || clock_monotonic_ms() >= write_ms) {
            write_down(upkeep);
            write_ms = clock_monotonic_ms() + WRITE_MS;
        }
        if (!stopping && clock_monotonic_ms() >= tidy_ms)
            tidy_ms = clock_monotonic_ms() + tidy_up(upkeep);
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

struct upkeep *upkeep_start(struct db *db, struct walk *walk)
{
    struct upkeep *upkeep = calloc(1, sizeof *upkeep);
    pthread_condattr_t attr;
    if (!upkeep)
        abort();
    upkeep->db = db;
    upkeep->walk = walk;
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
