/* Kept answers: given again only to the same question, only while nothing has changed, and counted like any
 * other. That they say what the walk would say is checked by kept_oracle.h, in every test of the walk. */
#include "walk_fixture.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "identity/api_token.h"
#include "identity/opaque_token.h"
#include "storage/changes.h"

#define ACME    "acme.msp.example"
#define LIMITED "tenancy: { root_domain: msp.example }\nrate_limits: { default: 3/hour }\n"
#define PROXIED                                                                                              \
    "tenancy: { root_domain: msp.example }\nrate_limits: { enabled: false }\n"                               \
    "server: { trusted_proxies: [ 192.0.2.1 ] }\n"

static const struct ask anna = { .target = "/warm/permission", .host = ACME, .who = ANNA };

static int up(void **state)
{
    (void)state;
    world_new(NULL);
    return 0;
}

static int up_limited(void **state)
{
    (void)state;
    world_new(LIMITED);
    return 0;
}

static int up_proxied(void **state)
{
    (void)state;
    world_new(PROXIED);
    return 0;
}

static int down(void **state)
{
    (void)state;
    clock_shift_for_tests(0);
    world_free();
    return 0;
}

/* Until it is kept: read, then answered on the loop. */
static void warm_up(struct ask asked)
{
    assert_int_equal(ask(asked), 200);
    assert_int_equal(ask(asked), 200);
    assert_true(world.admitted_only);
}

/* Whether the answer to it was kept before it was asked. */
static bool is_kept(struct ask asked)
{
    ask(asked);
    return world.oracle.used;
}

static void test_kept_answers__the_third_time_nothing_is_walked(void **state)
{
    (void)state;
    assert_false(is_kept(anna));
    assert_false(is_kept(anna)); /* the first came from a worker, which keeps nothing */
    int64_t before = metric_value(METRIC_ANSWERS_KEPT);
    assert_true(is_kept(anna));
    assert_true(is_kept(anna));
    assert_int_equal(metric_value(METRIC_ANSWERS_KEPT) - before, 2);
}

static void test_kept_answers__only_the_same_question(void **state)
{
    (void)state;
    static const struct ask others[] = {
        { .method = "HEAD", .target = "/warm/permission", .host = ACME, .who = ANNA },
        { .target = "/warm/permission?tenant=acme", .host = ACME, .who = ANNA },
        { .target = "/warm/member", .host = ACME, .who = ANNA },
        { .target = "/warm/permission", .host = "assets.acme.example", .who = ANNA },
        { .target = "/warm/permission", .host = ACME, .who = ANNA, .tls = true },
        { .target = "/warm/permission", .host = ACME, .who = ANNA, .peer = "192.0.2.2" },
        { .target = "/warm/permission", .host = ACME, .who = ANNA, .headers = { "X-Tenant: acme" } },
        { .target = "/warm/permission", .host = ACME, .who = ANNA, .headers = { "X-Tenant: globex" } },
        { .target = "/warm/permission",
          .host = ACME,
          .who = ANNA,
          .headers = { "Accept: application/problem+json" } },
        { .target = "/warm/permission", .host = ACME, .who = ANNA, .headers = { "Origin: https://a.b" } },
        { .target = "/warm/permission", .host = ACME, .who = ANNA, .headers = { "X-Unheard-Of: 1" } },
        { .target = "/warm/permission", .host = ACME, .who = BOB },
        { .target = "/warm/permission", .host = ACME },
    };
    warm_up(anna);
    assert_true(is_kept(anna));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(is_kept(others[i]));
    assert_true(is_kept(anna));
}

static void test_kept_answers__what_decides_nothing_asks_the_same(void **state)
{
    (void)state;
    struct ask other = anna;
    other.headers[0] = "User-Agent: one";
    other.headers[1] = "X-Request-Id: chosen";
    warm_up(anna);
    assert_true(is_kept(other));
    other.headers[0] = "User-Agent: another";
    assert_true(is_kept(other));
}

static void test_kept_answers__refusals_are_walked(void **state)
{
    (void)state;
    const struct ask bob = { .target = "/warm/permission", .host = ACME, .who = BOB };
    for (int i = 0; i < 4; i++) {
        assert_false(is_kept(bob));
        assert_int_equal(world.call->reply.status, 403);
    }
    for (int i = 0; i < 4; i++) /* a row that does not say so */
        assert_false(is_kept((struct ask){ .target = "/host/permission", .host = ACME, .who = ANNA }));
}

static struct ask with_token(const char *token)
{
    struct ask asked = anna;
    asked.who = NOBODY;
    asked.headers[0] = arena_printf(world.arena, "Authorization: Bearer %s", token).at;
    return asked;
}

static const char *forged_token(char last)
{
    struct str token = arena_copy(world.arena, world.tokens[ANNA]);
    ((char *)token.at)[token.len - 5] = last;
    return token.at;
}

/* One refusal answers for every token that shows in itself that it is none of ours; a good one is let in. */
static void test_kept_answers__a_refusal_is_kept_for_all_forged_tokens(void **state)
{
    (void)state;
    const char *const forged[] = { forged_token('!' + 15), forged_token('a'), forged_token('b'), "a.b.c", "x",
                                   "tth_mistyped" };
    size_t refused = 0;
    ask(with_token("a.b.c"));
    ask(with_token("a.b.c"));
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        if (strcmp(forged[i], world.tokens[ANNA].at) == 0)
            continue;
        bool is_from_kept = is_kept(with_token(forged[i]));
        assert_int_equal(world.call->reply.status, 401);
        refused += is_from_kept;
    }
    assert_true(refused >= 4);
    warm_up(anna);
    assert_true(is_kept(anna));
    assert_int_equal(world.call->reply.status, 200);
}

static void test_kept_answers__a_refusal_is_kept_for_one_kind_of_question(void **state)
{
    (void)state;
    struct ask problem = with_token("a.b.c"), none = anna, odd = with_token("a.b c"),
               two = with_token("a.b.c");
    none.who = NOBODY;
    problem.headers[1] = "Accept: application/problem+json";
    two.headers[1] = "Authorization: Bearer a.b.c";
    for (int i = 0; i < 3; i++)
        ask(with_token("a.b.c"));
    for (int i = 0; i < 3; i++) {
        assert_false(is_kept(problem)); /* it names the request */
        assert_false(is_kept(none));
        assert_false(is_kept(odd));
        assert_int_equal(world.call->reply.status, 400);
        assert_false(is_kept(two));
        assert_int_equal(world.call->reply.status, 400);
    }
}

struct fresh_token {
    struct str text;
    uint8_t hash[API_TOKEN_HASH_BYTES];
};

static struct fresh_token fresh_token(void)
{
    struct fresh_token fresh;
    fresh.text = opaque_token_new(world.arena, OPAQUE_API, fresh.hash);
    return fresh;
}

/* The first is looked for by a worker; from then on each is refused where it comes. */
static void test_kept_answers__a_refusal_is_kept_for_all_tokens_looked_for_in_vain(void **state)
{
    (void)state;
    struct fresh_token tokens[40];
    size_t met = 0;
    for (size_t i = 0; i < 40; i++) {
        tokens[i] = fresh_token();
        assert_int_equal(ask(with_token(tokens[i].text.at)), 401);
        assert_false(world.oracle.used);
        assert_false(world.admitted_only);
    }
    for (size_t i = 0; i < 40; i++) {
        met += is_kept(with_token(tokens[i].text.at));
        assert_true(world.admitted_only);
    }
    assert_int_equal(met, 39); /* the first of them made the answer */
    assert_true(is_kept(with_token("a.b.c")));
    assert_int_equal(world.call->reply.status, 401);
}

static void test_kept_answers__tokens_for_something_else_are_refused_on_the_loop(void **state)
{
    (void)state;
    uint8_t hash[API_TOKEN_HASH_BYTES];
    const char *device = opaque_token_new(world.arena, OPAQUE_DEVICE, hash).at;
    ask(with_token("a.b.c"));
    ask(with_token("a.b.c"));
    for (int i = 0; i < 2; i++) {
        assert_true(is_kept(with_token(device)));
        assert_int_equal(world.call->reply.status, 401);
    }
}

static enum storage_status give_out(struct db_conn *conn, void *context)
{
    struct fresh_token *fresh = context;
    struct api_token token = { .tenant_id = world.call->tenant.id,
                               .user_id = world.users[ANNA],
                               .name = STR("a key"),
                               .prefix = STR("tth_12345678"),
                               .scopes = STR("assets.view"),
                               .addresses = STR(""),
                               .created_at = clock_now() };
    return api_token_insert(conn, &token, fresh->hash);
}

static void test_kept_answers__a_token_that_is_given_out_after_all_is_let_in(void **state)
{
    (void)state;
    struct fresh_token fresh = fresh_token(), other = fresh_token();
    for (int i = 0; i < 3; i++) {
        ask(with_token(other.text.at));
        ask(with_token(fresh.text.at));
    }
    assert_true(is_kept(with_token(fresh.text.at)));
    warm_up(anna); /* whose tenant the token is for */
    struct db_conn *conn = db_connect(world.db);
    assert_int_equal(db_transaction(conn, STORAGE_WRITE, give_out, &fresh), STORAGE_OK);
    db_disconnect(&conn);
    assert_false(is_kept(with_token(fresh.text.at)));
    assert_int_not_equal(world.call->reply.status, 401);
    assert_true(is_kept(with_token(other.text.at)));
    assert_int_equal(world.call->reply.status, 401);
}

static void test_kept_answers__an_absence_gets_no_older_than_a_minute(void **state)
{
    (void)state;
    struct fresh_token fresh = fresh_token();
    ask(with_token(fresh.text.at));
    ask(with_token(fresh.text.at));
    assert_true(is_kept(with_token(fresh.text.at)));
    clock_shift_for_tests(61 * CLOCK_SECOND);
    assert_false(is_kept(with_token(fresh.text.at)));
    assert_false(world.admitted_only);
}

static void test_kept_answers__no_such_path_is_the_same_for_all(void **state)
{
    (void)state;
    struct ask nowhere = anna, problem;
    nowhere.target = "/nothing/here";
    problem = nowhere;
    problem.headers[0] = "Accept: application/problem+json";
    assert_false(is_kept(nowhere));
    assert_int_equal(world.call->reply.status, 404);
    assert_true(is_kept(nowhere));
    nowhere.who = BOB;
    assert_true(is_kept(nowhere));
    nowhere.who = NOBODY;
    assert_false(is_kept(nowhere)); /* another head */
    for (int i = 0; i < 2; i++)
        assert_false(is_kept(problem)); /* it names the request */
    nowhere.target = "/nothing/there";
    assert_false(is_kept(nowhere));
    nowhere.method = "POST";
    nowhere.body = "{}";
    for (int i = 0; i < 2; i++)
        assert_false(is_kept(nowhere));
}

static enum storage_status touch(struct db_conn *conn, void *context)
{
    const enum db_subject *subject = context;
    return db_touch(conn, *subject, *subject == SUBJECT_USER ? world.users[ANNA] : 0);
}

static void change(enum db_subject subject)
{
    struct db_conn *conn = db_connect(world.db);
    assert_int_equal(db_transaction(conn, STORAGE_WRITE, touch, &subject), STORAGE_OK);
    db_disconnect(&conn);
}

static void test_kept_answers__end_with_what_they_rest_on(void **state)
{
    (void)state;
    static const enum db_subject subjects[] = { SUBJECT_USER, SUBJECT_DIRECTORY };
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        warm_up(anna);
        assert_true(is_kept(anna));
        change(subjects[i]);
        assert_false(is_kept(anna));
    }
}

static void test_kept_answers__get_no_older_than_what_they_rest_on(void **state)
{
    (void)state;
    warm_up(anna); /* read now, kept when it is used a while later */
    clock_shift_for_tests(40 * CLOCK_SECOND);
    assert_true(is_kept(anna));
    clock_shift_for_tests(61 * CLOCK_SECOND);
    assert_false(is_kept(anna));
    warm_up(anna);
    clock_shift_for_tests(-61 * CLOCK_SECOND);
    assert_false(is_kept(anna));
}

static void test_kept_answers__end_with_the_session(void **state)
{
    (void)state;
    int64_t almost = world.config->tokens.access_ttl_us - 10 * CLOCK_SECOND;
    clock_shift_for_tests(almost);
    warm_up(anna);
    assert_true(is_kept(anna));
    clock_shift_for_tests(almost + 15 * CLOCK_SECOND);
    assert_false(is_kept(anna));
    assert_int_equal(world.call->reply.status, 401);
}

/* Without the oracle: what is asked twice counts twice. */
static bool use(struct ask asked, struct kept_use *ret)
{
    struct call *call = call_for(asked);
    kept_oracle_ask(&world.oracle, call);
    call_free(&call);
    *ret = world.oracle.use;
    return world.oracle.used;
}

static void keep(struct ask asked)
{
    enum lane lane;
    call_free(&world.call);
    world.call = call_for(asked);
    kept_oracle_ask(&world.oracle, world.call);
    if (walk_admit(world.walk, world.call, &lane))
        kept_answers_keep(world.oracle.answers, &world.oracle.question, world.call);
    else
        walk_run(world.worker, world.call, clock_monotonic_us(), &lane);
    assert_int_equal(world.call->reply.status, 200);
}

static struct str header_of(const struct kept_use *use, const char *name)
{
    for (size_t i = 0; i < use->reply.header_count; i++)
        if (str_equal(use->reply.headers[i].name, str_of(name)))
            return use->reply.headers[i].value;
    return STR_NONE;
}

static void test_kept_answers__count_like_any_other(void **state)
{
    (void)state;
    struct kept_use used;
    keep(anna); /* 1 */
    keep(anna); /* 2, kept */
    assert_true(use(anna, &used));
    assert_true(str_equal(header_of(&used, "x-ratelimit-limit"), STR("3")));
    assert_true(str_equal(header_of(&used, "x-ratelimit-remaining"), STR("0")));
    assert_true(header_of(&used, "x-ratelimit-reset").len > 0);
    assert_false(use(anna, &used));
    assert_int_equal(ask(anna), 429);
    clock_shift_for_tests(3600 * CLOCK_SECOND);
    assert_false(use(anna, &used)); /* too old by then */
}

static void test_kept_answers__a_proxys_request_id_is_believed(void **state)
{
    (void)state;
    struct ask named = anna, strange = anna, twice = anna;
    struct kept_use used;
    named.headers[0] = "X-Request-Id: from-the-proxy";
    strange.headers[0] = "X-Request-Id: not sound";
    twice.headers[0] = "X-Request-Id: one";
    twice.headers[1] = "X-Request-Id: two";
    keep(anna);
    keep(anna);
    assert_true(use(named, &used));
    assert_true(str_equal(header_of(&used, "x-request-id"), STR("from-the-proxy")));
    assert_true(use(strange, &used));
    assert_int_equal(header_of(&used, "x-request-id").len, 32);
    assert_true(use(twice, &used));
    assert_int_equal(header_of(&used, "x-request-id").len, 32);
}

static void test_kept_answers__a_strangers_request_id_is_not(void **state)
{
    (void)state;
    struct ask named = anna;
    struct kept_use used;
    named.headers[0] = "X-Request-Id: chosen";
    keep(anna);
    keep(anna);
    assert_true(use(named, &used));
    assert_int_equal(header_of(&used, "x-request-id").len, 32);
}

/* A part of it was kept before the format was changed. */
static void test_kept_answers__a_line_is_of_one_format(void **state)
{
    (void)state;
    char text[4096];
    struct kept_use used;
    struct json_error error;
    cJSON *json;
    int file = memfd_create("log", MFD_CLOEXEC);
    keep(anna);
    keep(anna);
    assert_true(use(anna, &used));
    log_set_fd(file);
    log_set_format(LOG_TEXT);
    kept_answers_log(&used);
    log_set_format(LOG_JSON);
    log_set_fd(STDERR_FILENO);
    ssize_t len = pread(file, text, sizeof(text), 0);
    close(file);
    assert_true(len > 0);
    assert_true(json_parse(world.arena, str_from(text, (size_t)len - 1), &json, &error));
    json_use_arena(NULL);
}

#define MANY 20000 /* questions, more than there is room for */

static struct ask numbered(int n, char target[64])
{
    snprintf(target, 64, "/warm/permission?n=%d", n);
    return (struct ask){ .target = target, .host = ACME, .who = ANNA };
}

/* More questions than there are places: those that come again are kept, and nothing else happens. */
static void test_kept_answers__give_way_when_there_are_many(void **state)
{
    (void)state;
    size_t kept = 0;
    char target[64];
    struct kept_use used;
    keep(anna);
    keep(anna);
    for (int i = 0; i < MANY; i++)
        keep(numbered(i, target));
    assert_in_range(kept_answers_bytes(world.oracle.answers), 1, KEPT_ANSWERS_BYTES);
    assert_true(use(anna, &used)); /* passers-by have not pushed it out; those that come again may */
    for (int i = 0; i < 3; i++)
        for (int n = MANY - 100; n < MANY; n++)
            keep(numbered(n, target));
    for (int i = MANY - 100; i < MANY; i++)
        kept += use(numbered(i, target), &used);
    assert_true(kept > 80);
    assert_in_range(kept_answers_bytes(world.oracle.answers), 1, KEPT_ANSWERS_BYTES);
}

/* What nobody asks again goes once it is too old, as others come. */
static void test_kept_answers__that_hold_no_longer_give_their_memory_back(void **state)
{
    (void)state;
    char target[64];
    keep(anna);
    for (int i = 0; i < 3000; i++)
        keep(numbered(i, target));
    size_t before = kept_answers_bytes(world.oracle.answers);
    clock_shift_for_tests(61 * CLOCK_SECOND);
    keep(anna);
    for (int i = 3000; i < 4200; i++) /* enough to look everywhere once */
        keep(numbered(i, target));
    assert_true(kept_answers_bytes(world.oracle.answers) < before * 2 / 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept_answers__the_third_time_nothing_is_walked, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__only_the_same_question, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__what_decides_nothing_asks_the_same, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__refusals_are_walked, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__a_refusal_is_kept_for_all_forged_tokens, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__a_refusal_is_kept_for_one_kind_of_question, up,
                                        down),
        cmocka_unit_test_setup_teardown(
            test_kept_answers__a_refusal_is_kept_for_all_tokens_looked_for_in_vain, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__tokens_for_something_else_are_refused_on_the_loop,
                                        up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__a_token_that_is_given_out_after_all_is_let_in, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_kept_answers__an_absence_gets_no_older_than_a_minute, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__no_such_path_is_the_same_for_all, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__end_with_what_they_rest_on, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__get_no_older_than_what_they_rest_on, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__end_with_the_session, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__count_like_any_other, up_limited, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__a_proxys_request_id_is_believed, up_proxied, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__a_strangers_request_id_is_not, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__a_line_is_of_one_format, up, down),
        cmocka_unit_test_setup_teardown(test_kept_answers__that_hold_no_longer_give_their_memory_back, up,
                                        down),
        cmocka_unit_test_setup_teardown(test_kept_answers__give_way_when_there_are_many, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
