/* JSON straight into a buffer: the same texts as through a tree. */
#include "unit.h"

#include "base/json.h"
#include "base/json_write.h"

#define ARENA_BYTES ((size_t)4 << 20)

static struct str written(struct arena *arena, struct str text)
{
    struct buf out;
    buf_init(&out, arena, 4096);
    json_write_str(&out, text);
    assert_false(out.overflow);
    assert_int_equal(buf_str(&out).at[out.len], '\0');
    char *put = arena_alloc(arena, JSON_PUT_MAX(text.len)); /* the same where there is room */
    assert_str(str_from(put, (size_t)(json_put_str(put, text) - put)), buf_str(&out));
    return buf_str(&out);
}

static struct str printed(struct arena *arena, const char *text)
{
    struct arena *before = json_use_arena(arena);
    struct str printed = json_print(arena, cJSON_CreateString(text));
    json_use_arena(before);
    return printed;
}

/* Texts are looked through eight bytes at a time: each byte in each place, and whatever its neighbours are.
 */
static void test_json_write__every_byte_in_every_place(void **state)
{
    (void)state;
    static const char fillings[] = { 'a', ' ', '!', '#', '[', ']', 0x7F, (char)0x80, (char)0xFF, '"', 0x1F };
    for (int byte = 1; byte < 256; byte++) {
        struct arena *arena = arena_new(ARENA_BYTES);
        for (size_t filling = 0; filling < COUNT(fillings); filling++) {
            for (size_t place = 0; place < 19; place++) {
                char text[20] = { 0 };
                memset(text, fillings[filling], 19);
                text[place] = (char)byte;
                assert_str(written(arena, str_of(text)), printed(arena, text));
            }
        }
        arena_free(&arena);
    }
}

static void test_json_write__every_length(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_BYTES);
    char text[41] = { 0 };
    for (size_t len = 0; len < 40; len++) {
        assert_str(written(arena, str_from(text, len)), printed(arena, text));
        text[len] = (char)('a' + len % 26);
    }
    assert_str(written(arena, STR_NONE), STR("\"\""));
    arena_free(&arena);
}

static void test_json_write__what_does_not_fit_says_so(void **state)
{
    (void)state;
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buf out;
    buf_init(&out, arena, 6);
    json_write_str(&out, STR("four"));
    assert_str(buf_str(&out), STR("\"four\""));
    assert_false(out.overflow);
    json_write_str(&out, STR(""));
    assert_str(buf_str(&out), STR("\"four\""));
    assert_true(out.overflow);
    arena_free(&arena);
}

static void test_json_write__integers(void **state)
{
    (void)state;
    static const int64_t values[] = { 0, -1, 7, INT64_MAX, INT64_MIN };
    static const char *const texts[] = { "0", "-1", "7", "9223372036854775807", "-9223372036854775808" };
    struct arena *arena = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < COUNT(values); i++) {
        struct buf out;
        buf_init(&out, arena, 64);
        json_write_int(&out, values[i]);
        assert_str(buf_str(&out), str_of(texts[i]));
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_write__every_byte_in_every_place),
        cmocka_unit_test(test_json_write__every_length),
        cmocka_unit_test(test_json_write__what_does_not_fit_says_so),
        cmocka_unit_test(test_json_write__integers),
    };
    json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
