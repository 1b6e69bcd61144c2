/* Opening SQLite handles: every setting that correctness or safety rests on is made here. */
#include <pthread.h>

#include "internal.h"

/* Both kinds. LIKE tells capitals apart, as PostgreSQL's does. */
#define COMMON                                                                                               \
    "PRAGMA foreign_keys=ON;"                                                                                \
    "PRAGMA trusted_schema=OFF;"                                                                             \
    "PRAGMA temp_store=MEMORY;"                                                                              \
    "PRAGMA case_sensitive_like=ON;"

/* It looks through every page that it loads, so that damage is found before more is written upon it. */
#define WRITER                                                                                               \
    COMMON "PRAGMA cell_size_check=ON;"                                                                      \
           "PRAGMA cache_size=-16384;"                                                                       \
           "PRAGMA wal_autocheckpoint=0;"                                                                    \
           "PRAGMA journal_size_limit=67108864;"

/* A reader never checkpoints, not even when it is the last to close. It reads where the file is mapped, as
 * much of it as SQLite maps at all: nothing is copied, and no commit makes it read again what it has read.
 * (Until handle_unmap().) Pages are then set up anew for each use, so that a look through all their cells
 * would cost more than the query. */
#define READER                                                                                               \
    COMMON "PRAGMA query_only=ON;"                                                                           \
           "PRAGMA wal_autocheckpoint=0;"                                                                    \
           "PRAGMA mmap_size=2147418112;"

struct option {
    int option;
    int value;
};

static const struct option common_options[] = {
    { SQLITE_DBCONFIG_DEFENSIVE, 1 },
    { SQLITE_DBCONFIG_ENABLE_TRIGGER, 1 },
    { SQLITE_DBCONFIG_DQS_DML, 0 }, /* "x" is a name, never a text, as in PostgreSQL */
    { SQLITE_DBCONFIG_DQS_DDL, 0 },
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

/* Nobody asks how much memory the library has; counting it takes a lock at every allocation. */
static void set_up_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int handle_open(const char *path, const char *pragmas, sqlite3 **ret)
{
    sqlite3 *handle = NULL;
    pthread_once(&library_once, set_up_library);
    int rc = sqlite3_open_v2(path, &handle,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    *ret = handle; /* holds the error too */
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_busy_timeout(handle, DEFAULT_CALL_MS);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    for (size_t i = 0; i < sizeof(common_options) / sizeof(common_options[0]); i++)
        sqlite3_db_config(handle, common_options[i].option, common_options[i].value, NULL);
    return sqlite3_exec(handle, pragmas, NULL, NULL, NULL);
}

int handle_open_writer(const char *path, bool scratch, sqlite3 **ret)
{
    int rc = handle_open(path, WRITER, ret);
    if (rc == SQLITE_OK && sqlite3_db_readonly(*ret, "main") == 1)
        return SQLITE_READONLY;
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(*ret, "PRAGMA journal_mode=WAL;", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(*ret, scratch ? "PRAGMA synchronous=OFF;" : "PRAGMA synchronous=FULL;", NULL, NULL,
                          NULL);
    return rc;
}

int handle_open_reader(const char *path, sqlite3 **ret)
{
    int rc = handle_open(path, READER, ret);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(*ret, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return rc;
}

/* A commit has SQLite undo the map of every reader, and the next read make it anew: for a read that comes
 * after a commit each time that costs more than to copy the few pages it needs. */
void handle_unmap(sqlite3 *reader)
{
    sqlite3_exec(reader, "PRAGMA mmap_size=0;", NULL, NULL, NULL); /* if it cannot, it reads as before */
}
