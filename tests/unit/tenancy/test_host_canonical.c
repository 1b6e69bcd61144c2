/* Which texts are a host, and how the one canonical form of each reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tenancy/host.h"

static const struct {
    struct str raw;
    const char *canonical; /* NULL: no host */
} cases[] = {
    { STR("localhost"), "localhost" },
    { STR("LocalHost"), "localhost" },
    { STR("localhost."), "localhost" },
    { STR("localhost:8080"), "localhost" },
    { STR("localhost.:8080"), "localhost" },
    { STR("localhost:"), "localhost" }, /* RFC 3986: the port may be empty */
    { STR("acme.example.com"), "acme.example.com" },
    { STR("ACME.Example.COM:443"), "acme.example.com" },
    { STR("xn--bcher-kva.example"), "xn--bcher-kva.example" },
    { STR("a-b.c1.example"), "a-b.c1.example" },
    { STR("1host.example"), "1host.example" },
    { STR("127.0.0.1"), "127.0.0.1" },
    { STR("127.0.0.1:65535"), "127.0.0.1" },
    { STR("[::1]"), "[::1]" },
    { STR("[::1]:8443"), "[::1]" },
    { STR("[2001:DB8::1]"), "[2001:db8::1]" },
    { STR("[0:0:0:0:0:0:0:1]"), "[::1]" },
    { STR(""), NULL },
    { STR("."), NULL },
    { STR(":80"), NULL },
    { STR("localhost.."), NULL },
    { STR(".localhost"), NULL },
    { STR("a..b"), NULL },
    { STR("user@localhost"), NULL },
    { STR("user:secret@localhost"), NULL },
    { STR("localhost/path"), NULL },
    { STR("localhost?query"), NULL },
    { STR("localhost#part"), NULL },
    { STR("local\\host"), NULL },
    { STR("http://localhost"), NULL },
    { STR("a b"), NULL },
    { STR(" localhost"), NULL },
    { STR("localhost\t"), NULL },
    { STR("local\0host"), NULL },
    { STR("local\nhost"), NULL },
    { STR("b\xc3\xbc"
          "cher.example"),
      NULL },
    { STR("\xff\xfe"), NULL },
    { STR("localhost:0"), NULL },
    { STR("localhost:65536"), NULL },
    { STR("localhost:080"), NULL },
    { STR("localhost:8o"), NULL },
    { STR("localhost:-1"), NULL },
    { STR("localhost:80:80"), NULL },
    { STR("a_b.example"), NULL },
    { STR("-a.example"), NULL },
    { STR("a-.example"), NULL },
    { STR("a%2eb"), NULL },
    { STR("a,b"), NULL },
    { STR("*.example"), NULL },
    { STR("127.1"), NULL },
    { STR("1.2.3.999"), NULL },
    { STR("1.2.3.4.5"), NULL },
    { STR("010.0.0.1"), NULL },
    { STR("2130706433"), NULL },
    { STR("::1"), NULL },
    { STR("[::1"), NULL },
    { STR("[]"), NULL },
    { STR("[::1]."), NULL },
    { STR("[::1]8080"), NULL },
    { STR("[::1]:99999"), NULL },
    { STR("[fe80::1%eth0]"), NULL },
    { STR("[127.0.0.1]"), NULL },
    { STR("[localhost]"), NULL },
};

static void test_host__canonical_form_or_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena *arena = arena_new(1 << 16);
        struct str canonical = STR("untouched");
        bool is_host = host_canonical(arena, cases[i].raw, &canonical);
        if (is_host != (cases[i].canonical != NULL))
            fail_msg("\"%.*s\": is_host %d", STR_ARG(cases[i].raw), is_host);
        if (!str_equal(canonical, str_of(is_host ? cases[i].canonical : "untouched")))
            fail_msg("\"%.*s\" became \"%.*s\"", STR_ARG(cases[i].raw), STR_ARG(canonical));
        arena_free(&arena);
    }
}

/* The one asked for last is kept: it is answered as before, and no other is taken for it. */
static void test_host__canonical_is_the_same_again(void **state)
{
    (void)state;
    const size_t n = sizeof cases / sizeof cases[0];
    for (size_t i = 0; i < 3 * n; i++) {
        const size_t asked = i % 3 == 2 ? 0 : i / 3; /* each twice, and then the first */
        struct arena *arena = arena_new(1 << 16);
        struct str canonical = STR("untouched");
        bool is_host = host_canonical(arena, cases[asked].raw, &canonical);
        assert_int_equal(is_host, cases[asked].canonical != NULL);
        assert_true(str_equal(canonical, str_of(is_host ? cases[asked].canonical : "untouched")));
        arena_free(&arena);
    }
}

/* Whatever is canonical stays as it is. */
static void test_host__canonical_is_stable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena *arena = arena_new(1 << 16);
        struct str once, twice;
        if (host_canonical(arena, cases[i].raw, &once)) {
            assert_true(host_canonical(arena, once, &twice));
            assert_true(str_equal(once, twice));
        }
        arena_free(&arena);
    }
}

static void test_host__length_is_bounded(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    char name[300];
    struct str ret;
    memset(name, 'a', sizeof name);
    for (size_t i = 63; i < sizeof name; i += 64)
        name[i] = '.';
    assert_true(host_canonical(arena, str_from(name, 253), &ret));
    assert_int_equal(ret.len, 253);
    assert_false(host_canonical(arena, str_from(name, 254), &ret));
    assert_false(host_canonical(
        arena, str_from("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 64), &ret));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host__canonical_form_or_none),
        cmocka_unit_test(test_host__canonical_is_the_same_again),
        cmocka_unit_test(test_host__canonical_is_stable),
        cmocka_unit_test(test_host__length_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
