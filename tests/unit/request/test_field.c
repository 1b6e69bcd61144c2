/* Field rows: decoding from JSON and from parameters, all violations at once, their wording, presence and
 * null. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/buf.h"
#include "request/field.h"

struct everything {
    struct str name, password, email, role, note;
    int64_t count, when;
    bool flag;
    struct field_list tags;
    cJSON *extra;
};
static const char *const roles[] = { "admin", "member", NULL };
static const struct field rows[] = {
    FIELD(struct everything, name, "name", FIELD_STR, .flags = FIELD_REQUIRED, .min = 2, .max = 5,
          .help = "h"),
    FIELD(struct everything, password, "new_password", FIELD_SECRET, .min = 8, .help = "h"),
    FIELD(struct everything, email, "email", FIELD_EMAIL, .help = "h"),
    FIELD(struct everything, role, "role", FIELD_ENUM, .flags = FIELD_NULLABLE, .words = roles, .help = "h"),
    FIELD(struct everything, note, "sideNote", FIELD_STR, .flags = FIELD_BLANK, .help = "h"),
    FIELD(struct everything, count, "count", FIELD_INT, .min = 1, .max = 200, .help = "h"),
    FIELD(struct everything, when, "when", FIELD_TIME, .help = "h"),
    FIELD(struct everything, flag, "flag", FIELD_BOOL, .help = "h"),
    FIELD(struct everything, tags, "tags", FIELD_STR_LIST, .min = 1, .max = 3, .help = "h"),
    FIELD(struct everything, extra, "extra", FIELD_OBJECT, .help = "h"),
};
static const struct shape json_shape = SHAPE("Everything", struct everything, rows);
/* Without the object, which no form can hold. */
static const struct shape form_shape = { "Form", sizeof(struct everything), rows,
                                         sizeof(rows) / sizeof(rows[0]) - 1 };

static struct arena *arena;
static struct everything got;
static uint64_t present, null;
static struct violations violations;

static int up(void **state)
{
    (void)state;
    arena = arena_new(1 << 22);
    json_init();
    return 0;
}

static int down(void **state)
{
    (void)state;
    json_use_arena(NULL);
    arena_free(&arena);
    return 0;
}

static bool read_json(const char *text)
{
    cJSON *json;
    struct json_error error;
    assert_true(json_parse(arena, str_of(text), &json, &error));
    memset(&got, 0, sizeof(got));
    violations = (struct violations){ 0 };
    return shape_read_json(&json_shape, arena, json, &got, &present, &null, &violations);
}

static bool read_form(const char *text)
{
    struct params params;
    struct str why;
    assert_true(params_decode(arena, str_of(text), &params, &why));
    memset(&got, 0, sizeof(got));
    violations = (struct violations){ 0 };
    return shape_read_params(&form_shape, arena, &params, &got, &present, &violations);
}

static bool read_open_form(const char *text)
{
    struct shape open = form_shape;
    struct params params;
    struct str why;
    open.open = true;
    assert_true(params_decode(arena, str_of(text), &params, &why));
    memset(&got, 0, sizeof(got));
    violations = (struct violations){ 0 };
    return shape_read_params(&open, arena, &params, &got, &present, &violations);
}

static void assert_str(struct str s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.at ? s.at : "", expected, s.len);
}

static void test_field__reads_every_type_from_json(void **state)
{
    (void)state;
    assert_true(
        read_json("{\"name\":\"Anna\",\"new_password\":\"  pass  word \",\"email\":\" A@b.example \","
                  "\"role\":\"member\",\"sideNote\":\"\",\"count\":200,\"when\":\"1970-01-01T00:00:01Z\","
                  "\"flag\":true,\"tags\":[\"x\",\"y\"],\"extra\":{\"k\":1}}"));
    assert_str(got.name, "Anna");
    assert_str(got.password, "  pass  word ");
    assert_str(got.email, "A@b.example");
    assert_str(got.role, "member");
    assert_str(got.note, "");
    assert_int_equal(got.count, 200);
    assert_int_equal(got.when, 1000000);
    assert_true(got.flag);
    assert_int_equal(got.tags.n, 2);
    assert_str(got.tags.at[1], "y");
    assert_non_null(got.extra);
    assert_int_equal(present, 0x3ff);
    assert_int_equal(null, 0);
}

static void test_field__reads_every_type_from_a_form(void **state)
{
    (void)state;
    assert_true(read_form("name=Anna&new_password=++pass++&email=+a@b.example&role=admin&sideNote=&count=7"
                          "&when=1970-01-01T01:00:01%2B01:00&flag=0&tags=x,y,z"));
    assert_str(got.name, "Anna");
    assert_str(got.password, "  pass  ");
    assert_str(got.email, "a@b.example");
    assert_str(got.role, "admin");
    assert_int_equal(got.count, 7);
    assert_int_equal(got.when, 1000000);
    assert_false(got.flag);
    assert_int_equal(got.tags.n, 3);
    assert_int_equal(present, 0x1ff);
    assert_true(read_form("name=Anna&flag=1&count="));
    assert_true(got.flag);
    assert_int_equal(present, 1 | 1 << 7);
}

static void test_field__absent_null_and_value_are_three_things(void **state)
{
    (void)state;
    assert_true(read_json("{\"name\":\"Anna\"}"));
    assert_int_equal(present, 1);
    assert_int_equal(null, 0);
    assert_true(read_json("{\"name\":\"Anna\",\"role\":null}"));
    assert_int_equal(present, 1 | 1 << 3);
    assert_int_equal(null, 1 << 3);
    assert_null(got.role.at);
    assert_true(read_json("{\"name\":\"Anna\",\"role\":\"admin\"}"));
    assert_int_equal(null, 0);
}

static void test_field__collects_all_violations(void **state)
{
    (void)state;
    assert_false(
        read_json("{\"foo\":1,\"email\":\"x\",\"new_password\":\"short\",\"count\":0,\"role\":\"boss\"}"));
    assert_int_equal(violations.n, 6);
    const char *const expected[][2] = {
        { "foo", "The foo field is not allowed." },
        { "email", "The email must be a valid email address." },
        { "new_password", "The new password must be at least 8 characters." },
        { "count", "The count must be at least 1." },
        { "role", "The role field must be one of: admin, member." },
        { "name", "The name field is required." },
    };
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(violations.at[i].field, expected[i][0]);
        assert_str(violations.at[i].text, expected[i][1]);
    }
}

static void test_field__names_what_is_wrong(void **state)
{
    (void)state;
    const struct {
        const char *json; /* members beside a good name */
        enum violation_kind kind;
        const char *text;
    } cases[] = {
        { "\"new_password\":1", VIOLATION_TYPE, "The new password must be a string." },
        { "\"new_password\":\"\"", VIOLATION_REQUIRED, "The new password field is required." },
        { "\"new_password\":\"        \"", 0, NULL },
        { "\"email\":\"\"", VIOLATION_REQUIRED, "The email field is required." },
        { "\"email\":[]", VIOLATION_TYPE, "The email must be a string." },
        { "\"email\":null", VIOLATION_NULL, "The email field must have a value." },
        { "\"role\":5", VIOLATION_TYPE, "The role must be a string." },
        { "\"role\":\"Admin\"", VIOLATION_ENUM, "The role field must be one of: admin, member." },
        { "\"sideNote\":false", VIOLATION_TYPE, "The side note must be a string." },
        { "\"count\":\"1\"", VIOLATION_TYPE, "The count must be an integer." },
        { "\"count\":1.5", VIOLATION_TYPE, "The count must be an integer." },
        { "\"count\":1e3", VIOLATION_TOO_LARGE, "The count must not be greater than 200." },
        { "\"count\":9007199254740993", VIOLATION_TYPE, "The count must be an integer." },
        { "\"count\":-1", VIOLATION_TOO_SMALL, "The count must be at least 1." },
        { "\"flag\":1", VIOLATION_TYPE, "The flag field must be true or false." },
        { "\"flag\":\"true\"", VIOLATION_TYPE, "The flag field must be true or false." },
        { "\"when\":5", VIOLATION_TIME, "The when is not a valid date." },
        { "\"when\":\"yesterday\"", VIOLATION_TIME, "The when is not a valid date." },
        { "\"tags\":\"x\"", VIOLATION_TYPE, "The tags must be an array of strings." },
        { "\"tags\":[]", VIOLATION_TOO_SHORT, "The tags must have at least 1 items." },
        { "\"tags\":[\"1\",\"2\",\"3\",\"4\"]", VIOLATION_TOO_LONG,
          "The tags must not have more than 3 items." },
        { "\"tags\":[1]", VIOLATION_TYPE, "The tags must be an array of strings." },
        { "\"tags\":[\"\"]", VIOLATION_TYPE, "The tags must be an array of strings." },
        { "\"extra\":[]", VIOLATION_TYPE, "The extra must be an object." },
        { "\"NAME\":\"x\"", VIOLATION_UNKNOWN, "The NAME field is not allowed." },
        { "\"id\":1", VIOLATION_UNKNOWN, "The id field is not allowed." },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str text = arena_printf(arena, "{\"name\":\"Anna\",%s}", cases[i].json);
        bool ok = read_json(text.at);
        if (ok != (cases[i].text == NULL))
            fail_msg("%s", text.at);
        if (ok)
            continue;
        assert_int_equal(violations.n, 1);
        assert_int_equal(violations.at[0].kind, cases[i].kind);
        assert_str(violations.at[0].text, cases[i].text);
    }
}

static void test_field__lengths_at_the_bound_and_beyond(void **state)
{
    (void)state;
    const struct {
        const char *name;
        bool ok;
    } cases[] = { { "A", false }, { "AB", true }, { "ABCDE", true }, { "ABCDEF", false }, { "   ", false } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(read_json(arena_printf(arena, "{\"name\":\"%s\"}", cases[i].name).at), cases[i].ok);
    const struct field plain = { .type = FIELD_STR }, list = { .type = FIELD_STR_LIST },
                       number = { .type = FIELD_INT }, from_five = { .type = FIELD_INT, .min = 5 },
                       below = { .type = FIELD_INT, .min = -9, .max = -2 },
                       to_zero = { .type = FIELD_INT, .min = -9 };
    assert_int_equal(field_max(&plain), 65536);
    assert_int_equal(field_max(&list), 256);
    assert_int_equal(field_max(&number), INT64_MAX);
    assert_int_equal(field_max(&from_five), INT64_MAX);
    assert_int_equal(field_max(&below), -2);
    assert_int_equal(field_max(&to_zero), 0);
}

static void test_field__forms_convert_strictly(void **state)
{
    (void)state;
    const struct {
        const char *form;
        const char *text;
    } cases[] = {
        { "name=Anna&count=+1", "The count must be an integer." },
        { "name=Anna&count=0x1", "The count must be an integer." },
        { "name=Anna&count=99999999999999999999", "The count must be an integer." },
        { "name=Anna&count=201", "The count must not be greater than 200." },
        { "name=Anna&flag=yes", "The flag field must be true or false." },
        { "name=Anna&tags=a,,b", "The tags must be an array of strings." },
        { "name=Anna&tags=a,b,c,d", "The tags must not have more than 3 items." },
        { "name=Anna&role=", NULL },
        { "name=", "The name field is required." },
        { "count=1", "The name field is required." },
        { "name=Anna&grant_type=password", "The grant_type field is not allowed." },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_form(cases[i].form), cases[i].text == NULL);
        if (cases[i].text)
            assert_str(violations.at[0].text, cases[i].text);
    }
}

/* OAuth has unknown parameters ignored; what has a row is as strict as ever. */
static void test_field__an_open_shape_ignores_what_has_no_row(void **state)
{
    (void)state;
    assert_true(read_open_form("client_id=x&name=abc&resource=y"));
    assert_str(got.name, "abc");
    assert_int_equal(present, 1);
    assert_false(read_open_form("client_id=x&name=a"));
    assert_int_equal(violations.n, 1);
    assert_false(read_form("client_id=x&name=abc"));
}

static void test_field__a_flood_of_unknown_members_is_cut(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, arena, 1 << 16);
    buf_add(&buf, STR("{\"name\":\"Anna\""));
    for (int i = 0; i < 1000; i++)
        buf_printf(&buf, ",\"k%d\":1", i);
    buf_add_char(&buf, '}');
    assert_false(read_json(buf_str(&buf).at));
    assert_int_equal(violations.n, 100);
}

static void test_field__a_long_unknown_name_is_cut_at_a_character(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, arena, 4096);
    buf_add(&buf, STR("{\"name\":\"Anna\",\"x"));
    for (int i = 0; i < 100; i++)
        buf_add(&buf, STR("\xc3\xa9"));
    buf_add(&buf, STR("\":1}"));
    assert_false(read_json(buf_str(&buf).at));
    assert_int_equal(strlen(violations.at[0].field), 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_field__reads_every_type_from_json),
        cmocka_unit_test(test_field__reads_every_type_from_a_form),
        cmocka_unit_test(test_field__absent_null_and_value_are_three_things),
        cmocka_unit_test(test_field__collects_all_violations),
        cmocka_unit_test(test_field__names_what_is_wrong),
        cmocka_unit_test(test_field__lengths_at_the_bound_and_beyond),
        cmocka_unit_test(test_field__forms_convert_strictly),
        cmocka_unit_test(test_field__an_open_shape_ignores_what_has_no_row),
        cmocka_unit_test(test_field__a_flood_of_unknown_members_is_cut),
        cmocka_unit_test(test_field__a_long_unknown_name_is_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, up, down);
}
