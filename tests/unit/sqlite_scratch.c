#include "sqlite_scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include <sqlite3.h>

#define PATH_SIZE 512

/* The file behind ":memory:", which the driver tells nobody. */
static void find_path(struct db_conn *conn, char path[static PATH_SIZE])
{
    DB_ROWS(rows);
    if (db_first(conn, &rows, "SELECT file FROM pragma_database_list WHERE name = 'main'", DB_NO_ARGS) !=
        STORAGE_ROW)
        fail_msg("%s", db_error(conn));
    struct arena *arena = arena_new(4096);
    snprintf(path, PATH_SIZE, "%.*s", STR_ARG(db_col_text(&rows, 0, arena)));
    arena_free(&arena);
}

static void copy(sqlite3 *to, sqlite3 *from)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup)
        fail_msg("%s", sqlite3_errmsg(to));
    int rc = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);
    if (rc != SQLITE_DONE)
        fail_msg("copying a migrated database: %s", sqlite3_errstr(rc));
}

static sqlite3 *open_database(const char *path)
{
    sqlite3 *handle;
    if (sqlite3_open(path, &handle) != SQLITE_OK)
        fail_msg("%s: %s", path, sqlite3_errmsg(handle));
    return handle;
}

void sqlite_scratch_migrate(struct db_conn *conn)
{
    static sqlite3 *migrated; /* until the program ends */
    char path[PATH_SIZE];
    bool is_first = !migrated;
    if (is_first && db_migrate(conn, NULL, NULL, NULL, NULL) != STORAGE_OK)
        fail_msg("%s", db_error(conn));
    find_path(conn, path);
    sqlite3 *file = open_database(path);
    if (is_first)
        copy(migrated = open_database(":memory:"), file);
    else
        copy(file, migrated);
    sqlite3_close(file);
}
