/* A read locks one place of the write-ahead log's index, so that nobody writes over what it reads. SQLite
 * asks the system for that lock when the first reader of the process comes and gives it back when the last
 * one ends: two calls around a read of one row that take as long as the read. So a handle that does nothing
 * else keeps each place locked that somebody has read under, and gives it back when a handle of ours wants it
 * for itself: the writer, before it writes the log from its beginning, or a reader that moves the place on.
 * Whether readers are in the way is then counted within the process, as always. Another process sees a reader
 * that takes its time. */
#include <stdlib.h>

#include "internal.h"

#define FIRST_PLACE 3 /* those before are the writer's, the checkpoint's and the recovery's */

/* In the place of the system's own methods: the address of a file's methods leads here. */
struct read_locks {
    sqlite3_io_methods methods;
    int (*shm_lock)(sqlite3_file *file, int first, int n, int flags);
    sqlite3 *keeper;
    pthread_mutex_t lock; /* of what follows, to change it */
    sqlite3_file *file;   /* the keeper's; NULL: it is closed */
    atomic_bool kept[SQLITE_SHM_NLOCK];
};

static void keep(struct read_locks *locks, int place)
{
    if (atomic_load_explicit(&locks->kept[place], memory_order_relaxed))
        return;
    pthread_mutex_lock(&locks->lock);
    if (locks->file &&
        locks->shm_lock(locks->file, place, 1, SQLITE_SHM_LOCK | SQLITE_SHM_SHARED) == SQLITE_OK)
        atomic_store(&locks->kept[place], true);
    pthread_mutex_unlock(&locks->lock);
}

static void give_back(struct read_locks *locks, int first, int n)
{
    pthread_mutex_lock(&locks->lock);
    for (int place = first; place < first + n; place++)
        if (atomic_exchange(&locks->kept[place], false))
            locks->shm_lock(locks->file, place, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
    pthread_mutex_unlock(&locks->lock);
}

static int shm_lock(sqlite3_file *file, int first, int n, int flags)
{
    struct read_locks *locks = (struct read_locks *)file->pMethods;
    if (flags == (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE))
        give_back(locks, first, n);
    int rc = locks->shm_lock(file, first, n, flags);
    if (rc == SQLITE_OK && flags == (SQLITE_SHM_LOCK | SQLITE_SHM_SHARED) && first >= FIRST_PLACE)
        keep(locks, first);
    return rc;
}

static sqlite3_file *file_of(sqlite3 *handle)
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return rc == SQLITE_OK && file && file->pMethods && file->pMethods->iVersion >= 2 ? file : NULL;
}

/* A handle has the log's index once it has read. What is read here needs no schema, which would take most of
 * a megabyte. */
static bool open_keeper(struct read_locks *locks, const char *path)
{
    if (handle_open_reader(path, &locks->keeper) != SQLITE_OK ||
        sqlite3_exec(locks->keeper, "PRAGMA user_version", NULL, NULL, NULL) != SQLITE_OK)
        return false;
    sqlite3_db_config(locks->keeper, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
    sqlite3_db_release_memory(locks->keeper);
    locks->file = file_of(locks->keeper);
    return locks->file != NULL;
}

struct read_locks *read_locks_new(const char *path)
{
    struct read_locks *locks = calloc(1, sizeof(*locks));
    if (!locks)
        abort();
    pthread_mutex_init(&locks->lock, NULL);
    if (!open_keeper(locks, path)) {
        read_locks_end(locks);
        read_locks_free(&locks);
        return NULL;
    }
    locks->methods = *locks->file->pMethods;
    locks->shm_lock = locks->methods.xShmLock;
    locks->methods.xShmLock = shm_lock;
    return locks;
}

void read_locks_share(struct read_locks *locks, sqlite3 *handle)
{
    sqlite3_file *file = locks ? file_of(handle) : NULL;
    if (file && file->pMethods->xShmLock == locks->shm_lock)
        file->pMethods = &locks->methods;
}

void read_locks_end(struct read_locks *locks)
{
    if (!locks)
        return;
    give_back(locks, 0, SQLITE_SHM_NLOCK);
    locks->file = NULL;
    sqlite3_close(locks->keeper);
    locks->keeper = NULL;
}

void read_locks_free(struct read_locks **locks)
{
    struct read_locks *freeing = *locks;
    *locks = NULL;
    if (!freeing)
        return;
    pthread_mutex_destroy(&freeing->lock);
    free(freeing);
}
