/* Messages, octet by octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "mail/message.h"

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

static struct mail_message sample(void)
{
    return (struct mail_message){
        .from = STR("Tether <no-reply@example.com>"),
        .to = STR("jane@example.com"),
        .subject = STR("Hello"),
        .text = STR("Hi\n"),
        .html = STR("<p>Hi</p>\n"),
        .message_id = STR("<0123abcd@example.com>"),
        .date = INT64_C(1700000000) * CLOCK_SECOND,
    };
}

/* Holds for every message: CRLF only, short lines, an empty line between header and body. */
static void assert_well_formed(struct str message)
{
    size_t line = 0;
    for (size_t i = 0; i < message.len; i++) {
        unsigned char c = (unsigned char)message.at[i];
        if (c == '\n')
            assert_true(i > 0 && message.at[i - 1] == '\r');
        if (c == '\r')
            assert_true(i + 1 < message.len && message.at[i + 1] == '\n');
        assert_true(c == '\r' || c == '\n' || c == '\t' || (c >= ' ' && c <= '~'));
        line = c == '\n' ? 0 : line + 1;
        assert_true(line <= 77); /* 76 and the CR */
    }
    assert_true(str_ends_with(message, STR("\r\n")));
}

static struct str write(struct mail_message message)
{
    struct str text = mail_message_write(arena, &message);
    assert_well_formed(text);
    return text;
}

/* A header field's value, unfolded; aborts the test when it is there other than once. */
static struct str header(struct str message, const char *name)
{
    struct str head = str_from(message.at, (size_t)(strstr(message.at, "\r\n\r\n") - message.at));
    char *text = arena_cstr(arena, head);
    char *at = strstr(text, name);
    assert_non_null(at);
    assert_null(strstr(at + 1, arena_printf(arena, "\r\n%s: ", name).at));
    at += strlen(name) + 2;
    char *to = at, *out = at;
    for (; *to && !(to[0] == '\r' && to[2] != ' '); to++) {
        if (*to != '\r' && *to != '\n')
            *out++ = *to;
    }
    return str_from(at, (size_t)(out - at));
}

static void expect_subject(const char *subject, const char *expected)
{
    struct mail_message message = sample();
    message.subject = str_of(subject);
    struct str got = header(write(message), "Subject");
    if (!str_equal(got, str_of(expected)))
        fail_msg("%s: %.*s", subject, STR_ARG(got));
}

static void test_message__whole(void **state)
{
    (void)state;
    assert_string_equal(write(sample()).at,
                        "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                        "From: \"Tether\"\r\n <no-reply@example.com>\r\n"
                        "To: <jane@example.com>\r\n"
                        "Subject: Hello\r\n"
                        "Message-ID: <0123abcd@example.com>\r\n"
                        "Auto-Submitted: auto-generated\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Type: multipart/alternative;\r\n boundary=\"=_0123abcd\"\r\n"
                        "\r\n"
                        "--=_0123abcd\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "Hi\r\n"
                        "--=_0123abcd\r\n"
                        "Content-Type: text/html; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n"
                        "\r\n"
                        "<p>Hi</p>\r\n"
                        "--=_0123abcd--\r\n");
}

static void test_subject__is_encoded_where_it_has_to_be(void **state)
{
    (void)state;
    expect_subject("Jürgen invites you", "=?utf-8?Q?J=C3=BCrgen_invites_you?=");
    expect_subject("a=?b", "=?utf-8?Q?a=3D=3Fb?=");
    expect_subject(" a", "=?utf-8?Q?_a?=");
    expect_subject("a\r\nBcc: x@example.com", "=?utf-8?Q?a=0D=0ABcc=3A_x=40example=2Ecom?=");
}

static void test_subject__long_ones_fold_between_characters(void **state)
{
    (void)state;
    struct mail_message message = sample();
    message.subject =
        STR("Zürich äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü 日本語日本語日本語日本語日本語日本語");
    struct str got = header(write(message), "Subject"), word;
    size_t words = 0;
    while (!str_is_empty(got)) {
        str_split(got, ' ', &word, &got);
        assert_true(word.len <= 75);
        assert_true(str_starts_with(word, STR("=?utf-8?Q?")) && str_ends_with(word, STR("?=")));
        /* No word begins in the middle of a character. */
        struct str first = str_sub(word, 10, 3);
        assert_false(str_starts_with(first, STR("=8")) || str_starts_with(first, STR("=9")) ||
                     str_starts_with(first, STR("=A")) || str_starts_with(first, STR("=B")));
        words++;
    }
    assert_true(words > 3);
}

static void test_from__names_are_quoted_or_encoded(void **state)
{
    (void)state;
    static const struct {
        const char *mailbox, *expected;
    } rows[] = {
        { "no-reply@example.com", "<no-reply@example.com>" },
        { "Acme, Inc. <a@example.com>", "\"Acme, Inc.\" <a@example.com>" },
        { "\"Acme, Inc.\" <a@example.com>", "\"Acme, Inc.\" <a@example.com>" },
        { "A\"b\\c <a@example.com>", "\"A\\\"b\\\\c\" <a@example.com>" },
        { "Zürich <a@example.com>", "=?utf-8?Q?Z=C3=BCrich?= <a@example.com>" },
        { "A\r\nBcc: x <a@example.com>", "=?utf-8?Q?A=0D=0ABcc=3A_x?= <a@example.com>" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mail_message message = sample();
        message.from = str_of(rows[i].mailbox);
        struct str got = header(write(message), "From");
        if (!str_equal(got, str_of(rows[i].expected)))
            fail_msg("%s: %.*s", rows[i].mailbox, STR_ARG(got));
    }
}

static void test_body__is_quoted_printable(void **state)
{
    (void)state;
    struct mail_message message = sample();
    message.text = STR("a=b\nend \n\ttab\t\n.\nü\n--=_0123abcd--\nno end of line");
    struct str got = write(message);
    assert_non_null(strstr(got.at,
                           "\r\n\r\na=3Db\r\nend=20\r\n\ttab=09\r\n.\r\n=C3=BC\r\n--=3D_0123abcd--\r\n"
                           "no end of line\r\n--=_0123abcd\r\n"));
}

static void test_body__long_lines_break_softly(void **state)
{
    (void)state;
    struct mail_message message = sample();
    char line[400];
    memset(line, 'x', sizeof line);
    memcpy(line + 73, "\xc3\xbc", 2);
    message.text = str_from(line, sizeof line);
    struct str got = write(message);
    assert_non_null(strstr(got.at, "=\r\n"));
}

static void test_message__too_long_is_nothing(void **state)
{
    (void)state;
    struct mail_message message = sample();
    char *big = arena_alloc(arena, 400000);
    memset(big, 0xc3, 400000);
    message.text = str_from(big, 400000);
    assert_true(str_is_empty(mail_message_write(arena, &message)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_message__whole),
        TEST(test_subject__is_encoded_where_it_has_to_be),
        TEST(test_subject__long_ones_fold_between_characters),
        TEST(test_from__names_are_quoted_or_encoded),
        TEST(test_body__is_quoted_printable),
        TEST(test_body__long_lines_break_softly),
        TEST(test_message__too_long_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
