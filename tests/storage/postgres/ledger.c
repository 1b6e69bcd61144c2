/* The ledger of the fault tests. */
#include "ledger.h"

#include "cluster.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>
#include <libpq-fe.h>

void ledger_set_up(struct ledger *ledger)
{
    memset(ledger, 0, sizeof(*ledger));
    cluster_sql("SET client_min_messages = warning; DROP TABLE IF EXISTS ledger, counter;"
                "CREATE TABLE ledger (entry BIGINT NOT NULL);" /* no key: a doubled entry must show */
                "CREATE TABLE counter (slot BIGINT PRIMARY KEY, value BIGINT NOT NULL);"
                "INSERT INTO counter SELECT g, 0 FROM generate_series(0, 15) AS g;"
                "ALTER TABLE ledger OWNER TO tether; ALTER TABLE counter OWNER TO tether");
}

int ledger_next(struct ledger *ledger)
{
    int entry = __atomic_fetch_add(&ledger->count, 1, __ATOMIC_RELAXED);
    assert_true(entry < LEDGER_MAX);
    return entry;
}

void ledger_note(struct ledger *ledger, int entry, enum storage_status verdict)
{
    __atomic_store_n(&ledger->verdict[entry], (unsigned char)(verdict + 1), __ATOMIC_RELAXED);
}

bool ledger_is_answered(const struct ledger *ledger, int count)
{
    for (int i = 0; i < count; i++) {
        if (__atomic_load_n(&ledger->verdict[i], __ATOMIC_RELAXED) == 0)
            return false;
    }
    return true;
}

static enum storage_status write_both(struct db_conn *conn, void *context)
{
    int entry = *(const int *)context;
    int64_t changes = 0;
    enum storage_status s =
        db_exec(conn, "INSERT INTO ledger (entry) VALUES ($1)", DB_ARGS(db_int(entry)), NULL);
    if (s == STORAGE_OK)
        s = db_exec(conn, "UPDATE counter SET value = value + 1 WHERE slot = $1", DB_ARGS(db_int(entry % 16)),
                    &changes);
    return s == STORAGE_OK && changes != 1 ? STORAGE_ERROR : s;
}

enum storage_status ledger_write(struct db_conn *conn, int entry)
{
    return db_transaction(conn, STORAGE_WRITE, write_both, &entry);
}

static void read_counts(const struct ledger *ledger, int *counts)
{
    PGconn *pg = PQconnectdb(cluster_admin_conninfo());
    PGresult *result = PQexec(pg, "SELECT entry FROM ledger");
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("audit: %s", PQerrorMessage(pg));
    for (int i = 0; i < PQntuples(result); i++) {
        long long entry = strtoll(PQgetvalue(result, i, 0), NULL, 10);
        assert_in_range(entry, 0, ledger->count - 1);
        counts[entry]++;
    }
    PQclear(result);
    PQfinish(pg);
}

static void compare(struct ledger *ledger, int entry, int present)
{
    switch (ledger->verdict[entry]) {
    case STORAGE_OK + 1:
        ledger->ok++;
        if (present != 1)
            fail_msg("entry %d was acknowledged and is there %d times", entry, present);
        return;
    case STORAGE_UNCERTAIN + 1:
        ledger->uncertain++;
        if (present > 1)
            fail_msg("entry %d was uncertain and is there %d times", entry, present);
        return;
    case 0:
        fail_msg("entry %d was never answered", entry);
        return;
    default:
        ledger->failed++;
        if (present != 0)
            fail_msg("entry %d failed with %d and is there %d times", entry, ledger->verdict[entry] - 1,
                     present);
    }
}

void ledger_audit(struct ledger *ledger)
{
    int *counts = calloc((size_t)ledger->count + 1, sizeof(*counts));
    assert_non_null(counts);
    read_counts(ledger, counts);
    ledger->ok = ledger->failed = ledger->uncertain = 0;
    for (int i = 0; i < ledger->count; i++)
        compare(ledger, i, counts[i]);
    free(counts);
    assert_int_equal(cluster_number("SELECT count(*) - (SELECT sum(value) FROM counter) FROM ledger"), 0);
    print_message("           ledger: %d acknowledged, %d failed, %d uncertain\n", ledger->ok, ledger->failed,
                  ledger->uncertain);
}
