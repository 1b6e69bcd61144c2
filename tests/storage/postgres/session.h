/* The driver's entries, shortened for tests: one connection, one statement, one value. */
#ifndef TETHER_TESTS_SESSION_H
#define TETHER_TESTS_SESSION_H

#include <tether/storage.h>

#define INT(value) ((struct storage_value){ STORAGE_INT, 0, (value), NULL })
#define TEXT(text) ((struct storage_value){ STORAGE_TEXT, sizeof(text) - 1, 0, (text) })
#define NOTHING    ((struct storage_value){ STORAGE_NULL, 0, 0, NULL })

#define ARGS(...)                                                                                            \
    (const struct storage_value[]){ __VA_ARGS__ },                                                           \
        sizeof((const struct storage_value[]){ __VA_ARGS__ }) / sizeof(struct storage_value)
#define NO_ARGS NULL, 0

#define assert_status(call, expected) session_assert((call), (expected), #call, __FILE__, __LINE__)
void session_assert(enum storage_status got, enum storage_status expected, const char *what, const char *file,
                    int line);

struct storage_db *session_open(const char *conninfo);
void session_close(struct storage_db *db);
/* Fails the test when it cannot be had. */
struct storage_conn *session_connect(struct storage_db *db);
void session_disconnect(struct storage_conn *conn);
/* Milliseconds from now. */
void session_deadline(struct storage_conn *conn, int ms);

/* Runs a statement to its end and forgets it. *ret_first (may be NULL): an INT in the first column of the
 * first row, else 0. DONE, or a failure. */
enum storage_status session_run(struct storage_conn *conn, const char *sql, const struct storage_value *args,
                                size_t n, int64_t *ret_first);
/* The same with a statement that is kept. */
enum storage_status session_run_stmt(struct storage_stmt *stmt, const struct storage_value *args, size_t n,
                                     int64_t *ret_first);
/* The pid of the server's process for this connection. */
int session_backend(struct storage_conn *conn);

#endif
