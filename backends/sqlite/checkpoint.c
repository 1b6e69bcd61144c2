/* Moving the write-ahead log into the database: by the writer alone, between two batches, after everybody was
 * told.
 *
 * Usually a checkpoint takes what no reader needs any more and waits for nobody. When the log has grown all
 * the same, since under steady load some reader is always in it, one checkpoint waits a moment for the
 * readers of today to leave, so that the log can start again from its beginning. Patience is what it sleeps,
 * not a time of day: it is the copying, and the sync of a slow disk, after which it meets them. */
#include "base/clock.h"
#include "base/log.h"
#include "internal.h"

#define PAGES_USUAL    1000  /* 4 MiB */
#define PAGES_WAIT     4096  /* 16 MiB: wait for readers */
#define PAGES_ALARM    16384 /* 64 MiB */
#define PATIENCE_MS    50
#define ALARM_EVERY_US (60 * CLOCK_SECOND)

static int on_commit(void *context, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    struct writer *writer = context;
    if (pages < writer->log_pages) /* it started again */
        writer->checkpoint_at = PAGES_USUAL;
    writer->log_pages = pages;
    return SQLITE_OK;
}

void checkpoint_init(struct writer *writer)
{
    writer->checkpoint_at = PAGES_USUAL;
    sqlite3_wal_hook(writer->handle, on_commit, writer);
}

static void alarm_at_times(struct writer *writer, int rc)
{
    int64_t now = clock_monotonic_us();
    if (now < writer->next_alarm_us)
        return;
    writer->next_alarm_us = now + ALARM_EVERY_US;
    log_event(LOG_WARN, "sqlite: the write-ahead log grows; a reader holds it, or the disk is full",
              LOG_I("pages", writer->log_pages), LOG_I("code", rc));
}

void checkpoint_if_due(struct storage_db *db)
{
    struct writer *writer = &db->writer;
    if (writer->log_pages < writer->checkpoint_at)
        return;
    writer->checkpoint_at = writer->log_pages + PAGES_USUAL;
    bool waits = writer->log_pages >= PAGES_WAIT;
    writer->busy_until_ms = 0;
    writer->patience_ms = waits ? PATIENCE_MS : 0;
    int rc = sqlite3_wal_checkpoint_v2(
        writer->handle, "main", waits ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    writer->patience_ms = 0;
    if (rc == SQLITE_IOERR_FSYNC)
        atomic_store(&db->damage, DAMAGE_SYNC);
    if (writer->log_pages >= PAGES_ALARM)
        alarm_at_times(writer, rc);
}
