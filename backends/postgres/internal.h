/* What the files of this driver share. Nothing here is seen outside the folder.
 *
 * conninfo.c    the setting → what libpq is given for each connection
 * connection.c  connect, send, collect, drop: everything that waits, always with a deadline
 * classify.c    SQLSTATE → enum storage_status, and the text for the operator
 * statement.c   prepare, run, step, column
 * transaction.c begin, commit, rollback, migrations, notify
 * listener.c    LISTEN
 * driver.c      the entries, in one table */
#ifndef TETHER_BACKEND_POSTGRES_INTERNAL_H
#define TETHER_BACKEND_POSTGRES_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>
#include <tether/storage.h>

/* A call without a deadline of its own gets this many milliseconds. */
#define POSTGRES_CALL_MS 5000

/* What PQconnectStartParams is given to reach one server; both lists are NULL-terminated. */
struct candidate {
    const char **keywords;
    const char **values;
    char *owned[3]; /* of the values: this server's host, hostaddr and port */
};

struct storage_db {
    PQconninfoOption *given; /* what the conninfo holds; owns the other values */
    struct candidate *candidates;
    unsigned candidate_count;
    atomic_uint preferred;          /* the candidate that was reached last */
    char name_prefix[32];           /* of prepared statements: unique among all clients of the server */
    atomic_uint next_name;          /* makes them unique within this process */
    atomic_uint lost_statements;    /* times that the server did not know a statement we had prepared */
    atomic_bool without_statements; /* a pooler hands our statements to other sessions: do not prepare any */
};

enum transaction { TRANSACTION_NONE, TRANSACTION_READ, TRANSACTION_WRITE };

struct storage_conn {
    struct storage_db *db;
    PGconn *pg;          /* NULL once the connection is lost; it is never used again */
    int64_t deadline_ms; /* 0: none was set */
    enum transaction transaction;
    unsigned epoch; /* statements prepared in an earlier epoch are lost */
    bool doomed;    /* the server said that it closes this connection */
    struct storage_stmt *statements;
    char sqlstate[6]; /* of the last failure, "" when it had none */
    char error[256];
};

/* conninfo.c */
enum storage_status postgres_open(const struct storage_setting *settings, size_t n, struct storage_db **ret,
                                  struct storage_error *error);
void postgres_close(struct storage_db *db);

/* classify.c */
enum storage_status postgres_classify(const char *sqlstate);
bool postgres_is_fatal(const PGresult *result);
/* The server's words without the values that were sent to it. */
void postgres_describe(const PGresult *result, char *ret, size_t cap);

/* connection.c */
enum storage_status postgres_connect(struct storage_db *db, int64_t deadline_ms, struct storage_conn **ret,
                                     struct storage_error *error);
void postgres_disconnect(struct storage_conn *conn);
enum storage_status postgres_ping(struct storage_conn *conn);
void postgres_set_deadline(struct storage_conn *conn, int64_t monotonic_ms);
const char *postgres_error(struct storage_conn *conn);
/* The connection's deadline, or `default_ms` from now. */
int64_t postgres_deadline(const struct storage_conn *conn, int default_ms);
/* Notes why, and returns `status`. */
enum storage_status postgres_fail(struct storage_conn *conn, enum storage_status status, const char *format,
                                  ...) __attribute__((format(printf, 3, 4)));
/* Closes the socket at once. Whatever was not committed is rolled back by the server. */
void postgres_drop(struct storage_conn *conn);
/* OK, or GONE when the connection is lost or its deadline has passed. */
enum storage_status postgres_usable(struct storage_conn *conn, int64_t deadline);
/* After a PQsend… call: `sent` is its result. Waits for all answers; OK with the last one in *ret (unless
 * NULL; PQclear it), else the first failure. A connection that is lost or late is dropped: GONE. */
enum storage_status postgres_collect(struct storage_conn *conn, int sent, int64_t deadline, PGresult **ret);
/* Statements without parameters and without interest in rows. */
enum storage_status postgres_command(struct storage_conn *conn, const char *sql, int64_t deadline);
/* Whether the server has closed this connection already, as far as this side can know without asking. */
bool postgres_seen_dead(struct storage_conn *conn);
void *postgres_allocate(size_t size);

/* statement.c */
enum storage_status postgres_prepare(struct storage_conn *conn, const char *sql, struct storage_stmt **ret);
void postgres_finalize(struct storage_stmt *stmt);
enum storage_status postgres_run(struct storage_stmt *stmt, const struct storage_value *args, size_t n);
enum storage_status postgres_step(struct storage_stmt *stmt);
void postgres_reset(struct storage_stmt *stmt);
enum storage_status postgres_column(struct storage_stmt *stmt, int column, struct storage_value *ret);
int64_t postgres_changes(struct storage_stmt *stmt);
/* Frees all statements of a connection that is gone. */
void postgres_forget_statements(struct storage_conn *conn);

/* transaction.c */
enum storage_status postgres_begin(struct storage_conn *conn, enum storage_mode mode);
enum storage_status postgres_commit(struct storage_conn *conn);
void postgres_rollback(struct storage_conn *conn);
enum storage_status postgres_script(struct storage_conn *conn, const char *sql);
enum storage_status postgres_lock_schema(struct storage_conn *conn);
enum storage_status postgres_notify(struct storage_conn *conn, const char *channel, const char *payload);

/* listener.c */
enum storage_status postgres_listen(struct storage_db *db, const char *channel, struct storage_listener **ret,
                                    struct storage_error *error);
enum storage_status postgres_wait(struct storage_listener *listener, int timeout_ms, char *payload,
                                  size_t cap);
void postgres_unlisten(struct storage_listener *listener);

#endif
