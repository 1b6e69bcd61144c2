/* A disk that is full, fails, or lies: what was acknowledged is there, what failed is not, and what can go on
 * does. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite_suite.h"

#define CALLS_MAX 400

static enum storage_status insert_pair(struct db_conn *conn, void *context)
{
    int64_t id = *(int64_t *)context;
    static const char bytes[3000];
    enum storage_status s = db_exec(conn, "INSERT INTO conf_item (id, b) VALUES ($1, $2)",
                                    DB_ARGS(db_int(id), db_blob(bytes, sizeof(bytes))), NULL);
    if (s != STORAGE_OK)
        return s;
    return db_exec(conn, "INSERT INTO conf_child (id, item, note) VALUES ($1, $1, 'x')", DB_ARGS(db_int(id)),
                   NULL);
}

static enum storage_status insert_id(struct db_conn *conn, int64_t id)
{
    return db_transaction(conn, STORAGE_WRITE, insert_pair, &id);
}

static int64_t rows_of(struct db_conn *conn, int64_t id)
{
    return db_read_int(conn,
                       "SELECT (SELECT COUNT(*) FROM conf_item WHERE id = $1) + "
                       "(SELECT COUNT(*) FROM conf_child WHERE id = $1)",
                       DB_ARGS(db_int(id)));
}

static bool outcome_fits(struct db_conn *conn, int64_t id, enum storage_status s)
{
    int64_t rows = rows_of(conn, id);
    if (s == STORAGE_UNCERTAIN)
        return rows == 0 || rows == 2;
    return rows == (s == STORAGE_OK ? 2 : 0);
}

static void reopen(struct fixture *fixture)
{
    db_disconnect(&fixture->conn);
    db_close(&fixture->db);
    fixture->db = suite_open(suite.driver);
    fixture->conn = db_connect(fixture->db);
}

static void assert_sound(void)
{
    char answer[256];
    query_file(folder_path("db"), "PRAGMA integrity_check", answer, sizeof(answer));
    assert_string_equal(answer, "ok");
}

struct fault {
    int kind;
    int code;
};

static const struct fault faults[] = {
    { DISK_WRITE, SQLITE_FULL },       { DISK_WRITE, SQLITE_IOERR_WRITE }, { DISK_WRITE, SQLITE_IOERR_NOMEM },
    { DISK_SYNC, SQLITE_IOERR_FSYNC }, { DISK_READ, SQLITE_IOERR_READ },   { DISK_READ, SQLITE_CORRUPT },
    { DISK_READ, SQLITE_NOTADB },
};

/* One transaction on a fresh pair of handles, with call `nth` failing. False when it makes fewer calls. */
static bool fail_call(struct fixture *fixture, const struct fault *fault, int nth, bool persistent,
                      int64_t id)
{
    reopen(fixture);
    disk_fail(nth, fault->kind, fault->code, persistent);
    enum storage_status s = insert_id(fixture->conn, id);
    bool failed = disk_calls() >= nth;
    disk_fail(0, 0, SQLITE_OK, false);
    if (!failed)
        assert_status(s, STORAGE_OK);
    reopen(fixture);
    if (!outcome_fits(fixture->conn, id, s))
        fail_msg("call %d of kind %d failing with %d: told %s", nth, fault->kind, fault->code,
                 storage_status_name(s));
    return failed;
}

static void fail_each_call(struct fixture *fixture, bool persistent)
{
    int64_t id = 0;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        int nth = 1;
        while (nth < CALLS_MAX && fail_call(fixture, &faults[i], nth, persistent, ++id))
            nth++;
        assert_in_range(nth, 2, CALLS_MAX - 1);
        assert_sound();
    }
}

static void test_disk__each_call_failing_once(void **state)
{
    fail_each_call(*state, false);
}

static void test_disk__each_call_failing_for_good(void **state)
{
    fail_each_call(*state, true);
}

/* --- many threads and a disk that fails now and then --- */

#define THREADS 8
#define EACH    60

struct run {
    atomic_int running;
    enum storage_status told[THREADS * EACH];
};

static void insert_worker(struct db_conn *conn, int number, void *context)
{
    struct run *run = context;
    for (int i = 0; i < EACH; i++) {
        int slot = number * EACH + i;
        run->told[slot] = insert_id(conn, 1000 + slot);
    }
    atomic_fetch_sub(&run->running, 1);
}

static void *annoy(void *context)
{
    struct run *run = context;
    static const int codes[] = { SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_NOMEM };
    for (unsigned turn = 0; atomic_load(&run->running) > 0; turn++) {
        disk_fail(1 + (int)(turn * 7 % 23), DISK_WRITE, codes[turn % 3], false);
        usleep(2000);
    }
    disk_fail(0, 0, SQLITE_OK, false);
    return NULL;
}

static void test_disk__each_member_of_a_failing_batch_is_told_the_truth(void **state)
{
    struct fixture *fixture = *state;
    static struct run run;
    int ok = 0;
    int failed = 0;
    pthread_t annoyer;
    atomic_store(&run.running, THREADS);
    disk_slow_sync(500);
    assert_int_equal(pthread_create(&annoyer, NULL, annoy, &run), 0);
    run_threads(fixture->db, THREADS, insert_worker, &run);
    pthread_join(annoyer, NULL);
    disk_slow_sync(0);
    for (int round = 0; round < 2; round++) { /* as it stands, and after closing */
        for (int slot = 0; slot < THREADS * EACH; slot++) {
            if (!outcome_fits(fixture->conn, 1000 + slot, run.told[slot]))
                fail_msg("row %d was told %s", slot, storage_status_name(run.told[slot]));
            ok += run.told[slot] == STORAGE_OK;
            failed += run.told[slot] != STORAGE_OK;
        }
        reopen(fixture);
    }
    assert_true(ok > 0);
    assert_true(failed > 0);
    assert_sound();
}

/* --- after a failed sync --- */

static void test_disk__after_a_failed_sync_nothing_is_acknowledged(void **state)
{
    struct fixture *fixture = *state;
    assert_status(insert_id(fixture->conn, 1), STORAGE_OK);
    disk_fail(1, DISK_SYNC, SQLITE_IOERR_FSYNC, false);
    assert_status(insert_id(fixture->conn, 2), STORAGE_UNCERTAIN);
    disk_fail(0, 0, SQLITE_OK, false);
    assert_status(insert_id(fixture->conn, 3), STORAGE_ERROR);
    assert_non_null(strstr(db_error(fixture->conn), "writes are refused"));
    assert_status(db_ping(fixture->conn), STORAGE_ERROR);
    assert_int_equal(rows_of(fixture->conn, 1), 2); /* reads go on */
    reopen(fixture);
    assert_status(insert_id(fixture->conn, 4), STORAGE_OK);
    assert_sound();
}

/* --- damage --- */

static void damage_file(const char *path)
{
    char garbage[4096];
    struct stat st;
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    memset(garbage, 0x5a, sizeof(garbage));
    for (off_t at = 4096; at < st.st_size; at += 4096)
        assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), (ssize_t)sizeof(garbage));
    close(fd);
}

static void test_disk__a_damaged_file_is_not_written_to(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t id = 0; id < 50; id++)
        assert_status(insert_id(fixture->conn, id), STORAGE_OK);
    db_disconnect(&fixture->conn);
    db_close(&fixture->db);
    damage_file(folder_path("db"));
    fixture->db = suite_open(suite.driver);
    fixture->conn = db_connect(fixture->db);
    DB_ROWS(rows);
    assert_status(db_first(fixture->conn, &rows, "SELECT id FROM conf_item WHERE id = 7", DB_NO_ARGS),
                  STORAGE_ERROR);
    assert_status(insert_id(fixture->conn, 100), STORAGE_ERROR);
    assert_non_null(strstr(db_error(fixture->conn), "is damaged: writes are refused"));
    assert_status(db_ping(fixture->conn), STORAGE_ERROR);
    assert_non_null(strstr(db_error(fixture->conn), "is damaged"));
}

/* --- no room; in child processes, which may limit themselves --- */

/* Fills until refused, checks that reads go on and every acknowledged row is there. Then `make_room`, and on.
 */
static int fill_and_go_on(const char *path, void (*make_room)(void))
{
    struct db *db = NULL;
    struct storage_error error;
    if (open_path(path, NULL, &db, &error) != STORAGE_OK)
        return 10;
    struct db_conn *conn = db_connect(db);
    if (db_read_int(conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS) != 0)
        return 11;
    int64_t id = 0;
    enum storage_status s = STORAGE_OK;
    while (id < 2000 && (s = insert_id(conn, id)) == STORAGE_OK)
        id++;
    if (s != STORAGE_FULL)
        return 12;
    if (id < 3 || db_read_int(conn, "SELECT COUNT(*) FROM conf_child", DB_NO_ARGS) != id ||
        rows_of(conn, id) != 0)
        return 13;
    if (insert_id(conn, id) != STORAGE_FULL) /* still */
        return 14;
    make_room();
    for (int more = 0; more < 5; more++, id++)
        if (insert_id(conn, id) != STORAGE_OK)
            return 15;
    if (db_read_int(conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS) != id)
        return 16;
    db_disconnect(&conn);
    db_close(&db);
    char answer[64];
    query_file(path, "PRAGMA integrity_check", answer, sizeof(answer));
    return strcmp(answer, "ok") == 0 ? 0 : 17;
}

static void raise_limit(void)
{
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static int fill_to_the_size_limit(void)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 512 * 1024;
    setrlimit(RLIMIT_FSIZE, &limit);
    return fill_and_go_on(folder_path("db"), raise_limit);
}

static void make_tables_and_close(struct fixture *fixture)
{
    db_disconnect(&fixture->conn);
    db_close(&fixture->db);
}

static void test_disk__a_file_size_limit_is_no_room(void **state)
{
    struct fixture *fixture = *state;
    make_tables_and_close(fixture);
    assert_true(child_succeeds(fill_to_the_size_limit));
    fixture->db = suite_open(suite.driver);
    fixture->conn = db_connect(fixture->db);
}

/* --- a neighbour that runs out of room in the middle of its part --- */

#define SMALL_THREADS 6
#define SMALL_EACH    40
#define BIG_EACH      6

struct neighbours {
    struct run small;
    atomic_int big_full;
    atomic_int big_other;
};

struct big {
    int64_t id;
    int64_t size;
};

static enum storage_status insert_big(struct db_conn *conn, void *context)
{
    const struct big *big = context;
    return db_exec(conn, "INSERT INTO conf_item (id, b) VALUES ($1, zeroblob($2))",
                   DB_ARGS(db_int(big->id), db_int(big->size)), NULL);
}

/* In turn: more than the log may hold, found at the commit, which is everybody's; and far more than the
 * writer keeps in memory, so that SQLite writes before the commit, fails there and ends the whole
 * transaction. */
static const int64_t big_sizes[] = { 30 * 1000 * 1000, 80 * 1000 * 1000 };

static void neighbour_worker(struct db_conn *conn, int number, void *context)
{
    struct neighbours *neighbours = context;
    for (int i = 0; number < SMALL_THREADS && i < SMALL_EACH; i++) {
        int slot = number * SMALL_EACH + i;
        neighbours->small.told[slot] = insert_id(conn, 1000 + slot);
    }
    for (int i = 0; number >= SMALL_THREADS && i < BIG_EACH; i++) {
        struct big big = { number * 100 + i, big_sizes[i % 2] };
        enum storage_status s = db_transaction(conn, STORAGE_WRITE, insert_big, &big);
        atomic_fetch_add(s == STORAGE_FULL ? &neighbours->big_full : &neighbours->big_other, 1);
    }
}

static int run_beside_big_neighbours(void)
{
    static struct neighbours neighbours;
    struct rlimit limit;
    struct db *db = NULL;
    struct storage_error error;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 20 * 1000 * 1000;
    setrlimit(RLIMIT_FSIZE, &limit);
    if (open_path(folder_path("db"), NULL, &db, &error) != STORAGE_OK)
        return 10;
    disk_slow_sync(500);
    run_threads(db, SMALL_THREADS + 2, neighbour_worker, &neighbours);
    struct db_conn *conn = db_connect(db);
    int64_t ok = 0;
    for (int slot = 0; slot < SMALL_THREADS * SMALL_EACH; slot++) {
        enum storage_status s = neighbours.small.told[slot];
        if ((s != STORAGE_OK && s != STORAGE_BUSY) || !outcome_fits(conn, 1000 + slot, s))
            return 11;
        ok += s == STORAGE_OK;
    }
    if (neighbours.big_other != 0 || neighbours.big_full != 2 * BIG_EACH)
        return 12;
    if (ok < SMALL_THREADS * SMALL_EACH / 2 ||
        db_read_int(conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS) != ok)
        return 13;
    db_disconnect(&conn);
    db_close(&db);
    return 0;
}

static void test_disk__a_neighbour_without_room_takes_nobody_with_it(void **state)
{
    struct fixture *fixture = *state;
    make_tables_and_close(fixture);
    assert_true(child_succeeds(run_beside_big_neighbours));
    fixture->db = suite_open(suite.driver);
    fixture->conn = db_connect(fixture->db);
    assert_sound();
}

static int write_ballast(const char *path)
{
    static const char bytes[4096];
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    for (int i = 0; fd >= 0 && i < 64; i++)
        if (write(fd, bytes, sizeof(bytes)) != sizeof(bytes))
            return -1;
    return fd < 0 ? -1 : close(fd);
}

static void drop_ballast(void)
{
    unlink(folder_path("small/ballast"));
}

static int copy_file(const char *from, const char *to)
{
    char buffer[65536];
    int in = open(from, O_RDONLY);
    int out = open(to, O_CREAT | O_WRONLY, 0600);
    ssize_t n = read(in, buffer, sizeof(buffer));
    int failed = n <= 0 || write(out, buffer, (size_t)n) != n;
    close(in);
    close(out);
    return failed;
}

/* A file system of its own, seen by this child only. */
static int fill_a_small_disk(void)
{
    if (mkdir(folder_path("small"), 0700) != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder_path("small"), "tmpfs", 0, "size=1m") != 0)
        return 77;
    if (copy_file(folder_path("db"), folder_path("small/db")) != 0 ||
        write_ballast(folder_path("small/ballast")) != 0)
        return 9;
    return fill_and_go_on(folder_path("small/db"), drop_ballast);
}

static int small_disk_or_77(void)
{
    int result = fill_a_small_disk();
    if (result != 0)
        fprintf(stderr, "small disk: step %d\n", result);
    return result;
}

static int may_mount(void)
{
    return unshare(CLONE_NEWNS);
}

static void test_disk__a_full_disk_refuses_writes_until_there_is_room(void **state)
{
    struct fixture *fixture = *state;
    if (!child_succeeds(may_mount))
        skip();
    make_tables_and_close(fixture);
    assert_true(child_succeeds(small_disk_or_77));
    rmdir(folder_path("small"));
    fixture->db = suite_open(suite.driver);
    fixture->conn = db_connect(fixture->db);
}

static const struct CMUnitTest tests[] = {
    FOLDER_DB_CASE(test_disk__each_call_failing_once),
    FOLDER_DB_CASE(test_disk__each_call_failing_for_good),
    FOLDER_DB_CASE(test_disk__each_member_of_a_failing_batch_is_told_the_truth),
    FOLDER_DB_CASE(test_disk__after_a_failed_sync_nothing_is_acknowledged),
    FOLDER_DB_CASE(test_disk__a_damaged_file_is_not_written_to),
    FOLDER_DB_CASE(test_disk__a_file_size_limit_is_no_room),
    FOLDER_DB_CASE(test_disk__a_neighbour_without_room_takes_nobody_with_it),
    FOLDER_DB_CASE(test_disk__a_full_disk_refuses_writes_until_there_is_room),
};
GROUP(disk_group, "disk", tests);
