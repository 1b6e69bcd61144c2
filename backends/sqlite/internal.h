/* What the files of the SQLite driver share.
 *
 * Shape: a reader handle per storage_conn, ONE writer handle per storage_db. The writer handle makes all
 * commits and all checkpoints: SQLite before 3.51.3 can corrupt a database when one connection resets the WAL
 * while another commits. Whoever holds the writer's turn (turn.c) may touch the writer handle, nobody else.
 */
#ifndef TETHER_BACKEND_SQLITE_INTERNAL_H
#define TETHER_BACKEND_SQLITE_INTERNAL_H

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <tether/storage.h>

#define DEFAULT_CALL_MS 5000 /* a call without a deadline */
#define PROGRESS_STEPS  4000 /* virtual machine steps between two looks at the clock */
#define WRITER_CACHE    256  /* prepared statements on the writer */

/* Why the data is no longer written to. Set once, until the next start. */
enum damage { DAMAGE_NONE = 0, DAMAGE_FILE, DAMAGE_SYNC };

enum control {
    CONTROL_BEGIN = 0,
    CONTROL_SAVEPOINT,
    CONTROL_RELEASE,
    CONTROL_ROLLBACK_TO,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_COUNT
};

/* A prepared statement on the writer, lent to one storage_stmt for one transaction. */
struct cached {
    sqlite3_stmt *raw;
    uint64_t hash; /* of its text */
    uint64_t used;
    bool lent;
};

struct writer {
    pthread_mutex_t mutex; /* guards owner and the queue */
    struct storage_conn *owner;
    struct storage_conn *queue;      /* waiting for the turn, in order */
    struct storage_conn *queue_last; /* while there is a queue */

    pthread_mutex_t told_mutex;
    pthread_cond_t told;
    uint64_t told_count; /* batches whose members were told; raised by the owner alone, under told_mutex */

    /* The owner's alone. */
    struct storage_conn *members; /* ended their part, waiting for the batch's outcome */
    size_t member_count;
    sqlite3 *handle;
    sqlite3_stmt *control[CONTROL_COUNT];
    bool batch_open;
    bool in_savepoint; /* the owner's part is not the first of its batch */
    int64_t batch_began_us;
    int64_t busy_until_ms; /* how long to wait for a lock on the file */
    int patience_ms;       /* how long a checkpoint may yet sleep, waiting for readers; 0: there is none */
    int log_pages;         /* of the write-ahead log, after the last commit */
    int checkpoint_at;     /* pages */
    int64_t next_alarm_us;
    struct cached cache[WRITER_CACHE];
    uint64_t cache_clock;
};

struct storage_db {
    char *path;
    char *scratch_dir; /* of ":memory:", removed at close */
    int lock_fd;       /* -1 when opened for reading */
    struct writer writer;
    struct read_locks *read_locks; /* NULL: there are none */
    _Atomic int damage;
};

enum transaction { TRANSACTION_NONE = 0, TRANSACTION_READ, TRANSACTION_WRITE };

struct storage_conn {
    struct storage_db *db;
    sqlite3 *reader;
    int64_t deadline_ms; /* 0: none set */
    int64_t until_ms;    /* of the current call */
    bool interruptible;  /* the running statement only reads */
    enum transaction transaction;
    enum storage_status lost; /* the write transaction is gone already, with this status */
    struct storage_stmt *stmts;
    char error[256];

    /* Its place in the writer's queue (guarded by the writer's mutex) or batch (the owner's). */
    struct storage_conn *next;
    bool queued;
    sem_t wake;        /* posted once for each turn that it waits for */
    atomic_bool given; /* the turn; what sem_clockwait() carries is hidden from thread checkers */
    enum storage_status outcome;
    bool alone; /* its next part is not to share a commit */
};

struct storage_stmt {
    struct storage_conn *conn;
    struct storage_stmt *next;
    const char *sql;
    uint64_t hash;
    sqlite3_stmt *reader; /* prepared on first use */
    sqlite3_stmt *writer; /* for the length of a write transaction */
    struct cached *lent;  /* where `writer` came from; NULL: it is this statement's own */
    sqlite3_stmt *active; /* the one that runs, or NULL */
    uint16_t *numbers;    /* the n of each slot's $n; NULL: not run yet */
    int slots;
    size_t highest; /* n */
    int columns;    /* of the row at hand; 0 without one */
    int64_t total_before;
    int64_t changes;
};

/* classify.c: an extended result code in the contract's words; for I/O errors errno is read too. */
enum storage_status classify(int rc);
/* Returns `status`. */
enum storage_status error_fill(struct storage_error *error, enum storage_status status, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));

/* handle.c: opening handles with everything set that must be set. */
int handle_open_writer(const char *path, bool scratch, sqlite3 **ret);
int handle_open_reader(const char *path, sqlite3 **ret);
/* Has a reader copy the pages that it reads. */
void handle_unmap(sqlite3 *reader);

/* read_locks.c: the locks of reads, kept between them. NULL: the file cannot be read so; every read then asks
 * for its own. */
struct read_locks *read_locks_new(const char *path);
/* For the handles of that path. All accept NULL. */
void read_locks_share(struct read_locks *locks, sqlite3 *handle);
/* Before the last of them is closed: it is to find itself alone. */
void read_locks_end(struct read_locks *locks);
/* When all are closed. */
void read_locks_free(struct read_locks **locks);

/* scratch.c: a private directory for ":memory:"; NULL with errno set when there can be none. */
char *scratch_make(void);
/* Removes it with the database in it. */
void scratch_remove(const char *dir);

/* connection.c */
void conn_start_call(struct storage_conn *conn);
bool conn_is_late(const struct storage_conn *conn);
/* Takes the text of handle's last error. Returns the status. */
enum storage_status conn_fail(struct storage_conn *conn, sqlite3 *handle, int rc);
enum storage_status conn_refuse(struct storage_conn *conn, enum storage_status status, const char *text);
/* The text for the damage, or NULL. */
const char *damage_text(const struct storage_db *db);

/* turn.c: who has the turn may touch the writer handle and the batch. */
/* Waits for the turn. False: the call's time has passed. */
bool turn_take(struct writer *writer, struct storage_conn *conn);
/* By the owner: makes the first of the queue the owner, who sleeps on until turn_give(). NULL: nobody waits,
 * the turn stays. */
struct storage_conn *turn_choose(struct writer *writer);
void turn_give(struct storage_conn *chosen);
/* By the owner: to the first of the queue, or to nobody. */
void turn_pass(struct writer *writer);

/* writer.c */
int writer_init(struct writer *writer, sqlite3 *handle);
void writer_release(struct writer *writer);
enum storage_status writer_begin(struct storage_conn *conn);
enum storage_status writer_commit(struct storage_conn *conn);
void writer_rollback(struct storage_conn *conn);
/* After a statement failed on the writer: did SQLite end the whole transaction? */
void writer_check_lost(struct storage_conn *conn, enum storage_status status);

/* checkpoint.c: to be called by the turn's owner, outside of a transaction. */
void checkpoint_init(struct writer *writer);
void checkpoint_if_due(struct storage_db *db);

/* writer_cache.c: to be called by the turn's owner. */
uint64_t sql_hash(const char *sql);
int writer_cache_take(struct writer *writer, struct storage_stmt *stmt);
void writer_cache_return(struct storage_stmt *stmt);
void writer_cache_clear(struct writer *writer);

/* The entries of the driver's table. */
enum storage_status sqlite_open(const struct storage_setting *settings, size_t n, struct storage_db **ret,
                                struct storage_error *error);
void sqlite_close(struct storage_db *db);
enum storage_status sqlite_connect(struct storage_db *db, int64_t deadline_ms, struct storage_conn **ret,
                                   struct storage_error *error);
void sqlite_disconnect(struct storage_conn *conn);
enum storage_status sqlite_ping(struct storage_conn *conn);
void sqlite_deadline(struct storage_conn *conn, int64_t monotonic_ms);
void sqlite_reads_seldom(struct storage_conn *conn);
const char *sqlite_error(struct storage_conn *conn);
enum storage_status sqlite_begin(struct storage_conn *conn, enum storage_mode mode);
enum storage_status sqlite_commit(struct storage_conn *conn);
void sqlite_rollback(struct storage_conn *conn);
enum storage_status sqlite_script(struct storage_conn *conn, const char *sql);
enum storage_status sqlite_lock_schema(struct storage_conn *conn);
enum storage_status sqlite_notify(struct storage_conn *conn, const char *channel, const char *payload);
enum storage_status sqlite_prepare(struct storage_conn *conn, const char *sql, struct storage_stmt **ret);
void sqlite_finalize(struct storage_stmt *stmt);
enum storage_status sqlite_run(struct storage_stmt *stmt, const struct storage_value *args, size_t n);
enum storage_status sqlite_step(struct storage_stmt *stmt);
void sqlite_reset(struct storage_stmt *stmt);
enum storage_status sqlite_column(struct storage_stmt *stmt, int column, struct storage_value *ret);
int64_t sqlite_changes(struct storage_stmt *stmt);
enum storage_status sqlite_backup(struct storage_conn *conn, const char *path, struct storage_error *error);

/* statement.c: ends every run of the connection, and gives back what was borrowed from the writer. */
void stmts_end(struct storage_conn *conn);

#endif
