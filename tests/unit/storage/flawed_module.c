/* A loadable driver that does nothing, built several times with one flaw each. */
#include <tether/storage.h>

#ifdef FLAW_ABI
#define ABI (TETHER_STORAGE_ABI + 1)
#else
#define ABI TETHER_STORAGE_ABI
#endif
#ifdef FLAW_NAME
#define NAME "No Such Name"
#else
#define NAME "idle"
#endif
#ifdef FLAW_MIGRATIONS
#define FIRST 2
#else
#define FIRST 1
#endif

static int database;

static enum storage_status idle_open(const struct storage_setting *settings, size_t n,
                                     struct storage_db **ret, struct storage_error *error)
{
    (void)settings;
    (void)n;
    (void)error;
    *ret = (struct storage_db *)&database;
    return STORAGE_OK;
}
static void idle_close(struct storage_db *db)
{
    (void)db;
}
static enum storage_status idle_connect(struct storage_db *db, int64_t deadline_ms, struct storage_conn **ret,
                                        struct storage_error *error)
{
    (void)db;
    (void)deadline_ms;
    (void)ret;
    *error = (struct storage_error){ STORAGE_GONE, "nobody is here" };
    return STORAGE_GONE;
}
static enum storage_status on_conn(struct storage_conn *conn)
{
    (void)conn;
    return STORAGE_ERROR;
}
static void leave_conn(struct storage_conn *conn)
{
    (void)conn;
}
static void leave_stmt(struct storage_stmt *stmt)
{
    (void)stmt;
}
static void set_deadline(struct storage_conn *conn, int64_t monotonic_ms)
{
    (void)conn;
    (void)monotonic_ms;
}
static const char *get_error(struct storage_conn *conn)
{
    (void)conn;
    return "";
}
static enum storage_status idle_begin(struct storage_conn *conn, enum storage_mode mode)
{
    (void)mode;
    return on_conn(conn);
}
static enum storage_status idle_prepare(struct storage_conn *conn, const char *sql, struct storage_stmt **ret)
{
    (void)sql;
    (void)ret;
    return on_conn(conn);
}
static enum storage_status idle_run(struct storage_stmt *stmt, const struct storage_value *args, size_t n)
{
    (void)stmt;
    (void)args;
    (void)n;
    return STORAGE_ERROR;
}
#ifndef FLAW_ENTRY
static enum storage_status idle_step(struct storage_stmt *stmt)
{
    (void)stmt;
    return STORAGE_ERROR;
}
#endif
static enum storage_status idle_column(struct storage_stmt *stmt, int column, struct storage_value *ret)
{
    (void)stmt;
    (void)column;
    (void)ret;
    return STORAGE_INVALID;
}
static int64_t idle_changes(struct storage_stmt *stmt)
{
    (void)stmt;
    return 0;
}
static enum storage_status idle_script(struct storage_conn *conn, const char *sql)
{
    (void)sql;
    return on_conn(conn);
}
static enum storage_status idle_notify(struct storage_conn *conn, const char *channel, const char *payload)
{
    (void)channel;
    (void)payload;
    return on_conn(conn);
}

static const char *const settings[] = { "colour", NULL };
static const struct storage_migration migrations[] = { { FIRST, "core", "SELECT 1" } };

static const struct storage_driver driver = {
    .abi = ABI,
    .name = NAME,
    .settings = settings,
    .migrations = migrations,
    .migration_count = 1,
    .open = idle_open,
    .close = idle_close,
    .connect = idle_connect,
    .disconnect = leave_conn,
    .ping = on_conn,
    .deadline = set_deadline,
    .error = get_error,
    .begin = idle_begin,
    .commit = on_conn,
    .rollback = leave_conn,
    .prepare = idle_prepare,
    .finalize = leave_stmt,
    .run = idle_run,
#ifndef FLAW_ENTRY
    .step = idle_step,
#endif
    .reset = leave_stmt,
    .column = idle_column,
    .changes = idle_changes,
    .script = idle_script,
    .lock_schema = on_conn,
    .notify = idle_notify,
};

#ifdef FLAW_SYMBOL
#define tether_storage_driver somebody_elses_driver
#endif

const struct storage_driver *tether_storage_driver(void);

const struct storage_driver *tether_storage_driver(void)
{
#ifdef FLAW_NULL
    return driver.abi ? NULL : &driver;
#else
    return &driver;
#endif
}
