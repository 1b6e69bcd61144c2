/* Randomness, comparison, digests. */
#include "unit.h"

#include "base/encode.h"
#include "base/random.h"

static void test_random__bytes_differ(void **state)
{
    (void)state;
    unsigned char a[32] = { 0 }, b[32] = { 0 };
    random_bytes(a, sizeof(a));
    random_bytes(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_random__hex_has_two_digits_per_byte(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct str a = random_hex(arena, 16), b = random_hex(arena, 16);
    assert_int_equal(a.len, 32);
    assert_int_equal(strspn(a.at, "0123456789abcdef"), 32);
    assert_false(str_equal(a, b));
    arena_free(&arena);
}

static void test_random__secrets_compare(void **state)
{
    (void)state;
    assert_true(secret_equal(STR("abc"), STR("abc")));
    assert_false(secret_equal(STR("abc"), STR("abd")));
    assert_false(secret_equal(STR("abc"), STR("ab")));
    assert_false(secret_equal(STR("abc"), STR("abc\0")));
    assert_true(secret_equal(STR_NONE, STR("")));
}

static void test_random__wipe_clears(void **state)
{
    (void)state;
    char secret[16] = "0123456789abcde";
    static const char zeroes[16];
    secret_wipe(secret, sizeof(secret));
    assert_memory_equal(secret, zeroes, sizeof(secret));
}

/* FIPS 180-4 examples; RFC 4231 cases 1, 2 and 6 (a key longer than a block). */
static void test_random__digests(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    uint8_t out[32];
    sha256("abc", 3, out);
    assert_str(hex_encode(arena, out, 32),
               STR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    sha256(NULL, 0, out);
    assert_str(hex_encode(arena, out, 32),
               STR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    hmac_sha256(STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"),
                STR("Hi There"), out);
    assert_str(hex_encode(arena, out, 32),
               STR("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
    hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), out);
    assert_str(hex_encode(arena, out, 32),
               STR("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    char key[131];
    memset(key, 0xAA, sizeof(key));
    hmac_sha256(str_from(key, sizeof(key)), STR("Test Using Larger Than Block-Size Key - Hash Key First"),
                out);
    assert_str(hex_encode(arena, out, 32),
               STR("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
    hmac_sha256(STR_NONE, STR_NONE, out);
    assert_str(hex_encode(arena, out, 32),
               STR("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
    arena_free(&arena);
}

static void test_random__ids_do_not_repeat(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct str ids[500];
    for (size_t i = 0; i < COUNT(ids); i++) {
        ids[i] = random_id(arena);
        assert_int_equal(ids[i].len, 32);
        for (size_t j = 0; j < i; j++)
            assert_false(str_equal(ids[i], ids[j]));
    }
    arena_free(&arena);
}

int main(void)
{
    random_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random__bytes_differ),
        cmocka_unit_test(test_random__hex_has_two_digits_per_byte),
        cmocka_unit_test(test_random__secrets_compare),
        cmocka_unit_test(test_random__wipe_clears),
        cmocka_unit_test(test_random__digests),
        cmocka_unit_test(test_random__ids_do_not_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
