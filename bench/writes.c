/* Durable single-row writes: a commit each on a bare SQLite connection, and through the storage layer from
 * one client and from many at once.
 *
 *   bench_writes FOLDER SECONDS CLIENTS [SYNC_US]
 *
 * prints three rates: "bare", "one", "many". FOLDER gets two scratch databases. With SYNC_US nothing is synced;
 * each sync takes so long instead, asleep, as with a disk of that speed that nobody else uses. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "backend_sqlite/driver.h"
#include "base/clock.h"
#include "base/log.h"
#include "storage/db.h"

#define TABLE                                                                                                \
    "CREATE TABLE IF NOT EXISTS bench (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, text TEXT NOT NULL)"
#define INSERT "INSERT INTO bench (at, text) VALUES ($1, $2)"
#define TEXT   "a row as long as a session's"

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_writes: %s: %s\n", what, why);
    exit(1);
}

/* ---- the disk ---- */

static long sync_us; /* 0: the disk's own */

/* In the place of the C library's, for SQLite's library too. */
__attribute__((visibility("default"), used)) int fdatasync(int fd)
{
    if (sync_us == 0)
        return (int)syscall(SYS_fdatasync, fd);
    struct timespec pause = { .tv_sec = sync_us / 1000000, .tv_nsec = sync_us % 1000000 * 1000 };
    prctl(PR_SET_TIMERSLACK, 1);
    nanosleep(&pause, NULL);
    return 0;
}

/* ---- bare ---- */

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql, sqlite3_errmsg(db));
}

static double bare_rate(const char *path, int64_t seconds)
{
    sqlite3 *db;
    sqlite3_stmt *insert;
    long rows = 0;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        die(path, sqlite3_errmsg(db));
    run_sql(db, "PRAGMA journal_mode = WAL");
    run_sql(db, "PRAGMA synchronous = FULL");
    run_sql(db, TABLE);
    if (sqlite3_prepare_v2(db, INSERT, -1, &insert, NULL) != SQLITE_OK)
        die(INSERT, sqlite3_errmsg(db));
    int64_t start = clock_monotonic_us(), end = start + seconds * CLOCK_SECOND;
    for (; clock_monotonic_us() < end; rows++) {
        sqlite3_bind_int64(insert, 1, clock_now());
        sqlite3_bind_text(insert, 2, TEXT, -1, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            die(INSERT, sqlite3_errmsg(db));
        sqlite3_reset(insert);
    }
    double rate = (double)rows * 1e6 / (double)(clock_monotonic_us() - start);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return rate;
}

/* ---- the storage layer ---- */

struct clients {
    struct db *db;
    atomic_bool stop;
    atomic_long rows;
};

static enum storage_status create_table(struct db_conn *conn, void *unused)
{
    (void)unused;
    return db_exec(conn, TABLE, DB_NO_ARGS, NULL);
}

static enum storage_status insert_row(struct db_conn *conn, void *unused)
{
    (void)unused;
    return db_exec(conn, INSERT, DB_ARGS(db_int(clock_now()), db_text(STR(TEXT))), NULL);
}

static void *run_client(void *arg)
{
    struct clients *clients = arg;
    struct db_conn *conn = db_connect(clients->db);
    while (!atomic_load(&clients->stop)) {
        if (db_transaction(conn, STORAGE_WRITE, insert_row, NULL) != STORAGE_OK)
            die(INSERT, db_error(conn));
        atomic_fetch_add(&clients->rows, 1);
    }
    db_disconnect(&conn);
    return NULL;
}

static double layer_rate(struct db *db, int64_t seconds, size_t count)
{
    struct clients clients = { .db = db };
    pthread_t *threads = calloc(count, sizeof(*threads));
    int64_t start = clock_monotonic_us();
    for (size_t i = 0; threads && i < count; i++)
        if (pthread_create(&threads[i], NULL, run_client, &clients) != 0)
            die("pthread_create", "no thread");
    sleep((unsigned)seconds);
    double rate = (double)atomic_load(&clients.rows) * 1e6 / (double)(clock_monotonic_us() - start);
    atomic_store(&clients.stop, true);
    for (size_t i = 0; threads && i < count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return rate;
}

static struct db *open_layer(char *path)
{
    struct db *db;
    struct storage_error error;
    struct storage_setting setting = { "path", path };
    db_register_driver(&sqlite_driver);
    if (db_open("sqlite", &setting, 1, &db, &error) != STORAGE_OK)
        die(path, error.text);
    struct db_conn *conn = db_connect(db);
    if (db_transaction(conn, STORAGE_WRITE, create_table, NULL) != STORAGE_OK)
        die(TABLE, db_error(conn));
    db_disconnect(&conn);
    return db;
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc != 4 && argc != 5)
        return 2;
    sync_us = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
    log_set_level(LOG_ERROR);
    int64_t seconds = strtol(argv[2], NULL, 10);
    size_t count = strtoul(argv[3], NULL, 10);
    snprintf(path, sizeof(path), "%s/bare.db", argv[1]);
    printf("bare %.1f\n", bare_rate(path, seconds));
    snprintf(path, sizeof(path), "%s/layer.db", argv[1]);
    struct db *db = open_layer(path);
    printf("one %.1f\n", layer_rate(db, seconds, 1));
    printf("many %.1f\n", layer_rate(db, seconds, count));
    db_close(&db);
    return 0;
}
