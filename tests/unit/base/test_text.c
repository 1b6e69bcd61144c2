/* UTF-8 and the shapes of names, addresses, slugs, hosts. */
#include "unit.h"

#include "base/text.h"

/* The decoder written out differently: decode the code point, then judge it. */
static size_t reference_sequence(const unsigned char *at, size_t len)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : at[0] >> 3 == 30 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    if (n == 1)
        return 1;
    uint32_t code = at[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (at[i] >> 6 != 2)
            return 0;
        code = code << 6 | (at[i] & 0x3F);
    }
    bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < least[n] || code > 0x10FFFF || is_surrogate ? 0 : n;
}

static void test_text__every_start_is_judged_as_by_the_definition(void **state)
{
    (void)state;
    static const unsigned char edges[] = { 0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90,
                                           0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xFF };
    for (unsigned first = 0; first < 256; first++)
        for (unsigned second = 0; second < 256; second++)
            for (size_t third = 0; third < COUNT(edges); third++)
                for (size_t fourth = 0; fourth < COUNT(edges); fourth++)
                    for (size_t len = 1; len <= 4; len++) {
                        unsigned char at[4] = { (unsigned char)first, (unsigned char)second, edges[third],
                                                edges[fourth] };
                        assert_int_equal(text_utf8_sequence(str_from((const char *)at, len)),
                                         reference_sequence(at, len));
                    }
}

static void test_text__utf8_good_and_bad(void **state)
{
    (void)state;
    static const char *const good[] = { "",
                                        "abc",
                                        "\xC3\xA4",
                                        "\xE2\x82\xAC",
                                        "\xF0\x9F\x98\x80",
                                        "\xEF\xBB\xBF",
                                        "\xED\x9F\xBF",
                                        "\xEE\x80\x80",
                                        "\xF4\x8F\xBF\xBF",
                                        "\xEF\xBF\xBF" };
    static const char *const bad[] = { "\x80",
                                       "\xC0\x80",
                                       "\xC1\xBF",
                                       "\xE0\x80\x80",
                                       "\xE0\x9F\xBF",
                                       "\xED\xA0\x80",
                                       "\xED\xBF\xBF",
                                       "\xF0\x80\x80\x80",
                                       "\xF0\x8F\xBF\xBF",
                                       "\xF4\x90\x80\x80",
                                       "\xF5\x80\x80\x80",
                                       "\xFE",
                                       "\xFF",
                                       "\xC3",
                                       "\xE2\x82",
                                       "\xF0\x9F\x98",
                                       "a\xC3(",
                                       "\xC3\xA4\xBF" };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_case(text_is_utf8(str_of(good[i])), str_of(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_case(!text_is_utf8(str_of(bad[i])), str_of(bad[i]));
    assert_true(text_is_utf8(STR_NONE));
    assert_true(text_is_utf8(STR("a\0b")));
    assert_int_equal(text_utf8_prefix(STR("ab\xC3\xA4\xC3(")), 4);
    assert_int_equal(text_utf8_sequence(STR_NONE), 0);
}

static void test_text__clean_is_utf8_without_nul(void **state)
{
    (void)state;
    assert_true(text_is_clean(STR("a\n\t\x01")));
    assert_true(text_is_clean(STR_NONE));
    assert_false(text_is_clean(STR("a\0")));
    assert_false(text_is_clean(STR("\xFF")));
}

static void test_text__a_line_has_no_control_characters(void **state)
{
    (void)state;
    assert_true(text_is_line(STR("Zo\xC3\xAB O'Neill \xC2\xA0 \xE2\x82\xAC")));
    assert_true(text_is_line(STR("")));
    for (unsigned c = 0; c < 0x20; c++)
        assert_false(text_is_line(str_from(&(char){ (char)c }, 1)));
    assert_false(text_is_line(STR("\x7F")));
    for (unsigned c = 0x80; c < 0xA0; c++)
        assert_false(text_is_line(str_from((const char[]){ '\xC2', (char)c }, 2)));
    assert_true(text_is_line(STR("\xC3\x80"))); /* not C2, though its second byte is 80 */
    assert_false(text_is_line(STR("\xC2")));
    assert_false(text_is_line(STR("a\xFF")));
}

/* Each byte at each place of a text that is longer than what is looked at together. */
static void test_text__printable_is_space_to_tilde(void **state)
{
    (void)state;
    assert_true(text_is_printable(STR("")));
    for (size_t len = 1; len <= 19; len++) {
        for (size_t at = 0; at < len; at++) {
            for (unsigned c = 0; c < 0x100; c++) {
                char text[] = "a quite long text!!";
                text[at] = (char)c;
                assert_int_equal(text_is_printable(str_from(text, len)), c >= ' ' && c <= '~');
            }
        }
    }
}

static void test_text__length_counts_code_points(void **state)
{
    (void)state;
    assert_int_equal(text_length(STR("")), 0);
    assert_int_equal(text_length(STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80")), 4);
}

static void test_text__email_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a@b",
        "user@example.com",
        "First.Last+tag@Sub.Example.COM",
        "o'neill@example.com",
        "x@localhost",
        "a@1.2.3.4",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        "\xC3\xA4@example.com",
        "a..b@example.com",
        "1234567890123456789012345678901234567890123456789012345678901234@example.com",
    };
    static const char *const bad[] = {
        "",
        "@",
        "a",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b c",
        "a@-b",
        "a@b-",
        "a@b..c",
        "a@.b",
        "a@b.",
        "a@b_c",
        "a@[1.2.3.4]",
        "a\n@b",
        "a@b\n",
        "a\x7F@b",
        "\xFF@b",
        "a@\xC3\xA4.de",
        "\"a\"@b",
        "a,b@c",
        "<a@b>",
        "a;b@c",
        "a:b@c",
        "a\\b@c",
        "a(x)@b",
        "a@b\r\nBcc: x@y",
        "12345678901234567890123456789012345678901234567890123456789012345@example.com",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_case(text_is_email(str_of(good[i])), str_of(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_case(!text_is_email(str_of(bad[i])), str_of(bad[i]));
    assert_false(text_is_email(STR("a\0b@c")));
    assert_false(text_is_email(STR("a@c\0d")));
}

static void test_text__email_is_limited_to_254_bytes(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    /* a@ and labels of 62 letters and a dot: 2 + 4 × 63 = 254, 255 */
    struct str label = arena_printf(arena, "%062d.", 0);
    struct str good = arena_printf(arena, "a@%s%s%s%062d", label.at, label.at, label.at, 0);
    assert_int_equal(good.len, 253);
    assert_true(text_is_email(good));
    assert_true(text_is_email(arena_printf(arena, "b%s", good.at)));
    assert_false(text_is_email(arena_printf(arena, "bc%s", good.at)));
    arena_free(&arena);
}

static void test_text__email_normal_form(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    assert_str(text_normal_email(arena, STR("First.LAST@Example.Com")), STR("first.last@example.com"));
    arena_free(&arena);
}

static void test_text__slugs(void **state)
{
    (void)state;
    static const char *const good[] = { "a",
                                        "acme",
                                        "a-b",
                                        "0",
                                        "a--b",
                                        "1-2-3",
                                        "123456789012345678901234567890123456789012345678901234567890123" };
    static const char *const bad[] = { "",
                                       "-a",
                                       "a-",
                                       "-",
                                       "A",
                                       "a_b",
                                       "a.b",
                                       "a b",
                                       "\xC3\xA4",
                                       "a\n",
                                       "1234567890123456789012345678901234567890123456789012345678901234" };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_case(text_is_slug(str_of(good[i])), str_of(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_case(!text_is_slug(str_of(bad[i])), str_of(bad[i]));
    assert_false(text_is_slug(STR("a\0")));
}

static void test_text__hosts(void **state)
{
    (void)state;
    static const char *const good[] = { "a", "localhost", "assets.acme.com", "1.2.3.4",
                                        "xn--bcher-kva.example" };
    static const char *const bad[] = { "",        ".",        "a.",     ".a",    "a..b", "A.com",
                                       "a_b.com", "a.com:80", "-a.com", "[::1]", "a b",  "a/b" };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_case(text_is_host(str_of(good[i])), str_of(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_case(!text_is_host(str_of(bad[i])), str_of(bad[i]));
    struct arena *arena = arena_new(0);
    struct str longest = arena_printf(arena, "%063d.%063d.%063d.%061d", 0, 0, 0, 0);
    assert_int_equal(longest.len, 253);
    assert_true(text_is_host(longest));
    assert_false(text_is_host(arena_printf(arena, "%063d.%063d.%063d.%062d", 0, 0, 0, 0)));
    arena_free(&arena);
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static void assert_made_of(bool (*is_one)(struct str s), const char *allowed)
{
    char text[40];
    memset(text, 'x', sizeof(text));
    for (size_t len = 1; len <= sizeof(text); len++) {
        for (int byte = 0; byte < 256; byte++) {
            bool is_allowed = byte != 0 && strchr(allowed, byte) != NULL;
            size_t place = (size_t)byte % len;
            text[place] = (char)byte;
            assert_int_equal(is_one(str_from(text, len)), is_allowed);
            text[place] = text[len - 1];
            text[len - 1] = (char)byte;
            assert_int_equal(is_one(str_from(text, len)), is_allowed);
            text[place] = text[len - 1] = 'x';
        }
    }
    assert_false(is_one(STR_NONE));
}

/* RFC 9110 sections 5.6.2 and 11.2. */
static void test_text__tokens_at_each_place(void **state)
{
    (void)state;
    assert_made_of(text_is_token, ALNUM "!#$%&'*+-.^_`|~");
    assert_made_of(text_is_token68, ALNUM "-._~+/=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__every_start_is_judged_as_by_the_definition),
        cmocka_unit_test(test_text__utf8_good_and_bad),
        cmocka_unit_test(test_text__clean_is_utf8_without_nul),
        cmocka_unit_test(test_text__a_line_has_no_control_characters),
        cmocka_unit_test(test_text__printable_is_space_to_tilde),
        cmocka_unit_test(test_text__length_counts_code_points),
        cmocka_unit_test(test_text__email_addresses),
        cmocka_unit_test(test_text__email_is_limited_to_254_bytes),
        cmocka_unit_test(test_text__email_normal_form),
        cmocka_unit_test(test_text__slugs),
        cmocka_unit_test(test_text__hosts),
        cmocka_unit_test(test_text__tokens_at_each_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
