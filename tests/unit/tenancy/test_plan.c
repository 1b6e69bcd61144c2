/* Plan limits: exact, also when many take at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "storage/decorate.h"
#include "tenancy/plan_usage.h"
#include "tenancy_fixture.h"

#define SAAS "mode: saas\nplans: { free: { assets: 50, users: 5 }, team: { users: 2 } }\n"

struct taking {
    const struct config *config;
    struct tenant tenant;
    const char *kind;
    int64_t n;
    struct plan_refusal refusal;
};

static enum storage_status take(struct db_conn *conn, void *context)
{
    struct taking *taking = context;
    return plan_take(conn, taking->config, &taking->tenant, taking->kind, taking->n, &taking->refusal);
}

static enum storage_status give_back(struct db_conn *conn, void *context)
{
    const struct taking *taking = context;
    return plan_release(conn, taking->tenant.id, taking->kind, taking->n);
}

static enum storage_status take_once(struct fixture *f, struct taking *taking)
{
    return db_transaction(f->conn, STORAGE_WRITE, take, taking);
}

static struct taking taking_of(struct fixture *f, const struct config *config, const char *slug,
                               const char *kind)
{
    struct taking taking = { .config = config, .kind = kind, .n = 1 };
    assert_int_equal(tenant_by_slug(f->conn, f->arena, str_of(slug), &taking.tenant), STORAGE_ROW);
    return taking;
}

static int64_t used(struct fixture *f, int64_t tenant_id, const char *kind)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(f->conn, &rows, "SELECT used FROM tenant_usage WHERE tenant_id = $1 AND kind = $2",
                 DB_ARGS(db_int(tenant_id), db_text(str_of(kind))));
    return status == STORAGE_ROW ? db_col_int(&rows, 0) : -1;
}

static int set_up(void **state)
{
    struct fixture *f = fixture_new();
    fixture_tenant(f, "msp", "free", true);
    fixture_tenant(f, "acme", "free", false);
    fixture_tenant(f, "team", "team", false);
    fixture_tenant(f, "old", "withdrawn", false);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_free((struct fixture **)state);
    return 0;
}

static void test_plan__last_place_is_the_last(void **state)
{
    struct fixture *f = *state;
    struct config *config = fixture_config(SAAS);
    struct taking taking = taking_of(f, config, "acme", "users");
    for (int i = 0; i < 5; i++)
        assert_int_equal(take_once(f, &taking), STORAGE_OK);
    assert_int_equal(take_once(f, &taking), STORAGE_DONE);
    assert_string_equal(taking.refusal.limit, "users");
    assert_int_equal(taking.refusal.used, 5);
    assert_int_equal(taking.refusal.max, 5);
    assert_string_equal(taking.refusal.plan.at, "free");
    assert_int_equal(used(f, taking.tenant.id, "users"), 5);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, give_back, &taking), STORAGE_OK);
    assert_int_equal(take_once(f, &taking), STORAGE_OK);
    config_free(&config);
}

static void test_plan__several_at_once_are_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct config *config = fixture_config(SAAS);
    struct taking taking = taking_of(f, config, "acme", "assets");
    taking.n = 51;
    assert_int_equal(take_once(f, &taking), STORAGE_DONE);
    assert_int_equal(taking.refusal.used, 0);
    assert_int_equal(used(f, taking.tenant.id, "assets"), -1);
    taking.n = 50;
    assert_int_equal(take_once(f, &taking), STORAGE_OK);
    taking.n = 1;
    assert_int_equal(take_once(f, &taking), STORAGE_DONE);
    config_free(&config);
}

static void test_plan__no_limit_still_counts(void **state)
{
    struct fixture *f = *state;
    struct config *saas = fixture_config(SAAS),
                  *self_hosted = fixture_config("plans: { free: { users: 0 } }\n");
    struct {
        const struct config *config;
        const char *slug, *kind;
    } cases[] = {
        { self_hosted, "acme", "users" }, /* self-hosted */
        { saas, "msp", "users" },         /* the operator */
        { saas, "team", "assets" },       /* the plan is silent */
        { saas, "old", "users" },         /* the plan is gone */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct taking taking = taking_of(f, cases[i].config, cases[i].slug, cases[i].kind);
        taking.n = 1000;
        assert_int_equal(take_once(f, &taking), STORAGE_OK);
        assert_int_equal(take_once(f, &taking), STORAGE_OK);
        assert_int_equal(used(f, taking.tenant.id, cases[i].kind), 2000);
    }
    config_free(&saas);
    config_free(&self_hosted);
}

static void test_plan__says_what_it_allows(void **state)
{
    (void)state;
    struct plan_limit limits[PLAN_USES];
    struct config *saas = fixture_config(SAAS),
                  *self_hosted = fixture_config("plans: { team: { users: 2 } }\n");
    plan_limits(saas, config_plan(saas, STR("team")), limits);
    assert_string_equal(limits[0].limit, "assets");
    assert_int_equal(limits[0].max, -1); /* the plan is silent */
    assert_string_equal(limits[1].limit, "users");
    assert_int_equal(limits[1].max, 2);
    plan_limits(self_hosted, config_plan(self_hosted, STR("team")), limits);
    assert_int_equal(limits[1].max, -1);
    config_free(&saas);
    config_free(&self_hosted);
}

static void test_plan__more_cannot_be_given_back_than_taken(void **state)
{
    struct fixture *f = *state;
    struct config *config = fixture_config(SAAS);
    struct taking taking = taking_of(f, config, "acme", "users");
    assert_int_equal(take_once(f, &taking), STORAGE_OK);
    taking.n = 2;
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, give_back, &taking), STORAGE_INVALID);
    assert_int_equal(used(f, taking.tenant.id, "users"), 1);
    config_free(&config);
}

/* Every call fails in turn: the failure is passed on, and what was counted is gone with it. */
static void test_plan__faults_count_nothing(void **state)
{
    struct fixture *f = *state;
    struct config *config = fixture_config("mode: saas\nplans: { free: { users: 0 }, team: { users: 2 } }\n");
    struct taking full = taking_of(f, config, "acme", "users"),
                  free_place = taking_of(f, config, "team", "users");
    struct taking *takings[] = { &full, &free_place };
    for (size_t i = 0; i < 2; i++) {
        int nth = 1;
        for (bool was_reached = true; was_reached; nth++) {
            storage_fault_set(nth, STORAGE_FULL, false);
            enum storage_status status = take_once(f, takings[i]);
            was_reached = storage_fault_calls() >= nth;
            storage_fault_set(0, STORAGE_OK, false);
            assert_int_equal(status, was_reached ? STORAGE_FULL : i == 0 ? STORAGE_DONE : STORAGE_OK);
            assert_int_equal(used(f, takings[i]->tenant.id, "users"), was_reached || i == 0 ? -1 : 1);
        }
        assert_true(nth > 4);
    }
    config_free(&config);
}

struct crowd {
    struct fixture *fixture;
    struct taking taking;
    atomic_int taken, refused, failed;
};

static void *take_many(void *context)
{
    struct crowd *crowd = context;
    struct db_conn *conn = db_connect(crowd->fixture->db);
    for (int i = 0; i < 5; i++) {
        struct taking taking = crowd->taking;
        enum storage_status status = db_transaction(conn, STORAGE_WRITE, take, &taking);
        atomic_fetch_add(status == STORAGE_OK     ? &crowd->taken
                         : status == STORAGE_DONE ? &crowd->refused
                                                  : &crowd->failed,
                         1);
    }
    db_disconnect(&conn);
    return NULL;
}

static void test_plan__is_exact_under_concurrency(void **state)
{
    struct fixture *f = *state;
    struct config *config = fixture_config("mode: saas\nplans: { free: { users: 17 } }\n");
    struct crowd crowd = { .fixture = f, .taking = taking_of(f, config, "acme", "users") };
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &crowd), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.failed, 0);
    assert_int_equal(crowd.taken, 17);
    assert_int_equal(crowd.refused, 40 - 17);
    assert_int_equal(used(f, crowd.taking.tenant.id, "users"), 17);
    config_free(&config);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_plan__last_place_is_the_last),     TEST(test_plan__several_at_once_are_all_or_nothing),
        TEST(test_plan__no_limit_still_counts),      TEST(test_plan__more_cannot_be_given_back_than_taken),
        TEST(test_plan__says_what_it_allows),        TEST(test_plan__faults_count_nothing),
        TEST(test_plan__is_exact_under_concurrency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
