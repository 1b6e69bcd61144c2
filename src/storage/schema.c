/* The schema's version, and bringing it up to this program's.
 *
 * schema_migrations has a row per applied step. Each step runs in a transaction of its own together with its
 * row, under the schema lock, so that of two processes that migrate at once one does the work and the other
 * finds it done. */
#include "base/clock.h"
#include "storage/internal.h"

#define CREATE_TABLE                                                                                         \
    "CREATE TABLE IF NOT EXISTS schema_migrations ("                                                         \
    "version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)"
#define SELECT_VERSION "SELECT COALESCE(MAX(version), 0) FROM schema_migrations"

static enum storage_status read_version(struct db_conn *conn, int *ret)
{
    DB_ROWS(rows);
    enum storage_status s = db_first(conn, &rows, SELECT_VERSION, DB_NO_ARGS);
    if (s != STORAGE_ROW)
        return s == STORAGE_DONE ? STORAGE_ERROR : s;
    *ret = (int)db_col_int(&rows, 0);
    return STORAGE_OK;
}

static enum storage_status run_script(struct db_conn *conn, const char *sql)
{
    enum storage_status s = conn->db->driver->script(conn->inner, sql);
    return s == STORAGE_OK ? s : conn_failed(conn, s);
}

/* From here on, until the transaction ends, nobody else changes the schema. */
static enum storage_status lock_and_read(struct db_conn *conn, int *ret)
{
    enum storage_status s = conn->db->driver->lock_schema(conn->inner);
    if (s != STORAGE_OK)
        return conn_failed(conn, s);
    s = run_script(conn, CREATE_TABLE);
    return s == STORAGE_OK ? read_version(conn, ret) : s;
}

static enum storage_status probe_empty(struct db_conn *conn, void *context)
{
    enum storage_status s = lock_and_read(conn, context);
    return s == STORAGE_OK ? STORAGE_DONE : s;
}

/* Engines have no common way to ask whether a table exists. When reading fails, the table is made and read in
 * a transaction that is rolled back: if that works, it was missing. */
enum storage_status db_schema_version(struct db_conn *conn, int *ret)
{
    enum storage_status s = read_version(conn, ret);
    if (s != STORAGE_ERROR)
        return s;
    s = db_transaction(conn, STORAGE_WRITE, probe_empty, ret);
    return s == STORAGE_DONE ? STORAGE_OK : s;
}

int db_schema_newest(const struct db *db)
{
    return (int)db->driver->migration_count;
}

struct step {
    const struct storage_migration *applied; /* NULL when nothing was left to do */
    int found;
};

static enum storage_status too_new(struct db_conn *conn, int found)
{
    char text[160];
    snprintf(text, sizeof(text),
             "the database has schema version %d and this program knows up to %d; run a newer program", found,
             db_schema_newest(conn->db));
    return conn_misused(conn, text);
}

static enum storage_status record(struct db_conn *conn, const struct storage_migration *migration)
{
    return db_exec(conn, "INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)",
                   DB_ARGS(db_int(migration->version), db_text(str_of(migration->name)), db_int(clock_now())),
                   NULL);
}

static enum storage_status apply_next(struct db_conn *conn, void *context)
{
    struct step *step = context;
    const struct storage_driver *driver = conn->db->driver;
    step->applied = NULL;
    enum storage_status s = lock_and_read(conn, &step->found);
    if (s != STORAGE_OK)
        return s;
    if (step->found > (int)driver->migration_count)
        return too_new(conn, step->found);
    if (step->found == (int)driver->migration_count)
        return STORAGE_OK; /* an empty list still leaves the table behind */
    const struct storage_migration *migration = &driver->migrations[step->found];
    s = run_script(conn, migration->sql);
    if (s == STORAGE_OK)
        s = record(conn, migration);
    if (s == STORAGE_OK)
        step->applied = migration;
    return s;
}

enum storage_status db_migrate(struct db_conn *conn, db_progress_fn progress, void *context, int *ret_from,
                               int *ret_to)
{
    struct step step = { NULL, 0 };
    int from = -1;
    do {
        enum storage_status s = db_transaction(conn, STORAGE_WRITE, apply_next, &step);
        if (s != STORAGE_OK)
            return s;
        from = from < 0 ? step.found : from;
        if (step.applied && progress)
            progress(context, step.applied->version, step.applied->name);
    } while (step.applied);
    if (ret_from)
        *ret_from = from;
    if (ret_to)
        *ret_to = step.found;
    return STORAGE_OK;
}

enum storage_status db_backup(struct db_conn *conn, const char *path, struct storage_error *error)
{
    const struct storage_driver *driver = conn->db->driver;
    if (!driver->backup)
        return error_set(error, STORAGE_INVALID, "the %s driver makes no copies; use the engine's own tools",
                         driver->name);
    enum storage_status s = conn_ensure(conn);
    if (s != STORAGE_OK)
        return error_set(error, s, "%s", conn->error);
    return driver->backup(conn->inner, path, error);
}
