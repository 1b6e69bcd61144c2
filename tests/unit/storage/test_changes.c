/* Generation counters: when they are raised, and when they are not known. */
#include "storage_fixture.h"

#include <time.h>

#include "backend_sqlite/driver.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "storage/changes.h"
#include "wire.h"

#define UNTIL_MS 30000 /* generous: what is asserted is that it happens */

static struct db_stamp user(const struct db *db, int64_t id)
{
    return db_stamp(db, SUBJECT_USER, id);
}

#define assert_holds(then, now)   assert_true(db_stamp_holds(then, now))
#define assert_changed(then, now) assert_false(db_stamp_holds(then, now))

/* ---- transactions that touch ---- */

struct plan {
    int users; /* touches users 1 to n */
    bool tenant, directory, everything;
    enum storage_status answer;
    const struct db *db;
    struct db_stamp inside; /* of user 1, before the commit */
};

static enum storage_status touch_planned(struct db_conn *conn, void *context)
{
    struct plan *plan = context;
    enum storage_status s = STORAGE_OK;
    for (int id = 1; id <= plan->users && s == STORAGE_OK; id++)
        s = db_touch(conn, SUBJECT_USER, id);
    if (s == STORAGE_OK && plan->tenant)
        s = db_touch(conn, SUBJECT_TENANT, 1);
    if (s == STORAGE_OK && plan->directory)
        s = db_touch(conn, SUBJECT_DIRECTORY, 0);
    if (s == STORAGE_OK && plan->everything)
        s = db_touch_all(conn);
    if (plan->db)
        plan->inside = user(plan->db, 1);
    return s == STORAGE_OK ? plan->answer : s;
}

static enum storage_status touch(struct db_conn *conn, struct plan plan)
{
    return db_transaction(conn, STORAGE_WRITE, touch_planned, &plan);
}

static void test_changes__a_commit_raises_what_was_touched(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = fixture->db;
    struct db_stamp one = user(db, 1), two = user(db, 2);
    struct db_stamp tenant = db_stamp(db, SUBJECT_TENANT, 1);
    struct db_stamp directory = db_stamp(db, SUBJECT_DIRECTORY, 0);
    assert_status(touch(fixture->conn, (struct plan){ .users = 1 }), STORAGE_OK);
    assert_changed(one, user(db, 1));
    assert_holds(two, user(db, 2));
    assert_holds(tenant, db_stamp(db, SUBJECT_TENANT, 1));
    assert_holds(directory, db_stamp(db, SUBJECT_DIRECTORY, 0));
    assert_status(touch(fixture->conn, (struct plan){ .tenant = true }), STORAGE_OK);
    assert_changed(tenant, db_stamp(db, SUBJECT_TENANT, 1));
    assert_holds(directory, db_stamp(db, SUBJECT_DIRECTORY, 0));
    assert_status(touch(fixture->conn, (struct plan){ .directory = true }), STORAGE_OK);
    assert_changed(directory, db_stamp(db, SUBJECT_DIRECTORY, 0));
    assert_holds(two, user(db, 2));
}

/* A reader that takes its stamp while the writer is at work, and reads the old state, must not keep it. */
static void test_changes__a_stamp_from_before_the_commit_is_the_old_one(void **state)
{
    struct fixture *fixture = *state;
    struct plan plan = { .users = 1, .db = fixture->db };
    struct db_stamp before = user(fixture->db, 1);
    assert_status(db_transaction(fixture->conn, STORAGE_WRITE, touch_planned, &plan), STORAGE_OK);
    assert_holds(before, plan.inside);
    assert_changed(plan.inside, user(fixture->db, 1));
}

static void test_changes__what_is_rolled_back_raises_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct db_stamp before = user(fixture->db, 1);
    static const enum storage_status answers[] = { STORAGE_DONE, STORAGE_CONFLICT, STORAGE_ERROR };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct plan plan = { .users = 1, .directory = true, .answer = answers[i] };
        assert_status(touch(fixture->conn, plan), answers[i]);
    }
    assert_holds(before, user(fixture->db, 1));
    assert_status(touch(fixture->conn, (struct plan){ .tenant = true }), STORAGE_OK);
    assert_holds(before, user(fixture->db, 1)); /* and the next commit does not bring it along */
}

static enum storage_status make_commit_unheard(struct storage_conn *conn)
{
    enum storage_status s = sqlite_driver.commit(conn);
    return s == STORAGE_OK ? STORAGE_UNCERTAIN : s;
}

static enum storage_status lose_commit(struct storage_conn *conn)
{
    sqlite_driver.rollback(conn);
    return STORAGE_UNCERTAIN;
}

static void test_changes__a_commit_of_unknown_outcome_raises(void **state)
{
    struct fixture *fixture = *state;
    enum storage_status (*const commits[])(struct storage_conn *) = { lose_commit, make_commit_unheard };
    for (size_t i = 0; i < 2; i++) {
        struct db_stamp before = user(fixture->db, 1);
        counting_driver.commit = commits[i];
        assert_status(touch(fixture->conn, (struct plan){ .users = 1 }), STORAGE_UNCERTAIN);
        assert_changed(before, user(fixture->db, 1));
    }
}

static void test_changes__many_touches_raise_everything(void **state)
{
    struct fixture *fixture = *state;
    struct db_stamp other = user(fixture->db, 1000);
    assert_status(touch(fixture->conn, (struct plan){ .users = 16 }), STORAGE_OK);
    assert_holds(other, user(fixture->db, 1000));
    assert_status(touch(fixture->conn, (struct plan){ .users = 17 }), STORAGE_OK);
    assert_changed(other, user(fixture->db, 1000));
    struct db_stamp now = user(fixture->db, 1000);
    assert_status(touch(fixture->conn, (struct plan){ .everything = true }), STORAGE_OK);
    assert_changed(now, user(fixture->db, 1000));
    now = user(fixture->db, 1000);
    assert_status(touch(fixture->conn, (struct plan){ .users = 17, .answer = STORAGE_DONE }), STORAGE_DONE);
    assert_holds(now, user(fixture->db, 1000));
    assert_status(touch(fixture->conn, (struct plan){ .users = 1 }), STORAGE_OK);
    assert_holds(now, user(fixture->db, 1000));
}

static enum storage_status touch_in_reading(struct db_conn *conn, void *context)
{
    (void)context;
    assert_status(db_touch(conn, SUBJECT_USER, 1), STORAGE_INVALID);
    return db_touch_all(conn);
}

static void test_changes__a_touch_belongs_in_a_write_transaction(void **state)
{
    struct fixture *fixture = *state;
    struct db_stamp before = user(fixture->db, 1);
    assert_status(touch(fixture->conn, (struct plan){ .users = 1, .answer = STORAGE_DONE }), STORAGE_DONE);
    for (int i = 0; i < 40; i++) /* what was touched by the last transaction, and more than there is room */
        assert_status(db_touch(fixture->conn, SUBJECT_USER, i), STORAGE_INVALID);
    assert_status(db_touch_all(fixture->conn), STORAGE_INVALID);
    assert_status(db_transaction(fixture->conn, STORAGE_READ, touch_in_reading, NULL), STORAGE_INVALID);
    assert_status(touch(fixture->conn, (struct plan){ .tenant = true }), STORAGE_OK);
    assert_holds(before, user(fixture->db, 1));
}

static void test_changes__an_unknown_stamp_holds_for_nothing(void **state)
{
    (void)state;
    assert_false(db_stamp_holds((struct db_stamp){ 0 }, (struct db_stamp){ 0 }));
    assert_false(db_stamp_holds((struct db_stamp){ 0 }, (struct db_stamp){ 1 }));
    assert_false(db_stamp_holds((struct db_stamp){ 1 }, (struct db_stamp){ 0 }));
    assert_true(db_stamp_holds((struct db_stamp){ 1 }, (struct db_stamp){ 1 }));
}

static void test_changes__one_node_alone_knows_its_stamps_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct db_stamp before = user(fixture->db, 1);
    assert_true(before.value != 0);
    db_hear_changes(fixture->db); /* there is nobody to hear */
    assert_holds(before, user(fixture->db, 1));
}

/* ---- other nodes ---- */

static int wire_setup(void **state)
{
    static const struct storage_setting settings[] = { { "path", ":memory:" } };
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct storage_error error = { STORAGE_OK, "" };
    random_init();
    log_set_level(LOG_ERROR);
    if (db_open_driver(wire_driver(), settings, 1, &fixture->db, &error) != STORAGE_OK)
        fail_msg("%s", error.text);
    fixture->conn = db_connect(fixture->db);
    fixture->arena = arena_new(1 << 20);
    *state = fixture;
    return 0;
}

static bool is_known(const struct db *db)
{
    return user(db, 1).value != 0;
}

static void await(const struct db *db, bool known)
{
    int64_t until = clock_monotonic_ms() + UNTIL_MS;
    while (is_known(db) != known) {
        assert_true(clock_monotonic_ms() < until);
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
}

static void test_changes__nothing_is_known_before_others_are_heard(void **state)
{
    struct fixture *fixture = *state;
    assert_false(is_known(fixture->db));
    wire_set(WIRE_CUT);
    db_hear_changes(fixture->db);
    assert_status(touch(fixture->conn, (struct plan){ .users = 1 }), STORAGE_OK);
    assert_false(is_known(fixture->db));
    wire_set(WIRE_UP);
    await(fixture->db, true);
    db_hear_changes(fixture->db); /* a second time: nothing */
    assert_int_equal(wire_listens(), 1);
}

/* Stamps lapse while a machine is busy with something else: read two only when both are known. */
static void two_stamps(const struct db *db, struct db_stamp *one, struct db_stamp *two)
{
    do {
        await(db, true);
        *one = user(db, 1);
        *two = user(db, 2);
    } while (one->value == 0 || two->value == 0);
}

static void test_changes__what_others_say_is_taken(void **state)
{
    struct fixture *fixture = *state;
    struct db_stamp one, two, one_now, two_now;
    db_hear_changes(fixture->db);
    two_stamps(fixture->db, &one, &two);
    wire_say("u:1");
    wire_flush();
    two_stamps(fixture->db, &one_now, &two_now);
    assert_changed(one, one_now);
    assert_holds(two, two_now);

    wire_say("?0123456789abcdef"); /* another node's word to itself */
    wire_say("x:1");               /* a subject of a newer release, on which nothing here rests */
    wire_flush();
    two_stamps(fixture->db, &one, &two);
    assert_holds(one_now, one);
    assert_holds(two_now, two);
}

static void test_changes__what_is_not_understood_raises_everything(void **state)
{
    struct fixture *fixture = *state;
    static const char *const payloads[] = { "*",  "",      "u",
                                            "u:", "u:x",   "uu:1",
                                            ":1", "u:1:2", "u:99999999999999999999" };
    struct db_stamp one, two, one_now, two_now;
    db_hear_changes(fixture->db);
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        two_stamps(fixture->db, &one, &two);
        wire_say(payloads[i]);
        wire_flush();
        two_stamps(fixture->db, &one_now, &two_now);
        assert_changed(one, one_now);
        assert_changed(two, two_now);
    }
}

static void test_changes__others_are_told_what_was_touched(void **state)
{
    struct fixture *fixture = *state;
    assert_status(touch(fixture->conn, (struct plan){ .users = 2, .tenant = true, .directory = true }),
                  STORAGE_OK);
    assert_int_equal(wire_sent("u:1"), 1);
    assert_int_equal(wire_sent("u:2"), 1);
    assert_int_equal(wire_sent("t:1"), 1);
    assert_int_equal(wire_sent("d:0"), 1);
    assert_int_equal(wire_sent("*"), 0);
    assert_status(touch(fixture->conn, (struct plan){ .users = 40 }), STORAGE_OK);
    assert_int_equal(wire_sent("*"), 1);
    assert_status(touch(fixture->conn, (struct plan){ .everything = true, .answer = STORAGE_DONE }),
                  STORAGE_DONE);
    assert_int_equal(wire_sent("*"), 1);
}

static void test_changes__a_lost_listener_ends_what_was_known(void **state)
{
    struct fixture *fixture = *state;
    db_hear_changes(fixture->db);
    await(fixture->db, true);
    struct db_stamp before = user(fixture->db, 1);
    wire_set(WIRE_CUT);
    await(fixture->db, false);
    for (int i = 0; i < 100; i++)
        assert_false(is_known(fixture->db));
    wire_set(WIRE_UP);
    await(fixture->db, true);
    assert_changed(before, user(fixture->db, 1)); /* something may have been missed */
    assert_int_equal(wire_listens(), 2);
}

/* However the listener's thread is held up: a second after the last proof nothing is known. */
static void test_changes__a_silent_wire_is_not_trusted_for_a_second(void **state)
{
    struct fixture *fixture = *state;
    db_hear_changes(fixture->db);
    await(fixture->db, true);
    wire_set(WIRE_FROZEN);
    int64_t frozen = clock_monotonic_ms(), asked;
    bool known;
    do {
        asked = clock_monotonic_ms();
        known = is_known(fixture->db);
        assert_false(known && asked >= frozen + 1000);
    } while (asked < frozen + 1200);
    assert_false(known);
    wire_set(WIRE_UP);
    await(fixture->db, true);
    assert_int_equal(wire_listens(), 1); /* the same one */
}

/* What was said while the wire was silent is taken before anything is trusted again. */
static void test_changes__news_come_before_trust(void **state)
{
    struct fixture *fixture = *state;
    struct db_stamp one, two, one_now, two_now;
    db_hear_changes(fixture->db);
    two_stamps(fixture->db, &one, &two);
    wire_set(WIRE_FROZEN);
    await(fixture->db, false);
    wire_say("u:1");
    wire_set(WIRE_UP);
    two_stamps(fixture->db, &one_now, &two_now);
    assert_changed(one, one_now);
    assert_holds(two, two_now); /* nothing else was missed */
}

/* A pooler answers the questions of a listener whose server connection serves somebody else by now. */
static void test_changes__a_deaf_listener_is_not_trusted(void **state)
{
    struct fixture *fixture = *state;
    wire_set(WIRE_DEAF);
    db_hear_changes(fixture->db);
    int64_t until = clock_monotonic_ms() + UNTIL_MS;
    while (wire_listens() < 2) { /* it gives up the first one */
        assert_false(is_known(fixture->db));
        assert_true(clock_monotonic_ms() < until);
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    wire_set(WIRE_UP);
    await(fixture->db, true);
}

static void test_changes__a_flood_of_news_does_not_end_trust(void **state)
{
    struct fixture *fixture = *state;
    db_hear_changes(fixture->db);
    await(fixture->db, true);
    for (int i = 0; i < 200; i++)
        wire_say("u:2");
    wire_flush();
    await(fixture->db, true);
    assert_int_equal(wire_listens(), 1);
}

static void test_changes__closing_does_not_wait_for_a_cut_wire(void **state)
{
    struct fixture *fixture = *state;
    wire_set(WIRE_CUT);
    db_hear_changes(fixture->db); /* the teardown closes it */
}

#define WIRE_CASE(function) cmocka_unit_test_setup_teardown(function, wire_setup, storage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORAGE_CASE(test_changes__a_commit_raises_what_was_touched),
        STORAGE_CASE(test_changes__a_stamp_from_before_the_commit_is_the_old_one),
        STORAGE_CASE(test_changes__what_is_rolled_back_raises_nothing),
        STORAGE_CASE(test_changes__a_commit_of_unknown_outcome_raises),
        STORAGE_CASE(test_changes__many_touches_raise_everything),
        STORAGE_CASE(test_changes__a_touch_belongs_in_a_write_transaction),
        STORAGE_CASE(test_changes__an_unknown_stamp_holds_for_nothing),
        STORAGE_CASE(test_changes__one_node_alone_knows_its_stamps_at_once),
        WIRE_CASE(test_changes__nothing_is_known_before_others_are_heard),
        WIRE_CASE(test_changes__what_others_say_is_taken),
        WIRE_CASE(test_changes__what_is_not_understood_raises_everything),
        WIRE_CASE(test_changes__others_are_told_what_was_touched),
        WIRE_CASE(test_changes__a_lost_listener_ends_what_was_known),
        WIRE_CASE(test_changes__a_silent_wire_is_not_trusted_for_a_second),
        WIRE_CASE(test_changes__news_come_before_trust),
        WIRE_CASE(test_changes__a_deaf_listener_is_not_trusted),
        WIRE_CASE(test_changes__a_flood_of_news_does_not_end_trust),
        WIRE_CASE(test_changes__closing_does_not_wait_for_a_cut_wire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
