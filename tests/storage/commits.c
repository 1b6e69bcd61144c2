/* How many durable transactions a second, alone and with 32 at once. Figures to read, not a case. */
#include "base/clock.h"
#include "conformance.h"

#define SECONDS 2

struct race {
    int64_t until_us;
    int64_t commits[64];
};

static enum storage_status insert_row(struct db_conn *conn, void *context)
{
    return db_exec(conn, "INSERT INTO conf_item (id, n) VALUES ($1, 1)", DB_ARGS(db_int(*(int64_t *)context)),
                   NULL);
}

static void commit_worker(struct db_conn *conn, int number, void *context)
{
    struct race *race = context;
    for (int64_t i = 0; clock_monotonic_us() < race->until_us; i++) {
        int64_t id = i * 64 + number;
        race->commits[number] += db_transaction(conn, STORAGE_WRITE, insert_row, &id) == STORAGE_OK;
    }
}

int print_commits(void)
{
    static const int threads[] = { 1, 2, 8, 32 };
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        void *state = NULL;
        struct race race = { 0 };
        int64_t total = 0;
        db_setup(&state);
        struct fixture *fixture = state;
        race.until_us = clock_monotonic_us() + SECONDS * CLOCK_SECOND;
        run_threads(fixture->db, threads[i], commit_worker, &race);
        for (int n = 0; n < threads[i]; n++)
            total += race.commits[n];
        db_teardown(&state);
        printf("%2d threads: %6lld commits/s\n", threads[i], (long long)total / SECONDS);
    }
    return 0;
}
