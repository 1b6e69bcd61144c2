/* Codes: what is read as one, and what a slip does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>

#include "base/random.h"
#include "spaces/code.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    random_init();
    arena = arena_new(1 << 22);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void test_code__is_read_as_people_write_it(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        uint8_t stored[CODE_HASH_BYTES], read[CODE_HASH_BYTES];
        struct str code = code_new(arena, CODE_TICKET, stored);
        assert_int_equal(code.len, 24);
        char plain[25] = "", lower[25] = "", slips[25] = "";
        for (size_t i = 0, n = 0; i < code.len; i++) {
            lower[i] = (char)tolower((unsigned char)code.at[i]);
            slips[i] = code.at[i] == '0' ? 'o' : code.at[i] == '1' ? (round % 2 ? 'l' : 'I') : code.at[i];
            if (code.at[i] != '-')
                plain[n++] = code.at[i];
        }
        const struct str spellings[] = {
            code,
            str_of(plain),
            str_of(lower),
            str_of(slips),
            arena_printf(arena, " %s ", lower),
            arena_printf(arena, "https://acme.example.com/portal/%s", plain),
        };
        for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
            assert_int_equal(code_read(spellings[i], read), CODE_TICKET);
            assert_memory_equal(read, stored, sizeof(read));
        }
        assert_string_equal(code_hint(code).at, code.at + 20);
    }
}

static void test_code__kinds_differ(void **state)
{
    (void)state;
    uint8_t hash[CODE_HASH_BYTES];
    assert_int_equal(code_read(code_new(arena, CODE_MEMBER, hash), hash), CODE_MEMBER);
}

/* Of all single slips about one in a thousand passes the checksum: it never yields the code that was meant.
 */
static void test_code__a_slip_is_no_code(void **state)
{
    (void)state;
    int passed = 0, tried = 0;
    static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    for (int round = 0; round < 20; round++) {
        uint8_t stored[CODE_HASH_BYTES], read[CODE_HASH_BYTES];
        struct str code = code_new(arena, CODE_TICKET, stored);
        for (size_t i = 0; i < code.len; i++) {
            for (size_t s = 0; code.at[i] != '-' && symbols[s]; s++) {
                char slip[25];
                memcpy(slip, code.at, sizeof(slip));
                slip[i] = symbols[s];
                if (symbols[s] == code.at[i])
                    continue;
                tried++;
                if (code_read(str_of(slip), read) == CODE_NONE)
                    continue;
                passed++;
                assert_memory_not_equal(read, stored, sizeof(read));
            }
        }
    }
    assert_true(passed * 100 < tried);
}

static void test_code__other_texts_are_none(void **state)
{
    (void)state;
    uint8_t hash[CODE_HASH_BYTES];
    struct str code = code_new(arena, CODE_TICKET, hash);
    const struct str texts[] = {
        STR(""),
        STR("-"),
        STR("T"),
        STR("TTTT-TTTT-TTTT-TTTT-TTTU"),
        str_sub(code, 0, 23),
        arena_printf(arena, "%.*s0", STR_ARG(code)),
        arena_printf(arena, "%.*s/", STR_ARG(code)),
        arena_printf(arena, "%.*s\xc3\xa4", STR_ARG(code)),
        str_from(arena_printf(arena, "%.*s0", STR_ARG(code)).at, 25),
        str_from("T\0TT-TTTT-TTTT-TTTT-TTTT", 24),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(code_read(texts[i], hash), CODE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code__is_read_as_people_write_it),
        cmocka_unit_test(test_code__kinds_differ),
        cmocka_unit_test(test_code__a_slip_is_no_code),
        cmocka_unit_test(test_code__other_texts_are_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
