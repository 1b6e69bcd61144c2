/* The PostgreSQL driver on bad days: a network that swallows, delays, dribbles and cuts, a server that stands
 * still. Every call must come back by its deadline, and what was acknowledged must be there.
 *
 * No clock is asked whether it did: a busy machine may take any time. Where the other side is silent for
 * ever, nothing but a deadline brings a call back at all. Where it is only slow, it answers long after the
 * deadline and well before the driver's own one: a call that knew of no other gets that answer, instead of
 * GONE. */
#include "cluster.h"
#include "ledger.h"
#include "proxy.h"
#include "session.h"

#include <arpa/inet.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend_postgres/driver.h"
#include "base/clock.h"
#include "storage/db.h"

#define DEADLINE_MS 150
/* What each piece of a slow answer takes, one way; the driver by itself waits for 5 s. */
#define SLOW_MS 1000
/* What does not come back until then does not come back: the program is ended. */
#define NEVER_S 120

static struct fault_proxy *proxy;
static char proxied[160];
static struct ledger ledger;

static int set_up(void **state)
{
    if (cluster_set_up(state) != 0)
        return -1;
    proxy = fault_proxy_start(cluster_socket());
    snprintf(proxied, sizeof(proxied), "host=127.0.0.1 port=%d dbname=tether user=tether",
             fault_proxy_port(proxy));
    return 0;
}

static int tear_down(void **state)
{
    fault_proxy_stop(proxy);
    return cluster_tear_down(state);
}

static int heal(void **state)
{
    (void)state;
    fault_proxy_set(proxy, FAULT_NONE, 0);
    return 0;
}

/* --- every call, while the other side is silent --- */

struct victim {
    struct storage_conn *conn;
    struct storage_stmt *stmt;
};

static enum storage_status call_begin(struct victim *v)
{
    return postgres_driver.begin(v->conn, STORAGE_WRITE);
}
static enum storage_status call_commit(struct victim *v)
{
    return postgres_driver.commit(v->conn);
}
static enum storage_status call_rollback(struct victim *v)
{
    postgres_driver.rollback(v->conn);
    return STORAGE_GONE;
}
static enum storage_status call_ping(struct victim *v)
{
    return postgres_driver.ping(v->conn);
}
static enum storage_status call_run(struct victim *v)
{
    return session_run_stmt(v->stmt, NO_ARGS, NULL);
}
static enum storage_status call_run_first_time(struct victim *v)
{
    return session_run(v->conn, "SELECT 2", NO_ARGS, NULL);
}
static enum storage_status call_finalize(struct victim *v)
{
    postgres_driver.finalize(v->stmt);
    v->stmt = NULL;
    return STORAGE_GONE;
}
static enum storage_status call_script(struct victim *v)
{
    return postgres_driver.script(v->conn, "SELECT 1");
}
static enum storage_status call_lock_schema(struct victim *v)
{
    return postgres_driver.lock_schema(v->conn);
}
static enum storage_status call_notify(struct victim *v)
{
    return postgres_driver.notify(v->conn, "channel", "payload");
}

struct silent_call {
    const char *name;
    enum storage_status (*call)(struct victim *v);
    bool in_transaction;
    enum storage_status status;
};

static const struct silent_call silent_calls[] = {
    { "begin", call_begin, false, STORAGE_GONE },
    { "run", call_run, false, STORAGE_GONE },
    { "run for the first time", call_run_first_time, false, STORAGE_GONE },
    { "ping", call_ping, false, STORAGE_GONE },
    { "finalize", call_finalize, false, STORAGE_GONE },
    { "run in a transaction", call_run, true, STORAGE_GONE },
    { "rollback", call_rollback, true, STORAGE_GONE },
    { "script", call_script, true, STORAGE_GONE },
    { "lock_schema", call_lock_schema, true, STORAGE_GONE },
    { "notify", call_notify, true, STORAGE_GONE },
    { "commit", call_commit, true, STORAGE_UNCERTAIN },
};

static int64_t latest_ms; /* beyond a deadline, of all calls: for who reads along */

static void note_late(int64_t began, int64_t deadline_ms)
{
    int64_t late = clock_monotonic_ms() - began - deadline_ms;
    latest_ms = late > latest_ms ? late : latest_ms;
}

static void make_silent_call(struct storage_db *db, const struct silent_call *row,
                             void (*silence)(int backend), void (*restore)(int backend))
{
    struct victim v = { .conn = session_connect(db) };
    assert_status(postgres_driver.prepare(v.conn, "SELECT 1", &v.stmt), STORAGE_OK);
    assert_status(session_run_stmt(v.stmt, NO_ARGS, NULL), STORAGE_DONE);
    int backend = session_backend(v.conn);
    if (row->in_transaction)
        assert_status(postgres_driver.begin(v.conn, STORAGE_WRITE), STORAGE_OK);
    silence(backend);
    session_deadline(v.conn, DEADLINE_MS);
    int64_t began = clock_monotonic_ms();
    enum storage_status status = row->call(&v);
    note_late(began, DEADLINE_MS);
    session_assert(status, row->status, row->name, __FILE__, __LINE__);
    restore(backend);
    /* The late answer may be on its way by now: the connection must not take it for another one's. */
    postgres_driver.deadline(v.conn, 0);
    session_assert(postgres_driver.ping(v.conn), STORAGE_GONE, row->name, __FILE__, __LINE__);
    session_disconnect(v.conn);
}

static void swallow(int backend)
{
    (void)backend;
    fault_proxy_set(proxy, FAULT_SWALLOW, 0);
}
static void slow(int backend)
{
    (void)backend;
    fault_proxy_set(proxy, FAULT_DELAY, SLOW_MS);
}
static void forward(int backend)
{
    (void)backend;
    fault_proxy_set(proxy, FAULT_NONE, 0);
}
static void stop_backend(int backend)
{
    assert_int_equal(kill(backend, SIGSTOP), 0);
}
static void continue_backend(int backend)
{
    assert_int_equal(kill(backend, SIGCONT), 0);
}

static void make_silent_calls(void (*silence)(int backend), void (*restore)(int backend))
{
    struct storage_db *db = session_open(proxied);
    for (size_t i = 0; i < sizeof(silent_calls) / sizeof(silent_calls[0]); i++)
        make_silent_call(db, &silent_calls[i], silence, restore);
    session_close(db);
    print_message("           latest answer: %lld ms after its deadline\n", (long long)latest_ms);
}

static void test_silence__a_half_open_connection_costs_a_deadline(void **state)
{
    (void)state;
    make_silent_calls(swallow, forward);
}

static void test_silence__a_slow_network_costs_a_deadline(void **state)
{
    (void)state;
    make_silent_calls(slow, forward);
}

static void test_silence__a_stopped_server_process_costs_a_deadline(void **state)
{
    (void)state;
    make_silent_calls(stop_backend, continue_backend);
}

static void connect_in_vain(enum fault fault)
{
    struct storage_db *db = session_open(proxied);
    struct storage_conn *conn = NULL;
    struct storage_error error = { 0 };
    fault_proxy_set(proxy, fault, SLOW_MS);
    int64_t deadline = clock_monotonic_ms() + DEADLINE_MS;
    assert_status(postgres_driver.connect(db, deadline, &conn, &error), STORAGE_GONE);
    assert_non_null(strstr(error.text, "deadline"));
    session_close(db);
}

static void test_silence__connect_comes_back(void **state)
{
    (void)state;
    connect_in_vain(FAULT_SWALLOW);
    connect_in_vain(FAULT_DELAY);
}

/* The first server swallows everything, the second one is well: each gets its share of the time. */
static void test_silence__connect_goes_on_to_the_next_server(void **state)
{
    (void)state;
    struct fault_proxy *second = fault_proxy_start(cluster_socket());
    char conninfo[160];
    snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1,127.0.0.1 port=%d,%d dbname=tether user=tether",
             fault_proxy_port(proxy), fault_proxy_port(second));
    struct storage_db *db = session_open(conninfo);
    fault_proxy_set(proxy, FAULT_SWALLOW, 0);
    session_disconnect(session_connect(db));
    assert_true(fault_proxy_pieces(proxy) > 0);
    fault_proxy_set(proxy, FAULT_SWALLOW, 0);
    session_disconnect(session_connect(db)); /* straight to the one that answered */
    assert_int_equal(fault_proxy_pieces(proxy), 0);
    session_close(db);
    fault_proxy_stop(second);
}

static void test_dribble__is_only_slow(void **state)
{
    (void)state;
    struct storage_db *db = session_open(proxied);
    fault_proxy_set(proxy, FAULT_DRIBBLE, 100);
    struct storage_conn *conn = session_connect(db);
    int64_t length = 0;
    assert_status(postgres_driver.begin(conn, STORAGE_READ), STORAGE_OK);
    assert_status(
        session_run(conn, "SELECT length(repeat($1, 100)), repeat($1, 100)", ARGS(TEXT("abc")), &length),
        STORAGE_DONE);
    assert_int_equal(length, 300);
    assert_status(postgres_driver.commit(conn), STORAGE_OK);
    /* Bytes that come all the time do not move the deadline. */
    session_deadline(conn, DEADLINE_MS);
    assert_status(session_run(conn, "SELECT repeat('x', 20000)", NO_ARGS, NULL), STORAGE_GONE);
    session_disconnect(conn);
    session_close(db);
}

/* So that little is held between us and a server that does not read: otherwise megabytes are. */
static void shrink_send_buffers(void)
{
    int held = 65536;
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_in peer = { 0 };
        socklen_t size = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == fault_proxy_port(proxy))
            assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &held, sizeof(held)), 0);
    }
}

/* A parameter larger than all buffers on the way, into a connection that nobody reads. Prepared before, since
 * preparing waits for an answer, and sends little; without a deadline of its own the sending would never end.
 * Returns how much of it came through. */
static size_t send_into_silence(struct storage_db *db, struct storage_value large, int deadline_ms)
{
    struct victim v = { .conn = session_connect(db) };
    int backend = session_backend(v.conn);
    shrink_send_buffers();
    assert_status(postgres_driver.prepare(v.conn, "SELECT length($1)", &v.stmt), STORAGE_OK);
    assert_status(session_run_stmt(v.stmt, ARGS(TEXT("small")), NULL), STORAGE_DONE);
    stop_backend(backend);
    fault_proxy_set(proxy, FAULT_NONE, 0); /* counts anew */
    session_deadline(v.conn, deadline_ms);
    alarm(NEVER_S);
    enum storage_status status = session_run_stmt(v.stmt, ARGS(large), NULL);
    alarm(0);
    size_t sent = fault_proxy_bytes(proxy);
    continue_backend(backend);
    assert_status(status, STORAGE_GONE);
    assert_non_null(strstr(postgres_driver.error(v.conn), "deadline"));
    assert_in_range(sent, 0, large.size / 2); /* the rest never left */
    session_disconnect(v.conn);
    return sent;
}

static void test_silence__sending_has_a_deadline_too(void **state)
{
    (void)state;
    static char large[2 * 1024 * 1024];
    memset(large, 'x', sizeof(large));
    struct storage_db *db = session_open(proxied);
    int deadline_ms = DEADLINE_MS;
    while (send_into_silence(db, (struct storage_value){ STORAGE_TEXT, sizeof(large), 0, large },
                             deadline_ms) == 0)
        deadline_ms *= 2; /* a machine so busy that the deadline came before anything was sent */
    session_close(db);
}

/* --- cuts at every step of a transaction --- */

static struct db *open_wrapped(const char *conninfo)
{
    struct db *db = NULL;
    struct storage_error error = { 0 };
    struct storage_setting settings[] = { { "conninfo", conninfo } };
    if (db_open_driver(&postgres_driver, settings, 1, &db, &error) != STORAGE_OK)
        fail_msg("open: %s", error.text);
    return db;
}

/* One transaction over a fresh connection, cut at its n-th message. False when it ended before that. */
static bool write_with_cut(struct db *db, enum fault kind, int n)
{
    struct db_conn *conn = db_connect(db);
    int entry = ledger_next(&ledger);
    fault_proxy_set(proxy, kind, n);
    enum storage_status status = ledger_write(conn, entry);
    ledger_note(&ledger, entry, status);
    bool reached = fault_proxy_pieces(proxy) >= n;
    fault_proxy_set(proxy, FAULT_NONE, 0);
    if (status == STORAGE_OK || status == STORAGE_UNCERTAIN)
        assert_true(db_ping(conn) == STORAGE_OK); /* and goes on without help */
    db_disconnect(&conn);
    fault_proxy_await_quiet(proxy);
    return reached;
}

static void cut_everywhere(enum fault kind)
{
    struct db *db = open_wrapped(proxied);
    ledger_set_up(&ledger);
    int n = 1;
    while (write_with_cut(db, kind, n))
        n++;
    assert_in_range(n, 8, 40); /* start-up, session, begin, 2 × (prepare, run), commit */
    ledger_audit(&ledger);
    db_close(&db);
}

static void test_cut__before_the_server_hears_it(void **state)
{
    (void)state;
    cut_everywhere(FAULT_CUT_BEFORE);
    assert_int_equal(ledger.uncertain, 1); /* the message was COMMIT */
}

static void test_cut__while_the_server_works(void **state)
{
    (void)state;
    cut_everywhere(FAULT_CUT_DURING);
}

static void test_cut__before_we_hear_the_answer(void **state)
{
    (void)state;
    cut_everywhere(FAULT_CUT_AFTER);
    assert_int_equal(ledger.uncertain, 1);
    assert_int_equal(cluster_number("SELECT count(*) FROM ledger"), ledger.ok + 1);
}

/* --- the server's process ends at every step --- */

struct killing {
    int step;
    int at;
    int backend;
    int entry;
};

static void end_backend(int pid)
{
    char gone[96];
    assert_int_equal(kill(pid, SIGTERM), 0);
    snprintf(gone, sizeof(gone), "SELECT 1 - count(*) FROM pg_stat_activity WHERE pid = %d", pid);
    cluster_await(gone);
}

static enum storage_status write_and_die(struct db_conn *conn, void *context)
{
    struct killing *killing = context;
    static const char *const steps[] = { "SELECT CAST(pg_backend_pid() AS BIGINT)",
                                         "INSERT INTO ledger (entry) VALUES ($1)",
                                         "UPDATE counter SET value = value + 1 WHERE slot = $1 % 16" };
    for (killing->step = 0; killing->step < 3; killing->step++) {
        DB_ROWS(rows);
        struct db_args args = killing->step == 0 ? DB_NO_ARGS : DB_ARGS(db_int(killing->entry));
        enum storage_status s = db_first(conn, &rows, steps[killing->step], args);
        if (s == STORAGE_ROW)
            killing->backend = (int)db_col_int(&rows, 0);
        else if (s != STORAGE_DONE)
            return s;
        if (killing->at == killing->step) {
            killing->at = -1; /* the second attempt is left alone */
            end_backend(killing->backend);
        }
    }
    return STORAGE_OK;
}

/* A session that was ended before the commit was sent leaves no doubt, so the wrapper may run it again. */
static void test_kill__a_server_process_at_every_step_is_made_good(void **state)
{
    (void)state;
    struct db *db = open_wrapped(cluster_conninfo());
    struct db_conn *conn = db_connect(db);
    ledger_set_up(&ledger);
    for (int at = -1; at < 3; at++) {
        struct killing killing = { .at = at, .entry = ledger_next(&ledger) };
        enum storage_status status = db_transaction(conn, STORAGE_WRITE, write_and_die, &killing);
        ledger_note(&ledger, killing.entry, status);
        assert_status(status, STORAGE_OK);
    }
    ledger_audit(&ledger);
    db_disconnect(&conn);
    db_close(&db);
}

/* --- notifications --- */

static void tell(struct storage_db *db, const char *payload)
{
    struct storage_conn *conn = session_connect(db);
    assert_status(postgres_driver.begin(conn, STORAGE_WRITE), STORAGE_OK);
    assert_status(postgres_driver.notify(conn, "news", payload), STORAGE_OK);
    assert_status(postgres_driver.commit(conn), STORAGE_OK);
    session_disconnect(conn);
}

static struct storage_listener *listen_to(struct storage_db *db, const char *channel)
{
    struct storage_listener *listener = NULL;
    struct storage_error error = { 0 };
    if (postgres_driver.listen(db, channel, &listener, &error) != STORAGE_OK)
        fail_msg("listen: %s", error.text);
    return listener;
}

static void expect_news(struct storage_listener *listener, const char *expected)
{
    char payload[201];
    assert_status(postgres_driver.wait(listener, 5000, payload, sizeof(payload)), STORAGE_ROW);
    assert_string_equal(payload, expected);
}

static void test_listen__two_nodes_hear_each_other_in_order(void **state)
{
    (void)state;
    struct storage_db *node_a = session_open(cluster_conninfo());
    struct storage_db *node_b = session_open(proxied);
    struct storage_listener *a = listen_to(node_a, "news"), *b = listen_to(node_b, "news");
    struct storage_listener *other = listen_to(node_b, "odd \"name\"");
    char payload[201];
    tell(node_a, "one");
    tell(node_b, "two");
    expect_news(a, "one");
    expect_news(a, "two");
    expect_news(b, "one");
    expect_news(b, "two");
    assert_status(postgres_driver.wait(b, 0, payload, sizeof(payload)), STORAGE_DONE);
    assert_status(postgres_driver.wait(other, 10, payload, sizeof(payload)), STORAGE_DONE);
    postgres_driver.unlisten(a);
    postgres_driver.unlisten(b);
    postgres_driver.unlisten(other);
    session_close(node_a);
    session_close(node_b);
}

/* However many keep coming: DONE says that everything up to a question was handed out. */
static void test_listen__news_do_not_put_the_answer_off(void **state)
{
    (void)state;
    struct storage_db *db = session_open(cluster_conninfo());
    struct storage_listener *listener = listen_to(db, "news");
    char payload[201];
    tell(db, "one");
    tell(db, "two");
    assert_status(postgres_driver.wait(listener, 0, payload, sizeof(payload)), STORAGE_ROW);
    assert_string_equal(payload, "one");
    tell(db, "late"); /* after the question */
    assert_status(postgres_driver.wait(listener, 0, payload, sizeof(payload)), STORAGE_ROW);
    assert_string_equal(payload, "two");
    assert_status(postgres_driver.wait(listener, 0, payload, sizeof(payload)), STORAGE_DONE);
    expect_news(listener, "late");
    postgres_driver.unlisten(listener);
    session_close(db);
}

static void test_listen__a_rolled_back_notification_is_not_sent(void **state)
{
    (void)state;
    struct storage_db *db = session_open(cluster_conninfo());
    struct storage_listener *listener = listen_to(db, "news");
    struct storage_conn *conn = session_connect(db);
    assert_status(postgres_driver.begin(conn, STORAGE_WRITE), STORAGE_OK);
    assert_status(postgres_driver.notify(conn, "news", "never"), STORAGE_OK);
    postgres_driver.rollback(conn);
    session_disconnect(conn);
    tell(db, "after");
    expect_news(listener, "after");
    postgres_driver.unlisten(listener);
    session_close(db);
}

static void test_listen__a_lost_connection_is_noticed_and_comes_back(void **state)
{
    (void)state;
    static const enum fault faults[] = { FAULT_SWALLOW, FAULT_DROP, FAULT_RESET };
    struct storage_db *db = session_open(proxied);
    char payload[201];
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        fault_proxy_set(proxy, FAULT_NONE, 0);
        struct storage_listener *listener = listen_to(db, "news");
        assert_status(postgres_driver.wait(listener, 1, payload, sizeof(payload)), STORAGE_DONE);
        fault_proxy_set(proxy, faults[i], 0);
        assert_status(postgres_driver.wait(listener, 50, payload, sizeof(payload)), STORAGE_GONE);
        assert_status(postgres_driver.wait(listener, 50, payload, sizeof(payload)), STORAGE_GONE);
        struct storage_listener *early = NULL;
        struct storage_error error = { 0 };
        if (faults[i] != FAULT_SWALLOW)
            assert_status(postgres_driver.listen(db, "news", &early, &error), STORAGE_GONE);
        fault_proxy_set(proxy, FAULT_NONE, 0);
        postgres_driver.unlisten(listener);
        listener = listen_to(db, "news");
        tell(db, "again");
        expect_news(listener, "again");
        postgres_driver.unlisten(listener);
    }
    session_close(db);
}

static void test_listen__the_servers_end_wakes_a_wait(void **state)
{
    (void)state;
    struct storage_db *db = session_open(cluster_conninfo());
    struct storage_listener *listener = listen_to(db, "news");
    char payload[201];
    cluster_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
    /* Nothing else would end it. */
    assert_status(postgres_driver.wait(listener, INT_MAX, payload, sizeof(payload)), STORAGE_GONE);
    postgres_driver.unlisten(listener);
    session_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_silence__a_half_open_connection_costs_a_deadline, heal),
        cmocka_unit_test_teardown(test_silence__a_slow_network_costs_a_deadline, heal),
        cmocka_unit_test_teardown(test_silence__a_stopped_server_process_costs_a_deadline, heal),
        cmocka_unit_test_teardown(test_silence__connect_comes_back, heal),
        cmocka_unit_test_teardown(test_silence__connect_goes_on_to_the_next_server, heal),
        cmocka_unit_test_teardown(test_dribble__is_only_slow, heal),
        cmocka_unit_test_teardown(test_silence__sending_has_a_deadline_too, heal),
        cmocka_unit_test_teardown(test_cut__before_the_server_hears_it, heal),
        cmocka_unit_test_teardown(test_cut__while_the_server_works, heal),
        cmocka_unit_test_teardown(test_cut__before_we_hear_the_answer, heal),
        cmocka_unit_test_teardown(test_kill__a_server_process_at_every_step_is_made_good, heal),
        cmocka_unit_test_teardown(test_listen__two_nodes_hear_each_other_in_order, heal),
        cmocka_unit_test_teardown(test_listen__news_do_not_put_the_answer_off, heal),
        cmocka_unit_test_teardown(test_listen__a_rolled_back_notification_is_not_sent, heal),
        cmocka_unit_test_teardown(test_listen__a_lost_connection_is_noticed_and_comes_back, heal),
        cmocka_unit_test_teardown(test_listen__the_servers_end_wakes_a_wait, heal),
    };
    return cmocka_run_group_tests_name("postgres faults", tests, set_up, tear_down);
}
