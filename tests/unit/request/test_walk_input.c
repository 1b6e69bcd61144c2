/* Bodies and queries through the walk. */
#include "walk_fixture.h"

static int up(void **state)
{
    (void)state;
    world_new("tenancy: { root_domain: msp.example }\nrate_limits: { enabled: false }\nserver: { max_body: "
              "64KiB }\n");
    return 0;
}

static int down(void **state)
{
    (void)state;
    world_free();
    return 0;
}

static int post(const char *body)
{
    return ASK(.method = "POST", .target = "/things", .host = "acme.msp.example", .who = ANNA,
               .type = "application/json", .body = body);
}

static void test_input__json_is_strict(void **state)
{
    (void)state;
    const char *const bad[] = { "",
                                " ",
                                "{",
                                "{\"name\":\"x\"} x",
                                "{\"name\":\"x\",}",
                                "{\"name\":\"x\",\"name\":\"y\"}",
                                "{'name':'x'}",
                                "\xef\xbb\xbf{\"name\":\"x\"}",
                                "{\"name\":\"\\u0000\"}",
                                "{\"name\":\"\\ud800\"}",
                                "{\"name\":\"\xff\"}",
                                "{\"name\":1e999}",
                                "{\"name\":01}",
                                "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (post(bad[i]) != 422)
            fail_msg("row %zu: %d", i, world.call->reply.status);
        assert_true(strncmp(answer_text("detail"), "The body is not valid JSON: ", 28) == 0);
        assert_non_null(strstr(answer_text("detail"), " at byte "));
    }
}

static void test_input__the_top_level_is_an_object(void **state)
{
    (void)state;
    const char *const bad[] = { "[]", "1", "\"name\"", "null", "true", "[{\"name\":\"x\"}]" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(post(bad[i]), 422);
        assert_string_equal(answer_text("detail"), "The body must be a JSON object.");
    }
}

static void test_input__what_would_eat_the_memory_is_refused(void **state)
{
    (void)state;
    static char body[60001] = "{\"name\":[";
    for (size_t i = 9; i < sizeof(body) - 1; i += 2)
        memcpy(body + i, "1,", i + 2 < sizeof(body) ? 2 : 1);
    memcpy(body + sizeof(body) - 4, "1]}", 4);
    int status = post(body);
    assert_true(status == 413 || status == 422);
    assert_true(strlen(answer_text("word")) > 0);
    assert_true(arena_used(world.call->arena) < (size_t)8 * 1024 * 1024);
}

static void test_input__fills_the_handlers_struct(void **state)
{
    (void)state;
    assert_int_equal(post("{\"name\":\"x\"}"), 200);
    assert_true(call_has(world.call, 0));
    assert_false(call_has(world.call, 1));
    const struct {
        struct str name, secret;
    } *input = world.call->input;
    assert_memory_equal(input->name.at, "x", 2);
}

static void test_input__forms(void **state)
{
    (void)state;
    const struct {
        const char *body;
        int status;
    } rows[] = { { "name=x", 200 },
                 { "name=x&name=x", 422 },
                 { "name=%zz", 422 },
                 { "name=%00", 422 },
                 { "name=", 422 },
                 { "", 422 },
                 { "name=x&admin=true", 422 },
                 { "name=%ff", 422 },
                 { "name=x&=1", 422 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(ASK(.method = "PUT", .target = "/forms", .host = "acme.msp.example", .who = ANNA,
                             .type = "application/x-www-form-urlencoded", .body = rows[i].body),
                         rows[i].status);
}

static void test_input__queries(void **state)
{
    (void)state;
    const struct {
        const char *target;
        int status;
    } rows[] = {
        { "/things", 200 },
        { "/things?", 200 },
        { "/things?limit=200", 200 },
        { "/things?limit=201", 422 },
        { "/things?limit=0", 422 },
        { "/things?limit=x", 422 },
        { "/things?limit=", 200 },
        { "/things?foo=1", 422 },
        { "/things?tenant=acme&limit=1", 200 },
        { "/things?limit=1&limit=1", 400 },
        { "/things?limit=%zz", 400 },
        { "/things?limit=%00", 400 },
        { "/host/member?foo=1", 200 },
        { "/host/member?foo=%ff", 400 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int status = ASK(.target = rows[i].target, .host = "acme.msp.example", .who = ANNA);
        if (status != rows[i].status)
            fail_msg("%s: %d", rows[i].target, status);
    }
    ASK(.target = "/things?limit=7", .host = "acme.msp.example", .who = ANNA);
    assert_int_equal(*(int64_t *)world.call->query_input, 7);
    assert_int_equal(world.call->query_present, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input__json_is_strict),
        cmocka_unit_test(test_input__the_top_level_is_an_object),
        cmocka_unit_test(test_input__what_would_eat_the_memory_is_refused),
        cmocka_unit_test(test_input__fills_the_handlers_struct),
        cmocka_unit_test(test_input__forms),
        cmocka_unit_test(test_input__queries),
    };
    return cmocka_run_group_tests(tests, up, down);
}
