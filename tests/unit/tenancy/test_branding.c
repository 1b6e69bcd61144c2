/* Logos and colours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tenancy/branding.h"

static void test_branding__logos(void **state)
{
    (void)state;
    static const char *const good[] = { "https://x.example/l.svg", "/static/l.png?v=2", "https://x" };
    static const char *const bad[] = { "",
                                       "http://x.example/l.svg",
                                       "//x.example/l.svg",
                                       "https://",
                                       "https:///l",
                                       "l.svg",
                                       "javascript:alert(1)",
                                       "/a b",
                                       "/a\"b",
                                       "/a'b",
                                       "/a<b",
                                       "/a\\b",
                                       "/a)b",
                                       "/a\nb" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(branding_is_logo(str_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(branding_is_logo(str_of(bad[i])));
    char text[BRANDING_LOGO_MAX_BYTES + 1];
    memset(text, 'a', sizeof text);
    text[0] = '/';
    assert_true(branding_is_logo(str_from(text, BRANDING_LOGO_MAX_BYTES)));
    assert_false(branding_is_logo(str_from(text, BRANDING_LOGO_MAX_BYTES + 1)));
}

static void test_branding__colours(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "#fff", "1f6feb0", "#1f6feg", "#1f6feb0", "red" };
    assert_true(branding_is_colour(STR("#1f6feb")));
    assert_true(branding_is_colour(STR("#1F6FEB")));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(branding_is_colour(str_of(bad[i])));
}

/* #949494 is the lightest grey on which white text has 3 to 1. */
static void test_branding__white_text_can_be_read(void **state)
{
    (void)state;
    static const char *const dark[] = { "#000000", "#1f6feb", "#d9480f", "#0B7285", "#949494", "#ff0000" };
    static const char *const light[] = { "#ffffff", "#ffff00", "#959595", "#00ff00", "#ffd43b" };
    for (size_t i = 0; i < sizeof dark / sizeof dark[0]; i++)
        assert_true(branding_carries_white(str_of(dark[i])));
    for (size_t i = 0; i < sizeof light / sizeof light[0]; i++)
        assert_false(branding_carries_white(str_of(light[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_branding__logos),
        cmocka_unit_test(test_branding__colours),
        cmocka_unit_test(test_branding__white_text_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
