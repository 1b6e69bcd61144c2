/* Shared commits: one sync for many, each with its own outcome, nobody told of what is not yet stored. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "sqlite_suite.h"

#define THREADS 16
#define EACH    20

struct tally {
    atomic_int of[STORAGE_ERROR + 1];
    atomic_int wrong;
};

static enum storage_status insert_item(struct db_conn *conn, void *context)
{
    return db_exec(conn, "INSERT INTO conf_item (id, n) VALUES ($1, 1)", DB_ARGS(db_int(*(int *)context)),
                   NULL);
}

static void insert_worker(struct db_conn *conn, int number, void *context)
{
    struct tally *tally = context;
    for (int i = 0; i < EACH; i++) {
        int id = number * EACH + i;
        atomic_fetch_add(&tally->of[db_transaction(conn, STORAGE_WRITE, insert_item, &id)], 1);
    }
}

static void test_batch__commits_share_a_sync(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    disk_slow_sync(2000);
    int before = disk_log_syncs();
    run_threads(fixture->db, THREADS, insert_worker, &tally);
    int syncs = disk_log_syncs() - before;
    disk_slow_sync(0);
    assert_int_equal(tally.of[STORAGE_OK], THREADS * EACH);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS),
                     THREADS * EACH);
    assert_in_range(syncs, 1, THREADS * EACH / 2);
}

static void test_batch__a_commit_alone_is_synced_before_it_returns(void **state)
{
    struct fixture *fixture = *state;
    for (int id = 0; id < 10; id++) {
        int before = disk_log_syncs();
        assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_item, &id), STORAGE_OK);
        assert_true(disk_log_syncs() > before);
    }
}

static void test_batch__a_read_transaction_syncs_nothing(void **state)
{
    struct fixture *fixture = *state;
    int before = disk_log_syncs();
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 0);
    assert_int_equal(disk_log_syncs(), before);
}

/* Reads the newest row inside a write transaction and refuses: by the time it is told, that row must be
 * stored. */
struct newest {
    int64_t id;
};

static enum storage_status read_newest(struct db_conn *conn, void *context)
{
    struct newest *newest = context;
    DB_ROWS(rows);
    enum storage_status s = db_first(conn, &rows, "SELECT COALESCE(MAX(id), -1) FROM conf_item", DB_NO_ARGS);
    if (s != STORAGE_ROW)
        return s;
    newest->id = db_col_int(&rows, 0);
    return STORAGE_DONE;
}

static int64_t count_of(struct db_conn *conn, int64_t id)
{
    DB_ROWS(rows);
    if (db_first(conn, &rows, "SELECT COUNT(*) FROM conf_item WHERE id = $1", DB_ARGS(db_int(id))) !=
        STORAGE_ROW)
        return -1;
    return db_col_int(&rows, 0);
}

static void insert_or_refuse(struct db_conn *conn, int number, void *context)
{
    struct tally *tally = context;
    for (int i = 0; i < EACH * 2; i++) {
        if (number % 2 == 0) {
            int id = i * THREADS + number;
            atomic_fetch_add(&tally->of[db_transaction(conn, STORAGE_WRITE, insert_item, &id)], 1);
            continue;
        }
        struct newest newest = { -1 };
        atomic_fetch_add(&tally->of[db_transaction(conn, STORAGE_WRITE, read_newest, &newest)], 1);
        if (newest.id >= 0 && count_of(conn, newest.id) != 1)
            atomic_fetch_add(&tally->wrong, 1);
    }
}

static void test_batch__a_refusal_rests_on_stored_data(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    disk_slow_sync(2000);
    run_threads(fixture->db, THREADS, insert_or_refuse, &tally);
    disk_slow_sync(0);
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(tally.of[STORAGE_OK], THREADS * EACH);
    assert_int_equal(tally.of[STORAGE_DONE], THREADS * EACH);
}

/* A foreign key that SQLite would check at COMMIT, when it is everybody's. */
static enum storage_status insert_deferred(struct db_conn *conn, void *context)
{
    int id = *(int *)context;
    return db_exec(conn, "INSERT INTO conf_late (id, item) VALUES ($1, $2)",
                   DB_ARGS(db_int(id), db_int(id % 2 ? 1 : -1)), NULL);
}

static void deferred_worker(struct db_conn *conn, int number, void *context)
{
    struct tally *tally = context;
    for (int i = 0; i < EACH; i++) {
        int id = number * EACH + i;
        enum storage_status s = db_transaction(conn, STORAGE_WRITE, insert_deferred, &id);
        if (s != (id % 2 ? STORAGE_OK : STORAGE_REFERENCE))
            atomic_fetch_add(&tally->wrong, 1);
    }
}

static void test_batch__a_late_foreign_key_fails_its_own_transaction_only(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    assert_status(
        db_write(fixture->conn,
                 "CREATE TABLE conf_late (id BIGINT PRIMARY KEY, item BIGINT REFERENCES conf_item (id) "
                 "DEFERRABLE INITIALLY DEFERRED)",
                 DB_NO_ARGS),
        STORAGE_OK);
    assert_status(db_write(fixture->conn, "INSERT INTO conf_item (id) VALUES (1)", DB_NO_ARGS), STORAGE_OK);
    disk_slow_sync(1000);
    run_threads(fixture->db, THREADS, deferred_worker, &tally);
    disk_slow_sync(0);
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_late", DB_NO_ARGS),
                     THREADS * EACH / 2);
}

/* Waiters whose deadline passes leave the queue; the others and the owner are not touched. */
static void impatient_worker(struct db_conn *conn, int number, void *context)
{
    struct tally *tally = context;
    if (number % 2)
        db_set_deadline(conn, clock_monotonic_ms() + 50);
    int id = 100 + number;
    enum storage_status s = db_transaction(conn, STORAGE_WRITE, insert_item, &id);
    if (s != (number % 2 ? STORAGE_BUSY : STORAGE_OK))
        atomic_fetch_add(&tally->wrong, 1);
}

struct holder {
    struct db *db;
    atomic_bool holds;
};

static enum storage_status hold(struct db_conn *conn, void *context)
{
    struct holder *holder = context;
    int id = 1;
    enum storage_status s = insert_item(conn, &id);
    atomic_store(&holder->holds, true);
    usleep(400000); /* well past the deadlines of the waiters */
    return s;
}

static void *hold_main(void *argument)
{
    struct holder *holder = argument;
    struct db_conn *conn = db_connect(holder->db);
    (void)db_transaction(conn, STORAGE_WRITE, hold, holder);
    db_disconnect(&conn);
    return NULL;
}

static void test_batch__who_waits_too_long_leaves_the_queue(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    struct holder holder = { .db = fixture->db };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, hold_main, &holder), 0);
    while (!atomic_load(&holder.holds))
        usleep(1000);
    run_threads(fixture->db, 10, impatient_worker, &tally);
    pthread_join(thread, NULL);
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 1 + 5);
}

/* Deadlines that end in the queue, as the turn comes, and within the batch. */
static void hasty_worker(struct db_conn *conn, int number, void *context)
{
    struct tally *tally = context;
    for (int i = 0; i < EACH * 2; i++) {
        int id = number * EACH * 2 + i;
        db_set_deadline(conn, clock_monotonic_ms() + i % 8);
        atomic_fetch_add(&tally->of[db_transaction(conn, STORAGE_WRITE, insert_item, &id)], 1);
    }
}

static void test_batch__deadlines_cost_nobody_his_turn(void **state)
{
    struct fixture *fixture = *state;
    struct tally tally = { 0 };
    disk_slow_sync(1000);
    run_threads(fixture->db, THREADS, hasty_worker, &tally);
    disk_slow_sync(0);
    assert_int_equal(tally.of[STORAGE_OK] + tally.of[STORAGE_BUSY] + tally.of[STORAGE_GONE],
                     THREADS * EACH * 2);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS),
                     tally.of[STORAGE_OK]);
    int id = THREADS * EACH * 2;
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, insert_item, &id), STORAGE_OK);
}

/* Connections that go away with a transaction open, between others that commit. */
static void vanish_worker(struct db_conn *conn, int number, void *context)
{
    struct tally *tally = ((void **)context)[0];
    struct storage_db *raw_db = ((void **)context)[1];
    if (number % 2 == 0) {
        insert_worker(conn, number / 2, tally);
        return;
    }
    for (int i = 0; i < EACH; i++) {
        struct storage_conn *leaver = NULL;
        struct storage_error error;
        struct storage_stmt *stmt = NULL;
        if (suite.driver->connect(raw_db, 0, &leaver, &error) != STORAGE_OK ||
            suite.driver->begin(leaver, STORAGE_WRITE) != STORAGE_OK ||
            suite.driver->prepare(leaver, "INSERT INTO conf_item (id) VALUES (-1)", &stmt) != STORAGE_OK ||
            suite.driver->run(stmt, NULL, 0) != STORAGE_OK || suite.driver->step(stmt) != STORAGE_DONE)
            atomic_fetch_add(&tally->wrong, 1);
        if (leaver)
            suite.driver->disconnect(leaver);
    }
}

/* The wrappers' database is a raw one underneath; a driver that notes it is how the case gets at it. */
static struct storage_db *seen_db;

static enum storage_status noting_connect(struct storage_db *db, int64_t deadline_ms,
                                          struct storage_conn **ret, struct storage_error *error)
{
    seen_db = db;
    return suite.driver->connect(db, deadline_ms, ret, error);
}

static void test_batch__connections_that_vanish_leave_nothing(void **state)
{
    struct fixture *fixture = *state;
    static struct storage_driver noting;
    struct tally tally = { 0 };
    noting = *suite.driver;
    noting.connect = noting_connect;
    db_disconnect(&fixture->conn);
    db_close(&fixture->db);
    fixture->db = suite_open(&noting);
    fixture->conn = db_connect(fixture->db);
    assert_status(db_ping(fixture->conn), STORAGE_OK);
    void *context[] = { &tally, seen_db };
    noting.connect = suite.driver->connect;
    disk_slow_sync(1000);
    run_threads(fixture->db, 8, vanish_worker, context);
    disk_slow_sync(0);
    assert_int_equal(tally.wrong, 0);
    assert_int_equal(tally.of[STORAGE_OK], 4 * EACH);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 4 * EACH);
}

/* Readers that are always there, each for a moment; writers that would fill the log many times over. */
struct stream {
    atomic_int writing;
    atomic_int wrong;
};

#define STREAM_WRITERS 2
#define STREAM_EACH    400

static enum storage_status insert_heavy(struct db_conn *conn, void *context)
{
    static const char bytes[100000];
    return db_exec(conn, "INSERT INTO conf_item (id, b) VALUES ($1, $2)",
                   DB_ARGS(db_int(*(int *)context), db_blob(bytes, sizeof(bytes))), NULL);
}

static enum storage_status read_a_while(struct db_conn *conn, void *context)
{
    (void)context;
    DB_ROWS(rows);
    enum storage_status s = db_first(conn, &rows, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS);
    usleep(3000);
    return s == STORAGE_ROW ? STORAGE_OK : s;
}

static void stream_worker(struct db_conn *conn, int number, void *context)
{
    struct stream *stream = context;
    for (int i = 0; number < STREAM_WRITERS && i < STREAM_EACH; i++) {
        int id = number * STREAM_EACH + i;
        if (db_transaction(conn, STORAGE_WRITE, insert_heavy, &id) != STORAGE_OK)
            atomic_fetch_add(&stream->wrong, 1);
    }
    if (number < STREAM_WRITERS)
        atomic_fetch_sub(&stream->writing, 1);
    while (atomic_load(&stream->writing) > 0)
        if (db_transaction(conn, STORAGE_READ, read_a_while, NULL) != STORAGE_OK)
            atomic_fetch_add(&stream->wrong, 1);
}

static void assert_log_stays_short(struct db *db)
{
    struct stream stream = { STREAM_WRITERS, 0 };
    struct stat st;
    run_threads(db, STREAM_WRITERS + 4, stream_worker, &stream);
    assert_int_equal(stream.wrong, 0);
    assert_int_equal(stat(folder_path("db-wal"), &st), 0);
    assert_true(st.st_size < 40 * 1000 * 1000); /* 80 MB went through it */
}

static void test_batch__the_log_stays_short_though_somebody_always_reads(void **state)
{
    struct fixture *fixture = *state;
    assert_log_stays_short(fixture->db);
}

static void test_batch__a_slow_disk_takes_no_patience_with_readers(void **state)
{
    struct fixture *fixture = *state;
    disk_slow_database_sync(100 * 1000); /* twice the time that a checkpoint waits for readers */
    assert_log_stays_short(fixture->db);
    disk_slow_database_sync(0);
}

#define MANY 300 /* more than the writer keeps */

static void test_batch__more_statements_than_the_writer_keeps(void **state)
{
    struct raw *raw = *state;
    static char texts[MANY][80];
    static struct storage_stmt *stmts[MANY];
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof(texts[i]), "INSERT INTO conf_item (id, n) VALUES ($1, %d) RETURNING n", i);
        stmts[i] = raw_prepare(raw->conn, texts[i]);
    }
    for (int round = 0; round < 2; round++) {
        assert_status(suite.driver->begin(raw->conn, STORAGE_WRITE), STORAGE_OK);
        for (int i = 0; i < MANY; i++) {
            struct storage_value value;
            struct db_args args = DB_ARGS(db_int(round * MANY + i));
            assert_status(suite.driver->run(stmts[i], args.at, args.n), STORAGE_OK);
            assert_status(suite.driver->step(stmts[i]), STORAGE_ROW); /* left running: it stays lent */
            assert_status(suite.driver->column(stmts[i], 0, &value), STORAGE_OK);
            assert_int_equal(value.integer, i);
        }
        assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
    }
    for (int i = 0; i < MANY; i++)
        suite.driver->finalize(stmts[i]);
    assert_int_equal(raw_int(raw->other, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 2 * MANY);
}

static int folder_raw_setup(void **state)
{
    if (folder_db_setup(state) != 0 || db_teardown(state) != 0)
        return -1;
    return raw_setup(state);
}

static int folder_raw_teardown(void **state)
{
    int failed = raw_teardown(state);
    return failed | folder_teardown(state);
}

static const struct CMUnitTest tests[] = {
    FOLDER_DB_CASE(test_batch__commits_share_a_sync),
    FOLDER_DB_CASE(test_batch__a_commit_alone_is_synced_before_it_returns),
    FOLDER_DB_CASE(test_batch__a_read_transaction_syncs_nothing),
    FOLDER_DB_CASE(test_batch__a_refusal_rests_on_stored_data),
    FOLDER_DB_CASE(test_batch__a_late_foreign_key_fails_its_own_transaction_only),
    FOLDER_DB_CASE(test_batch__who_waits_too_long_leaves_the_queue),
    FOLDER_DB_CASE(test_batch__deadlines_cost_nobody_his_turn),
    FOLDER_DB_CASE(test_batch__connections_that_vanish_leave_nothing),
    FOLDER_DB_CASE(test_batch__the_log_stays_short_though_somebody_always_reads),
    FOLDER_DB_CASE(test_batch__a_slow_disk_takes_no_patience_with_readers),
    cmocka_unit_test_setup_teardown(test_batch__more_statements_than_the_writer_keeps, folder_raw_setup,
                                    folder_raw_teardown),
};
GROUP(batch_group, "batch", tests);
