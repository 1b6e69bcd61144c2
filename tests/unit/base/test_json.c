/* The strict reader (every row of the list of bad JSON), building, printing, quoting, memory. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

static int new_arena(void **state)
{
    *state = arena_new(64 << 20);
    json_use_arena(*state);
    return 0;
}

static int free_arena(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

/* Parses and prints again. */
static struct str reprint(struct arena *arena, struct str text)
{
    cJSON *item;
    struct json_error error = { 0 };
    if (!json_parse(arena, text, &item, &error))
        fail_msg("\"%.*s\" was refused at %zu: %s", STR_ARG(text), error.offset, error.text);
    return json_print(arena, item);
}

static void test_json__good_texts_are_read(void **state)
{
    static const char *const same[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.5",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        "[1,2,[3]]",
        "{\"a\":{\"b\":[]}}",
        "999999999999999",
        "-999999999999999",
        "{\"\":1}",
        "{\"a\":1,\"A\":2}",
        "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"",
        "\"\xEF\xBB\xBF\"",
        "[\"a\",\"a\"]",
        "[{\"a\":1},{\"a\":2}]",
        "{\"a\":{\"a\":{\"a\":1}}}",
    };
    for (size_t i = 0; i < COUNT(same); i++)
        assert_str(reprint(*state, str_of(same[i])), str_of(same[i]));
}

static void test_json__spellings_are_normalised(void **state)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        { " \t\r\n1 \t\r\n", "1" },
        { "[ 1 , 2 ]", "[1,2]" },
        { "{ \"a\" : 1 , \"b\" : 2 }", "{\"a\":1,\"b\":2}" },
        { "-0", "-0" },
        { "1e2", "100" },
        { "1E+2", "100" },
        { "1.50e-1", "0.15" },
        { "1e-400", "0" }, /* too small is zero, not an error */
        { "\"\\u0041\\/\\\"\"", "\"A/\\\"\"" },
        { "\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\"" },
        { "\"\\b\\f\\n\\r\\t\"", "\"\\b\\f\\n\\r\\t\"" },
        { "\"\\u00e4\\uFFFF\"", "\"\xC3\xA4\xEF\xBF\xBF\"" },
        { "\"\\u007f\"", "\"\x7F\"" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_str(reprint(*state, str_of(cases[i].text)), str_of(cases[i].printed));
}

static const struct refusal {
    struct str text;
    size_t offset;
    const char *reason;
} refusals[] = {
#define BAD(text, offset, reason)                                                                            \
    {                                                                                                        \
        { "" text, sizeof(text) - 1 }, (offset), (reason)                                                    \
    }
    /* nothing, and what is around the value */
    BAD("", 0, "the text ends where a JSON value was expected"),
    BAD("  ", 2, "the text ends where a JSON value was expected"),
    BAD("\xEF\xBB\xBF{}", 0, "a byte order mark before the JSON text"),
    BAD("{} x", 3, "something follows the JSON value"),
    BAD("{}{}", 2, "something follows the JSON value"),
    BAD("1 2", 2, "something follows the JSON value"),
    BAD("[1]]", 3, "something follows the JSON value"),
    BAD("nullx", 4, "something follows the JSON value"),
    BAD("{}\0", 2, "a NUL byte"),
    BAD("\0", 0, "a NUL byte"),
    BAD("\"a\0b\"", 2, "a NUL byte"),
    /* bytes */
    BAD("\"\xFF\"", 1, "not UTF-8"),
    BAD("\"\xC0\x80\"", 1, "not UTF-8"),
    BAD("\"\xED\xA0\x80\"", 1, "not UTF-8"),
    BAD("\"\xC3\"", 1, "not UTF-8"),
    BAD("{\"\xF5\x80\x80\x80\":1}", 2, "not UTF-8"),
    BAD("\"a\nb\"", 2, "a raw control character (0x0a) in a string"),
    BAD("\"\x1F\"", 1, "a raw control character (0x1f) in a string"),
    /* escapes */
    BAD("\"admin\\u0000x\"", 6, "\\u0000 is not accepted"),
    BAD("{\"a\\u0000\":1}", 3, "\\u0000 is not accepted"),
    BAD("\"\\ud800\"", 1, "half a surrogate pair"),
    BAD("\"\\udc00\"", 1, "half a surrogate pair"),
    BAD("\"\\ud800\\u0041\"", 1, "half a surrogate pair"),
    BAD("\"\\ud800\\ud800\"", 1, "half a surrogate pair"),
    BAD("\"\\ud800x\"", 1, "half a surrogate pair"),
    BAD("\"\\x41\"", 2, "found 'x', expected one of \"\\/bfnrtu after a backslash"),
    BAD("\"\\u00g0\"", 5, "found 'g', expected four hexadecimal digits after \\u"),
    BAD("\"\\u00\"", 5, "found '\"', expected four hexadecimal digits after \\u"),
    BAD("\"\\", 2, "the text ends where one of \"\\/bfnrtu after a backslash was expected"),
    BAD("\"\\u12", 5, "the text ends where four hexadecimal digits after \\u was expected"),
    BAD("\"abc", 4, "the text ends inside a string"),
    BAD("\"abc\\\"", 6, "the text ends inside a string"),
    BAD("'a'", 0, "found ''', expected a JSON value"),
    /* numbers */
    BAD("01", 0, "a number with a leading zero"),
    BAD("-01", 0, "a number with a leading zero"),
    BAD("00", 0, "a number with a leading zero"),
    BAD("1.", 2, "the text ends where a digit was expected"),
    BAD("1.e3", 2, "found 'e', expected a digit"),
    BAD(".5", 0, "found '.', expected a JSON value"),
    BAD("+1", 0, "found '+', expected a JSON value"),
    BAD("-", 1, "the text ends where a digit was expected"),
    BAD("--1", 1, "found '-', expected a digit"),
    BAD("1e", 2, "the text ends where a digit was expected"),
    BAD("1e+", 3, "the text ends where a digit was expected"),
    BAD("1e400", 0, "a number out of range"),
    BAD("[-1e400]", 1, "a number out of range"),
    BAD("0x10", 1, "something follows the JSON value"),
    BAD("NaN", 0, "found 'N', expected a JSON value"),
    BAD("Infinity", 0, "found 'I', expected a JSON value"),
    BAD("-Infinity", 1, "found 'I', expected a digit"),
    BAD("1111111111222222222233333333334444444444555555555566666666667777", 0,
        "a number of more than 63 characters"),
    /* words */
    BAD("True", 0, "found 'T', expected a JSON value"),
    BAD("nul", 0, "found 'n', expected a JSON value"),
    BAD("undefined", 0, "found 'u', expected a JSON value"),
    /* containers */
    BAD("[", 1, "the text ends where a JSON value was expected"),
    BAD("[1", 2, "the text ends where ',' or ']' in an array was expected"),
    BAD("[1,]", 3, "found ']', expected a JSON value"),
    BAD("[,1]", 1, "found ',', expected a JSON value"),
    BAD("[1 2]", 3, "found '2', expected ',' or ']' in an array"),
    BAD("]", 0, "found ']', expected a JSON value"),
    BAD("{", 1, "the text ends where a member name in quotes was expected"),
    BAD("{1:2}", 1, "found '1', expected a member name in quotes"),
    BAD("{a:1}", 1, "found 'a', expected a member name in quotes"),
    BAD("{\"a\"}", 4, "found '}', expected ':' after a member name"),
    BAD("{\"a\":}", 5, "found '}', expected a JSON value"),
    BAD("{\"a\":1,}", 7, "found '}', expected a member name in quotes"),
    BAD("{\"a\":1 \"b\":2}", 7, "found '\"', expected ',' or '}' in an object"),
    BAD("{\"a\":1", 6, "the text ends where ',' or '}' in an object was expected"),
    BAD("[1}", 2, "found '}', expected ',' or ']' in an array"),
    BAD("/* c */ 1", 0, "found '/', expected a JSON value"),
    BAD("[1] // c", 4, "something follows the JSON value"),
    BAD("\v1", 0, "found byte 0x0b, expected a JSON value"),
    BAD("\xC2\xA0", 0, "found byte 0xc2, expected a JSON value"),
    /* duplicates, also behind escapes, also far apart, also inside */
    BAD("{\"role\":1,\"role\":2}", 10, "the member \"role\" appears twice"),
    BAD("{\"a\":1,\"\\u0061\":2}", 7, "the member \"a\" appears twice"),
    BAD("{\"\\u00e4\":1,\"\xC3\xA4\":2}", 12, "the member \"\xC3\xA4\" appears twice"),
    BAD("{\"\\ud83d\\ude00\":1,\"\xF0\x9F\x98\x80\":2}", 18, "the member \"\xF0\x9F\x98\x80\" appears twice"),
    BAD("{\"a/b\":1,\"a\\/b\":2}", 9, "the member \"a/b\" appears twice"),
    BAD("{\"\":1,\"\":2}", 6, "the member \"\" appears twice"),
    BAD("{\"a\":1,\"b\":2,\"c\":3,\"a\":4}", 19, "the member \"a\" appears twice"),
    BAD("[{\"x\":{\"a\":1,\"a\":2}}]", 13, "the member \"a\" appears twice"),
    BAD("{\"a\":{\"b\":1},\"b\":{\"a\":1},\"a\":3}", 25, "the member \"a\" appears twice"),
};

static void test_json__bad_texts_are_refused_with_place_and_reason(void **state)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        cJSON *item = (cJSON *)1;
        struct json_error error = { .offset = 12345 };
        assert_case(!json_parse(*state, refusals[i].text, &item, &error), refusals[i].text);
        assert_null(item);
        assert_string_equal(error.text, refusals[i].reason);
        if (error.offset != refusals[i].offset)
            fail_msg("\"%.*s\": offset %zu, not %zu", STR_ARG(refusals[i].text), error.offset,
                     refusals[i].offset);
    }
}

/* Every prefix of a text with everything in it is refused, and nothing reads past its end (the copy is
 * exact). */
static void test_json__every_prefix_is_refused(void **state)
{
    static const char text[] =
        "{\"a\":[1,-2.5e+3,true,false,null,\"\\ud83d\\ude00\\n\xC3\xA4\"],\"b\":{\"c\":\"\"}}";
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *exact = arena_memdup(*state, text, len);
        cJSON *item;
        struct json_error error;
        assert_case(!json_parse(*state, str_from(exact, len), &item, &error), str_from(text, len));
        assert_true(error.offset <= len);
    }
    reprint(*state, str_of(text));
}

static struct str nested(struct arena *arena, int depth, char open, const char *inside, char close)
{
    struct buf buf;
    buf_init(&buf, arena, 1 << 20);
    for (int i = 0; i < depth; i++)
        buf_printf(&buf, open == '{' ? "{\"a\":" : "%c", open);
    buf_add(&buf, str_of(inside));
    for (int i = 0; i < depth; i++)
        buf_add_char(&buf, close);
    return buf_str(&buf);
}

static void test_json__depth_32_is_read_and_33_refused(void **state)
{
    cJSON *item;
    struct json_error error;
    reprint(*state, nested(*state, 32, '[', "1", ']'));
    reprint(*state, nested(*state, 32, '{', "1", '}'));
    assert_false(json_parse(*state, nested(*state, 33, '[', "", ']'), &item, &error));
    assert_string_equal(error.text, "nested more than 32 deep");
    assert_int_equal(error.offset, 32);
    assert_false(json_parse(*state, nested(*state, 33, '{', "1", '}'), &item, &error));
    assert_false(json_parse(*state, nested(*state, 100000, '[', "", ']'), &item, &error));
    assert_string_equal(error.text, "nested more than 32 deep");
}

static void test_json__many_names_stay_cheap_and_are_all_checked(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 1 << 20);
    buf_add_char(&buf, '{');
    for (int i = 0; i < 25000; i++)
        buf_printf(&buf, "\"n%d\":0,", (i * 7919) % 25000);
    struct str front = buf_str(&buf);
    cJSON *item;
    struct json_error error;
    assert_true(json_parse(*state, arena_printf(*state, "%.*s\"x\":0}", STR_ARG(front)), &item, &error));
    assert_int_equal(cJSON_GetArraySize(item), 25001);
    assert_false(
        json_parse(*state, arena_printf(*state, "%.*s\"n12345\":0}", STR_ARG(front)), &item, &error));
    assert_string_equal(error.text, "the member \"n12345\" appears twice");
    assert_int_equal(error.offset, front.len);
}

static void test_json__a_long_duplicate_is_cut_in_the_message(void **state)
{
    struct buf name;
    buf_init(&name, *state, 10000);
    buf_add_char(&name, 'x');
    for (int i = 0; i < 1000; i++)
        buf_add(&name, STR("\xE2\x82\xAC"));
    struct str s = buf_str(&name);
    cJSON *item;
    struct json_error error;
    assert_false(json_parse(*state, arena_printf(*state, "{\"%s\":1,\"%s\":1}", s.at, s.at), &item, &error));
    assert_true(text_is_utf8(str_of(error.text)));
    assert_true(strlen(error.text) < 100);
    assert_true(str_ends_with(str_of(error.text), STR(" appears twice")));
}

static void test_json__the_budget_ends_a_huge_text(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 4 << 20);
    buf_add_char(&buf, '[');
    for (int i = 0; i < 1000000; i++)
        buf_add(&buf, STR("1,"));
    buf_add(&buf, STR("1]"));
    struct arena *small = arena_new(1 << 20);
    cJSON *item;
    struct json_error error;
    assert_false(json_parse(small, buf_str(&buf), &item, &error));
    assert_string_equal(error.text, "the text needs too much memory");
    assert_true(arena_over_budget(small));
    assert_true(arena_used(small) <= 1 << 20);
    arena_free(&small);
}

static void test_json__the_budget_also_bounds_names(void **state)
{
    struct buf buf;
    buf_init(&buf, *state, 1 << 20);
    buf_add_char(&buf, '{');
    for (int i = 0; i < 10000; i++)
        buf_printf(&buf, "\"\\n%d\":1,", i);
    buf_add(&buf, STR("\"x\":1}"));
    struct arena *small = arena_new(100000);
    cJSON *item;
    struct json_error error;
    assert_false(json_parse(small, buf_str(&buf), &item, &error));
    assert_string_equal(error.text, "the text needs too much memory");
    arena_free(&small);
}

static void test_json__integers_are_exact_or_refused(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "1.0", true, 1 },
        { "1e3", true, 1000 },
        { "9007199254740991", true, INT64_C(9007199254740991) },
        { "-9007199254740991", true, -INT64_C(9007199254740991) },
        { "9007199254740992", false, 0 }, /* 2^53: its neighbour reads the same */
        { "9007199254740993", false, 0 },
        { "-9007199254740993", false, 0 },
        { "9223372036854775807", false, 0 },
        { "1e300", false, 0 },
        { "1.5", false, 0 },
        { "\"1\"", false, 0 },
        { "true", false, 0 },
        { "null", false, 0 },
        { "[1]", false, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        cJSON *item;
        struct json_error error;
        int64_t value = 0;
        assert_true(json_parse(*state, str_of(cases[i].text), &item, &error));
        assert_case(json_as_int(item, &value) == cases[i].ok, str_of(cases[i].text));
        assert_true(value == cases[i].value);
    }
    int64_t value;
    assert_false(json_as_int(NULL, &value));
}

static void test_json__building_prints_compactly_and_exactly(void **state)
{
    cJSON *top = json_new_object();
    json_add_str(top, "s", STR("a\"\\\n\x01\xC3\xA4"));
    json_add_str(top, "part", str_from("abcdef", 3)); /* not terminated where it ends */
    json_add_str(top, "none", STR_NONE);
    json_add_int(top, "small", -5);
    json_add_int(top, "max", INT64_MAX);
    json_add_int(top, "min", INT64_MIN);
    json_add_int(top, "odd", INT64_C(9007199254740993));
    json_add_int(top, "sixteen", INT64_C(9007199254740991)); /* cJSON alone: 9.00719925474099e+15 */
    json_add_int(top, "edge", INT64_C(1000000000000000));
    json_add_int(top, "fifteen", INT64_C(-999999999999999));
    json_add_int(top, "time", INT64_C(1795331584000123));
    json_add_bool(top, "t", true);
    json_add_bool(top, "f", false);
    json_add_null(top, "n");
    json_add_str_or_null(top, "x", STR_NONE);
    json_add_str_or_null(top, "y", STR(""));
    json_add_time(top, "at", INT64_C(1795331584000123));
    json_add_time(top, "never", 0);
    cJSON *list = json_add_array(top, "list");
    json_add_int(list, NULL, 1);
    json_add_str(list, NULL, STR("two"));
    json_add_bool(json_add_object(list, NULL), "three", true);
    json_add_item(top, "item", json_new_array());
    assert_str(json_print(*state, top),
               STR("{\"s\":\"a\\\"\\\\\\n\\u0001\xC3\xA4\",\"part\":\"abc\",\"none\":\"\",\"small\":-5,"
                   "\"max\":9223372036854775807,\"min\":-9223372036854775808,\"odd\":9007199254740993,"
                   "\"sixteen\":9007199254740991,\"edge\":1000000000000000,\"fifteen\":-999999999999999,"
                   "\"time\":1795331584000123,"
                   "\"t\":true,\"f\":false,\"n\":null,\"x\":null,\"y\":\"\",\"at\":\"2026-11-22T07:13:04."
                   "000123Z\",\"never\":null,"
                   "\"list\":[1,\"two\",{\"three\":true}],\"item\":[]}"));
}

static void test_json__strings_are_printed_as_the_library_prints_them(void **state)
{
    char text[257] = "";
    for (int c = 1; c < 256; c++)
        text[c - 1] = (char)c;
    cJSON *top = json_new_object();
    json_add_item(top, text, cJSON_CreateString(text));
    assert_str(json_print(*state, top), str_of(cJSON_PrintUnformatted(top)));
}

static void test_json__long_texts_grow(void **state)
{
    cJSON *list = json_new_array();
    for (int i = 0; i < 5000; i++)
        json_add_int(list, NULL, i);
    assert_str(json_print(*state, list), str_of(cJSON_PrintUnformatted(list)));
}

static void test_json__names_may_be_short_lived(void **state)
{
    char name[8] = "abc";
    cJSON *top = json_new_object();
    json_add_int(top, name, 1);
    memset(name, 'x', sizeof(name));
    assert_str(json_print(*state, top), STR("{\"abc\":1}"));
}

static void test_json__printing_leaves_the_threads_arena_alone(void **state)
{
    struct arena *other = arena_new(1 << 20);
    cJSON *top = json_new_object();
    assert_str(json_print(other, top), STR("{}"));
    size_t used = arena_used(*state);
    json_new_array();
    assert_true(arena_used(*state) > used);
    arena_free(&other);
}

static void test_json__building_over_budget_leaves_a_mark_and_no_crash(void **state)
{
    (void)state;
    struct arena *small = arena_new(2000);
    json_use_arena(small);
    cJSON *top = json_new_object();
    for (int i = 0; i < 100; i++) {
        cJSON *inner = json_add_object(top, "o");
        json_add_str(inner, "s", STR("text"));
        json_add_int(inner, "i", INT64_MAX);
        json_add_array(inner, "a");
    }
    assert_true(arena_over_budget(small));
    assert_int_equal(json_print(small, top).len, 0);
    arena_free(&small);
}

static void *build_on_a_thread(void *arg)
{
    struct arena *arena = arena_new(1 << 20);
    cJSON *item;
    struct json_error error;
    int64_t value = 0;
    struct str text = arena_printf(arena, "{\"n\":%d}", *(int *)arg);
    for (int i = 0; i < 2000; i++)
        if (json_parse(arena, text, &item, &error))
            json_as_int(cJSON_GetObjectItemCaseSensitive(item, "n"), &value);
    bool right = value == *(int *)arg;
    arena_free(&arena);
    return right ? arg : NULL;
}

static void test_json__threads_use_their_own_arenas(void **state)
{
    (void)state;
    pthread_t threads[4];
    int numbers[4] = { 10, 20, 30, 40 };
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, build_on_a_thread, &numbers[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, &numbers[i]);
    }
}

static void test_json__quoting_for_the_log(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *quoted;
    } cases[] = {
        { { "", 0 }, "\"\"" },
        { { "abc", 3 }, "\"abc\"" },
        { { "a\"b\\c", 5 }, "\"a\\\"b\\\\c\"" },
        { { "\n\r\t", 3 }, "\"\\n\\r\\t\"" },
        { { "\0\x01\x1F\x7F", 4 }, "\"\\u0000\\u0001\\u001f\\u007f\"" },
        { { "\xC3\xA4\xF0\x9F\x98\x80", 6 }, "\"\xC3\xA4\xF0\x9F\x98\x80\"" },
        { { "a\xFF"
            "b",
            3 },
          "\"a\xEF\xBF\xBD"
          "b\"" },
        { { "\xC3", 1 }, "\"\xEF\xBF\xBD\"" },
        { { "\xED\xA0\x80", 3 }, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
    };
    char to[100];
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_str(str_from(to, json_quote(to, sizeof(to), cases[i].text)), str_of(cases[i].quoted));
}

/* Every byte at every place among plain ones, as alone. */
static void test_json__quoting_sees_each_byte_wherever_it_stands(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char alone[16], to[64], text[20];
        const char one = (char)c;
        size_t len = json_quote(alone, sizeof(alone), str_from(&one, 1)) - 2;
        for (size_t at = 0; at < sizeof(text); at++) {
            memset(text, c == 'a' ? 'b' : 'a', sizeof(text));
            text[at] = one;
            assert_int_equal(json_quote(to, sizeof(to), str_from(text, sizeof(text))), len + 21);
            assert_memory_equal(to + 1 + at, alone + 1, len);
        }
    }
}

/* Whatever the room: valid UTF-8, closed quotes, nothing written behind `cap`. */
static void test_json__quoting_cuts_cleanly_at_every_length(void **state)
{
    static const struct str text = { "a\"\n\x01\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xFF z", 16 };
    for (size_t cap = 0; cap < 60; cap++) {
        char to[64];
        memset(to, '#', sizeof(to));
        size_t len = json_quote(to, cap, text);
        assert_true(len <= cap);
        for (size_t i = len; i < sizeof(to); i++)
            assert_int_equal(to[i], '#');
        if (cap < 2) {
            assert_int_equal(len, 0);
            continue;
        }
        reprint(*state, str_from(to, len)); /* is a JSON string, or this fails */
    }
}

int main(void)
{
    json_init();
#define CASE(name) cmocka_unit_test_setup_teardown(name, new_arena, free_arena)
    const struct CMUnitTest tests[] = {
        CASE(test_json__good_texts_are_read),
        CASE(test_json__spellings_are_normalised),
        CASE(test_json__bad_texts_are_refused_with_place_and_reason),
        CASE(test_json__every_prefix_is_refused),
        CASE(test_json__depth_32_is_read_and_33_refused),
        CASE(test_json__many_names_stay_cheap_and_are_all_checked),
        CASE(test_json__a_long_duplicate_is_cut_in_the_message),
        CASE(test_json__the_budget_ends_a_huge_text),
        CASE(test_json__the_budget_also_bounds_names),
        CASE(test_json__integers_are_exact_or_refused),
        CASE(test_json__building_prints_compactly_and_exactly),
        CASE(test_json__strings_are_printed_as_the_library_prints_them),
        CASE(test_json__long_texts_grow),
        CASE(test_json__names_may_be_short_lived),
        CASE(test_json__printing_leaves_the_threads_arena_alone),
        CASE(test_json__building_over_budget_leaves_a_mark_and_no_crash),
        CASE(test_json__threads_use_their_own_arenas),
        CASE(test_json__quoting_for_the_log),
        CASE(test_json__quoting_cuts_cleanly_at_every_length),
        CASE(test_json__quoting_sees_each_byte_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
