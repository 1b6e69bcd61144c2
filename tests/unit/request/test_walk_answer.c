/* How failures are told: envelopes, problem+json, storage that is away, handlers that misbehave. */
#include "walk_fixture.h"

#include "base/log.h"
#include "storage/decorate.h"

#include <fcntl.h>

static int up(void **state)
{
    (void)state;
    world_new(NULL);
    log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
    return 0;
}

static int down(void **state)
{
    (void)state;
    world_free();
    log_set_fd(2);
    return 0;
}

#define PROBLEM "Accept: application/problem+json"

static void test_answer__problem_when_asked_for(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/nothing", .headers = { PROBLEM }), 404);
    assert_string_equal(world.call->reply.content_type, "application/problem+json");
    assert_string_equal(answer_text("type"), "urn:tether:error:route-unknown");
    assert_string_equal(answer_text("title"), "No such path");
    assert_int_equal(answer_int("status"), 404);
    assert_string_equal(answer_text("instance"), answer_header("x-request-id"));
    assert_string_equal(answer_header("vary"), "Accept");
    assert_int_equal(ASK(.target = "/nothing", .headers = { "Accept: application/json" }), 404);
    assert_string_equal(world.call->reply.content_type, "application/json");
    assert_string_equal(answer_text("surface"), "assets");
    assert_string_equal(answer_header("vary"), "Accept");
    /* A success has nothing to do with it. */
    assert_int_equal(ASK(.target = "/inline", .headers = { PROBLEM }), 200);
    assert_string_equal(world.call->reply.content_type, "application/json");
}

static void test_answer__problem_lists_violations(void **state)
{
    (void)state;
    assert_int_equal(ASK(.method = "POST", .target = "/both", .type = "application/json",
                         .body = "{\"foo\":1,\"name\":\"12345678901\"}", .headers = { PROBLEM }),
                     422);
    assert_non_null(strstr(answer_body(),
                           "\"errors\":[{\"field\":\"foo\",\"detail\":\"The foo field is not allowed.\"},"
                           "{\"field\":\"name\",\"detail\":\"The name must not be greater than 10 "
                           "characters.\"}]"));
}

static void test_answer__problem_carries_what_surfaces_carry(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/fail/plan", .headers = { PROBLEM }), 402);
    assert_string_equal(answer_text("limit"), "assets");
    assert_int_equal(answer_int("used"), 50);
    assert_int_equal(answer_int("max"), 50);
    assert_string_equal(answer_text("plan"), "free");
    assert_int_equal(
        ASK(.target = "/host/permission", .host = "acme.msp.example", .who = BOB, .headers = { PROBLEM }),
        403);
    assert_string_equal(answer_text("required_permission"), "assets.delete");
}

static void test_answer__misbehaving_handlers(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/fail/nothing"), 500);
    assert_string_equal(answer_text("word"), "internal");
    assert_int_equal(ASK(.target = "/fail/wordless"), 409);
    assert_string_equal(answer_text("word"), "conflict");
    assert_int_equal(answer_header_count("x-leftover"), 0);
    assert_int_equal(ASK(.target = "/fail/contradiction"), 409);
    assert_string_equal(answer_text("detail"), "It is taken.");
    assert_int_equal(ASK(.target = "/fail/outgrow"), 500);
    assert_string_equal(answer_text("word"), "internal");
    assert_int_equal(answer_header_count("x-request-id"), 1);
}

static void test_answer__storage_failures(void **state)
{
    (void)state;
    const struct {
        int storage, status;
        const char *word, *retry;
    } rows[] = {
        { STORAGE_BUSY, 503, "storage-away", "1" },
        { STORAGE_GONE, 503, "storage-away", "1" },
        { STORAGE_UNCERTAIN, 503, "outcome-unknown", "1" },
        { STORAGE_FULL, 507, "storage-full", "" },
        { STORAGE_ERROR, 500, "internal", "" },
        { STORAGE_CONFLICT, 500, "internal", "" },
        { STORAGE_INVALID, 500, "internal", "" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str target = arena_printf(world.arena, "/fail/storage/%d", rows[i].storage);
        assert_int_equal(ASK(.target = target.at), rows[i].status);
        assert_string_equal(answer_text("word"), rows[i].word);
        assert_string_equal(answer_text("detail"), "");
        assert_string_equal(answer_header("retry-after"), rows[i].retry);
    }
}

/* One whose connection has nothing to get over. */
static void fresh_worker(void)
{
    walk_worker_free(&world.worker);
    world.worker = walk_worker_new(world.walk, LANE_GENERAL);
}

/* Each fallible call of a request fails in turn: the request answers 503 or succeeds, and nothing else
 * happens. */
static void test_answer__storage_fails_at_every_call(void **state)
{
    (void)state;
    const struct ask asks[] = {
        { .target = "/host/member", .host = "acme.msp.example", .who = ANNA },
        { .target = "/host/member?tenant=acme", .who = SARA },
        { .target = "/token/member", .who = GINA },
        { .target = "/header/member", .who = DORA, .headers = { "X-Tenant: acme" } },
        { .target = "/host/public" },
    };
    const enum storage_status failures[] = { STORAGE_GONE, STORAGE_BUSY, STORAGE_ERROR };
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        fresh_worker();
        world_forget();
        storage_fault_set(0, STORAGE_OK, false);
        assert_int_equal(ask(asks[i]), 200);
        int calls = storage_fault_calls();
        assert_true(calls > 0);
        for (int nth = 1; nth <= calls; nth++) {
            enum storage_status failure = failures[nth % 3];
            fresh_worker();
            world_forget();
            storage_fault_set(nth, failure, true);
            int status = ask(asks[i]);
            world_mend_storage();
            if (status != (failure == STORAGE_ERROR ? 500 : 503))
                fail_msg("%s, call %d: %d", asks[i].target, nth, status);
        }
    }
    fresh_worker();
    assert_int_equal(ask(asks[0]), 200);
}

static void test_answer__overload(void **state)
{
    (void)state;
    enum lane lane;
    call_free(&world.call);
    world.call = call_new(world.walk);
    struct request *request = &world.call->request;
    request->method = METHOD_GET;
    request->target = request->path = STR("/none/1");
    request->host = STR("msp.example");
    request->peer_address = STR("192.0.2.1");
    assert_false(walk_admit(world.walk, world.call, &lane));
    assert_int_equal(lane, LANE_GENERAL);
    walk_refuse_overload(world.walk, world.call);
    assert_int_equal(world.call->reply.status, 503);
    assert_string_equal(answer_header("retry-after"), "1");
    assert_string_equal(answer_text("word"), "overload");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer__problem_when_asked_for),
        cmocka_unit_test(test_answer__problem_lists_violations),
        cmocka_unit_test(test_answer__problem_carries_what_surfaces_carry),
        cmocka_unit_test(test_answer__misbehaving_handlers),
        cmocka_unit_test(test_answer__storage_failures),
        cmocka_unit_test(test_answer__storage_fails_at_every_call),
        cmocka_unit_test(test_answer__overload),
    };
    return cmocka_run_group_tests(tests, up, down);
}
