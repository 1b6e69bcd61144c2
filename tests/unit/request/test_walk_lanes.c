/* Who may take a place in the password lane, and what an address that is used up can still make work. */
#include "walk_fixture.h"

#include "base/clock.h"
#include "storage/decorate.h"

#define ACME   "acme.msp.example"
#define LIMITS "tenancy: { root_domain: msp.example }\nrate_limits: { default: 3/hour }\n"
#define POST(target_, body_)                                                                                 \
    .target = (target_), .method = "POST", .type = "application/json", .body = (body_), .host = ACME
#define CHANGE POST("/password", "{\"name\":\"x\"}")
#define JUNK   "Authorization: Bearer x"
#define FORGED "Authorization: Bearer a.b.c"

static int up(void **state)
{
    (void)state;
    world_new(NULL);
    return 0;
}

static int up_limited(void **state)
{
    (void)state;
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

static void assert_lanes(size_t n, enum lane first, enum lane second)
{
    assert_int_equal(world.lane_count, n);
    assert_int_equal(world.lanes[0], first);
    assert_true(n < 2 || world.lanes[1] == second);
}
#define ASSERT_ON_LOOP()           assert_true(world.admitted_only)
#define ASSERT_LANE(lane)          assert_lanes(1, lane, lane)
#define ASSERT_MOVED(first, after) assert_lanes(2, first, after)

static void test_lanes__without_a_token_nobody_leaves_the_loop(void **state)
{
    (void)state;
    const struct ask asks[] = { { CHANGE }, { .target = "/host/member", .host = ACME } };
    for (size_t i = 0; i < 2; i++) {
        world_forget();
        assert_int_equal(ask(asks[i]), 401); /* whose host this is has to be read once */
        ASSERT_LANE(LANE_GENERAL);
        assert_int_equal(ASK(.target = "/host/public", .host = ACME), 200);
        assert_int_equal(ask(asks[i]), 401);
        ASSERT_ON_LOOP();
        assert_string_equal(answer_header("www-authenticate"), "Bearer realm=\"tether\"");
    }
}

static void test_lanes__bad_tokens_stay_out_of_the_password_lane(void **state)
{
    (void)state;
    static const char *const bad[] = { JUNK, FORGED, "Authorization: Basic eDp4",
                                       "Authorization: Bearer a b" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        for (int again = 0; again < 3; again++) {
            assert_true(ASK(CHANGE, .headers = { bad[i] }) >= 400);
            for (size_t lane = 0; lane < world.lane_count; lane++)
                assert_int_equal(world.lanes[lane], LANE_GENERAL);
        }
    assert_int_equal(ASK(CHANGE, .who = GINA), 403); /* not of this tenant */
    ASSERT_LANE(LANE_GENERAL);
    assert_int_equal(ASK(CHANGE, .who = SUE), 403); /* suspended */
    ASSERT_LANE(LANE_GENERAL);
}

static void test_lanes__members_move_on_to_the_password_lane(void **state)
{
    (void)state;
    assert_int_equal(ASK(CHANGE, .who = ANNA), 200);
    ASSERT_MOVED(LANE_GENERAL, LANE_PASSWORD);
    assert_int_equal(answer_int("user"), world.users[ANNA]);
    assert_string_equal(answer_text("tenant"), "acme");
    assert_int_equal(ASK(CHANGE, .who = ANNA), 200); /* known by now */
    ASSERT_LANE(LANE_PASSWORD);
    assert_int_equal(answer_int("user"), world.users[ANNA]);
    assert_int_equal(ASK(POST("/password", "{}"), .who = ANNA), 422);
    ASSERT_LANE(LANE_PASSWORD);
    assert_int_equal(ASK(POST("/login", "{\"name\":\"x\"}")), 401); /* public: counted before */
    ASSERT_LANE(LANE_PASSWORD);
}

/* Between the two lanes somebody suspends her, or ends her sessions. */
static void test_lanes__whoever_waited_is_asked_again(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        int status;
    } rows[] = { { "UPDATE memberships SET status = 'suspended' WHERE user_id = $1", 403 },
                 { "DELETE FROM sessions WHERE user_id = $1", 401 } };
    for (size_t i = 0; i < 2; i++) {
        enum lane lane;
        struct call *call = call_for((struct ask){ CHANGE, .who = i ? ANNA : BOB });
        assert_false(walk_admit(world.walk, call, &lane));
        assert_int_equal(lane, LANE_GENERAL);
        assert_false(walk_run(world.worker, call, clock_monotonic_us(), &lane));
        assert_int_equal(lane, LANE_PASSWORD);
        world_exec(rows[i].sql, DB_ARGS(db_int(world.users[i ? ANNA : BOB])));
        assert_true(walk_run(world.worker, call, clock_monotonic_us(), &lane));
        assert_int_equal(call->reply.status, rows[i].status);
        call_free(&call);
    }
}

/* What the first worker took is not the second one's time. */
static void test_lanes__the_handler_begins_where_it_goes_on(void **state)
{
    (void)state;
    enum lane lane;
    struct call *call = call_for((struct ask){ CHANGE, .who = ANNA });
    assert_false(walk_admit(world.walk, call, &lane));
    assert_int_equal(call->t_started, 0);
    assert_false(walk_run(world.worker, call, clock_monotonic_us(), &lane));
    int64_t taken = clock_monotonic_us();
    assert_true(call->t_done <= taken);
    assert_true(walk_run(world.worker, call, taken, &lane));
    assert_int_equal(call->t_started, taken);
    assert_true(call->t_done >= call->t_started);
    call_free(&call);
}

static void test_lanes__storage_away_is_answered_by_the_general_lane(void **state)
{
    (void)state;
    world_break_storage(STORAGE_GONE);
    assert_int_equal(ASK(CHANGE, .who = ANNA), 503);
    ASSERT_LANE(LANE_GENERAL);
}

static int remaining(void)
{
    int64_t number = -1;
    assert_true(str_to_int(str_of(answer_header("x-ratelimit-remaining")), &number));
    return (int)number;
}

static void test_lanes__a_call_that_moves_on_counts_once(void **state)
{
    (void)state;
    for (int left = 2; left >= 0; left--) {
        assert_int_equal(ASK(CHANGE, .who = ANNA), 200);
        assert_int_equal(remaining(), left);
    }
    assert_int_equal(ASK(CHANGE, .who = ANNA), 429);
    ASSERT_ON_LOOP();
    for (int left = 2; left >= 0; left--) {
        assert_int_equal(ASK(CHANGE), 401);
        assert_int_equal(remaining(), left);
    }
    assert_int_equal(ASK(CHANGE), 429);
    ASSERT_ON_LOOP();
}

/* ---- an address that is used up ---- */

static void use_up(void)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(ASK(.target = "/host/member", .headers = { JUNK }), 401);
}

static void test_used_up__what_cannot_be_a_token_is_refused_on_the_loop(void **state)
{
    (void)state;
    static const char *const hosts[] = { ACME, "msp.example", "x.example" };
    static const char *const bad[] = { NULL, JUNK, "Authorization: Bearer tth_0123456789",
                                       "Authorization: Basic eDp4" };
    use_up();
    storage_fault_set(0, STORAGE_OK, false);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
            assert_int_equal(ASK(.target = "/host/member", .host = hosts[i], .headers = { bad[j] }), 429);
            ASSERT_ON_LOOP();
            assert_int_equal(ASK(CHANGE, .headers = { bad[j] }), 429);
            ASSERT_ON_LOOP();
        }
    assert_int_equal(storage_fault_calls(), 0);
}

static void test_used_up__forged_tokens_reach_no_database(void **state)
{
    (void)state;
    use_up();
    storage_fault_set(0, STORAGE_OK, false);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ASK(.target = "/host/member", .host = "x.example", .headers = { FORGED }), 429);
        ASSERT_ON_LOOP();
        assert_int_equal(ASK(.target = "/header/member", .headers = { FORGED, "X-Tenant: nobody" }), 429);
    }
    assert_int_equal(storage_fault_calls(), 0);
}

static void test_used_up__whoever_has_a_token_goes_on_and_pays_alone(void **state)
{
    (void)state;
    use_up();
    assert_int_equal(ASK(CHANGE, .who = ANNA), 200);
    ASSERT_MOVED(LANE_GENERAL, LANE_PASSWORD);
    assert_int_equal(remaining(), 2);
    /* Unknown hosts: read, but no more often than the user may ask. */
    for (int left = 1; left >= 0; left--) {
        assert_int_equal(ASK(.target = "/host/member", .host = "x.example", .who = ANNA), 404);
        assert_int_equal(remaining(), left);
    }
    storage_fault_set(0, STORAGE_OK, false);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ASK(.target = "/host/member", .host = "x.example", .who = ANNA), 429);
        ASSERT_ON_LOOP();
    }
    assert_int_equal(storage_fault_calls(), 0);
    assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = BOB), 200);
    assert_int_equal(remaining(), 2);
}

#define OPEN(test)    cmocka_unit_test_setup_teardown(test, up, down)
#define LIMITED(test) cmocka_unit_test_setup_teardown(test, up_limited, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_lanes__without_a_token_nobody_leaves_the_loop),
        OPEN(test_lanes__bad_tokens_stay_out_of_the_password_lane),
        OPEN(test_lanes__members_move_on_to_the_password_lane),
        OPEN(test_lanes__whoever_waited_is_asked_again),
        OPEN(test_lanes__the_handler_begins_where_it_goes_on),
        OPEN(test_lanes__storage_away_is_answered_by_the_general_lane),
        LIMITED(test_lanes__a_call_that_moves_on_counts_once),
        LIMITED(test_used_up__what_cannot_be_a_token_is_refused_on_the_loop),
        LIMITED(test_used_up__forged_tokens_reach_no_database),
        LIMITED(test_used_up__whoever_has_a_token_goes_on_and_pays_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
