/* Slices. */
#include "unit.h"

static void test_str__equality(void **state)
{
    (void)state;
    assert_true(str_equal(STR(""), STR_NONE));
    assert_true(str_equal(STR("a\0b"), STR("a\0b")));
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
    assert_false(str_equal(STR("a"), STR("ab")));
    assert_true(str_equal_nocase(STR("HeLLo-1"), STR("hEllO-1")));
    assert_false(str_equal_nocase(STR("@"), STR("`"))); /* only letters fold */
    assert_false(str_equal_nocase(STR("["), STR("{")));
    assert_true(str_equal_nocase(STR_NONE, STR("")));
}

static void test_str__starts_and_ends(void **state)
{
    (void)state;
    assert_true(str_starts_with(STR("abc"), STR("ab")));
    assert_true(str_starts_with(STR("abc"), STR("")));
    assert_true(str_starts_with(STR("abc"), STR("abc")));
    assert_false(str_starts_with(STR("abc"), STR("abcd")));
    assert_false(str_starts_with(STR_NONE, STR("a")));
    assert_true(str_starts_with(STR_NONE, STR_NONE));
    assert_true(str_ends_with(STR("abc"), STR("bc")));
    assert_false(str_ends_with(STR("abc"), STR("ab")));
    assert_false(str_ends_with(STR("c"), STR("bc")));
}

static void test_str__split(void **state)
{
    (void)state;
    struct str head, tail;
    assert_true(str_split(STR("a=b=c"), '=', &head, &tail));
    assert_str(head, STR("a"));
    assert_str(tail, STR("b=c"));
    assert_true(str_split(STR("="), '=', &head, &tail));
    assert_str(head, STR(""));
    assert_str(tail, STR(""));
    assert_false(str_split(STR("abc"), '=', &head, &tail));
    assert_str(head, STR("abc"));
    assert_str(tail, STR(""));
    assert_false(str_split(STR_NONE, '=', &head, &tail));
    assert_int_equal(head.len, 0);
}

static void test_str__split_may_write_over_its_input(void **state)
{
    (void)state;
    struct str head, rest = STR("a,b,c");
    size_t parts = 0;
    bool more;
    do {
        more = str_split(rest, ',', &head, &rest);
        assert_int_equal(head.len, 1);
        parts++;
    } while (more);
    assert_int_equal(parts, 3);
}

static void test_str__sub_clips(void **state)
{
    (void)state;
    assert_str(str_sub(STR("abcdef"), 2, 3), STR("cde"));
    assert_str(str_sub(STR("abc"), 1, SIZE_MAX), STR("bc"));
    assert_str(str_sub(STR("abc"), 4, 1), STR(""));
    assert_str(str_sub(STR("abc"), SIZE_MAX, SIZE_MAX), STR(""));
    assert_null(str_sub(STR_NONE, 1, 1).at);
}

static void test_str__trim(void **state)
{
    (void)state;
    assert_str(str_trim(STR(" \t a b \t")), STR("a b"));
    assert_str(str_trim(STR(" \t ")), STR(""));
    assert_str(str_trim(STR("\na\n")), STR("\na\n")); /* line ends are no blanks */
    assert_str(str_trim(STR_NONE), STR(""));
}

static void test_str__index(void **state)
{
    (void)state;
    assert_int_equal(str_index(STR("a\0b"), '\0'), 1);
    assert_int_equal(str_index(STR("abc"), 'x'), 3);
    assert_int_equal(str_index(STR_NONE, 'x'), 0);
}

static void test_str__to_int_accepts_the_canonical_spelling(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        int64_t value;
    } cases[] = {
        { { "0", 1 }, 0 },
        { { "7", 1 }, 7 },
        { { "-1", 2 }, -1 },
        { { "1234567890", 10 }, 1234567890 },
        { { "9223372036854775807", 19 }, INT64_MAX },
        { { "-9223372036854775808", 20 }, INT64_MIN },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value = 42;
        assert_case(str_to_int(cases[i].text, &value), cases[i].text);
        assert_int_equal(value, cases[i].value);
    }
}

static void test_str__to_int_refuses_everything_else(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "01",
        "-0",
        "-01",
        "00",
        "1.0",
        "1e3",
        "0x10",
        "--1",
        "1-",
        "a",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999999999",
        "\xD9\xA1",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value = 42;
        assert_case(!str_to_int(str_of(cases[i]), &value), str_of(cases[i]));
        assert_int_equal(value, 42);
    }
    int64_t value;
    assert_false(str_to_int(STR("1\0"), &value));
}

static void test_str__an_int_is_written_as_it_is_read(void **state)
{
    (void)state;
    static const int64_t cases[] = { 0, 1, -1, 9, 10, -10, 99, 42, INT64_MAX, INT64_MIN, INT64_MIN + 1 };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[STR_INT_CAP];
        int64_t value;
        assert_true(str_to_int(str_from(text, str_put_int(text, cases[i])), &value));
        assert_true(value == cases[i]);
    }
}

/* Each number of digits, and what is next to it. */
static void test_str__an_int_is_written_as_the_library_writes_it(void **state)
{
    (void)state;
    for (int64_t power = 1; power <= INT64_MAX / 10; power *= 10) {
        const int64_t cases[] = { power - 1, power, power + 1, power * 7 + 5, -power };
        for (size_t i = 0; i < COUNT(cases); i++) {
            char text[STR_INT_CAP], wanted[32];
            snprintf(wanted, sizeof(wanted), "%lld", (long long)cases[i]);
            assert_case(str_equal(str_from(text, str_put_int(text, cases[i])), str_of(wanted)),
                        str_of(wanted));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_str__equality),
        cmocka_unit_test(test_str__starts_and_ends),
        cmocka_unit_test(test_str__split),
        cmocka_unit_test(test_str__split_may_write_over_its_input),
        cmocka_unit_test(test_str__sub_clips),
        cmocka_unit_test(test_str__trim),
        cmocka_unit_test(test_str__index),
        cmocka_unit_test(test_str__to_int_accepts_the_canonical_spelling),
        cmocka_unit_test(test_str__to_int_refuses_everything_else),
        cmocka_unit_test(test_str__an_int_is_written_as_it_is_read),
        cmocka_unit_test(test_str__an_int_is_written_as_the_library_writes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
