/* Templates: what values can and cannot do to a mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mail/template.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 22);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static struct mail_content render(const struct tenant *tenant, struct str inviter)
{
    const struct mail_value values[] = {
        { "inviter", inviter },
        { "role", STR("Member") },
        { "email", STR("jane@example.com") },
        { "expires", STR("22 November 2026") },
        { "link", STR("https://acme.example.com/invite/tti_abc") },
    };
    struct mail_content content;
    assert_true(mail_render(arena, mail_template(STR("invitation")), tenant, values, 5, &content));
    return content;
}

static void test_invitation__says_it_all_in_both_parts(void **state)
{
    (void)state;
    struct tenant tenant = { .name = STR("Acme"),
                             .accent_colour = STR("#d9480F"),
                             .logo_url = STR("https://acme.example/l?a=1&b=2") };
    struct mail_content content = render(&tenant, STR("Olga"));
    assert_string_equal(content.subject.at, "Olga invites you to Acme");
    assert_string_equal(
        content.text.at,
        "Join Acme\n\nOlga has invited you to join Acme as Member.\n\nAccept the invitation:\n"
        "https://acme.example.com/invite/tti_abc\n\nThe link is for jane@example.com alone, works once and "
        "holds until "
        "22 November 2026. If you did not expect this invitation, you can ignore this mail: nothing happens "
        "unless "
        "somebody accepts it.\n\n-- \nAcme\n");
    assert_non_null(strstr(content.html.at, "href=\"https://acme.example.com/invite/tti_abc\""));
    assert_non_null(strstr(content.html.at, "<img src=\"https://acme.example/l?a=1&amp;b=2\" alt=\"Acme\""));
    assert_non_null(strstr(content.html.at, "background:#d9480F"));
}

static void test_values__cannot_break_out(void **state)
{
    (void)state;
    struct tenant tenant = { .name = STR("A<script>\"'&"),
                             .accent_colour = STR("red;}x{"),
                             .logo_url = STR("javascript:alert(1)") };
    struct mail_content content = render(&tenant, STR("{link}\r\nBcc: x@example.com\n\xff rest"));
    assert_string_equal(content.subject.at, "{link}  Bcc: x@example.com  invites you to A<script>\"'&");
    assert_null(strstr(content.html.at, "<script"));
    assert_non_null(strstr(content.html.at, "A&lt;script&gt;&quot;&#39;&amp;"));
    assert_null(strstr(content.html.at, "red;"));
    assert_null(strstr(content.html.at, "javascript:"));
    assert_non_null(strstr(content.html.at, "background:#1f6feb"));
    assert_null(strstr(content.text.at, "\r"));
    assert_null(strstr(content.text.at, "\nBcc"));
}

static void test_values__are_cut_at_a_character(void **state)
{
    (void)state;
    struct tenant tenant = { .name = STR("Acme") };
    char name[3001];
    for (size_t i = 0; i < 1000; i++)
        memcpy(name + 3 * i, "日", 3);
    struct mail_content content = render(&tenant, str_from(name, 3000));
    assert_true(content.subject.len <= 200 && content.subject.len % 3 == 0);
    assert_true(content.text.len < 1200);
}

static void test_template__unknown(void **state)
{
    (void)state;
    assert_null(mail_template(STR("nonsense")));
    assert_null(mail_template(STR("")));
}

static void test_preview__has_samples_for_every_value(void **state)
{
    (void)state;
    struct tenant tenant = { .name = STR("Acme") };
    struct str html = mail_preview(arena, STR("invitation"), &tenant);
    assert_non_null(strstr(html.at, "Olga Owner has invited you to join Acme"));
    assert_true(str_is_empty(mail_preview(arena, STR("nonsense"), &tenant)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_invitation__says_it_all_in_both_parts), TEST(test_values__cannot_break_out),
        TEST(test_values__are_cut_at_a_character),        TEST(test_template__unknown),
        TEST(test_preview__has_samples_for_every_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
