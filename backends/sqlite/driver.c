/* The SQLite driver's table. */
#include "internal.h"
#include "driver.h"
#include "sqlite_migrations.h"

static const char *const settings[] = { "path", "access", NULL };

const struct storage_driver sqlite_driver = {
    .abi = TETHER_STORAGE_ABI,
    .caps = 0,
    .name = "sqlite",
    .settings = settings,
    .migrations = sqlite_migrations,
    .migration_count = sizeof(sqlite_migrations) / sizeof(sqlite_migrations[0]),
    .open = sqlite_open,
    .close = sqlite_close,
    .connect = sqlite_connect,
    .disconnect = sqlite_disconnect,
    .ping = sqlite_ping,
    .deadline = sqlite_deadline,
    .error = sqlite_error,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .prepare = sqlite_prepare,
    .finalize = sqlite_finalize,
    .run = sqlite_run,
    .step = sqlite_step,
    .reset = sqlite_reset,
    .column = sqlite_column,
    .changes = sqlite_changes,
    .script = sqlite_script,
    .lock_schema = sqlite_lock_schema,
    .notify = sqlite_notify,
    .backup = sqlite_backup,
    .reads_seldom = sqlite_reads_seldom,
};
