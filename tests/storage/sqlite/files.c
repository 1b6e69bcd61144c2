/* The database file: who may open it, what is refused with which words, and the settings every handle has. */
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "sqlite_suite.h"

static void assert_refused(const char *path, const char *access, enum storage_status expected,
                           const char *text)
{
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    enum storage_status s = open_path(path, access, &db, &error);
    assert_status(s, expected);
    assert_int_equal(error.status, s);
    if (!strstr(error.text, text))
        fail_msg("\"%s\" does not say \"%s\"", error.text, text);
}

static struct db *must_open(const char *path, const char *access)
{
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    if (open_path(path, access, &db, &error) != STORAGE_OK)
        fail_msg("%s", error.text);
    return db;
}

static void make_table(struct db *db)
{
    struct db_conn *conn = db_connect(db);
    assert_status(db_write(conn, "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT)", DB_NO_ARGS), STORAGE_OK);
    assert_status(db_write(conn, "INSERT INTO t (id, n) VALUES (1, 1)", DB_NO_ARGS), STORAGE_OK);
    db_disconnect(&conn);
}

static void test_files__all_are_readable_for_the_owner_only(void **state)
{
    (void)state;
    static const char *const names[] = { "db", "db-wal", "db-shm", "db.lock" };
    mode_t before = umask(0);
    struct db *db = must_open(folder_path("db"), NULL);
    make_table(db);
    umask(before);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stat st;
        assert_int_equal(stat(folder_path(names[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    db_close(&db);
}

static void test_files__settings_are_checked(void **state)
{
    (void)state;
    struct db *db = NULL;
    struct storage_error error;
    assert_refused("", NULL, STORAGE_INVALID, "\"path\"");
    assert_refused(folder_path("db"), "both", STORAGE_INVALID, "access");
    assert_refused(folder_path("missing/db"), NULL, STORAGE_ERROR, folder_path("missing"));
    assert_refused(folder_path("missing"), "read", STORAGE_ERROR, folder_path("missing"));
    assert_status(db_open_driver(suite.driver, NULL, 0, &db, &error), STORAGE_INVALID);
    assert_int_equal(access(folder_path("db"), F_OK), -1);
}

static void write_file(const char *path, const char *text, size_t size)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), (ssize_t)size);
    close(fd);
}

static void test_files__what_is_no_database_is_left_alone(void **state)
{
    (void)state;
    char text[8192];
    char after[8192];
    memset(text, 'x', sizeof(text));
    write_file(folder_path("db"), text, sizeof(text));
    assert_refused(folder_path("db"), NULL, STORAGE_ERROR, "is not an SQLite database");
    int fd = open(folder_path("db"), O_RDONLY);
    assert_int_equal(read(fd, after, sizeof(after)), (ssize_t)sizeof(after));
    close(fd);
    assert_memory_equal(text, after, sizeof(text));
    assert_refused(folder_path("."), NULL, STORAGE_ERROR, "unable to open");
}

static void test_files__an_empty_file_becomes_a_database(void **state)
{
    (void)state;
    write_file(folder_path("db"), "", 0);
    struct db *db = must_open(folder_path("db"), NULL);
    make_table(db);
    db_close(&db);
}

static int open_in_child(void)
{
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    char pid[32];
    snprintf(pid, sizeof(pid), "process %ld", (long)getppid());
    if (open_path(folder_path("db"), NULL, &db, &error) != STORAGE_BUSY)
        return 1;
    return strstr(error.text, pid) && strstr(error.text, "stop that server") ? 0 : 2;
}

static void test_files__one_process_owns_a_database(void **state)
{
    (void)state;
    struct db *db = must_open(folder_path("db"), NULL);
    make_table(db);
    assert_true(child_succeeds(open_in_child));
    assert_refused(folder_path("db"), NULL, STORAGE_BUSY, "is in use by process");
    assert_int_equal(symlink(folder_path("db"), folder_path("alias")), 0);
    assert_refused(folder_path("alias"), NULL, STORAGE_BUSY, "is in use by process");

    struct db_conn *conn = db_connect(db); /* the refused ones harmed nothing */
    assert_status(db_write(conn, "UPDATE t SET n = 2", DB_NO_ARGS), STORAGE_OK);
    db_disconnect(&conn);
    db_close(&db);
    db = must_open(folder_path("db"), NULL);
    db_close(&db);
}

static int read_in_child(void)
{
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    if (open_path(folder_path("db"), "read", &db, &error) != STORAGE_OK)
        return 1;
    struct db_conn *conn = db_connect(db);
    int failed = db_read_int(conn, "SELECT n FROM t", DB_NO_ARGS) != 1;
    failed |= db_write(conn, "UPDATE t SET n = 2", DB_NO_ARGS) != STORAGE_INVALID;
    failed |= !strstr(db_error(conn), "opened for reading");
    failed |= db_backup(conn, folder_path("copy"), &error) != STORAGE_OK;
    db_disconnect(&conn);
    db_close(&db);
    return failed;
}

static void test_files__another_process_may_read_and_back_up(void **state)
{
    (void)state;
    struct db *db = must_open(folder_path("db"), NULL);
    make_table(db);
    assert_true(child_succeeds(read_in_child));
    struct db_conn *conn = db_connect(db);
    assert_status(db_write(conn, "UPDATE t SET n = n + 1", DB_NO_ARGS), STORAGE_OK);
    assert_int_equal(db_read_int(conn, "SELECT n FROM t", DB_NO_ARGS), 2);
    db_disconnect(&conn);
    db_close(&db);
    char answer[64];
    query_file(folder_path("copy"), "SELECT n FROM t", answer, sizeof(answer));
    assert_string_equal(answer, "1");
}

/* The places of the log's index that reads lock (SQLite's walformat, "WAL_READ_LOCK"). */
static int find_read_lock(void)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 123, .l_len = 5 };
    int fd = open(folder_path("db-shm"), O_RDWR);
    return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_RDLCK ? 0 : 1;
}

/* So that the next one need not ask the system for it; but it is in nobody's way. */
static void test_files__reads_keep_their_lock_until_somebody_wants_it(void **state)
{
    (void)state;
    struct db *db = must_open(folder_path("db"), NULL);
    make_table(db);
    struct db_conn *conn = db_connect(db);
    assert_int_equal(db_read_int(conn, "SELECT n FROM t", DB_NO_ARGS), 1);
    assert_true(child_succeeds(find_read_lock));
    sqlite3 *shell = NULL;
    assert_int_equal(sqlite3_open(folder_path("db"), &shell), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(shell, "BEGIN IMMEDIATE; INSERT INTO t (id, n) VALUES (2, 2); COMMIT", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(shell);
    for (int i = 0; i < 10; i++) {
        assert_status(db_write(conn, "UPDATE t SET n = n + 1", DB_NO_ARGS), STORAGE_OK);
        assert_int_equal(db_read_int(conn, "SELECT n FROM t WHERE id = 1", DB_NO_ARGS), i + 2);
    }
    assert_true(child_succeeds(find_read_lock));
    db_disconnect(&conn);
    db_close(&db);
    assert_int_equal(access(folder_path("db-wal"), F_OK), -1); /* whoever closed it was alone */
}

#define NOBODY 65534

/* As a user that may read the file and not write it. */
static int open_read_only(void)
{
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return 1;
    enum storage_status s = open_path(folder_path("db"), NULL, &db, &error);
    if (s != STORAGE_FULL && s != STORAGE_ERROR)
        return 2;
    return strstr(error.text, folder_path("db")) ? 0 : 3;
}

static void test_files__a_file_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    if (getuid() != 0)
        skip();
    struct db *db = must_open(folder_path("db"), NULL);
    make_table(db);
    db_close(&db);
    chmod(folder_path("."), 0755);
    chmod(folder_path("db"), 0444);
    assert_true(child_succeeds(open_read_only));
    chmod(folder_path("db.lock"), 0666); /* also when the lock can be had */
    assert_true(child_succeeds(open_read_only));
    chmod(folder_path("."), 0777);
    assert_true(child_succeeds(open_read_only));
}

/* A lock held by something that is not ours, such as a shell: waited for, until the deadline. */
static void test_files__a_foreign_writer_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    sqlite3 *shell = NULL;
    assert_int_equal(sqlite3_open(folder_path("db"), &shell), SQLITE_OK);
    assert_int_equal(sqlite3_exec(shell, "PRAGMA wal_autocheckpoint=0; BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    db_set_deadline(fixture->conn, clock_monotonic_ms() + 200);
    assert_status(db_write(fixture->conn, "INSERT INTO conf_item (id) VALUES (1)", DB_NO_ARGS), STORAGE_BUSY);
    db_set_deadline(fixture->conn, 0);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 0);
    assert_int_equal(sqlite3_exec(shell, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_status(db_write(fixture->conn, "INSERT INTO conf_item (id) VALUES (1)", DB_NO_ARGS), STORAGE_OK);
    sqlite3_close(shell);
}

struct pragma {
    const char *sql;
    int64_t value;
};

static const struct pragma reader_pragmas[] = {
    { "PRAGMA query_only", 1 },      { "PRAGMA foreign_keys", 1 },       { "PRAGMA trusted_schema", 0 },
    { "PRAGMA cell_size_check", 0 }, { "PRAGMA wal_autocheckpoint", 0 },
};
static const struct pragma writer_pragmas[] = {
    { "PRAGMA query_only", 0 },      { "PRAGMA foreign_keys", 1 },       { "PRAGMA trusted_schema", 0 },
    { "PRAGMA cell_size_check", 1 }, { "PRAGMA wal_autocheckpoint", 0 }, { "PRAGMA synchronous", 2 },
};

static enum storage_status read_writer_pragmas(struct db_conn *conn, void *context)
{
    (void)context;
    for (size_t i = 0; i < sizeof(writer_pragmas) / sizeof(writer_pragmas[0]); i++)
        assert_int_equal(db_read_int(conn, writer_pragmas[i].sql, DB_NO_ARGS), writer_pragmas[i].value);
    return STORAGE_DONE;
}

static void test_files__handles_have_their_settings(void **state)
{
    struct fixture *fixture = *state;
    char mode[16];
    for (size_t i = 0; i < sizeof(reader_pragmas) / sizeof(reader_pragmas[0]); i++)
        assert_int_equal(db_read_int(fixture->conn, reader_pragmas[i].sql, DB_NO_ARGS),
                         reader_pragmas[i].value);
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, read_writer_pragmas, NULL), STORAGE_DONE);
    query_file(folder_path("db"), "PRAGMA journal_mode", mode, sizeof(mode));
    assert_string_equal(mode, "wal");
}

static enum storage_status run_sql(struct db_conn *conn, void *context)
{
    return db_exec(conn, context, DB_NO_ARGS, NULL);
}

static void test_files__sql_controls_no_transactions_and_attaches_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = { "COMMIT",
                                         "ROLLBACK",
                                         "BEGIN",
                                         "SAVEPOINT x",
                                         "RELEASE part",
                                         "ATTACH DATABASE ':memory:' AS other",
                                         "",
                                         "SELECT \"no such name\"" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        enum storage_status s = db_transaction(fixture->conn, STORAGE_WRITE, run_sql, (void *)texts[i]);
        if (s != STORAGE_INVALID && s != STORAGE_ERROR)
            fail_msg("%s: %s", texts[i], storage_status_name(s));
    }
    assert_status(db_write(fixture->conn, "INSERT INTO conf_item (id) VALUES (1)", DB_NO_ARGS), STORAGE_OK);
}

static int scratch_count(void)
{
    int n = 0;
    DIR *dir = opendir("/dev/shm");
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[300];
        struct stat st;
        snprintf(path, sizeof(path), "/dev/shm/%s/db", entry->d_name);
        n += strncmp(entry->d_name, "tether-memory-", 14) == 0 && stat(path, &st) == 0 &&
             st.st_uid == getuid();
    }
    if (dir)
        closedir(dir);
    return n;
}

static void test_files__memory_is_private_to_each_open_and_leaves_nothing(void **state)
{
    (void)state;
    struct db *one = must_open(":memory:", NULL);
    struct db *two = must_open(":memory:", NULL);
    make_table(one);
    make_table(two);
    int with_both = scratch_count();
    struct db_conn *conn = db_connect(one);
    assert_status(db_write(conn, "DELETE FROM t", DB_NO_ARGS), STORAGE_OK);
    db_disconnect(&conn);
    conn = db_connect(two);
    assert_int_equal(db_read_int(conn, "SELECT COUNT(*) FROM t", DB_NO_ARGS), 1);
    db_disconnect(&conn);
    db_close(&one);
    db_close(&two);
    assert_true(scratch_count() < with_both); /* other programs may have theirs at the same time */
}

/* What a killed process left, and what a living one holds. */
static void test_files__memory_left_behind_is_swept(void **state)
{
    (void)state;
    char left[] = "/dev/shm/tether-memory-XXXXXX";
    char held[] = "/dev/shm/tether-memory-XXXXXX";
    char path[64];
    static const struct timespec long_ago[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000 } };
    if (!mkdtemp(left) || !mkdtemp(held))
        skip();
    snprintf(path, sizeof(path), "%s/db", left);
    write_file(path, "x", 1);
    snprintf(path, sizeof(path), "%s/db.lock", held);
    write_file(path, "", 0);
    int lock = open(path, O_RDWR);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(utimensat(AT_FDCWD, left, long_ago, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, held, long_ago, 0), 0);
    struct db *db = must_open(":memory:", NULL);
    db_close(&db);
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(access(held, F_OK), 0);
    close(lock);
    unlink(path);
    rmdir(held);
}

static const struct CMUnitTest tests[] = {
    FOLDER_CASE(test_files__all_are_readable_for_the_owner_only),
    FOLDER_CASE(test_files__settings_are_checked),
    FOLDER_CASE(test_files__what_is_no_database_is_left_alone),
    FOLDER_CASE(test_files__an_empty_file_becomes_a_database),
    FOLDER_CASE(test_files__one_process_owns_a_database),
    FOLDER_CASE(test_files__another_process_may_read_and_back_up),
    FOLDER_CASE(test_files__reads_keep_their_lock_until_somebody_wants_it),
    FOLDER_CASE(test_files__a_file_that_cannot_be_written_is_named),
    FOLDER_DB_CASE(test_files__a_foreign_writer_is_waited_for),
    FOLDER_DB_CASE(test_files__handles_have_their_settings),
    FOLDER_DB_CASE(test_files__sql_controls_no_transactions_and_attaches_nothing),
    FOLDER_CASE(test_files__memory_is_private_to_each_open_and_leaves_nothing),
    FOLDER_CASE(test_files__memory_left_behind_is_swept),
};
GROUP(files_group, "files", tests);
