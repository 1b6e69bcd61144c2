/* Rows with their lines, what is refused, and formulas. */
#include "unit.h"

#include "csv/csv.h"

/* "LINE[field|field]" per row. */
struct seen {
    struct buf text;
    size_t stop_after; /* rows; 0: never */
    size_t rows;
};

static bool take(void *context, const struct csv_row *row)
{
    struct seen *seen = context;
    buf_printf(&seen->text, "%zu[", row->line);
    for (size_t i = 0; i < row->n; i++)
        buf_printf(&seen->text, "%s%.*s", i ? "|" : "", STR_ARG(row->fields[i]));
    buf_add_char(&seen->text, ']');
    return ++seen->rows != seen->stop_after;
}

static const struct csv_limits limits = { .fields = 4, .row_bytes = 64 };

struct result {
    struct arena *arena;
    const char *rows;
    struct csv_problem problem;
    bool is_good;
};

static struct result read_until(struct str text, size_t portion, size_t stop_after)
{
    struct result result = { .arena = arena_new((size_t)1 << 20) };
    struct seen seen = { .stop_after = stop_after };
    buf_init(&seen.text, result.arena, 4096);
    struct csv_reader *reader = csv_reader_new(limits, take, &seen);
    bool goes_on = true;
    for (size_t at = 0; goes_on && at < text.len; at += portion)
        goes_on = csv_feed(reader, str_sub(text, at, portion));
    result.is_good = goes_on && csv_end(reader);
    result.problem = *csv_problem(reader);
    result.rows = buf_str(&seen.text).at;
    csv_reader_free(&reader);
    return result;
}

static void expect_rows(struct str text, const char *rows)
{
    for (size_t portion = 1; portion <= text.len + 1; portion++) {
        struct result result = read_until(text, portion, 0);
        assert_true(result.is_good);
        assert_string_equal(result.rows, rows);
        arena_free(&result.arena);
    }
}

static void expect_problem(struct str text, size_t line, const char *words)
{
    for (size_t portion = 1; portion <= text.len + 1; portion++) {
        struct result result = read_until(text, portion, 0);
        assert_false(result.is_good);
        assert_int_equal(result.problem.line, line);
        assert_string_equal(result.problem.text, words);
        arena_free(&result.arena);
    }
}

static void test_csv__rows_come_with_the_lines_they_begin_on(void **state)
{
    (void)state;
    expect_rows(STR("a,b\n1,2\n"), "1[a|b]2[1|2]");
    expect_rows(STR("a,b\r\n\r\n1,\"x\r\ny\"\r\n3,4"), "1[a|b]3[1|x\r\ny]5[3|4]");
    expect_rows(STR("a, b ,\"c\"\"d\"\n"), "1[a| b |c\"d]");
    expect_rows(STR("a\rb\r\nc\n\rd"), "1[a]2[b]3[c]5[d]");
    expect_rows(STR(",\n\"\"\n"), "1[|]2[]");
    expect_rows(STR(""), "");
}

static void test_csv__a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    expect_rows(STR("\xEF\xBB\xBF"
                    "a\n"),
                "1[a]");
    expect_rows(STR("a\n\xEF\xBB\xBF"
                    "b\n"),
                "1[a]2[\xEF\xBB\xBF"
                "b]");
    expect_rows(STR("\xEF\xBC\xA1\n"), "1[\xEF\xBC\xA1]"); /* begins like one */
    expect_problem(STR("\xEF\xBB"
                       "a\n"),
                   1, "The row is not valid UTF-8 text.");
    expect_problem(STR("\xEF"), 1, "The row is not valid UTF-8 text.");
}

static void test_csv__says_what_is_wrong_and_where(void **state)
{
    (void)state;
    expect_problem(STR("a\n\nb,c\"d\n"), 3, "A quotation mark stands in the wrong place, or is missing.");
    expect_problem(STR("a\n\"b\nc"), 2, "A quotation mark stands in the wrong place, or is missing.");
    expect_problem(STR("a\n\"b\"c\n"), 2, "A quotation mark stands in the wrong place, or is missing.");
    expect_problem(STR("a,b,c,d\na,b,c,d,e\n"), 2, "The row has too many fields.");
    expect_problem(STR("a\n\xC3\x28\n"), 2, "The row is not valid UTF-8 text.");
    expect_problem((struct str){ "a\0b\n", 4 }, 1, "The row is not valid UTF-8 text.");
    expect_problem(STR("a\n01234567890123456789012345678901,01234567890123456789012345678901x\n"), 2,
                   "The row is too long.");
}

/* A quotation mark that is never closed does not gather the rest of the file. */
static void test_csv__a_row_without_end_is_noticed_in_time(void **state)
{
    (void)state;
    struct seen seen = { 0 };
    struct csv_reader *reader = csv_reader_new(limits, take, &seen);
    static char block[4096];
    memset(block, 'x', sizeof block);
    size_t fed = 0;
    assert_true(csv_feed(reader, STR("\"")));
    while (csv_feed(reader, (struct str){ block, sizeof block }))
        fed += sizeof block;
    assert_true(fed <= 2 * sizeof block);
    assert_string_equal(csv_problem(reader)->text, "The row is too long.");
    csv_reader_free(&reader);
}

static void test_csv__the_callback_may_stop_it(void **state)
{
    (void)state;
    struct result result = read_until(STR("a\nb\nc\n"), 100, 2);
    assert_false(result.is_good);
    assert_int_equal(result.problem.line, 0);
    assert_string_equal(result.rows, "1[a]2[b]");
    arena_free(&result.arena);
}

static const char *written(struct arena *arena, const char *text)
{
    struct buf buf;
    buf_init(&buf, arena, 256);
    csv_add_text(&buf, str_of(text), true);
    return buf_str(&buf).at;
}

static void test_csv__no_text_is_a_formula_and_each_comes_back(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        { "plain", "plain" },
        { "=1+1", "'=1+1" },
        { "+49 30", "'+49 30" },
        { "-5", "'-5" },
        { "@SUM(A1)", "'@SUM(A1)" },
        { "\tx", "'\tx" },
        { "'=x", "''=x" },
        { "'x", "'x" },
        { "a,b", "\"a,b\"" },
        { "say \"x\"", "\"say \"\"x\"\"\"" },
        { "=a,\"b\"", "\"'=a,\"\"b\"\"\"" },
        { "", "\"\"" },
        { " x", "\" x\"" },
        { "'", "'" },
        { "O'Neil", "O'Neil" },
    };
    struct arena *arena = arena_new((size_t)1 << 20);
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_string_equal(written(arena, texts[i][0]), texts[i][1]);
        struct buf marked;
        buf_init(&marked, arena, 64);
        bool is_marked = strchr("=+-@\t", texts[i][0][0]) != NULL && texts[i][0][0];
        struct str field = is_marked ? arena_join(arena, STR("'"), str_of(texts[i][0])) : STR_NONE;
        if (is_marked)
            assert_string_equal(arena_cstr(arena, csv_plain(field)), texts[i][0]);
    }
    assert_string_equal(arena_cstr(arena, csv_plain(STR("''=x"))), "'=x");
    assert_string_equal(arena_cstr(arena, csv_plain(STR("'x"))), "'x");
    arena_free(&arena);
}

static void test_csv__values_are_written_as_they_are(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)1 << 20);
    struct buf buf;
    buf_init(&buf, arena, 256);
    csv_add_value(&buf, STR("-5"), true);
    csv_add_value(&buf, STR(""), false);
    csv_add_value(&buf, STR("2026-01-01T00:00:00Z"), false);
    csv_end_row(&buf);
    assert_string_equal(buf_str(&buf).at, "-5,,2026-01-01T00:00:00Z\r\n");
    arena_free(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv__rows_come_with_the_lines_they_begin_on),
        cmocka_unit_test(test_csv__a_byte_order_mark_is_passed_over),
        cmocka_unit_test(test_csv__says_what_is_wrong_and_where),
        cmocka_unit_test(test_csv__a_row_without_end_is_noticed_in_time),
        cmocka_unit_test(test_csv__the_callback_may_stop_it),
        cmocka_unit_test(test_csv__no_text_is_a_formula_and_each_comes_back),
        cmocka_unit_test(test_csv__values_are_written_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
