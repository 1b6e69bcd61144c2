/* Paths, the segment tree, surfaces by prefix, and the self-check of tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/buf.h"
#include "request/router.h"

static struct arena *arena;

static int up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static enum error_code handler(struct call *call)
{
    (void)call;
    return OK;
}

static int status(const struct failure *failure)
{
    return error_info(failure->code)->status;
}

static cJSON *error_body(struct call *call, const struct failure *failure)
{
    (void)call;
    (void)failure;
    return NULL;
}

#define SURFACE(name_, ...)                                                                                  \
    {                                                                                                        \
        .name = (name_), .prefixes = (const char *const[]){ __VA_ARGS__, NULL }, .status = status,           \
        .error = error_body                                                                                  \
    }
static const struct surface assets = SURFACE("assets", "/");
static const struct surface crm = SURFACE("crm", "/api/contacts", "/api/auth/register");
static const struct surface v1 = SURFACE("v1", "/api/v1/");
static const struct surface spaces = SURFACE("spaces", "/api/public/", "/api/settings");
static const struct surface branding = SURFACE("assets", "/api/public/branding");

#define GET(op_, path_)                                                                                      \
    {                                                                                                        \
        .op = (op_), .method = METHOD_GET, .path = (path_), .need = NEED_MEMBER, .handler = handler,         \
        .summary = "s"                                                                                       \
    }

static const struct route tree_rows[] = {
    GET("root", "/"),
    GET("list", "/api/assets"),
    GET("one", "/api/assets/{id}"),
    GET("export", "/api/assets/export"),
    GET("history", "/api/assets/{id}/history"),
    GET("deep", "/api/assets/export/{part}/a"),
    GET("deeper", "/api/{kind}/{id}/{part}/{item}"),
    GET("mixed", "/x/{slug}"),
    { .op = "mixed_post",
      .method = METHOD_POST,
      .path = "/x/{other}",
      .need = NEED_MEMBER,
      .handler = handler,
      .summary = "s" },
};
static const struct route_table tree_table = ROUTE_TABLE(&assets, tree_rows);
static const struct route_table crm_table = { .surface = &crm };
static const struct route_table v1_table = { .surface = &v1 };
static const struct route_table spaces_table = { .surface = &spaces };
static const struct route_table branding_table = { .surface = &branding };
static const struct route_table *const tables[] = { &crm_table, &v1_table, &spaces_table, &branding_table,
                                                    &tree_table };

static struct router *tree(void)
{
    return router_new(arena, tables, sizeof(tables) / sizeof(tables[0]));
}

static void assert_leads(const struct router *router, struct str path, const char *op, const char *params)
{
    struct router_match match;
    enum path_verdict verdict = router_match(router, arena, path, &match);
    assert_int_equal(verdict, op ? PATH_FOUND : PATH_UNKNOWN);
    if (!op)
        return;
    assert_string_equal(match.entries->route->op, op);
    struct buf got;
    buf_init(&got, arena, 256);
    for (size_t i = 0; i < match.param_count; i++)
        buf_printf(&got, "%s%.*s", i ? "," : "", STR_ARG(match.params[i]));
    assert_string_equal(buf_str(&got).at ? buf_str(&got).at : "", params);
}

static void test_router__literals_beat_parameters(void **state)
{
    (void)state;
    const struct router *router = tree();
    assert_leads(router, STR("/"), "root", "");
    assert_leads(router, STR("/api/assets"), "list", "");
    assert_leads(router, STR("/api/assets/17"), "one", "17");
    assert_leads(router, STR("/api/assets/export"), "export", "");
    assert_leads(router, STR("/api/assets/17/history"), "history", "17");
    /* The literal leads nowhere, so the parameter gets its turn; and the other way round. */
    assert_leads(router, STR("/api/assets/export/history"), "history", "export");
    assert_leads(router, STR("/api/assets/export/1/a"), "deep", "1");
    assert_leads(router, STR("/api/assets/export/1/b"), "deeper", "assets,export,1,b");
    assert_leads(router, STR("/api/b/c/d/e"), "deeper", "b,c,d,e");
    assert_leads(router, STR("/%61pi/assets/a%20b"), "one", "a b");
    assert_leads(router, STR("/api/assets/%C3%A9"), "one", "\xc3\xa9");
    assert_leads(router, STR("/x/1"), "mixed", "1");
    assert_leads(router, STR("/api"), NULL, "");
    assert_leads(router, STR("/api/assets/1/2"), NULL, "");
    assert_leads(router, STR("/API/assets"), NULL, "");
    assert_leads(router, STR("/api/assets/1/history/2/3/4"), NULL, "");
}

static void test_router__keeps_every_row_of_a_path(void **state)
{
    (void)state;
    struct router_match match;
    assert_int_equal(router_match(tree(), arena, STR("/x/1"), &match), PATH_FOUND);
    assert_string_equal(match.entries->next->route->op, "mixed_post");
    assert_null(match.entries->next->next);
}

/* Whichever of its rows calls it so. */
static void test_router__knows_which_paths_hold_a_secret(void **state)
{
    (void)state;
    static const struct route rows[] = {
        GET("plain", "/pairs/{id}"),
        GET("below", "/pairs/{id}/state"),
        { .op = "secret",
          .method = METHOD_POST,
          .path = "/pairs/{code}",
          .need = NEED_MEMBER,
          .handler = handler,
          .summary = "s" },
    };
    static const struct route_table table = ROUTE_TABLE(&assets, rows);
    static const struct route_table *const one[] = { &table };
    const struct router *router = router_new(arena, one, 1);
    struct router_match match;
    assert_int_equal(router_match(router, arena, STR("/pairs/1"), &match), PATH_FOUND);
    assert_true(match.has_secret);
    assert_int_equal(router_match(router, arena, STR("/pairs/1/state"), &match), PATH_FOUND);
    assert_false(match.has_secret);
}

/* For whatever stands below, sound or not, and for nothing beside. */
static void test_router__a_wide_row_answers_for_all_below(void **state)
{
    (void)state;
    static const struct route wide[] = { { .op = "wide",
                                           .method = METHOD_GET,
                                           .path = "/ask",
                                           .need = NEED_MEMBER,
                                           .wide = true,
                                           .handler = handler,
                                           .summary = "s" } };
    static const struct route_table wide_table = ROUTE_TABLE(&assets, wide);
    const struct route_table *const both[] = { &wide_table, &tree_table };
    static const char *const below[] = { "/ask/", "/ask//", "/ask/../x", "/ask/%2f%zz" };
    static const char *const beside[] = { "/", "/as", "/asks", "/Ask", "/ask%2f", "" };
    const struct router *router = router_new(arena, both, 2);
    bool is_below;
    assert_string_equal(router_wide(router, STR("/ask"), &is_below)->route->op, "wide");
    assert_false(is_below);
    for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
        assert_non_null(router_wide(router, str_of(below[i]), &is_below));
        assert_true(is_below);
    }
    for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
        assert_null(router_wide(router, str_of(beside[i]), &is_below));
    assert_null(router_wide(tree(), STR("/ask"), &is_below));
    assert_leads(router, STR("/api/assets"), "list", "");
}

static void test_path__is_strict(void **state)
{
    (void)state;
    const struct {
        struct str raw;
        enum path_verdict verdict;
    } rows[] = {
        { STR("/"), PATH_FOUND },
        { STR("/a"), PATH_FOUND },
        { STR("/a/b"), PATH_FOUND },
        { STR("/a%2Eb"), PATH_FOUND },
        { STR("/..."), PATH_FOUND },
        { STR("/.well-known"), PATH_FOUND },
        { STR("/a:b@c!$&'()*+,;="), PATH_FOUND },
        { STR("/%F0%9F%98%80"), PATH_FOUND },
        { STR("//"), PATH_UNKNOWN },
        { STR("/a//b"), PATH_UNKNOWN },
        { STR("/a/"), PATH_FOUND }, /* another path than "/a" */
        { STR("/a//"), PATH_UNKNOWN },
        { STR("//a"), PATH_UNKNOWN },
        { STR("/."), PATH_UNKNOWN },
        { STR("/a/./b"), PATH_UNKNOWN },
        { STR("/a/../b"), PATH_UNKNOWN },
        { STR("/%2e"), PATH_UNKNOWN },
        { STR("/%2E%2e/a"), PATH_UNKNOWN },
        { STR("/.%2e/a"), PATH_UNKNOWN },
        { STR("/a%2Fb"), PATH_UNKNOWN },
        { STR("/a%5Cb"), PATH_UNKNOWN },
        { STR("/%00"), PATH_UNKNOWN },
        { STR("/a%00b"), PATH_UNKNOWN },
        { STR("/a%0Ab"), PATH_UNKNOWN },
        { STR("/%7F"), PATH_UNKNOWN },
        { STR("/%FF"), PATH_UNKNOWN },
        { STR("/%C0%AF"), PATH_UNKNOWN },
        { STR("/%ED%A0%80"), PATH_UNKNOWN },
        { STR("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25"), PATH_UNKNOWN },
        { STR(""), PATH_BROKEN },
        { STR("*"), PATH_BROKEN },
        { STR("a"), PATH_BROKEN },
        { STR("http://host/a"), PATH_BROKEN },
        { STR("/%"), PATH_BROKEN },
        { STR("/%4"), PATH_BROKEN },
        { STR("/%4g"), PATH_BROKEN },
        { STR("/%%41"), PATH_BROKEN },
        { STR("//%"), PATH_BROKEN },
        { STR("/a b"), PATH_BROKEN },
        { STR("/a\tb"), PATH_BROKEN },
        { STR("/a\0b"), PATH_BROKEN },
        { STR("/a\\b"), PATH_BROKEN },
        { STR("/a#b"), PATH_BROKEN },
        { STR("/\xc3\xa9"), PATH_BROKEN },
        { STR("/\xff"), PATH_BROKEN },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct path path;
        if (path_decode(arena, rows[i].raw, &path) != rows[i].verdict)
            fail_msg("row %zu: %s", i, rows[i].raw.at);
    }
}

static void test_router__surface_by_longest_prefix(void **state)
{
    (void)state;
    const struct router *router = tree();
    const struct {
        struct str path;
        const struct surface *surface;
    } rows[] = {
        { STR("/"), &assets },
        { STR("/nothing"), &assets },
        { STR("/api/v1/x"), &v1 },
        { STR("/api/v1/"), &v1 },
        { STR("/api/v1"), &assets },
        { STR("/api/v10/x"), &assets },
        { STR("/api/contacts"), &crm },
        { STR("/api/contacts/1/x"), &crm },
        { STR("/api/contactsx"), &assets },
        { STR("/api/auth/register"), &crm },
        { STR("/api/public/events"), &spaces },
        { STR("/api/public/branding"), &branding },
        { STR("/api/public/branding/x"), &branding },
        { STR("/api/public/brandings"), &spaces },
        { STR("/api/settings/api-keys"), &spaces },
        { STR(""), &assets },
        { STR("*"), &assets },
        { STR("http://x"), &assets },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (router_surface(router, rows[i].path) != rows[i].surface)
            fail_msg("%s", rows[i].path.at);
}

/* ---- the self-check ---- */

static const char *check(const struct route *routes, size_t n)
{
    static char error[256];
    const struct route_table table = { &assets, routes, n };
    const struct route_table *list[] = { &table };
    return route_tables_check(list, 1, error, sizeof(error)) ? NULL : error;
}

struct input {
    struct str name;
    int64_t number;
    cJSON *tree;
};
static const struct field good_fields[] = {
    FIELD(struct input, name, "name", FIELD_STR, .help = "h"),
    FIELD(struct input, number, "number", FIELD_INT, .help = "h"),
};
static const struct shape good_shape = SHAPE("Input", struct input, good_fields);

static struct route good_route(void)
{
    return (struct route){ .op = "op",
                           .method = METHOD_POST,
                           .path = "/a/{b}",
                           .need = NEED_PERMISSION,
                           .permission = PERM_ASSETS_VIEW,
                           .body = BODY_JSON,
                           .input = &good_shape,
                           .handler = handler,
                           .summary = "s" };
}

#define ASSERT_REFUSED(words, ...)                                                                           \
    do {                                                                                                     \
        struct route route = good_route();                                                                   \
        __VA_ARGS__;                                                                                         \
        const char *error = check(&route, 1);                                                                \
        assert_non_null(error);                                                                              \
        if (!strstr(error, words))                                                                           \
            fail_msg("\"%s\" does not say \"%s\"", error, words);                                            \
    } while (0)

static void test_check__a_sound_row_passes(void **state)
{
    (void)state;
    struct route route = good_route();
    assert_null(check(&route, 1));
    assert_null(check(tree_rows, sizeof(tree_rows) / sizeof(tree_rows[0])));
}

static void test_check__refuses_broken_rows(void **state)
{
    (void)state;
    ASSERT_REFUSED("operation id", route.op = "");
    ASSERT_REFUSED("operation id", route.op = NULL);
    ASSERT_REFUSED("handler", route.handler = NULL);
    ASSERT_REFUSED("summary", route.summary = NULL);
    ASSERT_REFUSED("method", route.method = METHOD_UNKNOWN);
    ASSERT_REFUSED("method", route.method = METHOD_HEAD);
    ASSERT_REFUSED("method", route.method = METHOD_OPTIONS);
    ASSERT_REFUSED("permission", route.permission = PERM_NONE);
    ASSERT_REFUSED("permission", route.need = NEED_MEMBER);
    ASSERT_REFUSED("wide", route.wide = true);
    ASSERT_REFUSED("body kind", route.body = BODY_NONE);
    ASSERT_REFUSED("body kind", route.input = NULL);
    ASSERT_REFUSED("before the body", route.admits = handler, route.body = BODY_NONE, route.input = NULL);
    ASSERT_REFUSED("GET", route.method = METHOD_GET);
    ASSERT_REFUSED("success", route.success = 404);
    ASSERT_REFUSED("range", route.rate = RATE_CLASS_COUNT);
    ASSERT_REFUSED("range", route.permission = PERM_COUNT);
    ASSERT_REFUSED("password lane", route.lane = LANE_PASSWORD, route.need = NEED_PUBLIC,
                   route.permission = PERM_NONE);
    ASSERT_REFUSED("inline", route.lane = LANE_INLINE);
    ASSERT_REFUSED("quick", route.quick = true); /* it writes */
    ASSERT_REFUSED("warm", route.warm = true, route.lane = LANE_PASSWORD);
    ASSERT_REFUSED("warm", route.warm = true); /* it has a body */
    ASSERT_REFUSED("warm", route.warm = true, route.body = BODY_NONE, route.input = NULL,
                   route.method = METHOD_GET, route.rate = RATE_LOGIN);
    ASSERT_REFUSED("tenant", route.tenant = TENANT_NONE);
    ASSERT_REFUSED("name the tenant", route.tenant = TENANT_BY_HOST_OR_QUERY);
    ASSERT_REFUSED("device route", route.need = NEED_DEVICE, route.permission = PERM_NONE);
    ASSERT_REFUSED("device route", route.need = NEED_DEVICE, route.permission = PERM_NONE,
                   route.tenant = TENANT_BY_TOKEN, route.path = "/x/{id}");
    ASSERT_REFUSED("unlimited", route.rate = RATE_UNLIMITED);
}

static void test_check__refuses_broken_paths(void **state)
{
    (void)state;
    const char *const bad[] = { NULL,     "",      "a",        "/a//", "//a",
                                "/a//b",  "/{",    "/{}",      "/{a",  "/a}",
                                "/{a b}", "/x{a}", "/{a}x",    "/a b", "/a?b",
                                "/./a",   "/../a", "/{a}/{a}", "/%41", "/{a}/{b}/{c}/{d}/{e}" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ASSERT_REFUSED("path", route.path = bad[i]);
}

static void test_check__refuses_repeated_rows(void **state)
{
    (void)state;
    struct route rows[2] = { good_route(), good_route() };
    assert_non_null(strstr(check(rows, 2), "operation id is taken"));
    rows[1].op = "other";
    assert_non_null(strstr(check(rows, 2), "are taken"));
    rows[1].path = "/a/{other}";
    assert_non_null(strstr(check(rows, 2), "are taken"));
    rows[1].body = BODY_FORM;
    assert_null(check(rows, 2));
    rows[1].body = BODY_NONE;
    rows[1].input = NULL;
    assert_non_null(strstr(check(rows, 2), "are taken"));
    rows[1].method = METHOD_DELETE;
    assert_null(check(rows, 2));
    rows[1].method = METHOD_POST;
    rows[1].path = "/a/b";
    assert_null(check(rows, 2));
}

#define ASSERT_SHAPE_REFUSED(words, kind, ...)                                                               \
    do {                                                                                                     \
        const struct field fields[] = { __VA_ARGS__ };                                                       \
        const struct shape shape = SHAPE("Bad", struct input, fields);                                       \
        ASSERT_REFUSED(words, route.input = &shape; route.body = (kind));                                    \
    } while (0)

static void test_check__refuses_broken_shapes(void **state)
{
    (void)state;
    static const char *const no_words[] = { NULL };
    ASSERT_SHAPE_REFUSED("help", BODY_JSON, FIELD(struct input, name, "a", FIELD_STR, .help = NULL));
    ASSERT_SHAPE_REFUSED("name", BODY_JSON, FIELD(struct input, name, "", FIELD_STR, .help = "h"));
    ASSERT_SHAPE_REFUSED("twice", BODY_JSON, FIELD(struct input, name, "a", FIELD_STR, .help = "h"),
                         FIELD(struct input, number, "a", FIELD_INT, .help = "h"));
    ASSERT_SHAPE_REFUSED("words", BODY_JSON, FIELD(struct input, name, "a", FIELD_ENUM, .help = "h"));
    ASSERT_SHAPE_REFUSED("words", BODY_JSON,
                         FIELD(struct input, name, "a", FIELD_ENUM, .words = no_words, .help = "h"));
    ASSERT_SHAPE_REFUSED("crossed", BODY_JSON,
                         FIELD(struct input, number, "a", FIELD_INT, .min = 3, .max = 2, .help = "h"));
    ASSERT_SHAPE_REFUSED("objects", BODY_FORM, FIELD(struct input, tree, "a", FIELD_OBJECT, .help = "h"));
    ASSERT_SHAPE_REFUSED("nulls", BODY_FORM,
                         FIELD(struct input, name, "a", FIELD_STR, .flags = FIELD_NULLABLE, .help = "h"));
    const struct field outside[] = {
        { .name = "a", .type = FIELD_STR, .offset = sizeof(struct input), .help = "h" }
    };
    const struct shape outside_shape = SHAPE("Bad", struct input, outside);
    ASSERT_REFUSED("struct", route.input = &outside_shape);
    const struct shape empty = { .name = "Bad", .size = 1, .fields = outside, .n = 0 };
    ASSERT_REFUSED("no fields", route.input = &empty);
    const struct shape huge = { .name = "Bad", .size = 1, .fields = outside, .n = 65 };
    ASSERT_REFUSED("64", route.input = &huge);
}

#define ASSERT_ANSWER_REFUSED(words, ...)                                                                    \
    do {                                                                                                     \
        const struct field fields[] = { __VA_ARGS__ };                                                       \
        const struct shape shape = ANSWER_SHAPE("Bad", fields);                                              \
        ASSERT_REFUSED(words, route.answer = &shape);                                                        \
    } while (0)

static void test_check__refuses_broken_answers(void **state)
{
    (void)state;
    const struct field row = ANSWER_FIELD("a", FIELD_INT, .help = "h");
    const struct shape nameless = { .fields = &row, .n = 1 };
    ASSERT_REFUSED("no name", route.answer = &nameless);
    ASSERT_REFUSED("list's items", route.form = ANSWER_PAGE);
    ASSERT_REFUSED("list's items", route.form = ANSWER_MESSAGE; route.answer = &good_shape);
    ASSERT_REFUSED("range", route.form = ANSWER_FORM_COUNT);
    ASSERT_ANSWER_REFUSED("no help", ANSWER_FIELD("a", FIELD_INT, .help = NULL));
    ASSERT_ANSWER_REFUSED("no name", ANSWER_FIELD("", FIELD_INT, .help = "h"));
    ASSERT_ANSWER_REFUSED("words", ANSWER_FIELD("a", FIELD_ENUM, .help = "h"));
    ASSERT_ANSWER_REFUSED("no object", ANSWER_FIELD("a", FIELD_STR, .of = &good_shape));
    ASSERT_ANSWER_REFUSED("without rows", ANSWER_FIELD("a", FIELD_OBJECT_LIST, .help = "h"));
    static struct field round_rows[] = { ANSWER_FIELD("a", FIELD_OBJECT, .of = NULL, .help = "h") };
    static const struct shape round_shape = ANSWER_SHAPE("Round", round_rows);
    round_rows[0].of = &round_shape;
    ASSERT_REFUSED("circle", route.answer = &round_shape);
}

static void test_check__refuses_broken_tables(void **state)
{
    (void)state;
    char error[256];
    assert_false(route_tables_check(NULL, 0, error, sizeof(error)));
    const struct surface mute = { .name = "x", .prefixes = assets.prefixes };
    const struct route_table table = { &mute, NULL, 0 }, bare = { NULL, NULL, 0 };
    const struct route_table *list[] = { &table };
    assert_false(route_tables_check(list, 1, error, sizeof(error)));
    list[0] = &bare;
    assert_false(route_tables_check(list, 1, error, sizeof(error)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_router__literals_beat_parameters),
        cmocka_unit_test(test_router__keeps_every_row_of_a_path),
        cmocka_unit_test(test_router__knows_which_paths_hold_a_secret),
        cmocka_unit_test(test_router__a_wide_row_answers_for_all_below),
        cmocka_unit_test(test_path__is_strict),
        cmocka_unit_test(test_router__surface_by_longest_prefix),
        cmocka_unit_test(test_check__a_sound_row_passes),
        cmocka_unit_test(test_check__refuses_broken_rows),
        cmocka_unit_test(test_check__refuses_broken_paths),
        cmocka_unit_test(test_check__refuses_repeated_rows),
        cmocka_unit_test(test_check__refuses_broken_shapes),
        cmocka_unit_test(test_check__refuses_broken_answers),
        cmocka_unit_test(test_check__refuses_broken_tables),
    };
    return cmocka_run_group_tests(tests, up, down);
}
