/* The chunked decoder, whole and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/str.h"
#include "http/chunked.h"

#define SLICE(literal)                                                                                       \
    {                                                                                                        \
        literal, sizeof(literal) - 1                                                                         \
    }

struct chunked_case {
    struct str input;
    ssize_t result; /* -1, -2 or the bytes left over */
    const char *content;
};

static const struct chunked_case cases[] = {
    { SLICE("0\r\n\r\n"), 0, "" },
    { SLICE("3\r\nabc\r\n0\r\n\r\n"), 0, "abc" },
    { SLICE("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /"), 5, "abcde" },
    { SLICE("A\r\n0123456789\r\n0\r\n\r\n"), 0, "0123456789" },
    { SLICE("0003\r\nabc\r\n00000\r\n\r\n"), 0, "abc" },
    { SLICE("3;x=y\r\nabc\r\n0;last\r\n\r\n"), 0, "abc" },
    { SLICE("3 ; x\r\nabc\r\n0\r\n\r\n"), 0, "abc" },
    { SLICE("0\r\nA: b\r\nC: d\r\n\r\nX"), 1, "" },
    { SLICE("3\r\nabc\r\n"), -2, "abc" },
    { SLICE("3\r\na"), -2, "a" },
    { SLICE("0\r\n"), -2, "" },
    { SLICE("3\nabc\r\n0\r\n\r\n"), -1, NULL },
    { SLICE("3\r\nabc\n0\r\n\r\n"), -1, NULL },
    { SLICE("3\r\nabcd\r\n0\r\n\r\n"), -1, NULL },
    { SLICE("3\r\nabc0\r\n\r\n"), -1, NULL },
    { SLICE("3;\n\r\nabc\r\n"), -1, NULL },
    { SLICE("3\rx"), -1, NULL },
    { SLICE("\r\n"), -1, NULL },
    { SLICE(" 3\r\nabc\r\n"), -1, NULL },
    { SLICE("+3\r\nabc\r\n"), -1, NULL },
    { SLICE("-3\r\nabc\r\n"), -1, NULL },
    { SLICE("0x3\r\nabc\r\n"), -1, NULL },
    { SLICE("g\r\n"), -1, NULL },
    { SLICE("100000000\r\n"), -1, NULL },
    { SLICE("fffffffffffffffff\r\n"), -1, NULL },
    { SLICE("3;a\x01\r\nabc\r\n"), -1, NULL },
    { SLICE("0\r\nA: b\n\r\n"), -1, NULL },
    { SLICE("0\r\n\n"), -1, NULL },
    { SLICE("0\r\n\rx"), -1, NULL },
    { SLICE("0\r\nA\0b\r\n\r\n"), -1, NULL },
};

static void check(const struct chunked_case *c, ssize_t result, const char *content, size_t size)
{
    if (result != c->result)
        fail_msg("%.*s: %zd, expected %zd", STR_ARG(c->input), result, c->result);
    if (c->content)
        assert_true(str_equal(str_from(content, size), str_of(c->content)));
}

static void test_chunked__decodes_whole_input(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct phr_chunked_decoder decoder = { .consume_trailer = 1 };
        char buf[128];
        size_t size = cases[i].input.len;
        memcpy(buf, cases[i].input.at, size);
        ssize_t result = phr_decode_chunked(&decoder, buf, &size);
        check(&cases[i], result, buf, size);
        if (result > 0) /* what follows stands right behind the content */
            assert_memory_equal(buf + size, cases[i].input.at + cases[i].input.len - result, (size_t)result);
    }
}

static void test_chunked__decodes_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct phr_chunked_decoder decoder = { .consume_trailer = 1 };
        char content[128];
        size_t total = 0;
        ssize_t result = -2;
        size_t at = 0;
        for (; at < cases[i].input.len && result == -2; at++) {
            size_t size = 1;
            content[total] = cases[i].input.at[at];
            result = phr_decode_chunked(&decoder, content + total, &size);
            total += result == -1 ? 0 : size;
        }
        if (result == 0)
            result = (ssize_t)(cases[i].input.len - at);
        check(&cases[i], result, content, total);
    }
}

/* Feeds `piece` over and over; how often until the decoder has enough. */
static int feed(struct phr_chunked_decoder *decoder, struct str piece, int most)
{
    char buf[64];
    for (int i = 0; i < most; i++) {
        size_t size = piece.len;
        memcpy(buf, piece.at, piece.len);
        if (phr_decode_chunked(decoder, buf, &size) == -1)
            return i;
    }
    return most;
}

static void test_chunked__bounds_what_carries_nothing(void **state)
{
    (void)state;
    struct phr_chunked_decoder one = { 0 }, many = { 0 }, trailers = { 0 }, plain = { 0 };
    assert_int_equal(feed(&one, STR("1;"), 1), 1);
    assert_in_range(feed(&one, STR("abcdefgh"), 2000), 1000, 1100); /* one long extension */
    assert_in_range(feed(&many, STR("1;abcdefg\r\nx\r\n"), 2000), 1000, 1100);
    assert_int_equal(feed(&trailers, STR("0\r\n"), 1), 1);
    assert_in_range(feed(&trailers, STR("abcd: f\r\n"), 2000), 1000, 1200);
    assert_int_equal(feed(&plain, STR("1\r\nx\r\n"), 20000), 20000); /* small chunks are fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunked__decodes_whole_input),
        cmocka_unit_test(test_chunked__decodes_byte_by_byte),
        cmocka_unit_test(test_chunked__bounds_what_carries_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
