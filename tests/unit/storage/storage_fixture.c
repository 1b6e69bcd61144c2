#include "storage_fixture.h"

#include "backend_sqlite/driver.h"
#include "base/log.h"
#include "base/random.h"

struct counts counts;
struct storage_driver counting_driver;

static enum storage_status count_connect(struct storage_db *db, int64_t deadline_ms,
                                         struct storage_conn **ret, struct storage_error *error)
{
    counts.connects++;
    return sqlite_driver.connect(db, deadline_ms, ret, error);
}
static enum storage_status count_prepare(struct storage_conn *conn, const char *sql,
                                         struct storage_stmt **ret)
{
    counts.prepares++;
    return sqlite_driver.prepare(conn, sql, ret);
}
static void count_finalize(struct storage_stmt *stmt)
{
    counts.finalizes++;
    sqlite_driver.finalize(stmt);
}
static enum storage_status count_begin(struct storage_conn *conn, enum storage_mode mode)
{
    counts.begins++;
    return sqlite_driver.begin(conn, mode);
}
static enum storage_status count_commit(struct storage_conn *conn)
{
    counts.commits++;
    return sqlite_driver.commit(conn);
}
static void count_rollback(struct storage_conn *conn)
{
    counts.rollbacks++;
    sqlite_driver.rollback(conn);
}

static void reset_driver(void)
{
    counting_driver = sqlite_driver;
    counting_driver.connect = count_connect;
    counting_driver.prepare = count_prepare;
    counting_driver.finalize = count_finalize;
    counting_driver.begin = count_begin;
    counting_driver.commit = count_commit;
    counting_driver.rollback = count_rollback;
}

int storage_setup(void **state)
{
    static const struct storage_setting settings[] = { { "path", ":memory:" } };
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct storage_error error = { STORAGE_OK, "" };
    random_init();
    log_set_level(LOG_WARN);
    reset_driver();
    if (db_open_driver(&counting_driver, settings, 1, &fixture->db, &error) != STORAGE_OK)
        fail_msg("%s", error.text);
    fixture->conn = db_connect(fixture->db);
    fixture->arena = arena_new(1 << 20);
    assert_status(write_sql(fixture->conn,
                            "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT UNIQUE, n BIGINT, b BYTEA)"),
                  STORAGE_OK);
    assert_status(
        write_sql(fixture->conn,
                  "INSERT INTO t (id, name, n) VALUES (1, 'one', 10), (2, 'two', 20), (3, NULL, NULL)"),
        STORAGE_OK);
    counts = (struct counts){ 0 };
    *state = fixture;
    return 0;
}

int storage_teardown(void **state)
{
    struct fixture *fixture = *state;
    db_disconnect(&fixture->conn);
    db_close(&fixture->db);
    arena_free(&fixture->arena);
    free(fixture);
    return 0;
}

static enum storage_status exec_sql(struct db_conn *conn, void *context)
{
    return db_exec(conn, context, DB_NO_ARGS, NULL);
}

enum storage_status write_sql(struct db_conn *conn, const char *sql)
{
    return db_transaction(conn, STORAGE_WRITE, exec_sql, (void *)sql);
}

int64_t read_int(struct db_conn *conn, const char *sql)
{
    DB_ROWS(rows);
    assert_status(db_first(conn, &rows, sql, DB_NO_ARGS), STORAGE_ROW);
    return db_col_int(&rows, 0);
}
