/* A copy of the live data, made through SQLite's backup interface from the connection's reader.
 *
 * The reader holds one snapshot from the first to the last page, so the copy is of one moment and writers go
 * on meanwhile. The copy is made beside its place, checked, synced and only then given its name: a file under
 * that name is a whole backup. It is one plain file, without a write-ahead log. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "internal.h"

#define PAGES_PER_STEP 1024

static enum storage_status fail(struct storage_error *error, enum storage_status status, const char *path,
                                const char *why)
{
    return error_fill(error, status, "backup %.150s: %s", path, why);
}

static enum storage_status fail_errno(struct storage_error *error, const char *path, int reason)
{
    bool no_room = reason == ENOSPC || reason == EDQUOT || reason == EROFS;
    return fail(error, no_room ? STORAGE_FULL : STORAGE_ERROR, path, strerror(reason));
}

static enum storage_status make_part(const char *part, struct storage_error *error)
{
    if (unlink(part) != 0 && errno != ENOENT) /* what an earlier attempt left */
        return fail_errno(error, part, errno);
    int fd = open(part, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(error, part, errno);
    close(fd);
    return STORAGE_OK;
}

static int copy_pages(struct storage_conn *conn, sqlite3 *target)
{
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", conn->reader, "main");
    if (!backup)
        return sqlite3_errcode(target);
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK && !(conn->deadline_ms && conn_is_late(conn)))
        rc = sqlite3_backup_step(backup, PAGES_PER_STEP);
    int end = sqlite3_backup_finish(backup);
    if (rc == SQLITE_OK)
        return SQLITE_INTERRUPT;
    return rc == SQLITE_DONE ? end : rc;
}

static int on_check(void *context, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    *(bool *)context = values[0] && strcmp(values[0], "ok") == 0;
    return 0;
}

static int check_copy(sqlite3 *target)
{
    bool good = false;
    int rc = sqlite3_exec(target, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(target, "PRAGMA integrity_check(1)", on_check, &good, NULL);
    return rc == SQLITE_OK && !good ? SQLITE_CORRUPT : rc;
}

/* The transaction around it keeps the snapshot, so that a commit meanwhile does not restart the copy. */
static enum storage_status write_part(struct storage_conn *conn, const char *part,
                                      struct storage_error *error)
{
    sqlite3 *target = NULL;
    int rc = sqlite3_open_v2(part, &target,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(conn->reader, "BEGIN; SELECT COUNT(*) FROM sqlite_master", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = copy_pages(conn, target);
    if (!sqlite3_get_autocommit(conn->reader))
        sqlite3_exec(conn->reader, "ROLLBACK", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = check_copy(target);
    enum storage_status s = STORAGE_OK;
    if (rc != SQLITE_OK)
        s = fail(error, classify(rc), part,
                 rc == SQLITE_INTERRUPT ? "the deadline passed" : sqlite3_errstr(rc));
    sqlite3_close(target);
    return s;
}

static enum storage_status sync_path(const char *path, int flags, struct storage_error *error)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(error, path, errno);
    int rc = fsync(fd);
    int reason = errno;
    close(fd);
    return rc == 0 ? STORAGE_OK : fail_errno(error, path, reason);
}

/* link() rather than rename(): it never replaces a backup that is there. */
static enum storage_status give_name(const char *part, const char *path, struct storage_error *error)
{
    enum storage_status s = sync_path(part, O_RDWR, error);
    if (s != STORAGE_OK)
        return s;
    if (link(part, path) != 0)
        return errno == EEXIST ? fail(error, STORAGE_INVALID, path, "the file exists already")
                               : fail_errno(error, path, errno);
    char dir[PATH_MAX];
    snprintf(dir, sizeof(dir), "%s", path);
    return sync_path(dirname(dir), O_RDONLY | O_DIRECTORY, error);
}

enum storage_status sqlite_backup(struct storage_conn *conn, const char *path, struct storage_error *error)
{
    conn_start_call(conn);
    if (conn->transaction != TRANSACTION_NONE)
        return fail(error, STORAGE_INVALID, path, "a transaction is open");
    if (access(path, F_OK) == 0)
        return fail(error, STORAGE_INVALID, path, "the file exists already");
    char part[PATH_MAX];
    if ((size_t)snprintf(part, sizeof(part), "%s.part", path) >= sizeof(part))
        return fail(error, STORAGE_INVALID, path, "the path is too long");
    stmts_end(conn);
    enum storage_status s = make_part(part, error);
    if (s == STORAGE_OK)
        s = write_part(conn, part, error);
    if (s == STORAGE_OK)
        s = give_name(part, path, error);
    unlink(part);
    return s;
}
