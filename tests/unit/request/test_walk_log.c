/* The access log and its masks; reloading, readiness, the list of routes. */
#include "walk_fixture.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "storage/decorate.h"
#include "walk_routes.h"

static int log_file;

static int up(void **state)
{
    (void)state;
    world_new(NULL);
    log_file = memfd_create("log", MFD_CLOEXEC);
    log_set_fd(log_file);
    return 0;
}

static int down(void **state)
{
    (void)state;
    log_set_fd(2);
    close(log_file);
    world_free();
    return 0;
}

/* The line that walk_log() wrote for the last answer. */
static const char *line(bool sent)
{
    static char text[8192];
    assert_int_equal(ftruncate(log_file, 0), 0);
    lseek(log_file, 0, SEEK_SET);
    walk_log(world.walk, world.call, sent);
    ssize_t n = pread(log_file, text, sizeof(text) - 1, 0);
    assert_true(n > 0);
    text[n] = 0;
    return text;
}

static void assert_says(const char *text)
{
    const char *got = line(true);
    if (!strstr(got, text))
        fail_msg("%s in %s", text, got);
}

static void test_log__tells_what_happened(void **state)
{
    (void)state;
    ASK(.target = "/things?limit=5&tenant=acme", .host = "acme.msp.example", .who = ANNA);
    assert_says("\"msg\":\"request\"");
    assert_says("\"method\":\"GET\"");
    assert_says("\"path\":\"/things\"");
    assert_says("\"query\":\"limit,tenant\"");
    assert_says("\"op\":\"thing_list\"");
    assert_says("\"status\":200");
    assert_says("\"client\":\"192.0.2.1\"");
    assert_says("\"tenant\":\"acme\"");
    assert_says("\"protocol\":\"HTTP/2\"");
    assert_says("\"cancelled\":0");
    assert_says(arena_printf(world.arena, "\"user_id\":%lld", (long long)world.users[ANNA]).at);
    assert_says(arena_printf(world.arena, "\"bytes\":%zu", world.call->reply.body.len).at);
    assert_says(answer_header("x-request-id"));
    assert_non_null(strstr(line(false), "\"cancelled\":1"));
}

/* What is the same as in the line before is not made again. */
static void test_log__tells_one_who_asks_from_another(void **state)
{
    (void)state;
    const char *both[2] = { arena_printf(world.arena, "\"user_id\":%lld,", (long long)world.users[ANNA]).at,
                            arena_printf(world.arena, "\"user_id\":%lld,", (long long)world.users[BOB]).at };
    for (int i = 0; i < 4; i++) {
        ASK(.target = "/things", .host = "acme.msp.example", .who = i % 2 ? BOB : ANNA);
        assert_says(both[i % 2]);
        assert_says("\"tenant\":\"acme\"");
        ASK(.target = "/health");
        assert_says("\"tenant\":\"\"");
        assert_says("\"user_id\":0,");
    }
    log_set_format(LOG_TEXT);
    const char *text = line(true);
    log_set_format(LOG_JSON);
    assert_non_null(strstr(text, " user_id=0 "));
    assert_says("\"user_id\":0,");
}

static void test_log__masks_secret_parameters(void **state)
{
    (void)state;
    ASK(.target = "/devices/canary");
    assert_says("\"path\":\"/devices/***\"");
    /* Another row of the same path names it harmlessly; and a method that is not allowed matched no row. */
    ASK(.target = "/devices/canary", .method = "DELETE");
    assert_says("\"path\":\"/devices/***\"");
    ASK(.target = "/devices/canary", .method = "POST");
    assert_says("\"path\":\"/devices/***\"");
    ASK(.target = "/none/17");
    assert_says("\"path\":\"/none/17\"");
    /* A token where none belongs is a token. */
    ASK(.target = "/none/ttd_canary");
    assert_says("\"path\":\"/none/***\"");
    ASK(.target = "/none/%74td_canary");
    assert_says("\"path\":\"/none/***\"");
}

static void test_log__never_holds_a_secret(void **state)
{
    (void)state;
    const struct ask asks[] = {
        { .target = "/devices/canary" },
        { .target = "/devices/canary/more" },
        { .target = "/devices//canary" },
        { .target = "/canary/devices" },
        { .target = "/devices/canary%zz" },
        { .target = "/devices/x?canary=1" },
        { .target = "/things?limit=canary", .host = "acme.msp.example", .who = ANNA },
        { .target = "/things?canary=5", .host = "acme.msp.example", .who = ANNA },
        { .target = "/host/member", .headers = { "Authorization: Bearer canary" } },
        { .target = "/host/member", .headers = { "Authorization: canary", "Authorization: canary" } },
        { .method = "POST",
          .target = "/both",
          .type = "application/json",
          .body = "{\"secret\":\"canary\"}" },
        { .method = "POST", .target = "/both", .type = "application/json", .body = "{\"secret\":\"canary\"" },
        { .method = "POST",
          .target = "/both",
          .type = "application/x-www-form-urlencoded",
          .body = "secret=canary" },
        { .target = "http://canary/devices" },
    };
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        ask(asks[i]);
        const char *got = line(true);
        /* One path segment of letters may be shown: it leads nowhere, and an operator wants to see what is
         * asked for. */
        if (strstr(got, "canary") && strcmp(asks[i].target, "/canary/devices") != 0)
            fail_msg("row %zu: %s", i, got);
    }
}

static void test_log__names_only_what_can_be_a_method(void **state)
{
    (void)state;
    static const struct {
        const char *method, *said;
    } rows[] = {
        { "PROPFIND", "PROPFIND" },
        { "A-METHOD-OF-MORE-THAN-16", "A-METHOD-OF-MORE" },
        { "GET\xc2\x9b"
          "31m",
          "-" }, /* a terminal's control sequence */
        { "GET\xff", "-" },
        { "GE T", "-" },
        { "A-METHOD-OF-MORE-THAN-16\x01", "-" },
        { "(", "-" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ASK(.target = "/things", .method = rows[i].method);
        assert_says(arena_printf(world.arena, "\"method\":\"%s\"", rows[i].said).at);
    }
}

static void test_log__stays_one_json_object(void **state)
{
    (void)state;
    const struct ask asks[] = { { .target = "/none/%22%7D%22" },
                                { .target = "/none/a\"\n{" },
                                { .target = "\"\n", .method = "\"\n\x01\xff" },
                                { .target = "/none/%C3%A9", .host = "\"\n" },
                                { .target = "" } };
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        ask(asks[i]);
        struct str got = str_of(line(true));
        struct json_error error;
        cJSON *json;
        assert_int_equal(str_index(got, '\n'), got.len - 1);
        assert_true(json_parse(world.arena, str_sub(got, 0, got.len - 1), &json, &error));
    }
    json_use_arena(NULL);
}

/* ---- the rest of the walk's life ---- */

static void test_walk__reload_changes_later_calls_only(void **state)
{
    (void)state;
    struct config_error error;
    struct config *next = config_parse("t.yaml",
                                       STR("tokens: { secret_key: \"0123456789abcdef0123456789abcdef\" }\n"
                                           "tenancy: { root_domain: other.example }\n"),
                                       &error);
    assert_non_null(next);
    struct call *before = call_new(world.walk);
    walk_reload(world.walk, next);
    struct call *after = call_new(world.walk);
    assert_ptr_equal(before->config, world.config);
    assert_ptr_equal(after->config, next);
    assert_ptr_equal(walk_config(world.walk), next);
    call_free(&before);
    call_free(&after);
    assert_null(after);
    call_free(&after);
}

static void test_walk__ready_when_storage_answers_with_our_schema(void **state)
{
    (void)state;
    assert_int_equal(walk_ready(world.worker), STORAGE_OK);
    storage_fault_set(1, STORAGE_GONE, true);
    assert_int_equal(walk_ready(world.worker), STORAGE_GONE);
    storage_fault_set(0, STORAGE_OK, false);
    for (int tries = 0; tries < 1000 && walk_ready(world.worker) != STORAGE_OK; tries++)
        usleep(2000);
    assert_int_equal(walk_ready(world.worker), STORAGE_OK);
}

static void test_walk__new_refuses_a_broken_table(void **state)
{
    (void)state;
    const struct route_table *twice[] = { walk_test_tables[0], walk_test_tables[0] };
    char error[200] = "";
    assert_null(walk_new(world.config, world.db, twice, 2, error, sizeof(error)));
    assert_non_null(strstr(error, "operation id is taken"));
}

static void count_route(void *context, const struct surface *surface, const struct route *route)
{
    size_t *n = context;
    assert_non_null(surface->name);
    assert_non_null(route->op);
    (*n)++;
}

static void test_walk__each_route_in_order(void **state)
{
    (void)state;
    size_t n = 0, expected = 0;
    walk_each_route(world.walk, count_route, &n);
    for (size_t t = 0; t < walk_test_table_count; t++)
        expected += walk_test_tables[t]->n;
    assert_int_equal(n, expected);
}

/* Several workers and a reload at once: for the thread sanitizer. */
static void *work(void *arg)
{
    struct walk_worker *worker = walk_worker_new(world.walk, LANE_GENERAL);
    long *good = arg;
    for (int i = 0; i < 50; i++) {
        enum lane lane;
        struct call *call = call_new(world.walk);
        call->request = (struct request){ .method = METHOD_GET,
                                          .target = STR("/host/public"),
                                          .path = STR("/host/public"),
                                          .host = STR("acme.msp.example"),
                                          .peer_address = STR("192.0.2.1") };
        if (!walk_admit(world.walk, call, &lane))
            walk_run(worker, call, clock_monotonic_us(), &lane);
        *good += call->reply.status == 200;
        call_free(&call);
    }
    walk_worker_free(&worker);
    return NULL;
}

static void test_walk__workers_run_side_by_side(void **state)
{
    (void)state;
    pthread_t threads[4];
    long good[4] = { 0 };
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &good[i]), 0);
    struct config_error error;
    for (int i = 0; i < 10; i++)
        walk_reload(world.walk,
                    config_parse("t.yaml",
                                 STR("tokens: { secret_key: \"0123456789abcdef0123456789abcdef\" }\n"
                                     "tenancy: { root_domain: msp.example }\n"
                                     "rate_limits: { enabled: false }\n"),
                                 &error));
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(good[i], 50);
    }
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_log__tells_what_happened),
        ROW(test_log__tells_one_who_asks_from_another),
        ROW(test_log__masks_secret_parameters),
        ROW(test_log__never_holds_a_secret),
        ROW(test_log__names_only_what_can_be_a_method),
        ROW(test_log__stays_one_json_object),
        ROW(test_walk__reload_changes_later_calls_only),
        ROW(test_walk__ready_when_storage_answers_with_our_schema),
        ROW(test_walk__new_refuses_a_broken_table),
        ROW(test_walk__each_route_in_order),
        ROW(test_walk__workers_run_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
