/* Opening a database: settings, ownership, the file, the writer.
 *
 * One process owns a database. The lock is an flock on PATH.lock, taken before SQLite sees the file and held
 * until the writer is closed; the system drops it when the process dies, however it dies. A second process is
 * refused, so while a server runs, what changes data goes through the server. `access: read` takes no lock
 * and gets no writer: for backups beside a running server.
 *
 * ":memory:" is a database in a private directory on a memory file system, removed at close. It takes the
 * same way through this driver as a file does (SQLite's own :memory: cannot be shared between a reader and a
 * writer with snapshots), only that nothing is synced. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "internal.h"

#define WAL_RESET_MENDED 3051003 /* the SQLite version without the race that internal.h speaks of */

struct wanted {
    const char *path;
    bool reading;
};

static enum storage_status read_settings(const struct storage_setting *settings, size_t n, struct wanted *ret,
                                         struct storage_error *error)
{
    for (size_t i = 0; i < n; i++) {
        const char *value = settings[i].value ? settings[i].value : "";
        if (strcmp(settings[i].key, "path") == 0)
            ret->path = value;
        else if (strcmp(settings[i].key, "access") == 0 && strcmp(value, "read") == 0)
            ret->reading = true;
        else if (strcmp(settings[i].key, "access") == 0 && strcmp(value, "own") != 0)
            return error_fill(error, STORAGE_INVALID, "sqlite: access is \"own\" or \"read\", not \"%.40s\"",
                              value);
    }
    if (!ret->path || !ret->path[0])
        return error_fill(error, STORAGE_INVALID, "sqlite: the setting \"path\" is missing or empty");
    return STORAGE_OK;
}

/* Makes the file, readable for its owner only; SQLite gives the WAL the same mode. An existing file is not
 * even opened: closing any descriptor of it would drop locks that SQLite holds in this process. */
static enum storage_status make_file(const char *path, struct storage_error *error)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return STORAGE_OK;
    }
    if (errno == EEXIST)
        return STORAGE_OK;
    int reason = errno;
    char *copy = strdup(path);
    if (!copy)
        abort();
    const char *dir = dirname(copy);
    if (reason == ENOENT)
        error_fill(error, STORAGE_ERROR, "sqlite: the directory %.150s does not exist", dir);
    else
        error_fill(error, STORAGE_ERROR, "sqlite: cannot make a file in %.150s: %s", dir, strerror(reason));
    free(copy);
    if (reason == ENOSPC || reason == EDQUOT || reason == EROFS)
        error->status = STORAGE_FULL;
    return error->status;
}

static enum storage_status refuse_second(int fd, const char *path, struct storage_error *error)
{
    char pid[16] = "";
    ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
    pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
    return error_fill(error, STORAGE_BUSY,
                      "sqlite: %.100s is in use by process %s; one process owns an SQLite database: "
                      "stop that server, or use its API",
                      path, pid[0] ? pid : "(unknown)");
}

static enum storage_status take_lock(struct storage_db *db, struct storage_error *error)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s.lock", db->path);
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_fill(error, STORAGE_ERROR, "sqlite: cannot open %.150s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum storage_status s = refuse_second(fd, db->path, error);
        close(fd);
        return s;
    }
    if (ftruncate(fd, 0) == 0)
        dprintf(fd, "%ld\n", (long)getpid());
    db->lock_fd = fd;
    return STORAGE_OK;
}

static enum storage_status make_scratch(struct storage_db *db, struct storage_error *error)
{
    db->scratch_dir = scratch_make();
    if (!db->scratch_dir)
        return error_fill(error, STORAGE_ERROR, "sqlite: no directory for :memory: (%s)", strerror(errno));
    if (asprintf(&db->path, "%s/db", db->scratch_dir) < 0)
        abort();
    return make_file(db->path, error);
}

/* The same file under two names has one lock: the path is resolved first. */
static enum storage_status find_file(struct storage_db *db, const struct wanted *wanted,
                                     struct storage_error *error)
{
    if (strcmp(wanted->path, ":memory:") == 0)
        return make_scratch(db, error);
    enum storage_status s = wanted->reading ? STORAGE_OK : make_file(wanted->path, error);
    if (s != STORAGE_OK)
        return s;
    db->path = realpath(wanted->path, NULL);
    if (!db->path)
        return error_fill(error, STORAGE_ERROR, "sqlite: %.150s: %s", wanted->path, strerror(errno));
    return STORAGE_OK;
}

static enum storage_status describe_failure(struct storage_db *db, sqlite3 *handle, int rc,
                                            struct storage_error *error)
{
    enum storage_status s = classify(rc);
    if ((rc & 0xff) == SQLITE_NOTADB)
        return error_fill(error, s, "sqlite: %.150s is not an SQLite database", db->path);
    if (rc == SQLITE_READONLY)
        return error_fill(error, s, "sqlite: %.150s cannot be written by this user", db->path);
    return error_fill(error, s, "sqlite: %.120s: %.100s", db->path,
                      handle ? sqlite3_errmsg(handle) : sqlite3_errstr(rc));
}

static enum storage_status open_writer(struct storage_db *db, struct storage_error *error)
{
    sqlite3 *handle = NULL;
    errno = 0;
    int rc = handle_open_writer(db->path, db->scratch_dir != NULL, &handle);
    if (rc == SQLITE_OK)
        rc = writer_init(&db->writer, handle);
    if (rc != SQLITE_OK) {
        enum storage_status s = describe_failure(db, handle, rc, error);
        sqlite3_close(handle);
        return s;
    }
    db->read_locks = read_locks_new(db->path);
    read_locks_share(db->read_locks, handle);
    if (sqlite3_libversion_number() < WAL_RESET_MENDED)
        log_event(LOG_INFO,
                  "this SQLite has the WAL-reset race; one connection makes all commits and checkpoints",
                  LOG_Z("version", sqlite3_libversion()));
    return STORAGE_OK;
}

enum storage_status sqlite_open(const struct storage_setting *settings, size_t n, struct storage_db **ret,
                                struct storage_error *error)
{
    struct wanted wanted = { NULL, false };
    enum storage_status s = read_settings(settings, n, &wanted, error);
    if (s != STORAGE_OK)
        return s;
    struct storage_db *db = calloc(1, sizeof(*db));
    if (!db)
        abort();
    db->lock_fd = -1;
    s = find_file(db, &wanted, error);
    if (s == STORAGE_OK && !wanted.reading)
        s = take_lock(db, error);
    if (s == STORAGE_OK && !wanted.reading)
        s = open_writer(db, error);
    if (s != STORAGE_OK) {
        sqlite_close(db);
        return s;
    }
    *ret = db;
    return STORAGE_OK;
}

void sqlite_close(struct storage_db *db)
{
    read_locks_end(db->read_locks);
    if (db->writer.handle)
        writer_release(&db->writer);
    read_locks_free(&db->read_locks);
    if (db->scratch_dir)
        scratch_remove(db->scratch_dir);
    if (db->lock_fd >= 0)
        close(db->lock_fd);
    free(db->scratch_dir);
    free(db->path);
    free(db);
}
