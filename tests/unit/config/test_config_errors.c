/* What is refused, with the whole text: FILE:LINE: KEY: found WHAT, expected WHAT. */
#include "config_case.h"

#include "base/buf.h"
#include "base/text.h"

static void test_config_errors__wrong_values(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        /* numbers */
        { "server:\n  queue: many\n",
          "2: server.queue: found \"many\", expected a whole number from 1 to 1000000" },
        { "server: { queue: 0 }", "1: server.queue: found \"0\", expected a whole number from 1 to 1000000" },
        { "server: { queue: 1000001 }",
          "1: server.queue: found \"1000001\", expected a whole number from 1 to 1000000" },
        { "server: { queue: -1 }",
          "1: server.queue: found \"-1\", expected a whole number from 1 to 1000000" },
        { "server: { queue: 1.5 }",
          "1: server.queue: found \"1.5\", expected a whole number from 1 to 1000000" },
        { "server: { queue: 0x10 }",
          "1: server.queue: found \"0x10\", expected a whole number from 1 to 1000000" },
        { "server: { queue: 1_000 }",
          "1: server.queue: found \"1_000\", expected a whole number from 1 to 1000000" },
        { "server: { queue: 010 }",
          "1: server.queue: found \"010\", expected a whole number from 1 to 1000000" },
        { "server: { queue: 10KiB }",
          "1: server.queue: found \"10KiB\", expected a whole number from 1 to 1000000" },
        { "server: { queue: auto }",
          "1: server.queue: found \"auto\", expected a whole number from 1 to 1000000" },
        { "server: { queue: \"10\" }",
          "1: server.queue: found \"10\" in quotes, expected a whole number from 1 to 1000000" },
        { "server: { queue: 99999999999999999999 }",
          "1: server.queue: found \"99999999999999999999\", expected a whole number from 1 to 1000000" },
        { "server: { queue: }", "1: server.queue: found nothing, expected a whole number from 1 to 1000000" },
        { "server: { queue: null }",
          "1: server.queue: found nothing, expected a whole number from 1 to 1000000" },
        { "server: { queue: [ 1 ] }",
          "1: server.queue: found a list, expected a whole number from 1 to 1000000" },
        { "server: { queue: { a: 1 } }",
          "1: server.queue: found a map, expected a whole number from 1 to 1000000" },
        { "server: { loops: 65 }",
          "1: server.loops: found \"65\", expected a whole number from 1 to 64, or auto" },
        { "server: { loops: 0 }",
          "1: server.loops: found \"0\", expected a whole number from 1 to 64, or auto" },
        { "server: { loops: \"auto\" }",
          "1: server.loops: found \"auto\" in quotes, expected a whole number from 1 to 64, or auto" },
        /* sizes and durations */
        { "server: { max_body: 256 }",
          "1: server.max_body: found \"256\", expected a size from 1KiB to 16MiB with its "
          "unit, such as 256KiB or 19MiB" },
        { "server: { max_body: 256KB }",
          "1: server.max_body: found \"256KB\", expected a size from 1KiB to 16MiB with "
          "its unit, such as 256KiB or 19MiB" },
        { "server: { max_body: 1GiB }",
          "1: server.max_body: found \"1GiB\", expected a size from 1KiB to 16MiB with its "
          "unit, such as 256KiB or 19MiB" },
        { "server: { max_body: 9223372036854775807GiB }",
          "1: server.max_body: found \"9223372036854775807GiB\", expected a size from 1KiB to 16MiB with its "
          "unit, such as "
          "256KiB or 19MiB" },
        { "server: { max_body: KiB }",
          "1: server.max_body: found \"KiB\", expected a size from 1KiB to 16MiB with its "
          "unit, such as 256KiB or 19MiB" },
        { "server: { drain: 10 }",
          "1: server.drain: found \"10\", expected a duration from 0ms to 1h with its unit, such "
          "as 500ms, 10s, 5m, 12h or 7d" },
        { "server: { drain: 2h }",
          "1: server.drain: found \"2h\", expected a duration from 0ms to 1h with its unit, such "
          "as 500ms, 10s, 5m, 12h or 7d" },
        { "server: { drain: 10 s }",
          "1: server.drain: found \"10 s\", expected a duration from 0ms to 1h with its unit, "
          "such as 500ms, 10s, 5m, 12h or 7d" },
        { "tokens: { access_ttl: 999999999999d }", "1: tokens.access_ttl: found \"999999999999d\", expected "
                                                   "a duration from 1s to 365d with its unit, such as 500ms, "
                                                   "10s, 5m, 12h or 7d" },
        /* words */
        { "demo: yes", "1: demo: found \"yes\", expected true or false" },
        { "demo: \"true\"", "1: demo: found \"true\" in quotes, expected true or false" },
        { "demo: True", "1: demo: found \"True\", expected true or false" },
        { "mode: SaaS", "1: mode: found \"SaaS\", expected self_hosted or saas" },
        { "log: { level: verbose }", "1: log.level: found \"verbose\", expected debug, info, warn or error" },
        { "log: { format: [ json ] }", "1: log.format: found a list, expected json or text" },
        { "mail: { transport: sendmail }", "1: mail.transport: found \"sendmail\", expected file or smtp" },
        /* rates */
        { "rate_limits: { login: 5 }",
          "1: rate_limits.login: found \"5\", expected none, or a number from 1 to 1000000000 "
          "per second, minute, hour or day, such as 5/minute" },
        { "rate_limits: { login: 0/minute }", "1: rate_limits.login: found \"0/minute\", expected none, or a "
                                              "number from 1 to 1000000000 per second, minute, "
                                              "hour or day, such as 5/minute" },
        { "rate_limits: { login: 5/week }", "1: rate_limits.login: found \"5/week\", expected none, or a "
                                            "number from 1 to 1000000000 per second, minute, hour "
                                            "or day, such as 5/minute" },
        { "rate_limits: { login: off }", "1: rate_limits.login: found \"off\", expected none, or a number "
                                         "from 1 to 1000000000 per second, minute, hour or "
                                         "day, such as 5/minute" },
        /* texts */
        { "tokens: { issuer: \"\" }",
          "1: tokens.issuer: found \"\" in quotes, expected a line of 1 to 200 bytes" },
        { "tokens: { issuer: \"a\\tb\" }",
          "1: tokens.issuer: found \"a\\tb\" in quotes, expected a line of 1 to 200 bytes" },
        { "tokens: { issuer: null }", "1: tokens.issuer: found nothing, expected a line of 1 to 200 bytes" },
        { "tenancy: { root_domain: a_b }",
          "1: tenancy.root_domain: found \"a_b\", expected a host name such as example.com" },
        { "tenancy: { root_domain: \"example.com:80\" }",
          "1: tenancy.root_domain: found \"example.com:80\" in quotes, expected a host name such as "
          "example.com" },
        { "tenancy: { default_tenant: A }",
          "1: tenancy.default_tenant: found \"A\", expected a tenant's slug, or null" },
        { "mail: { from: nobody }",
          "1: mail.from: found \"nobody\", expected an address such as \"Tether <no-reply@example.com>\"" },
        { "mail: { from: \"A <a@b>, <c@d>\" }",
          "1: mail.from: found \"A <a@b>, <c@d>\" in quotes, expected an address such "
          "as \"Tether <no-reply@example.com>\"" },
        { "mail: { smtp: { url: \"http://x\" } }", "1: mail.smtp.url: found \"http://x\" in quotes, expected "
                                                   "smtp://HOST:PORT or smtps://HOST:PORT, without user and "
                                                   "password" },
        { "storage: { driver: My SQL }",
          "1: storage.driver: found \"My SQL\", expected sqlite, postgres, or the path of a driver module" },
        { "storage: { sqlite: { path: \"\" } }",
          "1: storage.sqlite.path: found \"\" in quotes, expected a line of 1 to 4096 bytes" },
        /* secrets */
        { "tokens:\n  secret_key: short\n", "2: tokens.secret_key: found a value of 5 bytes that is not "
                                            "shown, expected a line of 32 to 4096 bytes" },
        { "tokens: { secret_key: }",
          "1: tokens.secret_key: found nothing, expected a line of 32 to 4096 bytes" },
        { "mode: saas",
          "1: tokens.secret_key: found nothing, expected a value: it signs access tokens; at least 32 random "
          "bytes" },
        { "", "1: tokens.secret_key: found nothing, expected a value: it signs access tokens; at least 32 "
              "random bytes" },
        { "tokens: { secret_key: " KEY ", previous_secret_keys: [ short ] }",
          "1: tokens.previous_secret_keys: found a value of 5 bytes that is not shown, expected a list of "
          "keys of at least 32 "
          "bytes" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(str_of(cases[i][0]), cases[i][1]);
}

static void test_config_errors__lists_and_maps(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "server: { trusted_proxies: 10.0.0.0/8 }",
          "1: server.trusted_proxies: found \"10.0.0.0/8\", expected a list of addresses or networks such as "
          "192.0.2.1 or "
          "10.0.0.0/8" },
        { "server:\n  trusted_proxies:\n  - 10.0.0.0/8\n  - 10.0.0.0/33\n",
          "4: server.trusted_proxies: found \"10.0.0.0/33\", expected a list of addresses or networks such "
          "as 192.0.2.1 or "
          "10.0.0.0/8" },
        { "server: { metrics_from: [ 127.0.0.1, 127.0.0.1 ] }",
          "1: server.metrics_from: found an entry a second time, expected every entry once" },
        { WITH_KEY "server: { listen: [] }",
          "2: server.listen: found an empty list, expected at least one address" },
        { "server: { listen: [ [ \"http://127.0.0.1:1\" ] ] }",
          "1: server.listen: found a list, expected a list of http://ADDRESS:PORT, https://ADDRESS:PORT or "
          "unix:/path, such as "
          "http://127.0.0.1:8080" },
        { "storage: { module: [ a ] }",
          "1: storage.module: found a list, expected settings of the driver module, such as { host: db1 }" },
        { "storage: { module: { \"a=b\": c } }",
          "1: storage.module.a=b: found a value of 1 bytes that is not shown, expected "
          "settings of the driver module, such as { host: db1 }" },
        { "storage: { module: { \"\": c } }",
          "1: storage.module.: found a value of 1 bytes that is not shown, expected "
          "settings of the driver module, such as { host: db1 }" },
        { "tenancy: { domains: { a_b: acme } }",
          "1: tenancy.domains.a_b: found a name that is no host, expected a host name "
          "such as assets.example.com" },
        { "tenancy:\n  domains:\n    a.example: acme\n    b.example: Acme\n",
          "4: tenancy.domains.b.example: found \"Acme\", expected a tenant's slug" },
        { "tenancy: { domains: { a.example: [ acme ] } }",
          "1: tenancy.domains.a.example: found a list, expected a tenant's slug" },
        { "tenancy: { domains: { a.example: acme, A.Example: acme } }",
          "1: tenancy.domains.A.Example: found a host a second time, expected every host once" },
        { "plans: { free: { assets: -1 } }",
          "1: plans.free.assets: found \"-1\", expected a whole number from 0 to 1000000000 "
          "(leave the limit out for unlimited)" },
        { "plans: { free: { assets: unlimited } }",
          "1: plans.free.assets: found \"unlimited\", expected a whole number from 0 to 1000000000 (leave "
          "the limit out for "
          "unlimited)" },
        { "plans:\n  free:\n    asset: 5\n",
          "3: plans.free.asset: found an unknown limit, expected assets or users" },
        { "plans: { Free: {} }",
          "1: plans.Free: found a plan's name that is not of a-z, 0-9 and -, expected a name such as free" },
        { "plans: { free: 5 }",
          "1: plans.free: found \"5\", expected limits such as { assets: 50, users: 5 }" },
        { "tenancy: { domains: acme }", "1: tenancy.domains: found \"acme\", expected hosts and slugs such "
                                        "as { assets.example.com: acme }" },
        { "plans: { free: { assets: [ 1 ] } }", "1: plans.free.assets: found a list, expected a whole number "
                                                "from 0 to 1000000000 (leave the limit out for "
                                                "unlimited)" },
        { "plans: { free: { assets: \"1\" } }", "1: plans.free.assets: found \"1\" in quotes, expected a "
                                                "whole number from 0 to 1000000000 (leave the limit out "
                                                "for unlimited)" },
        { "plans: 5", "1: plans: found \"5\", expected plans such as { free: { assets: 50, users: 5 } }" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(str_of(cases[i][0]), cases[i][1]);
}

/* Entries of a list key, good or bad, in one column. */
static void check_entries(const char *key, const char *const *good, const char *const *bad)
{
    struct arena *arena = arena_new(0);
    for (; *good != NULL; good++) {
        struct config *c = parse_good(
            arena_printf(arena, WITH_KEY "server: { tls: { certificate: c, private_key: k }, %s: [ '%s' ] }",
                         key, *good)
                .at);
        config_free(&c);
    }
    for (; *bad != NULL; bad++) {
        struct config_error error;
        struct str yaml = arena_printf(arena, WITH_KEY "server: { %s: [ '%s' ] }", key, *bad);
        struct config *c = config_parse("t.yaml", yaml, &error);
        assert_case(c == NULL, str_of(*bad));
        assert_case(strstr(error.text, "expected a list of ") != NULL, str_of(error.text));
    }
    arena_free(&arena);
}

static void test_config_errors__listen_entries(void **state)
{
    (void)state;
    static const char *const good[] = { "http://127.0.0.1:8080",
                                        "https://0.0.0.0:443",
                                        "http://[::]:0",
                                        "http://[2001:db8::1]:65535",
                                        "https://[::ffff:192.0.2.1]:1",
                                        "unix:/run/t.sock",
                                        NULL };
    static const char *const bad[] = {
        "",
        "127.0.0.1:80",
        "http://localhost:80",
        "http://127.0.0.1",
        "http://127.0.0.1:",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:-1",
        "http://127.0.0.1:080",
        "http://127.0.0.1:80/",
        "http://127.0.0.1:80 ",
        "http://::1:80",
        "http://[::1]",
        "http://[::1]80",
        "http://[127.0.0.1]:80",
        "http://[::1%lo]:80",
        "http://[::1:80",
        "http://1.2.3:80",
        "http://1.2.3.256:80",
        "http://01.2.3.4:80",
        "http:127.0.0.1:80",
        "HTTP://127.0.0.1:80",
        "ftp://127.0.0.1:80",
        "unix:",
        "unix:/",
        "unix:relative",
        "unix:/x12345678901234567890123456789012345678901234567890123456789012345678901234567890123"
        "45678901234567890123456",
        NULL
    };
    check_entries("listen", good, bad);
}

static void test_config_errors__network_entries(void **state)
{
    (void)state;
    static const char *const good[] = {
        "127.0.0.1", "0.0.0.0/0",     "10.0.0.0/8",      "192.0.2.128/25", "192.0.2.1/32",
        "::1",       "2001:db8::/32", "2001:db8::1/128", "::/0",           "fe80::/10",
        NULL
    };
    static const char *const bad[] = { "",
                                       "10",
                                       "10.0.0.0/",
                                       "10.0.0.0/33",
                                       "10.0.0.0/-1",
                                       "10.0.0.0/08",
                                       "10.1.0.0/8",
                                       "10.0.0.1/31",
                                       "::1/127",
                                       "::1/129",
                                       "[::1]",
                                       "localhost",
                                       "10.0.0.0/8/8",
                                       "1.2.3.4:80",
                                       "2001:db8::1/32",
                                       "::1%lo",
                                       NULL };
    check_entries("trusted_proxies", good, bad);
}

static void test_config_errors__origin_entries(void **state)
{
    (void)state;
    static const char *const good[] = { "https://app.example.com", "http://localhost:3000",
                                        "https://192.0.2.1", "http://[::1]:80", NULL };
    static const char *const bad[] = { "",
                                       "*",
                                       "null",
                                       "app.example.com",
                                       "https://",
                                       "https://app.example.com/",
                                       "https://app.example.com/x",
                                       "https://App.example.com",
                                       "https://a b",
                                       "ftp://a",
                                       "https://user@a",
                                       "https://a:x",
                                       "https://a:99999",
                                       NULL };
    check_entries("cors_origins", good, bad);
}

/* Values of a text key, good or bad. */
static void check_texts(const char *section, const char *const *good, const char *const *bad)
{
    struct arena *arena = arena_new(0);
    for (; *good != NULL; good++) {
        struct config *c = parse_good(arena_printf(arena, WITH_KEY "%s '%s' %s", section, *good,
                                                   strstr(section, "smtp") != NULL ? "} }" : "}")
                                          .at);
        config_free(&c);
    }
    for (; *bad != NULL; bad++) {
        struct config_error error;
        struct str yaml = arena_printf(arena, WITH_KEY "%s '%s' %s", section, *bad,
                                       strstr(section, "smtp") != NULL ? "} }" : "}");
        assert_case(config_parse("t.yaml", yaml, &error) == NULL, str_of(*bad));
        assert_case(strstr(error.text, "t.yaml:2: mail.") != NULL, str_of(error.text));
    }
    arena_free(&arena);
}

static void test_config_errors__mail_servers(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "smtp://localhost", "smtps://mail.example.com:465", "smtp://192.0.2.1:25", "smtp://[::1]:25", NULL
    };
    static const char *const bad[] = { "smtp:",      "smtp://",        "smtp:localhost", "mail.example.com",
                                       "http://a",   "smtp://a/b",     "smtp://user@a",  "smtp://user:pw@a",
                                       "smtp://a:b", "smtp://a:65536", "smtp://a b",     NULL };
    check_texts("mail: { smtp: { url:", good, bad);
}

static void test_config_errors__senders(void **state)
{
    (void)state;
    static const char *const good[] = { "a@b", "Tether <a@b.example>", "<a@b>", "Zo\xC3\xAB B. <a@b>", NULL };
    static const char *const bad[] = { "",           "a",           "Tether a@b",
                                       "Tether <a>", "Tether <a@b", "Tether <a@b> x",
                                       "a@b, c@d",   "<>",          NULL };
    check_texts("mail: { from:", good, bad);
}

static void test_config_errors__rules_between_keys(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { WITH_KEY "server:\n  listen: [ \"https://127.0.0.1:8443\" ]\n",
          "3: server.tls.certificate: found nothing, expected a file, because server.listen has https" },
        { WITH_KEY "server:\n  listen: [ \"https://127.0.0.1:8443\" ]\n  tls:\n    certificate: c.pem\n",
          "5: server.tls.private_key: found nothing, expected a file, because there is a certificate" },
        { WITH_KEY "server:\n  tls:\n    private_key: k.pem\n",
          "4: server.tls.certificate: found nothing, expected a file, because there is a private key" },
        { WITH_KEY "server: { tls: { certificate: c.pem } }\n",
          "2: server.tls.private_key: found nothing, expected a file, because there is a certificate" },
        { WITH_KEY "mail:\n  transport: smtp\n",
          "3: mail.smtp.url: found nothing, expected smtp://HOST:PORT, because mail.transport is smtp" },
        { WITH_KEY "mode: saas\nplans: {}\n",
          "3: plans: found no plan, expected at least one, because mode is saas" },
        { WITH_KEY "tenancy: { root_domain: a.example, public_url: \"https://b.example\" }\n",
          "2: tenancy.public_url: found another host, expected the host of tenancy.root_domain; a tenant's "
          "links "
          "have its own" },
        { WITH_KEY "tenancy: { public_url: \"https://localhost/\" }\n",
          "2: tenancy.public_url: found \"https://localhost/\" in quotes, expected an origin such as "
          "https://example.com, without a path" },
        { WITH_KEY "tenancy:\n  root_domain: a.example\n  domains: { A.example: acme }\n",
          "4: tenancy.domains: found the root domain, expected hosts other than tenancy.root_domain" },
        { WITH_KEY "server: { workers: 8, hash_workers: 1 }\nstorage:\n  postgres: { connections: 9 }\n",
          "4: storage.postgres.connections: found 9, expected at least 12: workers, hash workers and three "
          "for the server itself" },
        { WITH_KEY "server: { hash_workers: 10 }\nstorage:\n  postgres: { connections: 5 }\n",
          "4: storage.postgres.connections: found 5, expected at least 14: workers, hash workers and three "
          "for the server itself" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(str_of(cases[i][0]), cases[i][1]);
}

static void test_config_errors__unknown_keys_and_what_was_meant(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "server:\n  quue: 5\n",
          "2: server.quue: found an unknown key, expected a known key (did you mean server.queue?)" },
        { "server: { Queue: 5 }",
          "1: server.Queue: found an unknown key, expected a known key (did you mean server.queue?)" },
        { "queue: 5", "1: queue: found an unknown key, expected a known key (did you mean server.queue?)" },
        { "storage: { path: x }",
          "1: storage.path: found an unknown key, expected a known key (did you mean storage.sqlite.path?)" },
        { "server: { tls: { cert: x } }", "1: server.tls.cert: found an unknown key, expected one of the "
                                          "keys that conf/tether.yaml explains" },
        { "sever: { queue: 5 }",
          "1: sever: found an unknown key, expected one of the keys that conf/tether.yaml explains" },
        { "\"server.queue\": 5",
          "1: server.queue: found an unknown key, expected a known key (did you mean server.queue?)" },
        { "server: { queue: 5, que: 6 }",
          "1: server.que: found an unknown key, expected a known key (did you mean server.queue?)" },
        { "<<: { mode: saas }",
          "1: <<: found an unknown key, expected one of the keys that conf/tether.yaml explains" },
        { "server: 5", "1: server: found \"5\", expected a section: keys and values, indented" },
        { "server: [ queue ]", "1: server: found a list, expected a section: keys and values, indented" },
        { "- mode: saas", "1: found a list, expected keys and values" },
        { "hello", "1: found \"hello\", expected keys and values" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(str_of(cases[i][0]), cases[i][1]);
}

static void test_config_errors__yaml_beyond_a_configuration(void **state)
{
    (void)state;
    static const struct {
        struct str yaml;
        const char *error;
    } cases[] = {
#define YAML(text) { "" text, sizeof(text) - 1 }
        { YAML("mode: saas\nmode: saas\n"), "2: mode: found the key a second time, expected every key once" },
        { YAML("server:\n  queue: 1\n  drain: 1s\n  queue: 1\n"),
          "4: server.queue: found the key a second time, expected every key once" },
        { YAML("plans: { a: { users: 1, \"users\": 2 } }"),
          "1: plans.a.users: found the key a second time, expected every key once" },
        { YAML("mode: &a saas"), "1: mode: found an anchor (&), expected a plain value" },
        { YAML("server: &a { queue: 1 }"), "1: server: found an anchor (&), expected a plain value" },
        { YAML("server: { listen: &a [] }"),
          "1: server.listen: found an anchor (&), expected a plain value" },
        { YAML("mode: *a"), "1: mode: found an alias (*), expected a plain value" },
        { YAML("mode: !!str saas"), "1: mode: found a tag (!), expected a plain value" },
        { YAML("server: !x { queue: 1 }"), "1: server: found a tag (!), expected a plain value" },
        { YAML("server: { listen: !!seq [] }"), "1: server.listen: found a tag (!), expected a plain value" },
        { YAML("&k mode: saas"), "1: found an anchor (&), expected a plain value" },
        { YAML("%TAG !e! tag:e,2000:\n---\nmode: saas"),
          "1: found a %TAG directive, expected a document without tags" },
        { YAML("mode: saas\n---\nmode: saas\n"), "2: found a second document, expected one document" },
        { YAML("? [ a, b ]\n: c\n"), "1: found a list or a map as a key, expected a name" },
        { YAML("{ a: b }: c"), "1: found a list or a map as a key, expected a name" },
        { YAML("mode: [ saas\n"),
          "2: found a syntax error (did not find expected ',' or ']'), expected YAML" },
        { YAML("mode: \"saas\n"), "2: found a syntax error (found unexpected end of stream), expected YAML" },
        { YAML("a:\n\t- b\n"),
          "2: found a syntax error (found character that cannot start any token), expected YAML" },
        { YAML("mode: saas\n  x: y\n"),
          "2: found a syntax error (mapping values are not allowed in this context), expected YAML" },
        { YAML("mode: \"a\\0b\""), "1: mode: found a text with a NUL or broken UTF-8, expected clean text" },
        { YAML("mode: saas\n# \xFF\n"), "2: found a byte that is no UTF-8 text, expected UTF-8" },
        { YAML("mode: saas\n\0"), "2: found a byte that is no UTF-8 text, expected UTF-8" },
        { YAML("\xFF\xFEm\0o\0"), "1: found a byte that is no UTF-8 text, expected UTF-8" },
        { YAML("mode: \x01"), "1: found a syntax error (control characters are not allowed), expected YAML" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_refused(cases[i].yaml, cases[i].error);
}

static struct str repeated(struct arena *arena, const char *what, int times)
{
    struct buf buf;
    buf_init(&buf, arena, 1 << 20);
    for (int i = 0; i < times; i++)
        buf_add(&buf, str_of(what));
    return buf_str(&buf);
}

static void test_config_errors__depth_and_size_are_bounded(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    assert_refused(repeated(arena, "[", 60000), "1: found more than 16 levels, expected a flatter file");
    assert_refused(
        repeated(arena, "{a: ", 15000),
        "1: a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a: found more than 16 levels, expected a flatter file");
    assert_refused(repeated(arena, "- ", 30000), "1: found more than 16 levels, expected a flatter file");
    assert_refused(repeated(arena, "#234567\n", 8193), "1: found more than 64 KiB, expected a smaller file");
    struct str full =
        arena_printf(arena, WITH_KEY "#%s", repeated(arena, "x", 65536 - (int)strlen(WITH_KEY) - 1).at);
    assert_int_equal(full.len, 65536);
    struct config *c = parse_good(full.at);
    config_free(&c);
    arena_free(&arena);
}

/* Hostile keys and values of any length end in a bounded, terminated, printable error. */
static void test_config_errors__messages_stay_short_and_clean(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct str lengthy = repeated(arena, "\xE2\x82\xAC", 5000);
    const struct str cases[] = {
        arena_printf(arena, "a%s: 1", repeated(arena, "\xE2\x82\xAC", 300).at),
        arena_printf(arena, "bb%s: 1", repeated(arena, "\xE2\x82\xAC", 300).at),
        arena_printf(arena, "mode: %s", lengthy.at),
        arena_printf(arena, "mode: \"%s\\e[31m\"", "\\n\\r\\x07"),
        arena_printf(arena, "\"a\\nb\\e\": 1"),
        arena_printf(arena, "tenancy: { domains: { \"a\\nb\": c } }"),
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct config_error error;
        assert_null(config_parse("/nonexistent/test.yaml", cases[i], &error));
        assert_true(strlen(error.text) < sizeof(error.text) - 1);
        assert_case(text_is_line(str_of(error.text)), str_of(error.text));
    }
    arena_free(&arena);
}

static void assert_load_refused(const char *path, const char *found)
{
    struct config_error error;
    char expected[256];
    snprintf(expected, sizeof(expected),
             "%s: found %s, expected a readable file of at most 64 KiB, root's or this user's, that only its "
             "owner may write",
             path, found);
    assert_null(config_load(path, &error));
    assert_string_equal(error.text, expected);
}

static void test_config_errors__files_that_cannot_be_trusted(void **state)
{
    (void)state;
    struct scratch s;
    scratch_make(&s, WITH_KEY);
    struct config_error error;
    struct config *c = config_load(s.file, &error);
    assert_non_null(c);
    config_free(&c);

    chmod(s.file, 0602);
    assert_load_refused(s.file, "a file that everybody may write");
    chmod(s.file, 0660);
    assert_load_refused(s.file, "a file that its group may write");
    chmod(s.file, 0644);
    c = config_load(s.file, &error);
    assert_non_null(c);
    config_free(&c);
    if (geteuid() == 0) { /* only root can give files away */
        assert_int_equal(chown(s.file, 65534, 65534), 0);
        assert_load_refused(s.file, "a file of another user");
        assert_int_equal(chown(s.file, 0, 65534), 0); /* whose group does not matter */
        c = config_load(s.file, &error);
        assert_non_null(c);
        config_free(&c);
    }

    struct arena *arena = arena_new(0);
    scratch_write(s.file, repeated(arena, "#234567\n", 8193).at);
    assert_load_refused(s.file, "more than 64 KiB");
    arena_free(&arena);

    unlink(s.file);
    assert_load_refused(s.file, "No such file or directory");
    mkdir(s.file, 0700);
    assert_load_refused(s.file, "something that is no regular file");
    rmdir(s.file);
    assert_int_equal(mkfifo(s.file, 0600), 0);
    assert_load_refused(s.file, "something that is no regular file"); /* and does not wait for a writer */
    unlink(s.file);
    assert_int_equal(symlink("tether.yaml", s.file), 0);
    assert_load_refused(s.file, "Too many levels of symbolic links");
    scratch_remove(&s);
    assert_load_refused("/dev/zero", "something that is no regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_errors__wrong_values),
        cmocka_unit_test(test_config_errors__lists_and_maps),
        cmocka_unit_test(test_config_errors__listen_entries),
        cmocka_unit_test(test_config_errors__network_entries),
        cmocka_unit_test(test_config_errors__origin_entries),
        cmocka_unit_test(test_config_errors__mail_servers),
        cmocka_unit_test(test_config_errors__senders),
        cmocka_unit_test(test_config_errors__rules_between_keys),
        cmocka_unit_test(test_config_errors__unknown_keys_and_what_was_meant),
        cmocka_unit_test(test_config_errors__yaml_beyond_a_configuration),
        cmocka_unit_test(test_config_errors__depth_and_size_are_bounded),
        cmocka_unit_test(test_config_errors__messages_stay_short_and_clean),
        cmocka_unit_test(test_config_errors__files_that_cannot_be_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
