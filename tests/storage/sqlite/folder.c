/* A folder per case, and small helpers around it. */
#include <dirent.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite_suite.h"

static char folder[PATH_MAX];

const char *folder_path(const char *name)
{
    static char paths[4][PATH_MAX + 256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

int folder_setup(void **state)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/tether-sqlite-XXXXXX", parent ? parent : "/tmp");
    *state = mkdtemp(folder);
    return *state ? 0 : -1;
}

int folder_teardown(void **state)
{
    (void)state;
    DIR *dir = opendir(folder);
    if (!dir)
        return -1;
    for (struct dirent *entry; (entry = readdir(dir));)
        unlink(folder_path(entry->d_name)); /* "." and ".." refuse */
    closedir(dir);
    return rmdir(folder);
}

int folder_db_setup(void **state)
{
    if (folder_setup(state) != 0)
        return -1;
    static char path[PATH_MAX + 256];
    snprintf(path, sizeof(path), "%s", folder_path("db"));
    suite.settings[0] = (struct storage_setting){ "path", path };
    suite.setting_count = 1;
    return db_setup(state);
}

int folder_db_teardown(void **state)
{
    int failed = db_teardown(state);
    return failed | folder_teardown(state);
}

enum storage_status open_path(const char *path, const char *access, struct db **ret,
                              struct storage_error *error)
{
    struct storage_setting settings[] = { { "path", path }, { "access", access } };
    return db_open_driver(suite.driver, settings, access ? 2 : 1, ret, error);
}

void query_file(const char *path, const char *sql, char *ret, size_t cap)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *stmt = NULL;
    ret[0] = '\0';
    assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        snprintf(ret, cap, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(handle);
}

bool child_succeeds(child_fn fn)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn());
    int status = -1;
    if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
        return true;
    fprintf(stderr, "child: wait status %#x\n", (unsigned)status);
    return false;
}
