/* What the server tidies up, in pieces; and that its thread ends when it is told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/upkeep.h"
#include "tenancy_fixture.h"

#define DAY (INT64_C(86400) * CLOCK_SECOND)
#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

static int set_up(void **state)
{
    struct fixture *f = fixture_new();
    json_init();
    fixture_tenant(f, "acme", NULL, false);
    fixture_exec(
        f,
        "INSERT INTO users (email, email_normal, name, password_hash, password_changed_at, created_at, "
        "updated_at) VALUES ('a@x', 'a@x', 'A', '', 1, 1, 1)",
        DB_NO_ARGS);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_free((struct fixture **)state);
    return 0;
}

static void add_sessions(struct fixture *f, int n, int64_t expires_at)
{
    for (int i = 0; i < n; i++)
        fixture_exec(
            f,
            "INSERT INTO sessions (user_id, tenant_id, jti, address, user_agent, created_at, expires_at) "
            "SELECT u.id, t.id, $1, '', '', 1, $2 FROM users u, tenants t",
            DB_ARGS(db_text(arena_printf(f->arena, "%lld-%d", (long long)expires_at, i)),
                    db_int(expires_at)));
}

static int64_t rows_of(struct fixture *f, const char *sql)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(f->conn, &rows, sql, DB_NO_ARGS), STORAGE_ROW);
    return db_col_int(&rows, 0);
}

static void test_upkeep__takes_sessions_that_ended_a_month_ago_in_pieces(void **state)
{
    struct fixture *f = *state;
    bool more;
    int rounds = 0;
    add_sessions(f, 250, NOW - 30 * DAY - 1);
    add_sessions(f, 3, NOW - 30 * DAY);
    do {
        assert_int_equal(upkeep_round(f->conn, NOW, &more), STORAGE_OK);
        rounds++;
    } while (more && rounds < 10);
    assert_int_equal(rounds, 2);
    assert_int_equal(rows_of(f, "SELECT COUNT(*) FROM sessions"), 3);
}

static void test_upkeep__takes_windows_that_are_over_in_pieces(void **state)
{
    struct fixture *f = *state;
    bool more = false;
    fixture_exec(f,
                 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) "
                 "INSERT INTO rate_windows SELECT 'login:' || CAST(i AS TEXT), $1, 1 FROM n",
                 DB_ARGS(db_int(NOW - DAY)));
    fixture_exec(f, "INSERT INTO rate_windows VALUES ('login:now', $1, 1)", DB_ARGS(db_int(NOW)));
    assert_int_equal(upkeep_round(f->conn, NOW, &more), STORAGE_OK);
    assert_true(more);
    assert_int_equal(rows_of(f, "SELECT COUNT(*) FROM rate_windows"), 51);
    assert_int_equal(upkeep_round(f->conn, NOW, &more), STORAGE_OK);
    assert_false(more);
    assert_int_equal(rows_of(f, "SELECT COUNT(*) FROM rate_windows"), 1);
}

static void test_upkeep__gives_back_seats_that_were_not_paid(void **state)
{
    struct fixture *f = *state;
    bool more = true;
    fixture_exec(
        f,
        "INSERT INTO events (tenant_id, title, starts_at, ends_at, capacity, taken, created_at, updated_at) "
        "SELECT id, 'x', 1, 2, 10, 5, 1, 1 FROM tenants",
        DB_NO_ARGS);
    for (int64_t i = 0; i < 2; i++)
        fixture_exec(
            f,
            "INSERT INTO tickets (tenant_id, event_id, name, email, quantity, amount, currency, status, "
            "code_hash, code_hint, created_at, expires_at) "
            "SELECT tenant_id, id, 'x', 'x@x', 2, 0, 'EUR', 'pending', $1, '', 1, $2 FROM events",
            DB_ARGS(db_blob(&i, 1), db_int(NOW + i)));
    assert_int_equal(upkeep_round(f->conn, NOW, &more), STORAGE_OK);
    assert_false(more);
    assert_int_equal(rows_of(f, "SELECT taken FROM events"), 3);
    assert_int_equal(rows_of(f, "SELECT COUNT(*) FROM tickets WHERE status = 'expired'"), 1);
}

static void test_upkeep__ends_when_told(void **state)
{
    struct fixture *f = *state;
    struct upkeep *upkeep = upkeep_start(f->db, NULL);
    assert_non_null(upkeep);
    upkeep_stop(&upkeep);
    assert_null(upkeep);
    upkeep_stop(&upkeep);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_upkeep__takes_sessions_that_ended_a_month_ago_in_pieces),
        TEST(test_upkeep__takes_windows_that_are_over_in_pieces),
        TEST(test_upkeep__gives_back_seats_that_were_not_paid),
        TEST(test_upkeep__ends_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
