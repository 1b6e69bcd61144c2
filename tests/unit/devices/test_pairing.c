/* Pairing: by a screen's code and by a link, once, in time, with few guesses. */
#include "devices_fixture.h"

#include <pthread.h>

#include "identity/opaque_token.h"

static int set_up(void **state)
{
    *state = screens_new();
    return 0;
}

static int tear_down(void **state)
{
    screens_free((struct screens **)state);
    return 0;
}

static struct device_deed take(struct screens *s, const struct tenant *tenant, struct str code, int64_t now)
{
    struct device_deed deed = DEED(tenant, now, .code = code, .name = STR("Lobby"));
    assert_int_equal(pairing_take(s->conn, s->arena, &deed), STORAGE_OK);
    return deed;
}

static void test_pairing__by_code_from_begin_to_end(void **state)
{
    struct screens *s = *state;
    struct device device;
    struct pairing pairing = screens_begin(s, 0, "192.0.2.7", NOW);
    assert_int_equal(pairing.expires_at, NOW + PAIRING_CODE_US);
    assert_int_equal(screens_poll(s, pairing.poll_token, NOW + 1).state, PAIRING_PENDING);
    struct device_deed deed = take(s, &s->acme, pairing_code_show(s->arena, pairing.code), NOW + 2);
    assert_int_equal(deed.verdict, DEVICE_DONE);
    assert_str(deed.device.name, STR("Lobby"));
    assert_null(deed.device.token_hash.at);
    assert_string_equal(screens_newest_deed(s, &s->acme),
                        "display.taken user:5 -> Lobby:1  {\"name\":\"Lobby\"}");
    struct pairing_answer answer = screens_poll(s, pairing.poll_token, NOW + 3);
    assert_int_equal(answer.state, PAIRING_TOKEN);
    assert_int_equal(answer.device_id, deed.device.id);
    assert_true(screens_knows(s, answer.token, NOW + 4, &device));
    assert_int_equal(device.id, deed.device.id);
    assert_int_equal(device.paired_at, NOW + 4);
    assert_string_equal(screens_newest_deed(s, &s->acme), "display.paired device:1 -> Lobby:1  ");
    assert_int_equal(screens_poll(s, pairing.poll_token, NOW + 60 * CLOCK_SECOND).state, PAIRING_UNKNOWN);
    assert_int_equal(screens_count(s, "SELECT count(*) FROM device_pairings"), 0);
}

/* The answer got lost: after a while the same token comes again, until it was used. */
static void test_pairing__a_lost_answer_comes_again(void **state)
{
    struct screens *s = *state;
    struct device device;
    struct pairing pairing = screens_begin(s, 0, "192.0.2.7", NOW);
    take(s, &s->acme, pairing.code, NOW);
    struct pairing_answer first = screens_poll(s, pairing.poll_token, NOW);
    assert_int_equal(first.state, PAIRING_TOKEN);
    assert_int_equal(screens_poll(s, pairing.poll_token, NOW + CLOCK_SECOND).state, PAIRING_HANDED);
    struct pairing_answer again = screens_poll(s, pairing.poll_token, NOW + 6 * CLOCK_SECOND);
    assert_int_equal(again.state, PAIRING_TOKEN);
    assert_str(again.token, first.token);
    assert_int_equal(screens_count(s, "SELECT count(*) FROM devices"), 1);
    assert_true(screens_knows(s, again.token, NOW + 7 * CLOCK_SECOND, &device));
    assert_int_equal(screens_poll(s, pairing.poll_token, NOW + 20 * CLOCK_SECOND).state, PAIRING_UNKNOWN);
}

/* A link stays behind where it was opened, shown or sent: it must lead to nothing once it is used. */
static void test_pairing__the_token_is_no_work_of_the_poll_token_alone(void **state)
{
    struct screens *s = *state;
    uint8_t hash[DEVICE_HASH_BYTES];
    struct device_deed made = DEED(&s->acme, NOW, .name = STR("Lobby"));
    assert_int_equal(pairing_create(s->conn, s->arena, &made), STORAGE_OK);
    struct pairing_answer answer = screens_poll(s, made.secret, NOW);
    assert_int_equal(answer.state, PAIRING_TOKEN);
    struct str guess = opaque_token_derive(s->arena, OPAQUE_DEVICE, made.secret, STR("tether pairing"), hash);
    assert_false(str_equal(answer.token, guess));
    s->secret = STR("another server's secret, of 32 bytes or more");
    assert_false(str_equal(screens_poll(s, made.secret, NOW + 6 * CLOCK_SECOND).token, answer.token));
}

static void test_pairing__codes_as_people_type_them(void **state)
{
    struct screens *s = *state;
    static const struct {
        const char *typed, *code;
    } cases[] = {
        { "WDJB-MJHT", "WDJBMJHT" }, { "wdjbmjht", "WDJBMJHT" },   { " wdjb mj-ht ", "WDJBMJHT" },
        { "WDJB-MJH", NULL },        { "WDJB-MJHTT", NULL },       { "WDJB-MJH1", NULL },
        { "WDJB-MJHA", NULL },       { "WDJB-MJH\xc3\xa4", NULL }, { "", NULL },
        { "WDJB_MJHT", NULL },
    };
    char code[PAIRING_CODE_CHARS];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str typed = str_of(cases[i].typed);
        assert_case(pairing_code_read(typed, code) == (cases[i].code != NULL), typed);
        if (cases[i].code)
            assert_str(str_from(code, sizeof(code)), str_of(cases[i].code));
    }
    assert_str(pairing_code_show(s->arena, STR("WDJBMJHT")), STR("WDJB-MJHT"));
    for (int i = 0; i < 50; i++) {
        struct str fresh = screens_begin(s, 0, arena_printf(s->arena, "%d", i).at, NOW).code;
        assert_int_equal(strspn(fresh.at, PAIRING_ALPHABET), PAIRING_CODE_CHARS);
    }
}

static void test_pairing__a_code_holds_once_and_for_a_while(void **state)
{
    struct screens *s = *state;
    struct pairing used = screens_begin(s, 0, "192.0.2.7", NOW), late = screens_begin(s, 0, "192.0.2.7", NOW);
    assert_int_equal(take(s, &s->acme, used.code, NOW).verdict, DEVICE_DONE);
    assert_int_equal(take(s, &s->acme, used.code, NOW).verdict, DEVICE_CODE_WRONG);
    assert_int_equal(take(s, &s->bolt, used.code, NOW).verdict, DEVICE_CODE_WRONG);
    assert_int_equal(take(s, &s->acme, late.code, late.expires_at).verdict, DEVICE_CODE_WRONG);
    assert_int_equal(screens_poll(s, late.poll_token, late.expires_at).state, PAIRING_EXPIRED);
    /* Taken in time, and fetched too late. */
    assert_int_equal(screens_poll(s, used.poll_token, NOW + PAIRING_CODE_US).state, PAIRING_EXPIRED);
    assert_int_equal(screens_count(s, "SELECT count(*) FROM devices"), 1);
    assert_int_equal(screens_count(s, "SELECT count(*) FROM devices WHERE next_hash IS NOT NULL"), 0);
}

static void test_pairing__a_tenants_own_screen_is_nobody_elses(void **state)
{
    struct screens *s = *state;
    struct pairing pairing = screens_begin(s, s->acme.id, "192.0.2.7", NOW);
    assert_int_equal(take(s, &s->bolt, pairing.code, NOW).verdict, DEVICE_CODE_WRONG);
    assert_int_equal(take(s, &s->acme, pairing.code, NOW).verdict, DEVICE_DONE);
}

static void test_pairing__guesses_are_few(void **state)
{
    struct screens *s = *state;
    struct pairing right = screens_begin(s, 0, "192.0.2.7", NOW);
    for (int i = 0; i < PAIRING_GUESSES_USER - 1; i++)
        assert_int_equal(take(s, &s->acme, STR("BBBB-BBBB"), NOW).verdict, DEVICE_CODE_WRONG);
    /* What is no code is no guess, and a right one is taken back. */
    assert_int_equal(take(s, &s->acme, STR("nonsense"), NOW).verdict, DEVICE_CODE_WRONG);
    assert_int_equal(take(s, &s->acme, right.code, NOW).verdict, DEVICE_DONE);
    assert_int_equal(take(s, &s->acme, STR("BBBB-BBBB"), NOW).verdict, DEVICE_CODE_WRONG);
    right = screens_begin(s, 0, "192.0.2.7", NOW);
    struct device_deed refused = take(s, &s->acme, right.code, NOW);
    assert_int_equal(refused.verdict, DEVICE_GUESSING);
    assert_in_range(refused.retry_at, NOW + 1, NOW + PAIRING_GUESS_US);
    /* The same person in another tenant, then others there. */
    assert_int_equal(take(s, &s->bolt, right.code, NOW).verdict, DEVICE_GUESSING);
    int tried = 0;
    for (int64_t user = 100; user < 200; user++, tried++) {
        struct device_deed deed = DEED(&s->bolt, NOW, .code = STR("BBBB-BBBB"), .name = STR("x"));
        deed.user_id = user;
        deed.address = arena_printf(s->arena, "%lld", (long long)user);
        assert_int_equal(pairing_take(s->conn, s->arena, &deed), STORAGE_OK);
        if (deed.verdict == DEVICE_GUESSING)
            break;
    }
    assert_int_equal(tried, PAIRING_GUESSES_TENANT);
    right = screens_begin(s, 0, "192.0.2.7", refused.retry_at);
    assert_int_equal(take(s, &s->acme, right.code, refused.retry_at).verdict, DEVICE_DONE);
}

static void test_pairing__a_link_works_once_and_voids_the_one_before(void **state)
{
    struct screens *s = *state;
    struct device device;
    struct device_deed made = DEED(&s->acme, NOW, .name = STR("Lobby"), .content = STR("{\"a\":1}"));
    assert_int_equal(pairing_create(s->conn, s->arena, &made), STORAGE_OK);
    assert_int_equal(made.expires_at, NOW + PAIRING_LINK_US);
    struct device_deed again = DEED(&s->acme, NOW, .id = made.device.id);
    assert_int_equal(pairing_link(s->conn, s->arena, &again), STORAGE_OK);
    assert_string_equal(screens_newest_deed(s, &s->acme),
                        "display.linked user:5 -> Lobby:1  {\"name\":\"Lobby\"}");
    assert_int_equal(screens_poll(s, made.secret, NOW).state, PAIRING_UNKNOWN);
    struct pairing_answer answer = screens_poll(s, again.secret, NOW);
    assert_int_equal(answer.state, PAIRING_TOKEN);
    assert_true(screens_knows(s, answer.token, NOW, &device));
    assert_str(device.content, STR("{\"a\":1}"));
    assert_int_equal(screens_poll(s, again.secret, NOW + 60 * CLOCK_SECOND).state, PAIRING_UNKNOWN);
    struct device_deed other = DEED(&s->bolt, NOW, .id = made.device.id);
    assert_int_equal(pairing_link(s->conn, s->arena, &other), STORAGE_OK);
    assert_int_equal(other.verdict, DEVICE_UNKNOWN);
}

/* Another screen takes the place of the first when it uses its token, not before. */
static void test_pairing__a_screen_for_a_display_that_has_one(void **state)
{
    struct screens *s = *state;
    struct device device;
    struct str old = screens_paired(s, "Lobby", &device);
    struct pairing pairing = screens_begin(s, 0, "192.0.2.7", NOW);
    struct device_deed deed = DEED(&s->acme, NOW, .code = pairing.code, .id = device.id);
    assert_int_equal(pairing_take(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.verdict, DEVICE_DONE);
    struct pairing_answer answer = screens_poll(s, pairing.poll_token, NOW);
    assert_int_equal(answer.state, PAIRING_TOKEN);
    assert_true(screens_knows(s, old, NOW, &device));
    assert_true(screens_knows(s, answer.token, NOW, &device));
    assert_false(screens_knows(s, old, NOW, &device));
    assert_int_equal(screens_count(s, "SELECT count(*) FROM devices"), 1);
}

/* As many as there may be, of an address each. */
static enum storage_status open_all(struct db_conn *conn, void *context)
{
    struct screens *s = context;
    enum storage_status status = STORAGE_OK;
    for (int i = 0; i < PAIRING_MAX && status == STORAGE_OK; i++)
        status = db_exec(conn,
                         "INSERT INTO device_pairings (poll_hash, code, origin, created_at, expires_at) "
                         "VALUES ($1, $2, $2, $3, $4)",
                         DB_ARGS(db_blob(&i, sizeof(i)), db_text(arena_printf(s->arena, "%d", i)),
                                 db_int(NOW), db_int(NOW + PAIRING_CODE_US)),
                         NULL);
    return status;
}

static void test_pairing__openings_are_bounded(void **state)
{
    struct screens *s = *state;
    struct pairing pairing;
    for (int i = 0; i < PAIRING_ORIGIN_MAX; i++)
        screens_begin(s, 0, "192.0.2.7", NOW);
    assert_int_equal(pairing_begin(s->conn, s->arena, 0, STR("192.0.2.7"), NOW, &pairing), STORAGE_DONE);
    screens_begin(s, 0, "192.0.2.8", NOW);
    screens_begin(s, 0, "192.0.2.7", NOW + PAIRING_CODE_US);
    fixture_exec(s->fixture, "DELETE FROM device_pairings", DB_NO_ARGS);
    assert_int_equal(db_transaction(s->conn, STORAGE_WRITE, open_all, s), STORAGE_OK);
    assert_int_equal(pairing_begin(s->conn, s->arena, 0, STR("192.0.2.7"), NOW, &pairing), STORAGE_DONE);
    assert_int_equal(pairing_begin(s->conn, s->arena, 0, STR("192.0.2.7"), NOW + PAIRING_CODE_US, &pairing),
                     STORAGE_OK);
}

/* ---- many at once ---- */

struct racer {
    pthread_t thread;
    struct screens *s;
    struct str text;
    struct pairing_answer answer;
    enum device_verdict verdict;
    enum storage_status status;
    int64_t user_id;
};
enum { RACERS = 8 };

static void *poll_once(void *arg)
{
    struct racer *racer = arg;
    struct arena *arena = arena_new(1024 * 1024);
    struct db_conn *conn = db_connect(racer->s->fixture->db);
    racer->status = pairing_poll(conn, arena, racer->s->secret, racer->text, NOW + 1, &racer->answer);
    db_disconnect(&conn);
    arena_free(&arena);
    return NULL;
}

static void *take_once(void *arg)
{
    struct racer *racer = arg;
    struct arena *arena = arena_new(1024 * 1024);
    struct db_conn *conn = db_connect(racer->s->fixture->db);
    struct device_deed deed = DEED(&racer->s->acme, NOW, .code = racer->text, .name = STR("Lobby"));
    deed.user_id = racer->user_id;
    racer->status = pairing_take(conn, arena, &deed);
    racer->verdict = deed.verdict;
    db_disconnect(&conn);
    arena_free(&arena);
    return NULL;
}

static void race(struct racer racers[RACERS], struct screens *s, struct str text, void *(*fn)(void *arg))
{
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){ .s = s, .text = text, .user_id = 100 + i };
        assert_int_equal(pthread_create(&racers[i].thread, NULL, fn, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        assert_int_equal(racers[i].status, STORAGE_OK);
    }
}

static void test_pairing__one_of_many_polls_gets_the_token(void **state)
{
    struct screens *s = *state;
    struct racer racers[RACERS];
    struct pairing pairing = screens_begin(s, 0, "192.0.2.7", NOW);
    take(s, &s->acme, pairing.code, NOW);
    race(racers, s, pairing.poll_token, poll_once);
    int tokens = 0;
    for (int i = 0; i < RACERS; i++)
        tokens += racers[i].answer.state == PAIRING_TOKEN;
    assert_int_equal(tokens, 1);
}

static void test_pairing__one_of_many_gets_the_screen(void **state)
{
    struct screens *s = *state;
    struct racer racers[RACERS];
    struct pairing pairing = screens_begin(s, 0, "192.0.2.7", NOW);
    race(racers, s, pairing.code, take_once);
    int done = 0;
    for (int i = 0; i < RACERS; i++)
        done += racers[i].verdict == DEVICE_DONE;
    assert_int_equal(done, 1);
    assert_int_equal(screens_count(s, "SELECT count(*) FROM devices"), 1);
}

static void test_pairing__a_limit_of_guesses_holds_at_any_parallelism(void **state)
{
    struct screens *s = *state;
    struct racer racers[RACERS];
    int wrong = 0;
    for (int round = 0; round < 5; round++) {
        race(racers, s, STR("BBBBBBBB"), take_once);
        for (int i = 0; i < RACERS; i++)
            wrong += racers[i].verdict == DEVICE_CODE_WRONG;
    }
    assert_int_equal(wrong, PAIRING_GUESSES_TENANT);
}

struct sweep {
    int64_t now, n;
};

static enum storage_status sweep_two(struct db_conn *conn, void *context)
{
    struct sweep *sweep = context;
    return pairing_sweep(conn, sweep->now, 2, &sweep->n);
}

static void test_pairing__what_is_over_is_taken_away(void **state)
{
    struct screens *s = *state;
    for (int i = 0; i < 3; i++)
        screens_begin(s, 0, "192.0.2.7", NOW);
    int64_t later = NOW + PAIRING_CODE_US + 3600 * CLOCK_SECOND;
    struct sweep sweep = { .now = later };
    assert_int_equal(db_transaction(s->conn, STORAGE_WRITE, sweep_two, &sweep), STORAGE_OK);
    assert_int_equal(sweep.n, 0);
    sweep.now++;
    assert_int_equal(db_transaction(s->conn, STORAGE_WRITE, sweep_two, &sweep), STORAGE_OK);
    assert_int_equal(sweep.n, 2);
    assert_int_equal(screens_count(s, "SELECT count(*) FROM device_pairings"), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_pairing__by_code_from_begin_to_end),
        T(test_pairing__a_lost_answer_comes_again),
        T(test_pairing__the_token_is_no_work_of_the_poll_token_alone),
        T(test_pairing__codes_as_people_type_them),
        T(test_pairing__a_code_holds_once_and_for_a_while),
        T(test_pairing__a_tenants_own_screen_is_nobody_elses),
        T(test_pairing__guesses_are_few),
        T(test_pairing__a_link_works_once_and_voids_the_one_before),
        T(test_pairing__a_screen_for_a_display_that_has_one),
        T(test_pairing__openings_are_bounded),
        T(test_pairing__one_of_many_polls_gets_the_token),
        T(test_pairing__one_of_many_gets_the_screen),
        T(test_pairing__a_limit_of_guesses_holds_at_any_parallelism),
        T(test_pairing__what_is_over_is_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
