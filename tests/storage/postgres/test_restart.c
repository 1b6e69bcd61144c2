/* A server that goes away and comes back, again and again, under concurrent load.
 *
 * Writers keep writing through the wrappers, with a deadline per transaction, as requests do. Whatever the
 * server does, every transaction is answered, and the ledger must match afterwards. No clock is asked: a
 * server that crashed stays away until all who were under way have their answers, and others after them, so
 * that none can have waited for its return. TETHER_RESTARTS raises the number of rounds from
 * the short form to the long one. */
#include "cluster.h"
#include "ledger.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend_postgres/driver.h"
#include "base/clock.h"
#include "storage/db.h"

#define WRITERS     6
#define DEADLINE_MS 2000
/* What has not happened until then does not happen. */
#define NEVER_S 120

static struct ledger ledger;
static atomic_bool stopping;
static atomic_int acknowledged;
static atomic_llong longest_ms; /* of all answers: for who reads along */

static void *write_on(void *arg)
{
    struct db_conn *conn = db_connect(arg);
    while (!atomic_load(&stopping)) {
        int entry = ledger_next(&ledger);
        int64_t began = clock_monotonic_ms();
        db_set_deadline(conn, began + DEADLINE_MS);
        enum storage_status status = ledger_write(conn, entry);
        ledger_note(&ledger, entry, status);
        long long took = clock_monotonic_ms() - began, longest = atomic_load(&longest_ms);
        while (took > longest && !atomic_compare_exchange_weak(&longest_ms, &longest, took)) {
        }
        if (status == STORAGE_OK)
            atomic_fetch_add(&acknowledged, 1);
        else
            usleep(2000); /* a server that is away would otherwise fill the ledger with failures */
    }
    db_disconnect(&conn);
    return NULL;
}

static void await(bool (*is_so)(int since), int since, const char *what)
{
    for (int i = 0; i < NEVER_S * 100; i++) {
        if (is_so(since))
            return;
        usleep(10000);
    }
    fail_msg("waited %d s in vain: %s", NEVER_S, what);
}

static bool has_progress(int since)
{
    return atomic_load(&acknowledged) >= since + 20;
}

/* Fails the test when the writers do not get going again. */
static void await_progress(void)
{
    await(has_progress, atomic_load(&acknowledged),
          "transactions are acknowledged after the server's return");
}

static bool is_answered(int count)
{
    return ledger_is_answered(&ledger, count);
}

/* Of a server that is away. Fails the test when a transaction waits for its return: one that was under way,
 * or of the next ones. */
static void await_answers(void)
{
    int begun = __atomic_load_n(&ledger.count, __ATOMIC_RELAXED);
    await(is_answered, begun + WRITERS, "every transaction is answered while the server is away");
}

static struct db *open_db(void)
{
    struct db *db = NULL;
    struct storage_error error = { 0 };
    struct storage_setting settings[] = { { "conninfo", cluster_conninfo() } };
    if (db_open_driver(&postgres_driver, settings, 1, &db, &error) != STORAGE_OK)
        fail_msg("open: %s", error.text);
    return db;
}

static void under_load(void (*disturb)(int round), int rounds)
{
    ledger_set_up(&ledger);
    atomic_store(&stopping, false);
    atomic_store(&longest_ms, 0);
    struct db *nodes[2] = { open_db(), open_db() };
    pthread_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_on, nodes[i % 2]), 0);
    for (int round = 0; round < rounds; round++) {
        await_progress();
        disturb(round);
    }
    await_progress();
    atomic_store(&stopping, true);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    ledger_audit(&ledger);
    print_message("           longest answer: %lld ms\n", atomic_load(&longest_ms));
    db_close(&nodes[0]);
    db_close(&nodes[1]);
}

static int rounds(void)
{
    const char *wanted = getenv("TETHER_RESTARTS");
    return wanted ? (int)strtol(wanted, NULL, 10) : 3;
}

static void restart(int round)
{
    static const char *const orders[] = { "restart-fast", "restart-immediate" };
    cluster_order(orders[round % 2]);
}

static void crash(int round)
{
    (void)round;
    cluster_order("kill9");
    await_answers();
    cluster_order("start");
}

static void end_sessions(int round)
{
    (void)round;
    cluster_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tether'");
}

static void test_restart__fast_and_immediate_lose_nothing_acknowledged(void **state)
{
    (void)state;
    under_load(restart, rounds() * 2);
}

static void test_restart__a_crash_loses_nothing_acknowledged(void **state)
{
    (void)state;
    under_load(crash, rounds());
}

static void test_restart__ended_sessions_lose_nothing_acknowledged(void **state)
{
    (void)state;
    under_load(end_sessions, rounds() * 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restart__fast_and_immediate_lose_nothing_acknowledged),
        cmocka_unit_test(test_restart__a_crash_loses_nothing_acknowledged),
        cmocka_unit_test(test_restart__ended_sessions_lose_nothing_acknowledged),
    };
    return cmocka_run_group_tests_name("postgres restarts", tests, cluster_set_up, cluster_tear_down);
}
