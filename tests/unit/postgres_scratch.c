#include "postgres_scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "backend_postgres/driver.h"

static const char *const drop_schema[] = { "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", NULL };

static const char *const delete_rows[] = {
    "SET LOCAL session_replication_role = replica",
    "DO 'DECLARE name regclass; BEGIN"
    "  FOR name IN SELECT oid FROM pg_class WHERE relnamespace = ''public''::regnamespace"
    "                                         AND relkind = ''r'' AND relname <> ''schema_migrations''"
    "    LOOP EXECUTE format(''DELETE FROM %s'', name); END LOOP;"
    "  PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence; " /* RESTART would make new files */
    "END'",
    NULL,
};

const char *postgres_scratch(void)
{
    return getenv("TETHER_TEST_POSTGRES");
}

static enum storage_status run(struct db_conn *conn, void *context)
{
    enum storage_status status = STORAGE_OK;
    for (const char *const *sql = context; *sql && status == STORAGE_OK; sql++)
        status = db_exec(conn, *sql, DB_NO_ARGS, NULL);
    return status;
}

static void run_all(struct db_conn *conn, const char *const *statements)
{
    if (db_transaction(conn, STORAGE_WRITE, run, (void *)statements) != STORAGE_OK)
        fail_msg("%s", db_error(conn));
}

static struct db_conn *superuser(void)
{
    static struct db *db; /* until the program ends */
    static struct db_conn *conn;
    char conninfo[512];
    struct storage_setting setting = { "conninfo", conninfo };
    struct storage_error error = { 0 };
    if (conn)
        return conn;
    snprintf(conninfo, sizeof conninfo, "%s user=postgres", postgres_scratch());
    if (db_open_driver(&postgres_driver, &setting, 1, &db, &error) != STORAGE_OK)
        fail_msg("%s", error.text);
    return conn = db_connect(db);
}

void postgres_scratch_empty(struct db_conn *conn)
{
    static bool is_made;
    if (is_made) {
        run_all(superuser(), delete_rows);
        return;
    }
    run_all(conn, drop_schema);
    if (db_migrate(conn, NULL, NULL, NULL, NULL) != STORAGE_OK)
        fail_msg("%s", db_error(conn));
    is_made = true;
}
