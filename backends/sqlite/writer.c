/* The writer: one handle, one turn, commits shared.
 *
 * A write transaction waits for its turn (first come, first served), then owns the writer handle. The first
 * one of a batch opens SQLite's transaction; each later one runs in a savepoint of its own, for which SQLite
 * copies every page that it changes; undoing the first one is undoing the transaction. Ending its part, it
 * releases the savepoint, and if others wait for the turn it hands over and waits for the batch's outcome;
 * the last one, or the one that finds the batch full or old, does the COMMIT, one fsync for all, and wakes
 * everybody with the result.
 *
 * What follows from sharing:
 * - Who has released can no longer time out or withdraw: it waits for the outcome. That is bounded, since
 * every later turn is bounded by its own deadline and the batch by its age.
 * - Later members see what earlier ones wrote before it is committed. A later member that commits shares
 * their fate. One that rolls back may have read it: its rollback returns only after the batch's outcome is
 * known, so a refusal that rests on another's data is never told before that data is durable. Should the
 * batch fail, the refusal still stands: it wrote nothing, and whoever it lost to is told of the failure.
 * - SQLite ends the whole transaction on some failures of a single statement (no room, I/O error, no memory).
 * Then every earlier member is told BUSY: nothing of it was written, and it may run again without that
 * neighbour. A shared commit that finds no room is told the same way.
 * - A foreign key checked at commit would fail the whole batch; it is asked for before the release instead.
 */
#include "base/clock.h"
#include "internal.h"

#define BATCH_MEMBERS 64
#define BATCH_US      5000

static const char *const control_sql[CONTROL_COUNT] = {
    [CONTROL_BEGIN] = "BEGIN IMMEDIATE", [CONTROL_SAVEPOINT] = "SAVEPOINT part",
    [CONTROL_RELEASE] = "RELEASE part",  [CONTROL_ROLLBACK_TO] = "ROLLBACK TO part",
    [CONTROL_COMMIT] = "COMMIT",         [CONTROL_ROLLBACK] = "ROLLBACK",
};

static int on_writer_busy(void *context, int count)
{
    struct writer *writer = context;
    int pause_ms = count < 10 ? 1 : 10;
    if (writer->patience_ms > 0)
        writer->patience_ms -= pause_ms;
    else if (clock_monotonic_ms() >= writer->busy_until_ms)
        return 0;
    sqlite3_sleep(pause_ms);
    return 1;
}

/* Statements that only read may be stopped; stopping one that writes would end its neighbours' transaction
 * too. */
static int on_writer_progress(void *context)
{
    struct writer *writer = context;
    return writer->owner && writer->owner->interruptible && conn_is_late(writer->owner);
}

static void release_control(struct writer *writer)
{
    for (int i = 0; i < CONTROL_COUNT; i++)
        sqlite3_finalize(writer->control[i]);
}

static int prepare_control(struct writer *writer, sqlite3 *handle)
{
    int rc = SQLITE_OK;
    for (int i = 0; i < CONTROL_COUNT && rc == SQLITE_OK; i++)
        rc = sqlite3_prepare_v3(handle, control_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &writer->control[i],
                                NULL);
    return rc;
}

int writer_init(struct writer *writer, sqlite3 *handle)
{
    int rc = prepare_control(writer, handle);
    if (rc != SQLITE_OK) {
        release_control(writer);
        return rc;
    }
    writer->handle = handle;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_mutex_init(&writer->told_mutex, NULL);
    pthread_cond_init(&writer->told, NULL);
    sqlite3_busy_handler(handle, on_writer_busy, writer);
    checkpoint_init(writer);
    sqlite3_progress_handler(handle, PROGRESS_STEPS, on_writer_progress, writer);
    return SQLITE_OK;
}

void writer_release(struct writer *writer)
{
    writer_cache_clear(writer);
    release_control(writer);
    sqlite3_close(writer->handle);
    pthread_cond_destroy(&writer->told);
    pthread_mutex_destroy(&writer->told_mutex);
    pthread_mutex_destroy(&writer->mutex);
}

static int control(struct writer *writer, enum control which)
{
    sqlite3_stmt *stmt = writer->control[which];
    int rc = sqlite3_step(stmt);
    sqlite3_reset(stmt); /* repeats the failure of the step */
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* --- the batch --- */

static void join_batch(struct writer *writer, struct storage_conn *conn)
{
    conn->next = writer->members;
    writer->members = conn;
    writer->member_count++;
}

/* Tells every member, with one wake-up for all. */
static void settle(struct writer *writer, enum storage_status outcome, const char *text)
{
    writer->batch_open = false;
    if (!writer->members)
        return;
    for (struct storage_conn *member = writer->members; member; member = member->next) {
        member->outcome = outcome;
        if (outcome != STORAGE_OK)
            snprintf(member->error, sizeof(member->error), "%s", text);
    }
    writer->members = NULL;
    writer->member_count = 0;
    pthread_mutex_lock(&writer->told_mutex);
    writer->told_count++;
    pthread_mutex_unlock(&writer->told_mutex);
    pthread_cond_broadcast(&writer->told);
}

/* `told_before`: the count while the batch was open. */
static enum storage_status wait_for_outcome(struct writer *writer, const struct storage_conn *conn,
                                            uint64_t told_before)
{
    pthread_mutex_lock(&writer->told_mutex);
    while (writer->told_count == told_before)
        pthread_cond_wait(&writer->told, &writer->told_mutex);
    pthread_mutex_unlock(&writer->told_mutex);
    return conn->outcome;
}

/* A commit that failed to sync may still be in the log when the log is next recovered, so its outcome is not
 * known; and what the kernel holds of the file is not to be trusted again. */
static enum storage_status failed_commit(struct storage_conn *conn, int rc)
{
    struct writer *writer = &conn->db->writer;
    enum storage_status s = conn_fail(conn, writer->handle, rc);
    if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) {
        atomic_store(&conn->db->damage, DAMAGE_SYNC);
        s = STORAGE_UNCERTAIN;
    }
    if (!sqlite3_get_autocommit(writer->handle))
        control(writer, CONTROL_ROLLBACK);
    return s;
}

static enum storage_status end_batch(struct storage_conn *conn, bool anything)
{
    struct writer *writer = &conn->db->writer;
    if (!anything) {
        control(writer, CONTROL_ROLLBACK);
        return STORAGE_OK;
    }
    int rc = control(writer, CONTROL_COMMIT);
    return rc == SQLITE_OK ? STORAGE_OK : failed_commit(conn, rc);
}

static bool has_room(const struct writer *writer)
{
    return writer->member_count < BATCH_MEMBERS && clock_monotonic_us() - writer->batch_began_us < BATCH_US;
}

/* Ends the batch on behalf of all its members; the turn stays with `conn`. Returns the outcome.
 *
 * A shared commit that finds no room may be one greedy part's doing. Then all are told to run again, each
 * with a commit of its own, so that each gets an answer of its own. */
static enum storage_status conclude_batch(struct storage_conn *conn, bool anything)
{
    struct writer *writer = &conn->db->writer;
    enum storage_status s = end_batch(conn, anything);
    if (s == STORAGE_FULL && writer->members) {
        for (struct storage_conn *member = writer->members; member; member = member->next)
            member->alone = true;
        conn->alone = true;
        s = STORAGE_BUSY;
    }
    settle(writer, s, conn->error);
    checkpoint_if_due(conn->db);
    return s;
}

/* Hands over to whoever waits, if the batch has room. Whoever `depends` on the batch is its member from then
 * on. */
static bool hand_over(struct storage_conn *conn, bool depends)
{
    struct writer *writer = &conn->db->writer;
    struct storage_conn *next = has_room(writer) && !conn->alone ? turn_choose(writer) : NULL;
    if (!next)
        return false;
    if (depends)
        join_batch(writer, conn);
    turn_give(next);
    return true;
}

/* Ends a turn whose part is released (`wrote`) or undone: hands over and waits for the batch, or ends it.
 * The batch's outcome; OK when this part does not depend on it. */
static enum storage_status end_turn(struct storage_conn *conn, bool wrote)
{
    struct writer *writer = &conn->db->writer;
    bool depends = wrote || writer->members;
    uint64_t told = writer->told_count;
    if (writer->batch_open && hand_over(conn, depends))
        return depends ? wait_for_outcome(writer, conn, told) : STORAGE_OK;
    conn->alone = false;
    enum storage_status s = writer->batch_open ? conclude_batch(conn, depends) : STORAGE_OK;
    turn_pass(writer);
    return s;
}

/* SQLite has ended the transaction under us: whoever was in it is told, now. */
static void lose_batch(struct writer *writer)
{
    settle(writer, STORAGE_BUSY, "a failure of another transaction undid this one; run it again");
}

void writer_check_lost(struct storage_conn *conn, enum storage_status status)
{
    struct writer *writer = &conn->db->writer;
    if (!writer->batch_open || !sqlite3_get_autocommit(writer->handle))
        return;
    conn->lost = status;
    lose_batch(writer);
}

static bool undo_savepoint(struct writer *writer)
{
    return control(writer, CONTROL_ROLLBACK_TO) == SQLITE_OK && control(writer, CONTROL_RELEASE) == SQLITE_OK;
}

/* Undoes this turn's part; when it is the first one, or when even that fails, the whole batch. */
static void undo_part(struct storage_conn *conn)
{
    struct writer *writer = &conn->db->writer;
    if (writer->in_savepoint && undo_savepoint(writer))
        return;
    if (!sqlite3_get_autocommit(writer->handle))
        control(writer, CONTROL_ROLLBACK);
    lose_batch(writer);
}

static enum storage_status open_part(struct storage_conn *conn)
{
    struct writer *writer = &conn->db->writer;
    if (writer->batch_open && conn->alone)
        conclude_batch(conn, writer->member_count > 0);
    if (!writer->batch_open) {
        writer->busy_until_ms = conn->until_ms;
        int rc = control(writer, CONTROL_BEGIN);
        if (rc != SQLITE_OK)
            return conn_fail(conn, writer->handle, rc);
        writer->batch_open = true;
        writer->batch_began_us = clock_monotonic_us();
        writer->in_savepoint = false;
        return STORAGE_OK;
    }
    int rc = control(writer, CONTROL_SAVEPOINT);
    writer->in_savepoint = rc == SQLITE_OK;
    if (rc == SQLITE_OK)
        return STORAGE_OK;
    enum storage_status s = conn_fail(conn, writer->handle, rc);
    writer_check_lost(conn, s);
    return s;
}

enum storage_status writer_begin(struct storage_conn *conn)
{
    struct writer *writer = &conn->db->writer;
    if (!writer->handle)
        return conn_refuse(conn, STORAGE_INVALID, "the database was opened for reading");
    const char *damage = damage_text(conn->db);
    if (damage)
        return conn_refuse(conn, STORAGE_ERROR, damage);
    if (!turn_take(writer, conn))
        return conn_refuse(conn, STORAGE_BUSY, "the deadline passed while other transactions were writing");
    conn->lost = STORAGE_OK;
    enum storage_status s = open_part(conn);
    if (s != STORAGE_OK)
        end_turn(conn, false);
    return s;
}

/* Foreign keys that a statement left open until commit. */
static bool has_open_references(sqlite3 *handle)
{
    int open = 0;
    int highest = 0;
    return sqlite3_db_status(handle, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &highest, 0) == SQLITE_OK &&
           open != 0;
}

static enum storage_status release_part(struct storage_conn *conn)
{
    struct writer *writer = &conn->db->writer;
    if (has_open_references(writer->handle))
        return conn_refuse(conn, STORAGE_REFERENCE, "a foreign key is missing at commit");
    int rc = writer->in_savepoint ? control(writer, CONTROL_RELEASE) : SQLITE_OK;
    return rc == SQLITE_OK ? STORAGE_OK : conn_fail(conn, writer->handle, rc);
}

enum storage_status writer_commit(struct storage_conn *conn)
{
    enum storage_status s = conn->lost;
    if (s == STORAGE_OK) {
        s = release_part(conn);
        if (s == STORAGE_OK)
            return end_turn(conn, true);
        undo_part(conn);
    }
    end_turn(conn, false);
    return s;
}

void writer_rollback(struct storage_conn *conn)
{
    if (conn->lost == STORAGE_OK)
        undo_part(conn);
    end_turn(conn, false);
}
