#include "cli/upkeep.h"

#include "access/shared_rate.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/worker.h"
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
    struct worker worker;
    struct db *db;
    struct walk *walk;
    int64_t write_ms, tidy_ms; /* when it is time */
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

static int64_t keep_up(void *context)
{
    struct upkeep *upkeep = context;
    if (clock_monotonic_ms() >= upkeep->write_ms) {
        write_down(upkeep);
        upkeep->write_ms = clock_monotonic_ms() + WRITE_MS;
    }
    if (clock_monotonic_ms() >= upkeep->tidy_ms)
        upkeep->tidy_ms = clock_monotonic_ms() + tidy_up(upkeep);
    int64_t next_ms = upkeep->write_ms < upkeep->tidy_ms ? upkeep->write_ms : upkeep->tidy_ms;
    return next_ms - clock_monotonic_ms();
}

struct upkeep *upkeep_start(struct db *db, struct walk *walk)
{
    struct upkeep *upkeep = calloc(1, sizeof *upkeep);
    if (!upkeep)
        abort();
    upkeep->db = db;
    upkeep->walk = walk;
    upkeep->write_ms = clock_monotonic_ms() + WRITE_MS;
    upkeep->tidy_ms = clock_monotonic_ms() + FIRST_MS;
    if (worker_start(&upkeep->worker, "upkeep", keep_up, upkeep))
        return upkeep;
    free(upkeep);
    return NULL;
}

/* Nobody notes anything any more: the last of it is written down here. */
void upkeep_stop(struct upkeep **upkeep)
{
    if (!*upkeep)
        return;
    worker_stop(&(*upkeep)->worker);
    write_down(*upkeep);
    free(*upkeep);
    *upkeep = NULL;
}
