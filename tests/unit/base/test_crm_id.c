/* crm ids, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/crm_id.h"

static void test_crm_id__converts_both_ways(void **state)
{
    (void)state;
    static const struct {
        int64_t created_at, id;
        const char *text;
    } cases[] = {
        { INT64_C(1700000000123456), 1, "6553f1000000000000000001" },
        { INT64_C(1700000000999999), 255, "6553f10000000000000000ff" },
        { INT64_C(1350844316000000), INT64_MAX, "50843f9c7fffffffffffffff" },
        { 0, 42, "00000000000000000000002a" },
        { INT64_C(4294967295000000), 7, "ffffffff0000000000000007" },
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t seconds = -1, id = -1;
        struct str text = crm_id(arena, cases[i].created_at, cases[i].id);
        assert_string_equal(text.at, cases[i].text);
        assert_true(crm_id_parse(text, &seconds, &id));
        assert_int_equal(id, cases[i].id);
        assert_int_equal(seconds, cases[i].created_at / 1000000);
        assert_true(crm_id_matches(seconds, cases[i].created_at));
        assert_false(crm_id_matches(seconds, cases[i].created_at + 1000000));
    }
    arena_free(&arena);
}

static void test_crm_id__only_one_spelling_is_read(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "1",
        "6553f100000000000000001",   /* 23 */
        "6553f10000000000000000001", /* 25 */
        "6553F1000000000000000001",  /* upper case */
        "6553f100000000000000000g",  /* no digit */
        "6553f100 00000000000001",   /* a space */
        "-553f1000000000000000001",  /* a sign */
        "0x53f1000000000000000001",  /* a prefix */
        "6553f1000000000000000000",  /* id 0 */
        "6553f1008000000000000000",  /* beyond 63 bits */
        "6553f100ffffffffffffffff",
        "\xef\xbc\x91"
        "53f100000000000000001",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t seconds = -1, id = -1;
        if (crm_id_parse(str_of(wrong[i]), &seconds, &id))
            fail_msg("%s was read", wrong[i]);
        assert_int_equal(seconds, -1);
        assert_int_equal(id, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crm_id__converts_both_ways),
        cmocka_unit_test(test_crm_id__only_one_spelling_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
