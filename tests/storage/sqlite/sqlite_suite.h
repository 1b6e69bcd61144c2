/* What SQLite's driver promises beyond the contract: files, ownership, shared commits, failing disks,
 * backups. Each case gets a folder of its own; the helpers of the conformance suite work on the database in
 * it. */
#ifndef TETHER_TESTS_STORAGE_SQLITE_SUITE_H
#define TETHER_TESTS_STORAGE_SQLITE_SUITE_H

#include <sqlite3.h>

#include "../conformance.h"

/* The folder of the running case, without its database: folder_path("db") is where that would be. */
int folder_setup(void **state);
int folder_teardown(void **state);
/* Lives until the next call but three. */
const char *folder_path(const char *name);

/* As DB_CASE of the suite, in a folder of its own. */
int folder_db_setup(void **state);
int folder_db_teardown(void **state);

#define FOLDER_CASE(function) cmocka_unit_test_setup_teardown(function, folder_setup, folder_teardown)
#define FOLDER_DB_CASE(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, folder_db_setup, folder_db_teardown)

/* Opens `path` with `access` (NULL: not given). */
enum storage_status open_path(const char *path, const char *access, struct db **ret,
                              struct storage_error *error);

/* The single value of a query on a handle of its own, as text; "" when there is none. */
void query_file(const char *path, const char *sql, char *ret, size_t cap);

/* Runs `fn` in a child process; true when it returned 0. */
typedef int (*child_fn)(void);
bool child_succeeds(child_fn fn);

/* --- a disk that fails on purpose (faulty_disk.c) --- */

enum disk_call { DISK_READ = 1 << 0, DISK_WRITE = 1 << 1, DISK_SYNC = 1 << 2 };

/* Once, before the first database is opened: SQLite's default file system from now on. */
void disk_install(void);
/* From now on the `nth` call (from 1) of the `kinds` (or-ed) answers `code`; later ones too when
 * `persistent`. nth = 0: none. */
void disk_fail(int nth, int kinds, int code, bool persistent);
/* Calls of those kinds since then. */
int disk_calls(void);
/* Every sync takes that long from now on. */
void disk_slow_sync(int microseconds);
/* One of a database, which ends a checkpoint, takes that much longer. */
void disk_slow_database_sync(int microseconds);
/* Syncs of write-ahead logs so far. */
int disk_log_syncs(void);

extern const struct suite_group files_group, batch_group, disk_group, backup_group;

#endif
