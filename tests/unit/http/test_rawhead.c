/* Raw heads: what two readers could understand differently is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "http/rawhead.h"

#define SLICE(literal)                                                                                       \
    {                                                                                                        \
        literal, sizeof(literal) - 1                                                                         \
    }

struct head_case {
    struct str head;
    bool sound;
};

static void check_cases(const struct head_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct rawhead head;
        if (rawhead_check(cases[i].head, &head) != cases[i].sound)
            fail_msg("case %zu: expected %d: %.*s", i, cases[i].sound, STR_ARG(cases[i].head));
    }
}

static void test_rawhead__accepts_ordinary_requests(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        { SLICE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), true },
        { SLICE("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), true },
        { SLICE("GET / HTTP/1.0\r\n\r\n"), true },
        { SLICE("POST /x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"), true },
        { SLICE("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\n"), true },
        { SLICE("GET / HTTP/1.1\r\nHost:a\r\nX: \t b \t\r\nY:\r\n\r\n"), true },
        { SLICE("GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\n\r\n"), true },
        { SLICE("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\nbad"),
          true }, /* what follows is not looked at */
        { SLICE("GET / HTTP/1.1\r\nAccept: a\r\nAccept: b\r\n\r\n"), true },
    };
    check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void test_rawhead__refuses_ambiguous_framing(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\ncontent-length: 4\r\n\r\nabc"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nabc"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
          false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"),
          false },
        { SLICE("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"), false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
                "chunked\r\n\r\n"),
          false },
        { SLICE("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"), false },
    };
    check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void test_rawhead__refuses_broken_lines(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        { SLICE(""), false },
        { SLICE("\r\n"), false },
        { SLICE("\r\n\r\nGET / HTTP/1.1\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nHost: a\r\n"), false }, /* never ends */
        { SLICE("GET / HTTP/1.1\nHost: a\n\n"), false },
        { SLICE("GET / HTTP/1.1\r\nHost: a\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nHost\t: a\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\n: a\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nno colon\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nX(y): a\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nX\0: a\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nX: a\x7f\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nX: \x01\r\n\r\n"), false },
        { SLICE("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), false },
        { SLICE("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), false },
        { SLICE("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), false },
        { SLICE("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), false },
        { SLICE(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), false },
        { SLICE("G@T / HTTP/1.1\r\nHost: a\r\n\r\n"), false },
        { SLICE("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), false },
        { SLICE("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), false },
        { SLICE("GET / http/1.1\r\nHost: a\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), false },
        { SLICE("GET /\r\n\r\n"), false },
    };
    check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void test_rawhead__refuses_a_second_host(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        { SLICE("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), false },
        { SLICE("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhOST: b\r\n\r\n"), false },
    };
    check_cases(cases, sizeof cases / sizeof cases[0]);
}

static void test_rawhead__counts_fields_and_bytes(void **state)
{
    (void)state;
    struct rawhead head;
    assert_true(rawhead_check(STR("GET / HTTP/1.1\r\nHost: abc\r\nX:  12 \r\n\r\n"), &head));
    assert_int_equal(head.fields, 2);
    assert_int_equal(head.bytes, 4 + 3 + 1 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rawhead__accepts_ordinary_requests),
        cmocka_unit_test(test_rawhead__refuses_ambiguous_framing),
        cmocka_unit_test(test_rawhead__refuses_broken_lines),
        cmocka_unit_test(test_rawhead__refuses_a_second_host),
        cmocka_unit_test(test_rawhead__counts_fields_and_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
