/* The PostgreSQL driver against a healthy server: what it sets up, how it reads answers, what it never tells.
 */
#include "cluster.h"
#include "session.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#include "backend_postgres/driver.h"
#include "backend_postgres/internal.h"
#include "base/clock.h"

static struct storage_db *db;

static int set_up(void **state)
{
    if (cluster_set_up(state) != 0)
        return -1;
    db = session_open(cluster_conninfo());
    cluster_sql(
        "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT COLLATE \"C\" NOT NULL UNIQUE, size BIGINT "
        "CHECK (size > 0), raw BYTEA, parent BIGINT REFERENCES things (id));"
        "ALTER TABLE things OWNER TO tether");
    return 0;
}

static int tear_down(void **state)
{
    session_close(db);
    return cluster_tear_down(state);
}

static struct storage_conn *begin(enum storage_mode mode)
{
    struct storage_conn *conn = session_connect(db);
    assert_status(postgres_driver.begin(conn, mode), STORAGE_OK);
    return conn;
}

static void commit_one(const char *sql)
{
    struct storage_conn *conn = begin(STORAGE_WRITE);
    assert_status(session_run(conn, sql, NO_ARGS, NULL), STORAGE_DONE);
    assert_status(postgres_driver.commit(conn), STORAGE_OK);
    session_disconnect(conn);
}

/* --- settings --- */

static void refuse_conninfo(const char *conninfo, const char *secret)
{
    struct storage_db *refused = NULL;
    struct storage_error error = { 0 };
    struct storage_setting settings[] = { { "conninfo", conninfo } };
    assert_status(postgres_driver.open(settings, 1, &refused, &error), STORAGE_INVALID);
    assert_non_null(strstr(error.text, "conninfo"));
    assert_null(strstr(error.text, secret));
}

static void test_open__refuses_what_libpq_cannot_read_without_quoting_it(void **state)
{
    (void)state;
    refuse_conninfo("host=x password=hun ter2", "ter2");
    refuse_conninfo("host=x hunter2=1", "hunter2");
    refuse_conninfo("password='hunter2", "hunter2");
    refuse_conninfo("postgresql://u:hunter2@[::1/x", "hunter2");
    struct storage_db *refused = NULL;
    struct storage_error error = { 0 };
    assert_status(postgres_driver.open(NULL, 0, &refused, &error), STORAGE_INVALID);
    assert_non_null(strstr(error.text, "conninfo"));
}

static const char *keyword_value(const struct storage_db *opened, unsigned server, const char *keyword)
{
    const struct candidate *candidate = &opened->candidates[server];
    const char *value = NULL;
    for (size_t i = 0; candidate->keywords[i]; i++) {
        if (strcmp(candidate->keywords[i], keyword) == 0)
            value = candidate->values[i];
    }
    return value;
}

static void test_open__lets_the_operator_override_defaults_but_not_the_encoding(void **state)
{
    (void)state;
    struct storage_db *one = session_open("host=a keepalives_idle=77 client_encoding=LATIN1");
    assert_string_equal(keyword_value(one, 0, "keepalives_idle"), "77");
    assert_string_equal(keyword_value(one, 0, "client_encoding"), "UTF8");
    assert_string_equal(keyword_value(one, 0, "gssencmode"), "disable");
    assert_null(keyword_value(one, 0, "target_session_attrs"));
    session_close(one);
}

static void test_open__takes_several_servers_apart(void **state)
{
    (void)state;
    struct storage_db *two = session_open("postgresql://a:1,b:2/tether?hostaddr=10.0.0.1,10.0.0.2");
    assert_int_equal(two->candidate_count, 2);
    assert_string_equal(keyword_value(two, 0, "host"), "a");
    assert_string_equal(keyword_value(two, 1, "host"), "b");
    assert_string_equal(keyword_value(two, 1, "port"), "2");
    assert_string_equal(keyword_value(two, 1, "hostaddr"), "10.0.0.2");
    assert_string_equal(keyword_value(two, 1, "target_session_attrs"), "read-write");
    session_close(two);
    struct storage_db *three = session_open("host=a,,c port=7 target_session_attrs=any");
    assert_int_equal(three->candidate_count, 3);
    assert_string_equal(keyword_value(three, 1, "host"), "");
    assert_string_equal(keyword_value(three, 2, "host"), "c");
    assert_string_equal(keyword_value(three, 2, "port"), "7");
    assert_string_equal(keyword_value(three, 2, "target_session_attrs"), "any");
    session_close(three);
    struct storage_db *none = session_open("dbname=x");
    assert_int_equal(none->candidate_count, 1);
    session_close(none);
    refuse_conninfo("host=a,b,c port=1,2 password=hunter2", "hunter2");
    refuse_conninfo("host=a,b hostaddr=1.1.1.1 password=hunter2", "hunter2");
}

static void fail_to_connect(const char *conninfo, enum storage_status expected, const char *word)
{
    struct storage_db *other = session_open(conninfo);
    struct storage_conn *conn = NULL;
    struct storage_error error = { 0 };
    assert_status(postgres_driver.connect(other, 0, &conn, &error), expected);
    assert_non_null(strstr(error.text, word));
    assert_null(strstr(error.text, "hunter2"));
    session_close(other);
}

static void test_connect__says_why_it_failed_and_never_the_password(void **state)
{
    (void)state;
    char conninfo[256];
    fail_to_connect("host=/nowhere dbname=tether password=hunter2", STORAGE_GONE, "/nowhere");
    fail_to_connect("host=127.0.0.1 port=1 password=hunter2 user=hunter2", STORAGE_GONE, "127.0.0.1");
    snprintf(conninfo, sizeof(conninfo), "%s password=hunter2 dbname=hunter2", cluster_conninfo());
    fail_to_connect(conninfo, STORAGE_GONE, "withheld");
}

static void test_connect__refuses_a_database_that_is_not_utf8(void **state)
{
    (void)state;
    cluster_sql(
        "CREATE DATABASE ascii TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C' LOCALE_PROVIDER libc");
    char conninfo[256];
    snprintf(conninfo, sizeof(conninfo), "%s dbname=ascii", cluster_conninfo());
    fail_to_connect(conninfo, STORAGE_INVALID, "SQL_ASCII");
}

static void test_connect__gives_up_at_its_deadline(void **state)
{
    (void)state;
    struct storage_db *other = session_open(cluster_conninfo());
    struct storage_conn *conn = NULL;
    struct storage_error error = { 0 };
    assert_status(postgres_driver.connect(other, clock_monotonic_ms() - 1, &conn, &error), STORAGE_GONE);
    assert_non_null(strstr(error.text, "deadline"));
    session_close(other);
}

/* --- answers --- */

struct failure {
    const char *sql;
    enum storage_status status;
    const char *hidden; /* what the text must not hold */
};

static void test_run__folds_each_failure_and_hides_values(void **state)
{
    (void)state;
    static const struct failure failures[] = {
        { "INSERT INTO things (id, name) VALUES (1, 'secret-name')", STORAGE_CONFLICT, "secret-name" },
        { "INSERT INTO things (id, name, parent) VALUES (9, 'x', 777777)", STORAGE_REFERENCE, "777777" },
        { "DELETE FROM things WHERE id = 1", STORAGE_REFERENCE, "secret-name" },
        { "INSERT INTO things (id, name) VALUES (9, NULL)", STORAGE_INVALID, "Failing row" },
        { "INSERT INTO things (id, name, size) VALUES (9, 'secret-name2', -5)", STORAGE_INVALID,
          "secret-name2" },
        { "SELECT CAST('secret' AS BIGINT)", STORAGE_INVALID, "secret" },
        { "SELECT CAST(99999999999999999999 AS BIGINT)", STORAGE_INVALID, "99999" },
        { "SELECT CAST('a' || chr(0) AS TEXT)", STORAGE_INVALID, "chr" },
        { "SELECT 1 / (id - id) FROM things", STORAGE_INVALID, "things" },
        { "SELECT nothing FROM nowhere", STORAGE_ERROR, "password" },
        { "SELEC 1", STORAGE_ERROR, "password" },
        { "COPY things TO STDOUT", STORAGE_GONE, "secret-name" },
    };
    commit_one("INSERT INTO things (id, name) VALUES (1, 'secret-name')");
    commit_one("INSERT INTO things (id, name, parent) VALUES (2, 'child', 1)");
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        struct storage_conn *conn = begin(STORAGE_WRITE);
        assert_status(session_run(conn, failures[i].sql, NO_ARGS, NULL), failures[i].status);
        const char *text = postgres_driver.error(conn);
        assert_true(strlen(text) > 0);
        assert_null(strstr(text, failures[i].hidden));
        session_disconnect(conn);
    }
    commit_one("DELETE FROM things");
}

static void test_classify__knows_every_code_that_matters(void **state)
{
    (void)state;
    static const struct {
        const char *sqlstate;
        enum storage_status status;
    } codes[] = {
        { "23505", STORAGE_CONFLICT },  { "23P01", STORAGE_CONFLICT }, { "23503", STORAGE_REFERENCE },
        { "23001", STORAGE_REFERENCE }, { "23502", STORAGE_INVALID },  { "23514", STORAGE_INVALID },
        { "22021", STORAGE_INVALID },   { "22P02", STORAGE_INVALID },  { "40001", STORAGE_BUSY },
        { "40P01", STORAGE_BUSY },      { "55P03", STORAGE_BUSY },     { "57014", STORAGE_BUSY },
        { "40003", STORAGE_GONE },      { "57P01", STORAGE_GONE },     { "57P02", STORAGE_GONE },
        { "57P03", STORAGE_GONE },      { "08006", STORAGE_GONE },     { "08007", STORAGE_GONE },
        { "08P01", STORAGE_INVALID },   { "53300", STORAGE_GONE },     { "53100", STORAGE_FULL },
        { "53200", STORAGE_FULL },      { "25006", STORAGE_INVALID },  { "25P02", STORAGE_INVALID },
        { "54000", STORAGE_INVALID },   { "42601", STORAGE_ERROR },    { "42P01", STORAGE_ERROR },
        { "0A000", STORAGE_ERROR },     { "XX000", STORAGE_ERROR },    { "", STORAGE_ERROR },
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        assert_status(postgres_classify(codes[i].sqlstate), codes[i].status);
}

static void test_column__returns_every_type_whole(void **state)
{
    (void)state;
    unsigned char bytes[256];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    struct storage_conn *conn = session_connect(db);
    struct storage_stmt *stmt;
    assert_status(postgres_driver.prepare(conn,
                                          "SELECT CAST($1 AS BYTEA), CAST($2 AS BYTEA), CAST($3 AS BIGINT), "
                                          "CAST($4 AS TEXT), 1 = 1, CAST(NULL AS TEXT), CAST($5 AS BIGINT), "
                                          "CAST(7 AS SMALLINT), 1.50, CAST($6 AS TEXT)",
                                          &stmt),
                  STORAGE_OK);
    struct storage_value all = { STORAGE_BLOB, sizeof(bytes), 0, bytes };
    struct storage_value none = { STORAGE_BLOB, 0, 0, NULL };
    assert_status(postgres_driver.run(
                      stmt, ARGS(all, none, INT(INT64_MIN), TEXT("h\xc3\xa9"), INT(INT64_MAX), TEXT(""))),
                  STORAGE_OK);
    assert_status(postgres_driver.step(stmt), STORAGE_ROW);
    struct storage_value v[10];
    for (int i = 0; i < 10; i++)
        assert_status(postgres_driver.column(stmt, i, &v[i]), STORAGE_OK);
    assert_int_equal(v[0].type, STORAGE_BLOB);
    assert_int_equal(v[0].size, sizeof(bytes));
    assert_memory_equal(v[0].data, bytes, sizeof(bytes));
    assert_int_equal(v[1].type, STORAGE_BLOB);
    assert_int_equal(v[1].size, 0);
    assert_true(v[2].type == STORAGE_INT && v[2].integer == INT64_MIN);
    assert_true(v[3].type == STORAGE_TEXT && v[3].size == 3);
    assert_string_equal(v[3].data, "h\xc3\xa9");
    assert_true(v[4].type == STORAGE_INT && v[4].integer == 1);
    assert_int_equal(v[5].type, STORAGE_NULL);
    assert_true(v[6].integer == INT64_MAX);
    assert_true(v[7].type == STORAGE_INT && v[7].integer == 7);
    assert_int_equal(v[8].type, STORAGE_TEXT);
    assert_true(v[9].type == STORAGE_TEXT && v[9].size == 0);
    assert_status(postgres_driver.column(stmt, 10, &v[0]), STORAGE_INVALID);
    assert_status(postgres_driver.column(stmt, -1, &v[0]), STORAGE_INVALID);
    assert_status(postgres_driver.step(stmt), STORAGE_DONE);
    assert_status(postgres_driver.column(stmt, 0, &v[0]), STORAGE_INVALID);
    assert_status(postgres_driver.step(stmt), STORAGE_INVALID);
    postgres_driver.finalize(stmt);
    session_disconnect(conn);
}

static void test_run__refuses_bad_arguments_and_the_connection_lives(void **state)
{
    (void)state;
    struct storage_conn *conn = session_connect(db);
    assert_status(session_run(conn, "SELECT CAST($1 AS TEXT)", ARGS(TEXT("a\0b")), NULL), STORAGE_INVALID);
    assert_status(session_run(conn, "SELECT CAST($1 AS TEXT)", NO_ARGS, NULL), STORAGE_INVALID);
    assert_status(session_run(conn, "SELECT CAST($1 AS TEXT)", ARGS(INT(1), INT(2)), NULL), STORAGE_INVALID);
    assert_status(session_run(conn, "SELECT CAST($1 AS BIGINT)", ARGS(TEXT("x")), NULL), STORAGE_INVALID);
    assert_status(session_run(conn, "SELECT CAST($1 AS TEXT)", ARGS(TEXT("\xff")), NULL), STORAGE_INVALID);
    assert_status(postgres_driver.ping(conn), STORAGE_OK);
    session_disconnect(conn);
}

static void test_changes__counts_writes_only(void **state)
{
    (void)state;
    struct storage_conn *conn = begin(STORAGE_WRITE);
    struct storage_stmt *insert, *select;
    assert_status(postgres_driver.prepare(
                      conn, "INSERT INTO things (id, name) VALUES ($1, $2), ($3, $4) RETURNING id", &insert),
                  STORAGE_OK);
    int64_t first;
    assert_status(session_run_stmt(insert, ARGS(INT(5), TEXT("five"), INT(6), TEXT("six")), &first),
                  STORAGE_DONE);
    assert_int_equal(first, 5);
    assert_int_equal(postgres_driver.changes(insert), 2);
    assert_status(postgres_driver.prepare(conn, "SELECT id FROM things", &select), STORAGE_OK);
    assert_status(session_run_stmt(select, NO_ARGS, NULL), STORAGE_DONE);
    assert_int_equal(postgres_driver.changes(select), 0);
    session_disconnect(conn); /* finalizes both, rolls back */
    assert_int_equal(cluster_number("SELECT count(*) FROM things"), 0);
}

static void test_step__runs_nest(void **state)
{
    (void)state;
    struct storage_conn *conn = session_connect(db);
    struct storage_stmt *outer, *inner;
    assert_status(postgres_driver.prepare(conn, "SELECT g FROM generate_series(1, 3) AS g", &outer),
                  STORAGE_OK);
    assert_status(postgres_driver.prepare(conn, "SELECT CAST($1 AS BIGINT) * 10", &inner), STORAGE_OK);
    assert_status(postgres_driver.run(outer, NO_ARGS), STORAGE_OK);
    int64_t sum = 0;
    while (postgres_driver.step(outer) == STORAGE_ROW) {
        struct storage_value value;
        int64_t tenfold;
        assert_status(postgres_driver.column(outer, 0, &value), STORAGE_OK);
        assert_status(session_run_stmt(inner, ARGS(INT(value.integer)), &tenfold), STORAGE_DONE);
        sum += tenfold;
    }
    assert_int_equal(sum, 60);
    session_disconnect(conn);
}

/* --- transactions --- */

static void test_begin__guards_what_may_write(void **state)
{
    (void)state;
    static const char insert[] = "INSERT INTO things (id, name) VALUES (1, 'x')";
    struct storage_conn *conn = session_connect(db);
    assert_status(session_run(conn, insert, NO_ARGS, NULL), STORAGE_INVALID);
    assert_status(postgres_driver.begin(conn, STORAGE_READ), STORAGE_OK);
    assert_status(postgres_driver.begin(conn, STORAGE_READ), STORAGE_INVALID);
    assert_status(postgres_driver.notify(conn, "c", "p"), STORAGE_INVALID);
    assert_status(postgres_driver.script(conn, insert), STORAGE_INVALID);
    assert_status(postgres_driver.lock_schema(conn), STORAGE_INVALID);
    assert_status(session_run(conn, insert, NO_ARGS, NULL), STORAGE_INVALID);
    postgres_driver.rollback(conn);
    postgres_driver.rollback(conn);
    assert_status(postgres_driver.commit(conn), STORAGE_INVALID);
    assert_status(postgres_driver.begin(conn, STORAGE_WRITE), STORAGE_OK);
    assert_status(session_run(conn, insert, NO_ARGS, NULL), STORAGE_DONE);
    postgres_driver.rollback(conn);
    assert_status(postgres_driver.ping(conn), STORAGE_OK);
    session_disconnect(conn);
    assert_int_equal(cluster_number("SELECT count(*) FROM things"), 0);
}

/* The server answers COMMIT of a failed transaction with success and rolls back. */
static void test_commit__is_not_ok_after_a_failed_statement(void **state)
{
    (void)state;
    struct storage_conn *conn = begin(STORAGE_WRITE);
    assert_status(session_run(conn, "INSERT INTO things (id, name) VALUES (1, 'x')", NO_ARGS, NULL),
                  STORAGE_DONE);
    assert_status(session_run(conn, "INSERT INTO things (id, name) VALUES (1, 'y')", NO_ARGS, NULL),
                  STORAGE_CONFLICT);
    assert_status(session_run(conn, "SELECT 1", NO_ARGS, NULL), STORAGE_INVALID);
    assert_status(postgres_driver.ping(conn), STORAGE_OK);
    assert_status(postgres_driver.commit(conn), STORAGE_INVALID);
    assert_status(postgres_driver.begin(conn, STORAGE_WRITE), STORAGE_OK);
    assert_status(postgres_driver.commit(conn), STORAGE_OK);
    session_disconnect(conn);
    assert_int_equal(cluster_number("SELECT count(*) FROM things"), 0);
}

/* Two that each read both rows and then change one: serialised, one of them would have seen the other's. */
static void test_commit__refuses_write_skew(void **state)
{
    (void)state;
    commit_one("INSERT INTO things (id, name, size) VALUES (1, 'a', 1), (2, 'b', 1)");
    struct storage_conn *one = begin(STORAGE_WRITE);
    struct storage_conn *two = begin(STORAGE_WRITE);
    int64_t count;
    assert_status(session_run(one, "SELECT count(*) FROM things WHERE size = 1", NO_ARGS, &count),
                  STORAGE_DONE);
    assert_status(session_run(two, "SELECT count(*) FROM things WHERE size = 1", NO_ARGS, &count),
                  STORAGE_DONE);
    enum storage_status first = session_run(one, "UPDATE things SET size = 2 WHERE id = 1", NO_ARGS, NULL);
    enum storage_status second = session_run(two, "UPDATE things SET size = 2 WHERE id = 2", NO_ARGS, NULL);
    assert_status(first, STORAGE_DONE);
    if (second == STORAGE_DONE) {
        assert_status(postgres_driver.commit(one), STORAGE_OK);
        assert_status(postgres_driver.commit(two), STORAGE_BUSY);
    } else {
        assert_status(second, STORAGE_BUSY);
    }
    session_disconnect(one);
    session_disconnect(two);
    commit_one("DELETE FROM things");
}

static void test_deadline__a_wait_for_a_lock_ends_in_busy(void **state)
{
    (void)state;
    commit_one("INSERT INTO things (id, name, size) VALUES (1, 'a', 1)");
    struct storage_conn *holder = begin(STORAGE_WRITE);
    assert_status(session_run(holder, "UPDATE things SET size = 2", NO_ARGS, NULL), STORAGE_DONE);
    struct storage_conn *waiter = session_connect(db);
    session_deadline(waiter, 2000);
    assert_status(postgres_driver.begin(waiter, STORAGE_WRITE), STORAGE_OK);
    assert_status(session_run(waiter, "UPDATE things SET size = 3", NO_ARGS, NULL), STORAGE_BUSY);
    postgres_driver.rollback(waiter);
    assert_status(postgres_driver.ping(waiter), STORAGE_OK);
    session_disconnect(waiter);
    session_disconnect(holder);
    commit_one("DELETE FROM things");
}

static void test_deadline__passed_ends_in_gone_without_a_commit(void **state)
{
    (void)state;
    struct storage_conn *conn = begin(STORAGE_WRITE);
    assert_status(session_run(conn, "INSERT INTO things (id, name) VALUES (1, 'x')", NO_ARGS, NULL),
                  STORAGE_DONE);
    session_deadline(conn, -1);
    assert_status(postgres_driver.commit(conn), STORAGE_GONE);
    assert_non_null(strstr(postgres_driver.error(conn), "deadline"));
    session_deadline(conn, 1000);
    assert_status(postgres_driver.ping(conn), STORAGE_GONE); /* never used again */
    session_disconnect(conn);
    assert_int_equal(cluster_number("SELECT count(*) FROM things"), 0);
}

static void test_deadline__a_late_connection_is_closed_at_once(void **state)
{
    (void)state;
    struct storage_conn *conn = session_connect(db);
    char gone[96];
    snprintf(gone, sizeof(gone), "SELECT 1 - count(*) FROM pg_stat_activity WHERE pid = %d",
             session_backend(conn));
    session_deadline(conn, 50);
    assert_status(session_run(conn, "SELECT pg_sleep(0.3)", NO_ARGS, NULL), STORAGE_GONE);
    cluster_await(gone); /* while this side still has its struct */
    session_disconnect(conn);
}

static void *migrate(void *arg)
{
    int64_t *seen = arg;
    struct storage_conn *conn = begin(STORAGE_WRITE);
    if (postgres_driver.lock_schema(conn) == STORAGE_OK)
        session_run(conn, "SELECT count(*) FROM things", NO_ARGS, seen);
    session_disconnect(conn);
    return NULL;
}

/* Under SERIALIZABLE the second migrator's snapshot would be older than the first one's commit. */
static void test_lock_schema__shows_what_its_last_holder_did(void **state)
{
    (void)state;
    struct storage_conn *first = begin(STORAGE_WRITE);
    assert_status(postgres_driver.lock_schema(first), STORAGE_OK);
    int64_t seen = -1;
    pthread_t second;
    assert_int_equal(pthread_create(&second, NULL, migrate, &seen), 0);
    cluster_await("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
    assert_status(postgres_driver.script(first, "INSERT INTO things (id, name) VALUES (1, 'x'); SELECT 1"),
                  STORAGE_OK);
    assert_status(postgres_driver.commit(first), STORAGE_OK);
    pthread_join(second, NULL);
    assert_int_equal(seen, 1);
    session_disconnect(first);
    commit_one("DELETE FROM things");
}

static void test_lock_schema__must_come_first(void **state)
{
    (void)state;
    struct storage_conn *conn = begin(STORAGE_WRITE);
    assert_status(session_run(conn, "SELECT 1", NO_ARGS, NULL), STORAGE_DONE);
    assert_status(postgres_driver.lock_schema(conn), STORAGE_INVALID);
    session_disconnect(conn);
}

/* --- prepared statements --- */

static void test_run__makes_lost_statements_anew(void **state)
{
    (void)state;
    struct storage_db *own = session_open(cluster_conninfo());
    struct storage_conn *conn = session_connect(own);
    struct storage_stmt *one, *two;
    int64_t value;
    assert_status(postgres_driver.prepare(conn, "SELECT CAST($1 AS BIGINT) + 1", &one), STORAGE_OK);
    assert_status(postgres_driver.prepare(conn, "SELECT CAST($1 AS BIGINT) + 2", &two), STORAGE_OK);
    assert_status(session_run_stmt(one, ARGS(INT(1)), &value), STORAGE_DONE);
    assert_status(session_run_stmt(two, ARGS(INT(1)), &value), STORAGE_DONE);
    assert_status(session_run(conn, "DEALLOCATE ALL", NO_ARGS, NULL), STORAGE_DONE);
    assert_status(session_run_stmt(one, ARGS(INT(1)), &value), STORAGE_DONE);
    assert_int_equal(value, 2);
    assert_status(session_run_stmt(two, ARGS(INT(1)), &value), STORAGE_DONE);
    assert_int_equal(value, 3);
    assert_false(atomic_load(&own->without_statements));

    /* A second time: the statements do not stay where we put them. In a transaction only all of it can run
     * again. */
    assert_status(session_run(conn, "DEALLOCATE ALL", NO_ARGS, NULL), STORAGE_DONE);
    assert_status(postgres_driver.begin(conn, STORAGE_READ), STORAGE_OK);
    assert_status(session_run_stmt(one, ARGS(INT(1)), &value), STORAGE_BUSY);
    postgres_driver.rollback(conn);
    assert_true(atomic_load(&own->without_statements));
    assert_status(postgres_driver.begin(conn, STORAGE_READ), STORAGE_OK);
    assert_status(session_run_stmt(one, ARGS(INT(5)), &value), STORAGE_DONE);
    assert_int_equal(value, 6);
    assert_status(postgres_driver.commit(conn), STORAGE_OK);
    assert_status(session_run_stmt(two, ARGS(INT(5)), &value), STORAGE_DONE);
    assert_int_equal(value, 7);
    session_disconnect(conn);
    session_close(own);
}

static void test_run__survives_ddl_that_changes_its_result(void **state)
{
    (void)state;
    static const char select[] = "SELECT * FROM shapes";
    cluster_sql(
        "CREATE TABLE shapes (a BIGINT); INSERT INTO shapes VALUES (1); GRANT SELECT ON shapes TO tether");
    struct storage_conn *conn = session_connect(db);
    struct storage_stmt *stmt;
    assert_status(postgres_driver.prepare(conn, select, &stmt), STORAGE_OK);
    assert_status(session_run_stmt(stmt, NO_ARGS, NULL), STORAGE_DONE);
    cluster_sql("ALTER TABLE shapes ADD COLUMN b TEXT");
    assert_status(session_run_stmt(stmt, NO_ARGS, NULL), STORAGE_DONE);

    cluster_sql("ALTER TABLE shapes ADD COLUMN c TEXT");
    assert_status(postgres_driver.begin(conn, STORAGE_READ), STORAGE_OK);
    assert_status(session_run_stmt(stmt, NO_ARGS, NULL), STORAGE_BUSY);
    postgres_driver.rollback(conn);
    assert_status(postgres_driver.begin(conn, STORAGE_READ), STORAGE_OK);
    assert_status(postgres_driver.run(stmt, NO_ARGS), STORAGE_OK);
    assert_status(postgres_driver.step(stmt), STORAGE_ROW);
    struct storage_value value;
    assert_status(postgres_driver.column(stmt, 2, &value), STORAGE_OK);
    assert_status(postgres_driver.commit(conn), STORAGE_OK);
    int64_t held;
    assert_status(session_run(conn, "SELECT count(*) FROM pg_prepared_statements", NO_ARGS, &held),
                  STORAGE_DONE);
    assert_int_equal(held, 2); /* this one and the one that asks: the outdated ones are gone */

    cluster_sql("DROP TABLE shapes");
    assert_status(session_run_stmt(stmt, NO_ARGS, NULL), STORAGE_ERROR);
    assert_status(postgres_driver.ping(conn), STORAGE_OK);
    session_disconnect(conn);
}

static void test_finalize__frees_the_servers_copy(void **state)
{
    (void)state;
    struct storage_conn *conn = session_connect(db);
    int64_t held;
    for (int i = 0; i < 20; i++)
        assert_status(session_run(conn, "SELECT 1", NO_ARGS, NULL), STORAGE_DONE);
    assert_status(session_run(conn, "SELECT count(*) FROM pg_prepared_statements", NO_ARGS, &held),
                  STORAGE_DONE);
    assert_int_equal(held, 1); /* the one that asks */
    session_disconnect(conn);
}

/* --- a server that does not take writes --- */

static void test_begin__a_server_that_turned_read_only_is_full(void **state)
{
    (void)state;
    struct storage_conn *conn = begin(STORAGE_WRITE);
    /* As good as a standby, for the classification: the session asked to write and may not. */
    assert_status(postgres_driver.script(conn, "SET TRANSACTION READ ONLY"), STORAGE_OK);
    assert_status(session_run(conn, "INSERT INTO things (id, name) VALUES (1, 'x')", NO_ARGS, NULL),
                  STORAGE_FULL);
    session_disconnect(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open__refuses_what_libpq_cannot_read_without_quoting_it),
        cmocka_unit_test(test_open__lets_the_operator_override_defaults_but_not_the_encoding),
        cmocka_unit_test(test_open__takes_several_servers_apart),
        cmocka_unit_test(test_connect__says_why_it_failed_and_never_the_password),
        cmocka_unit_test(test_connect__refuses_a_database_that_is_not_utf8),
        cmocka_unit_test(test_connect__gives_up_at_its_deadline),
        cmocka_unit_test(test_run__folds_each_failure_and_hides_values),
        cmocka_unit_test(test_classify__knows_every_code_that_matters),
        cmocka_unit_test(test_column__returns_every_type_whole),
        cmocka_unit_test(test_run__refuses_bad_arguments_and_the_connection_lives),
        cmocka_unit_test(test_changes__counts_writes_only),
        cmocka_unit_test(test_step__runs_nest),
        cmocka_unit_test(test_begin__guards_what_may_write),
        cmocka_unit_test(test_commit__is_not_ok_after_a_failed_statement),
        cmocka_unit_test(test_commit__refuses_write_skew),
        cmocka_unit_test(test_deadline__a_wait_for_a_lock_ends_in_busy),
        cmocka_unit_test(test_deadline__passed_ends_in_gone_without_a_commit),
        cmocka_unit_test(test_deadline__a_late_connection_is_closed_at_once),
        cmocka_unit_test(test_lock_schema__shows_what_its_last_holder_did),
        cmocka_unit_test(test_lock_schema__must_come_first),
        cmocka_unit_test(test_run__makes_lost_statements_anew),
        cmocka_unit_test(test_run__survives_ddl_that_changes_its_result),
        cmocka_unit_test(test_finalize__frees_the_servers_copy),
        cmocka_unit_test(test_begin__a_server_that_turned_read_only_is_full),
    };
    return cmocka_run_group_tests_name("postgres driver", tests, set_up, tear_down);
}
