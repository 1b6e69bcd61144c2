/* Hexadecimal, base64url, percent-decoding. */
#include "unit.h"

#include "base/encode.h"

static int new_arena(void **state)
{
    *state = arena_new(0);
    return 0;
}

static int free_arena(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

static void test_encode__hex_round_trips(void **state)
{
    unsigned char all[256], back[256];
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)i;
    struct str text = hex_encode(*state, all, sizeof(all));
    assert_int_equal(text.len, 512);
    assert_true(str_starts_with(text, STR("000102")));
    assert_true(str_ends_with(text, STR("fdfeff")));
    size_t size;
    assert_true(hex_decode(text, back, sizeof(back), &size));
    assert_int_equal(size, 256);
    assert_memory_equal(all, back, 256);
    assert_str(hex_encode(*state, NULL, 0), STR(""));
}

/* What some encoders forgive is refused: one value has one text. */
static void test_encode__base64_is_strict(void **state)
{
    static const char *const sound[][2] = { { "", "" },        { "Zg==", "f" },   { "Zm8=", "fo" },
                                            { "Zm9v", "foo" }, { "YTpi", "a:b" }, { "+/+/", "\xfb\xff\xbf" },
                                            { "AA==", "" } };
    static const char *const broken[] = { "Z",     "Zg",    "Zg=",  "Zg===",  "Zh==", "Zm9=",
                                          "Zm9v=", "Zm 9v", "-_-_", "Zm9v\n", "=",    "\xc3\xa9==" };
    struct str back;
    for (size_t i = 0; i < COUNT(sound); i++) {
        assert_true(base64_decode(*state, str_of(sound[i][0]), &back));
        assert_int_equal(back.len, i + 1 == COUNT(sound) ? 1 : strlen(sound[i][1]));
        assert_memory_equal(back.at, sound[i][1], back.len);
    }
    for (size_t i = 0; i < COUNT(broken); i++)
        assert_false(base64_decode(*state, str_of(broken[i]), &back));
}

static void test_encode__hex_is_strict(void **state)
{
    (void)state;
    unsigned char back[2];
    size_t size;
    assert_true(hex_decode(STR("Ab"), back, 2, &size));
    assert_int_equal(back[0], 0xAB);
    assert_true(hex_decode(STR(""), back, 2, &size));
    assert_int_equal(size, 0);
    static const char *const bad[] = { "a", "abc", "0g", " 0", "0 ", "0x01", "010203", "a\n", "\xC3\xA4" };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_case(!hex_decode(str_of(bad[i]), back, 2, &size), str_of(bad[i]));
    assert_false(hex_decode(STR("0\0"), back, 2, &size));
}

/* RFC 4648 section 10, without padding. */
static void test_encode__base64url_vectors(void **state)
{
    static const struct {
        const char *plain, *text;
    } cases[] = {
        { "", "" },           { "f", "Zg" },          { "fo", "Zm8" },          { "foo", "Zm9v" },
        { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff\xfe", "-__-" }
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str back;
        assert_str(base64url_encode(*state, cases[i].plain, strlen(cases[i].plain)), str_of(cases[i].text));
        assert_case(base64url_decode(*state, str_of(cases[i].text), &back), str_of(cases[i].text));
        assert_str(back, str_of(cases[i].plain));
        assert_int_equal(back.at[back.len], '\0');
    }
}

static void test_encode__base64url_is_canonical(void **state)
{
    static const char *const bad[] = {
        "Z",      "Zm9vY",                     /* length mod 4 is 1 */
        "Zh",     "Zm9",        "Zm9vYh",      /* bits behind the end */
        "Zg==",   "Zm8=",       "Zg=",    "=", /* padding */
        "Zm 8",   "Zm8\n",      " Zm8",        /* spaces */
        "+__+",   "/w",                        /* the other alphabet */
        "Zm9v!!", "Zm\xC3\xA4",
    };
    struct str back;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_case(!base64url_decode(*state, str_of(bad[i]), &back), str_of(bad[i]));
    assert_false(base64url_decode(*state, STR("Zm9v\0"), &back));
    assert_false(base64url_decode(*state, STR("Zm\0v"), &back));
}

/* Of all pairs of bytes exactly 256 are valid, one for each value. (libsodium alone takes more.) */
static void test_encode__base64url_has_one_text_per_value(void **state)
{
    bool seen[256] = { false };
    size_t valid = 0;
    for (unsigned pair = 0; pair < 65536; pair++) {
        char text[2] = { (char)(pair >> 8), (char)(pair & 0xFF) };
        struct str back;
        if (!base64url_decode(*state, str_from(text, 2), &back))
            continue;
        assert_int_equal(back.len, 1);
        assert_str(base64url_encode(*state, back.at, 1), str_from(text, 2));
        assert_false(seen[(unsigned char)back.at[0]]);
        seen[(unsigned char)back.at[0]] = true;
        valid++;
    }
    assert_int_equal(valid, 256);
}

/* The same for hexadecimal, which has two spellings of ten to fifteen. */
static void test_encode__hex_takes_no_other_byte(void **state)
{
    (void)state;
    size_t valid = 0;
    for (unsigned pair = 0; pair < 65536; pair++) {
        char text[2] = { (char)(pair >> 8), (char)(pair & 0xFF) };
        unsigned char byte;
        size_t size;
        valid += hex_decode(str_from(text, 2), &byte, 1, &size);
    }
    assert_int_equal(valid, 22 * 22);
}

static void test_encode__percent_decodes(void **state)
{
    static const struct {
        struct str text;
        bool plus;
        struct str expected;
    } cases[] = {
        { { "", 0 }, false, { "", 0 } },
        { { "a%20b", 5 }, false, { "a b", 3 } },
        { { "a+b", 3 }, false, { "a+b", 3 } },
        { { "a+b", 3 }, true, { "a b", 3 } },
        { { "%2B+", 4 }, true, { "+ ", 2 } },
        { { "%c3%A4", 6 }, false, { "\xC3\xA4", 2 } },
        { { "%25%32%35", 9 }, false, { "%25", 3 } }, /* once, not twice */
        { { "%00", 3 }, false, { "\0", 1 } },
        { { "%ff", 3 }, false, { "\xFF", 1 } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str out;
        assert_case(percent_decode(*state, cases[i].text, cases[i].plus, &out), cases[i].text);
        assert_str(out, cases[i].expected);
        assert_int_equal(out.at[out.len], '\0');
    }
}

static void test_encode__broken_escapes_are_refused(void **state)
{
    static const char *const bad[] = { "%",    "a%",  "%2",  "%2g",    "%g2", "%%20",
                                       "% 20", "%+1", "%-1", "%u0041", "a%2" };
    struct str out;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_case(!percent_decode(*state, str_of(bad[i]), true, &out), str_of(bad[i]));
    assert_false(
        percent_decode(*state, str_from("%20", 2), false, &out)); /* cut off: no reading past the end */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, new_arena, free_arena)
    const struct CMUnitTest tests[] = {
        CASE(test_encode__hex_round_trips),
        CASE(test_encode__base64_is_strict),
        CASE(test_encode__hex_is_strict),
        CASE(test_encode__base64url_vectors),
        CASE(test_encode__base64url_is_canonical),
        CASE(test_encode__base64url_has_one_text_per_value),
        CASE(test_encode__hex_takes_no_other_byte),
        CASE(test_encode__percent_decodes),
        CASE(test_encode__broken_escapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
