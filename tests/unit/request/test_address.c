/* Addresses, forwarded addresses, CIDR blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "request/address.h"

static void assert_parses(struct str text, bool forwarded, const char *expected)
{
    struct arena *arena = arena_new(4096);
    struct address address;
    bool ok = forwarded ? address_parse_forwarded(text, &address) : address_parse(text, &address);
    if (ok != (expected != NULL))
        fail_msg("%s: %s", text.at, ok ? "accepted" : "refused");
    if (ok)
        assert_string_equal(address_text(arena, &address).at, expected);
    arena_free(&arena);
}

static void test_address__parses_strictly(void **state)
{
    (void)state;
    assert_parses(STR("127.0.0.1"), false, "127.0.0.1");
    assert_parses(STR("::1"), false, "::1");
    assert_parses(STR("2001:DB8::0:1"), false, "2001:db8::1");
    assert_parses(STR("::ffff:10.1.2.3"), false, "10.1.2.3");
    const struct str bad[] = {
        STR(""),          STR("127.1"),
        STR("01.2.3.4"),  STR("1.2.3.4.5"),
        STR("256.1.1.1"), STR(" 1.2.3.4"),
        STR("1.2.3.4 "),  STR("fe80::1%eth0"),
        STR("unix"),      STR("1.2.3.4\0x"),
        STR("[::1]"),     STR("1.2.3.4:80"),
        STR("::g"),       STR("0x7f.0.0.1"),
        STR("localhost"), STR("1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222")
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_parses(bad[i], false, NULL);
}

static void test_address__reads_what_proxies_write(void **state)
{
    (void)state;
    assert_parses(STR("1.2.3.4"), true, "1.2.3.4");
    assert_parses(STR("1.2.3.4:5678"), true, "1.2.3.4");
    assert_parses(STR("[2001:db8::1]"), true, "2001:db8::1");
    assert_parses(STR("[2001:db8::1]:443"), true, "2001:db8::1");
    assert_parses(STR("2001:db8::1"), true, "2001:db8::1");
    const struct str bad[] = { STR("unknown"),   STR("_hidden"),       STR("1.2.3.4:"),
                               STR("1.2.3.4:0"), STR("1.2.3.4:65536"), STR("[::1"),
                               STR("[::1]443"),  STR("[1.2.3.4]"),     STR("[]"),
                               STR(":80"),       STR("1.2.3.4:80:90"), STR("") };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_parses(bad[i], true, NULL);
}

static void test_address__matches_blocks(void **state)
{
    (void)state;
    const struct {
        struct str address, block;
        bool is_in;
    } rows[] = {
        { STR("10.1.2.3"), STR("10.0.0.0/8"), true },
        { STR("11.1.2.3"), STR("10.0.0.0/8"), false },
        { STR("10.1.2.3"), STR("10.1.2.3"), true },
        { STR("10.1.2.3"), STR("10.1.2.2/31"), true },
        { STR("10.1.2.4"), STR("10.1.2.2/31"), false },
        { STR("10.1.2.3"), STR("0.0.0.0/0"), true },
        { STR("::1"), STR("0.0.0.0/0"), false },
        { STR("10.1.2.3"), STR("::/0"), false },
        { STR("::1"), STR("::/0"), true },
        { STR("::ffff:10.1.2.3"), STR("10.0.0.0/8"), true },
        { STR("10.1.2.3"), STR("::ffff:10.0.0.0/104"), true },
        { STR("11.1.2.3"), STR("::ffff:10.0.0.0/104"), false },
        { STR("10.1.2.3"), STR("::ffff:0.0.0.0/90"), false },
        { STR("2001:db8:1::5"), STR("2001:db8::/33"), true },
        { STR("2001:db8:8000::5"), STR("2001:db8::/33"), false },
        { STR("unix"), STR("unix"), true },
        { STR("unix"), STR("0.0.0.0/0"), false },
        { STR("10.1.2.3"), STR("10.0.0.0/33"), false },
        { STR("10.1.2.3"), STR("10.0.0.0/-1"), false },
        { STR("10.1.2.3"), STR("10.0.0.0/x"), false },
        { STR("10.1.2.3"), STR("10.0.0.0/"), false },
        { STR("10.1.2.3"), STR("unix"), false },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str block = rows[i].block;
        struct str_list list = { &block, 1 };
        if (address_in_list(rows[i].address, &list) != rows[i].is_in)
            fail_msg("%s in %s", rows[i].address.at, block.at);
    }
    struct str_list none = { NULL, 0 };
    assert_false(address_in_list(STR("127.0.0.1"), &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address__parses_strictly),
        cmocka_unit_test(test_address__reads_what_proxies_write),
        cmocka_unit_test(test_address__matches_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
