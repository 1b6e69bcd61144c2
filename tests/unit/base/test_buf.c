/* The growing buffer. */
#include "unit.h"

#include "base/buf.h"

static void test_buf__grows_to_its_maximum_exactly(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct buf buf;
    buf_init(&buf, arena, 1000);
    for (int i = 0; i < 1000; i++)
        buf_add_char(&buf, (char)('a' + i % 26));
    assert_false(buf.overflow);
    assert_int_equal(buf_str(&buf).len, 1000);
    assert_int_equal(strlen(buf_str(&buf).at), 1000);
    assert_int_equal(buf_str(&buf).at[999], 'a' + 999 % 26);
    buf_add_char(&buf, '!');
    assert_true(buf.overflow);
    assert_int_equal(buf_str(&buf).len, 1000);
    arena_free(&arena);
}

static void test_buf__what_does_not_fit_is_dropped_whole(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct buf buf;
    buf_init(&buf, arena, 5);
    buf_add(&buf, STR("abc"));
    buf_add(&buf, STR("def"));
    buf_printf(&buf, "%d", 1234);
    assert_true(buf.overflow);
    assert_str(buf_str(&buf), STR("abc"));
    arena_free(&arena);
}

static void test_buf__printf_and_add_mix(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct buf buf;
    buf_init(&buf, arena, 100000);
    assert_string_equal(buf_str(&buf).at, ""); /* empty, yet terminated */
    buf_printf(&buf, "%s=%d", "n", 7);
    buf_add(&buf, STR_NONE);
    buf_add(&buf, STR(";"));
    buf_printf(&buf, "%*s", 5000, "x");
    buf_printf(&buf, "%s", "");
    assert_int_equal(buf_str(&buf).len, 5004);
    assert_true(str_starts_with(buf_str(&buf), STR("n=7; ")));
    assert_false(buf.overflow);
    arena_free(&arena);
}

static void test_buf__room_is_written_in_place(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct buf buf;
    buf_init(&buf, arena, 5);
    char *to = buf_room(&buf, 5);
    assert_non_null(to);
    memcpy(to, "abcde", 5);
    buf_wrote(&buf, 3);
    assert_string_equal(buf_str(&buf).at, "abc");
    assert_null(buf_room(&buf, 3));
    assert_true(buf.overflow);
    assert_str(buf_str(&buf), STR("abc"));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__grows_to_its_maximum_exactly),
        cmocka_unit_test(test_buf__what_does_not_fit_is_dropped_whole),
        cmocka_unit_test(test_buf__printf_and_add_mix),
        cmocka_unit_test(test_buf__room_is_written_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
