/* The limits that nodes keep together, as one of them: what others have counted counts here. */
#include "walk_fixture.h"

#include "base/clock.h"

#define ACME "acme.msp.example"
#define LIMITS                                                                                               \
    "tenancy: { root_domain: msp.example }\nrate_limits: { login: 5/hour, register: 3/hour, default: "       \
    "9/hour }\n"
#define LOGIN                                                                                                \
    .target = "/login", .method = "POST", .type = "application/json", .body = "{\"name\":\"x\"}", .host = ACME

static bool has_nodes;

const struct storage_driver *__real_db_driver(const struct db *db);
const struct storage_driver *__wrap_db_driver(const struct db *db);

/* A driver as that of PostgreSQL, as far as this goes. */
const struct storage_driver *__wrap_db_driver(const struct db *db)
{
    static struct storage_driver driver;
    driver = *__real_db_driver(db);
    driver.caps |= has_nodes ? STORAGE_CAP_NODES : 0;
    return &driver;
}

static int up(void **state)
{
    (void)state;
    has_nodes = true;
    /* Ten minutes into a window, so that none ends while a test counts. */
    clock_shift_for_tests(600 * CLOCK_SECOND - clock_now() % (3600 * CLOCK_SECOND));
    world_new(LIMITS);
    return 0;
}

static int down(void **state)
{
    (void)state;
    clock_shift_for_tests(0);
    world_free();
    return 0;
}

/* The sum of what was counted. */
static int64_t taken(void)
{
    struct db_conn *conn = db_connect(world.db);
    int64_t sum;
    {
        DB_ROWS(rows);
        assert_int_equal(db_first(conn, &rows,
                                  "SELECT CAST(COALESCE(SUM(taken), 0) AS BIGINT) FROM rate_windows",
                                  DB_NO_ARGS),
                         STORAGE_ROW);
        sum = db_col_int(&rows, 0);
    }
    db_disconnect(&conn);
    return sum;
}

static void test_shared__what_others_counted_counts(void **state)
{
    (void)state;
    assert_int_equal(ASK(LOGIN), 401);
    assert_string_equal(answer_header("x-ratelimit-remaining"), "4");
    world_exec("UPDATE rate_windows SET taken = 4 WHERE bucket = 'login:192.0.2.1'", DB_NO_ARGS);
    assert_int_equal(ASK(LOGIN), 401);
    assert_string_equal(answer_header("x-ratelimit-remaining"), "0");
    assert_int_equal(ASK(LOGIN), 429);
    assert_string_equal(answer_header("x-ratelimit-limit"), "5");
    assert_string_equal(answer_header("x-ratelimit-remaining"), "0");
    assert_int_equal(strtol(answer_header("retry-after"), NULL, 10) > 0, 1);
    assert_int_equal(ASK(LOGIN, .peer = "192.0.2.2"), 401);
    assert_string_equal(answer_header("x-ratelimit-remaining"), "4");
}

/* Also when the others have forgotten, a node's own count holds; and what it refuses reaches no database. */
static void test_shared__the_nodes_own_count_holds(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(ASK(LOGIN), 401);
    world_exec("DELETE FROM rate_windows", DB_NO_ARGS);
    assert_int_equal(ASK(LOGIN), 401);
    assert_string_equal(answer_header("x-ratelimit-remaining"), "1");
    assert_int_equal(ASK(LOGIN), 401);
    assert_int_equal(ASK(LOGIN), 429);
    assert_true(world.admitted_only);
    assert_int_equal(taken(), 2);
}

/* It is asked twice on workers whether it may enter. */
static void test_shared__a_call_that_changes_lanes_counts_once(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/relogin", .method = "POST", .type = "application/json",
                         .body = "{\"name\":\"x\"}", .host = ACME, .who = BOB),
                     200);
    assert_int_equal(world.lane_count, 2);
    assert_int_equal(taken(), 1);
}

/* Whose host it is has been kept by then, so that nothing else asks the storage. */
static void test_shared__nothing_is_let_in_uncounted(void **state)
{
    (void)state;
    assert_int_equal(ASK(LOGIN), 401);
    world_break_storage(STORAGE_FULL);
    assert_int_equal(ASK(LOGIN), 507);
    world_mend_storage();
    assert_int_equal(taken(), 1);
    assert_int_equal(ASK(LOGIN), 401);
    assert_int_equal(taken(), 2);
    world_break_storage(STORAGE_GONE);
    assert_int_equal(ASK(LOGIN), 503);
    assert_string_equal(answer_header("retry-after"), "1");
    world_mend_storage();
    assert_int_equal(taken(), 2);
}

static void test_shared__other_classes_are_not_counted(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/host/public", .host = ACME), 200);
    assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = BOB), 200);
    assert_int_equal(taken(), 0);
}

static void test_shared__without_nodes_the_database_is_not_asked(void **state)
{
    (void)state;
    has_nodes = false;
    assert_int_equal(ASK(LOGIN), 401);
    assert_int_equal(taken(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_shared__##name, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_others_counted_counts),
        TEST(the_nodes_own_count_holds),
        TEST(a_call_that_changes_lanes_counts_once),
        TEST(nothing_is_let_in_uncounted),
        TEST(other_classes_are_not_counted),
        TEST(without_nodes_the_database_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
