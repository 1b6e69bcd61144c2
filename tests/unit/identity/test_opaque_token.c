/* Opaque tokens: form, checksum, hash. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/random.h"
#include "identity/opaque_token.h"

static const enum opaque_kind kinds[] = { OPAQUE_API, OPAQUE_DEVICE, OPAQUE_INVITATION };
static const char *const prefixes[] = { "tth_", "ttd_", "tti_" };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    arena_wipe_on_free(arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void test_opaque_token__reads_what_it_makes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uint8_t made[32], read[32], whole[32];
        struct str token = opaque_token_new(arena, kinds[i], made);
        assert_int_equal(token.len, 53);
        assert_true(str_starts_with(token, str_of(prefixes[i])));
        assert_true(opaque_token_has_prefix(token));
        assert_int_equal(opaque_token_read(token, read), kinds[i]);
        sha256(token.at, token.len, whole);
        assert_memory_equal(made, read, 32);
        assert_memory_equal(made, whole, 32);
    }
}

static void test_opaque_token__each_is_new(void **state)
{
    (void)state;
    uint8_t first[32], second[32];
    struct str a = opaque_token_new(arena, OPAQUE_API, first),
               b = opaque_token_new(arena, OPAQUE_API, second);
    assert_false(str_equal(a, b));
    assert_memory_not_equal(first, second, 32);
}

/* Every byte value in every place, so also a prefix turned into another kind's. */
static void test_opaque_token__every_changed_character_is_refused(void **state)
{
    (void)state;
    uint8_t hash[32];
    for (size_t i = 0; i < 3; i++) {
        struct str token = opaque_token_new(arena, kinds[i], hash);
        char *text = arena_cstr(arena, token);
        for (size_t at = 0; at < token.len; at++) {
            for (int c = 0; c < 256; c++) {
                text[at] = (char)c;
                enum opaque_kind expected = text[at] == token.at[at] ? kinds[i] : OPAQUE_NONE;
                assert_int_equal(opaque_token_read(str_from(text, token.len), hash), expected);
            }
            text[at] = token.at[at];
        }
    }
}

static void test_opaque_token__swapped_neighbours_are_refused(void **state)
{
    (void)state;
    uint8_t hash[32];
    struct str token = opaque_token_new(arena, OPAQUE_API, hash);
    for (size_t at = 4; at + 1 < token.len; at++) {
        char *text = arena_cstr(arena, token);
        text[at] = token.at[at + 1];
        text[at + 1] = token.at[at];
        if (text[at] != text[at + 1])
            assert_int_equal(opaque_token_read(str_from(text, token.len), hash), OPAQUE_NONE);
    }
}

static void test_opaque_token__other_lengths_are_refused(void **state)
{
    (void)state;
    uint8_t hash[32] = { 0xAA };
    struct str token = opaque_token_new(arena, OPAQUE_API, hash);
    memset(hash, 0xAA, sizeof(hash));
    for (size_t len = 0; len < token.len; len++)
        assert_int_equal(opaque_token_read(str_from(token.at, len), hash), OPAQUE_NONE);
    assert_int_equal(opaque_token_read(arena_printf(arena, "%sx", token.at), hash), OPAQUE_NONE);
    assert_int_equal(opaque_token_read(arena_printf(arena, " %s", token.at), hash), OPAQUE_NONE);
    assert_int_equal(opaque_token_read(STR_NONE, hash), OPAQUE_NONE);
    assert_int_equal(hash[0], 0xAA); /* untouched */
}

/* The same secret and purpose give the same token; another of either, another. */
static void test_opaque_token__follows_from_a_secret(void **state)
{
    (void)state;
    uint8_t hash[4][32], read[32];
    const struct str tokens[] = {
        opaque_token_derive(arena, OPAQUE_DEVICE, STR("secret"), STR("purpose"), hash[0]),
        opaque_token_derive(arena, OPAQUE_DEVICE, STR("secreu"), STR("purpose"), hash[1]),
        opaque_token_derive(arena, OPAQUE_DEVICE, STR("secret"), STR("purposf"), hash[2]),
    };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(opaque_token_read(tokens[i], read), OPAQUE_DEVICE);
        assert_memory_equal(read, hash[i], 32);
        for (size_t j = 0; j < i; j++)
            assert_false(str_equal(tokens[i], tokens[j]));
    }
    struct str again = opaque_token_derive(arena, OPAQUE_DEVICE, STR("secret"), STR("purpose"), hash[3]);
    assert_true(str_equal(again, tokens[0]));
}

static void test_opaque_token__prefix_decides_what_it_looks_like(void **state)
{
    (void)state;
    assert_true(opaque_token_has_prefix(STR("tth_")));
    assert_true(opaque_token_has_prefix(STR("ttd_x")));
    assert_true(opaque_token_has_prefix(STR("tti_x")));
    assert_false(opaque_token_has_prefix(STR("tth")));
    assert_false(opaque_token_has_prefix(STR("TTH_x")));
    assert_false(opaque_token_has_prefix(STR("eyJhbGciOiJIUzI1NiJ9.e30.x")));
    assert_false(opaque_token_has_prefix(STR_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_opaque_token__reads_what_it_makes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_opaque_token__each_is_new, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_opaque_token__every_changed_character_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_opaque_token__swapped_neighbours_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_opaque_token__other_lengths_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_opaque_token__follows_from_a_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_opaque_token__prefix_decides_what_it_looks_like, set_up,
                                        tear_down),
    };
    random_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
