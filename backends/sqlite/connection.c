/* A connection: a reader handle, a deadline, the text of the last failure. */
#include <errno.h>

#include "base/clock.h"
#include "internal.h"

static const char *const damage_texts[] = {
    [DAMAGE_FILE] = "the database file is damaged: writes are refused; restore a backup",
    [DAMAGE_SYNC] = "the disk failed to store a commit: writes are refused until the server is restarted",
};

const char *damage_text(const struct storage_db *db)
{
    return damage_texts[atomic_load(&db->damage)];
}

void conn_start_call(struct storage_conn *conn)
{
    errno = 0; /* for classify() */
    conn->until_ms = conn->deadline_ms ? conn->deadline_ms : clock_monotonic_ms() + DEFAULT_CALL_MS;
}

bool conn_is_late(const struct storage_conn *conn)
{
    return clock_monotonic_ms() >= conn->until_ms;
}

enum storage_status conn_refuse(struct storage_conn *conn, enum storage_status status, const char *text)
{
    snprintf(conn->error, sizeof(conn->error), "%s", text);
    return status;
}

enum storage_status conn_fail(struct storage_conn *conn, sqlite3 *handle, int rc)
{
    int primary = rc & 0xff;
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
        atomic_store(&conn->db->damage, DAMAGE_FILE);
    snprintf(conn->error, sizeof(conn->error), "sqlite %d: %s", rc,
             primary == SQLITE_INTERRUPT ? "the deadline passed" : sqlite3_errmsg(handle));
    return classify(rc);
}

static int on_progress(void *context)
{
    return conn_is_late(context);
}

/* The file is locked by somebody else: at most another process's recovery or shutdown. */
static int on_busy(void *context, int count)
{
    if (conn_is_late(context))
        return 0;
    sqlite3_sleep(count < 10 ? 1 : 10);
    return 1;
}

enum storage_status sqlite_connect(struct storage_db *db, int64_t deadline_ms, struct storage_conn **ret,
                                   struct storage_error *error)
{
    (void)deadline_ms; /* opening a file does not wait */
    sqlite3 *reader = NULL;
    errno = 0;
    int rc = handle_open_reader(db->path, &reader);
    if (rc != SQLITE_OK) {
        enum storage_status s = classify(rc) == STORAGE_BUSY ? STORAGE_BUSY : STORAGE_GONE;
        error_fill(error, s, "sqlite: %.120s: %.100s", db->path,
                   reader ? sqlite3_errmsg(reader) : sqlite3_errstr(rc));
        sqlite3_close(reader);
        return s;
    }
    read_locks_share(db->read_locks, reader);
    struct storage_conn *conn = calloc(1, sizeof(*conn));
    if (!conn)
        abort();
    conn->db = db;
    conn->reader = reader;
    sem_init(&conn->wake, 0, 0);
    sqlite3_progress_handler(reader, PROGRESS_STEPS, on_progress, conn);
    sqlite3_busy_handler(reader, on_busy, conn);
    *ret = conn;
    return STORAGE_OK;
}

void sqlite_disconnect(struct storage_conn *conn)
{
    sqlite_rollback(conn);
    while (conn->stmts)
        sqlite_finalize(conn->stmts);
    sqlite3_close(conn->reader);
    sem_destroy(&conn->wake);
    free(conn);
}

enum storage_status sqlite_ping(struct storage_conn *conn)
{
    conn_start_call(conn);
    const char *damage = damage_text(conn->db);
    if (damage)
        return conn_refuse(conn, STORAGE_ERROR, damage);
    int rc = sqlite3_exec(conn->reader, "SELECT COUNT(*) FROM sqlite_master", NULL, NULL, NULL);
    return rc == SQLITE_OK ? STORAGE_OK : conn_fail(conn, conn->reader, rc);
}

void sqlite_deadline(struct storage_conn *conn, int64_t monotonic_ms)
{
    conn->deadline_ms = monotonic_ms;
}

void sqlite_reads_seldom(struct storage_conn *conn)
{
    handle_unmap(conn->reader);
}

const char *sqlite_error(struct storage_conn *conn)
{
    return conn->error;
}
