/* A file system for SQLite that passes everything on, counts, and fails the Nth call on request. */
#include <pthread.h>
#include <unistd.h>

#include "sqlite_suite.h"

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real;
    bool is_log;
};

static sqlite3_vfs *real_vfs;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int nth;
    int kinds;
    int code;
    bool persistent;
    int calls;
    int slow_us, slow_database_us;
    int log_syncs;
} plan;

/* The code to answer with, or SQLITE_OK. */
static int due(int kind)
{
    pthread_mutex_lock(&mutex);
    int code = SQLITE_OK;
    if (plan.kinds & kind) {
        plan.calls++;
        if (plan.nth > 0 && (plan.calls == plan.nth || (plan.persistent && plan.calls > plan.nth)))
            code = plan.code;
    }
    pthread_mutex_unlock(&mutex);
    return code;
}

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct faulty_file *)file)->real;
}

static int disk_close(sqlite3_file *file)
{
    sqlite3_file *inner = real(file);
    int rc = inner->pMethods ? inner->pMethods->xClose(inner) : SQLITE_OK;
    sqlite3_free(inner);
    return rc;
}

static int disk_read(sqlite3_file *file, void *to, int size, sqlite3_int64 at)
{
    int code = due(DISK_READ);
    return code ? code : real(file)->pMethods->xRead(real(file), to, size, at);
}

static int disk_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 at)
{
    int code = due(DISK_WRITE);
    return code ? code : real(file)->pMethods->xWrite(real(file), from, size, at);
}

static int disk_sync(sqlite3_file *file, int flags)
{
    int code = due(DISK_SYNC);
    if (code)
        return code;
    pthread_mutex_lock(&mutex);
    bool is_log = ((struct faulty_file *)file)->is_log;
    int slow_us = plan.slow_us + (is_log ? 0 : plan.slow_database_us);
    plan.log_syncs += is_log;
    pthread_mutex_unlock(&mutex);
    if (slow_us)
        usleep((useconds_t)slow_us);
    return real(file)->pMethods->xSync(real(file), flags);
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real(file)->pMethods->xTruncate(real(file), size);
}
static int disk_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return real(file)->pMethods->xFileSize(real(file), ret);
}
static int disk_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}
static int disk_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}
static int disk_check_lock(sqlite3_file *file, int *ret)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), ret);
}
static int disk_control(sqlite3_file *file, int op, void *arg)
{
    return real(file)->pMethods->xFileControl(real(file), op, arg);
}
static int disk_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}
static int disk_traits(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
static int disk_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, ret);
}
static int disk_shm_lock(sqlite3_file *file, int at, int n, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), at, n, flags);
}
static void disk_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}
static int disk_shm_unmap(sqlite3_file *file, int remove)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

/* Version 2: without the memory-mapped reads, so that every read passes here. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_lock,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_traits,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    (void)vfs;
    struct faulty_file *faulty = (struct faulty_file *)file;
    faulty->real = sqlite3_malloc(real_vfs->szOsFile);
    memset(faulty->real, 0, (size_t)real_vfs->szOsFile);
    faulty->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    int rc = real_vfs->xOpen(real_vfs, name, faulty->real, flags, ret_flags);
    faulty->base.pMethods = &methods; /* so that it is closed, also after a failure */
    return rc;
}

void disk_install(void)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "faulty";
    vfs.szOsFile = sizeof(struct faulty_file);
    vfs.xOpen = disk_open;
    sqlite3_vfs_register(&vfs, 1);
}

void disk_fail(int nth, int kinds, int code, bool persistent)
{
    pthread_mutex_lock(&mutex);
    plan.nth = nth;
    plan.kinds = kinds;
    plan.code = code;
    plan.persistent = persistent;
    plan.calls = 0;
    pthread_mutex_unlock(&mutex);
}

int disk_calls(void)
{
    pthread_mutex_lock(&mutex);
    int calls = plan.calls;
    pthread_mutex_unlock(&mutex);
    return calls;
}

void disk_slow_sync(int microseconds)
{
    pthread_mutex_lock(&mutex);
    plan.slow_us = microseconds;
    pthread_mutex_unlock(&mutex);
}

void disk_slow_database_sync(int microseconds)
{
    pthread_mutex_lock(&mutex);
    plan.slow_database_us = microseconds;
    pthread_mutex_unlock(&mutex);
}

int disk_log_syncs(void)
{
    pthread_mutex_lock(&mutex);
    int syncs = plan.log_syncs;
    pthread_mutex_unlock(&mutex);
    return syncs;
}
