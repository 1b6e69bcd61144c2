/* Defaults, every key with another value, units, relative files, what auto becomes. */
#include "config_case.h"

#include <sched.h>

#include "base/clock.h"

static void test_config__defaults_are_the_documented_ones(void **state)
{
    (void)state;
    struct config *c = parse_good(WITH_KEY);
    assert_str(c->file, STR("/nonexistent/test.yaml"));
    assert_int_equal(c->mode, MODE_SELF_HOSTED);
    assert_false(c->demo);
    assert_int_equal(c->server.listen.n, 1);
    assert_str(c->server.listen.at[0], STR("http://127.0.0.1:8080"));
    assert_str(c->server.tls_certificate, STR(""));
    assert_int_equal(c->server.queue, 4096);
    assert_int_equal(c->server.password_queue, 64);
    assert_int_equal(c->server.max_body, 256 * 1024);
    assert_int_equal(c->server.max_connections, 10000);
    assert_true(c->server.http2);
    assert_int_equal(c->server.trusted_proxies.n, 0);
    assert_int_equal(c->server.cors_origins.n, 0);
    assert_int_equal(c->server.metrics_from.n, 2);
    assert_str(c->server.metrics_from.at[0], STR("127.0.0.0/8"));
    assert_str(c->server.metrics_from.at[1], STR("::1"));
    assert_int_equal(c->server.drain_us, 10 * CLOCK_SECOND);
    assert_int_equal(c->server.request_deadline_us, 10 * CLOCK_SECOND);
    assert_str(c->storage.driver, STR("sqlite"));
    assert_str(c->storage.sqlite_path, STR("/nonexistent/data/tether.db"));
    assert_str(c->storage.postgres_conninfo, STR("host=/run/postgresql dbname=tether"));
    assert_int_equal(c->storage.module_settings.n, 0);
    assert_str(c->tokens.secret_key, STR(KEY));
    assert_int_equal(c->tokens.previous_secret_keys.n, 0);
    assert_str(c->tokens.issuer, STR("tether"));
    assert_true(c->tokens.access_ttl_us == 7 * 86400 * CLOCK_SECOND);
    assert_true(c->tokens.invitation_ttl_us == 7 * 86400 * CLOCK_SECOND);
    assert_int_equal(c->passwords.memory, 19 << 20);
    assert_int_equal(c->passwords.iterations, 2);
    assert_str(c->tenancy.root_domain, STR("localhost"));
    assert_str(c->tenancy.default_tenant, STR(""));
    assert_int_equal(c->tenancy.domain_count, 0);
    assert_int_equal(c->tenancy.registration, REGISTRATION_OPEN);
    assert_int_equal(c->plan_count, 2);
    assert_int_equal(config_plan(c, STR("free"))->assets, 50);
    assert_int_equal(config_plan(c, STR("pro"))->users, 500);
    assert_true(c->rate_limits.enabled);
    assert_int_equal(c->rate_limits.login.limit, 5);
    assert_int_equal(c->rate_limits.login.window_us, 60 * CLOCK_SECOND);
    assert_int_equal(c->rate_limits.register_.limit, 3);
    assert_int_equal(c->rate_limits.default_.limit, 60);
    assert_int_equal(c->rate_limits.panel.limit, 600);
    assert_int_equal(c->rate_limits.verify.limit, 0);
    assert_str(c->mail.transport, STR("file"));
    assert_str(c->mail.directory, STR("/nonexistent/data/outbox"));
    assert_str(c->mail.from, STR("Tether <no-reply@localhost>"));
    assert_int_equal(c->log.level, LOG_INFO);
    assert_int_equal(c->log.format, LOG_JSON);
    config_free(&c);
    assert_null(c);
    config_free(&c); /* harmless */
}

static const char everything[] =
    "mode: saas\n"
    "demo: true\n"
    "server:\n"
    "  listen:\n"
    "  - https://[::1]:8443\n"
    "  - unix:/run/tether.sock\n"
    "  - http://0.0.0.0:0\n"
    "  tls: { certificate: tls/c.pem, private_key: /etc/k.pem }\n"
    "  loops: 3\n"
    "  workers: 5\n"
    "  hash_workers: 2\n"
    "  queue: 1\n"
    "  password_queue: 9\n"
    "  max_body: 2MiB\n"
    "  max_connections: 1000000\n"
    "  http2: false\n"
    "  trusted_proxies: [ 10.0.0.0/8, \"2001:db8::/32\", 192.0.2.1, 0.0.0.0/0 ]\n"
    "  cors_origins: [ \"https://app.example.com\", \"http://localhost:3000\", \"http://[::1]:80\" ]\n"
    "  metrics_from: []\n"
    "  drain: 0s\n"
    "  request_deadline: 1500ms\n"
    "storage:\n"
    "  driver: modules/mine.so\n"
    "  sqlite: { path: \":memory:\" }\n"
    "  postgres: { conninfo: postgresql:///x, connections: 10 }\n"
    "  module: { host: db1, empty: \"\", equals: \"a=b\" }\n"
    "tokens:\n"
    "  secret_key: " KEY "x\n"
    "  previous_secret_keys: [ " KEY "y, " KEY "z ]\n"
    "  issuer: auth.example.com\n"
    "  access_ttl: 90m\n"
    "  invitation_ttl: 12h\n"
    "passwords: { memory: 1GiB, iterations: 3 }\n"
    "tenancy:\n"
    "  root_domain: Example.COM\n"
    "  default_tenant: acme\n"
    "  domains: { Assets.Acme.com: acme, b.example.org: beta }\n"
    "  registration: closed\n"
    "plans: { free: { assets: 0 }, none: {}, open: }\n"
    "rate_limits: { enabled: false, login: 1/second, register: 2/hour, default: 3/day, panel: none, verify: "
    "1000000000/minute }\n"
    "mail: { transport: smtp, directory: /var/out, from: a@b.example, smtp: { url: "
    "smtps://mail.example.com:465, user: u, "
    "password: p } }\n"
    "log: { level: debug, format: text }\n";

static void test_config__every_key_can_be_set(void **state)
{
    (void)state;
    struct config *c = parse_good(everything);
    assert_int_equal(c->mode, MODE_SAAS);
    assert_true(c->demo);
    assert_int_equal(c->server.listen.n, 3);
    assert_str(c->server.listen.at[1], STR("unix:/run/tether.sock"));
    assert_str(c->server.tls_certificate, STR("/nonexistent/tls/c.pem"));
    assert_str(c->server.tls_private_key, STR("/etc/k.pem"));
    assert_int_equal(c->server.loops, 3);
    assert_int_equal(c->server.workers, 5);
    assert_int_equal(c->server.hash_workers, 2);
    assert_int_equal(c->server.queue, 1);
    assert_int_equal(c->server.password_queue, 9);
    assert_int_equal(c->server.max_body, 2 << 20);
    assert_int_equal(c->server.max_connections, 1000000);
    assert_false(c->server.http2);
    assert_int_equal(c->server.trusted_proxies.n, 4);
    assert_str(c->server.trusted_proxies.at[1], STR("2001:db8::/32"));
    assert_int_equal(c->server.cors_origins.n, 3);
    assert_int_equal(c->server.metrics_from.n, 0);
    assert_int_equal(c->server.drain_us, 0);
    assert_int_equal(c->server.request_deadline_us, 1500000);
    assert_str(c->storage.driver, STR("/nonexistent/modules/mine.so"));
    assert_str(c->storage.sqlite_path, STR(":memory:"));
    assert_str(c->storage.postgres_conninfo, STR("postgresql:///x"));
    assert_int_equal(c->storage.postgres_connections, 10);
    assert_int_equal(c->storage.module_settings.n, 3);
    assert_str(c->storage.module_settings.at[0], STR("host=db1"));
    assert_str(c->storage.module_settings.at[1], STR("empty="));
    assert_str(c->storage.module_settings.at[2], STR("equals=a=b"));
    assert_str(c->tokens.secret_key, STR(KEY "x"));
    assert_int_equal(c->tokens.previous_secret_keys.n, 2);
    assert_str(c->tokens.previous_secret_keys.at[1], STR(KEY "z"));
    assert_str(c->tokens.issuer, STR("auth.example.com"));
    assert_true(c->tokens.access_ttl_us == 90 * 60 * CLOCK_SECOND);
    assert_true(c->tokens.invitation_ttl_us == 12 * 3600 * CLOCK_SECOND);
    assert_int_equal(c->passwords.memory, 1 << 30);
    assert_int_equal(c->passwords.iterations, 3);
    assert_str(c->tenancy.root_domain, STR("example.com"));
    assert_str(c->tenancy.default_tenant, STR("acme"));
    assert_int_equal(c->tenancy.domain_count, 2);
    assert_str(c->tenancy.domains[0].host, STR("assets.acme.com"));
    assert_str(c->tenancy.domains[1].slug, STR("beta"));
    assert_int_equal(c->tenancy.registration, REGISTRATION_CLOSED);
    assert_int_equal(c->plan_count, 3);
    assert_int_equal(config_plan(c, STR("free"))->assets, 0);
    assert_int_equal(config_plan(c, STR("free"))->users, -1);
    assert_int_equal(config_plan(c, STR("none"))->assets, -1);
    assert_int_equal(config_plan(c, STR("open"))->users, -1);
    assert_null(config_plan(c, STR("pro")));
    assert_false(c->rate_limits.enabled);
    assert_int_equal(c->rate_limits.login.window_us, CLOCK_SECOND);
    assert_true(c->rate_limits.register_.window_us == 3600 * CLOCK_SECOND);
    assert_true(c->rate_limits.default_.window_us == 86400 * CLOCK_SECOND);
    assert_int_equal(c->rate_limits.panel.limit, 0);
    assert_int_equal(c->rate_limits.verify.limit, 1000000000);
    assert_str(c->mail.transport, STR("smtp"));
    assert_str(c->mail.directory, STR("/var/out"));
    assert_str(c->mail.from, STR("a@b.example"));
    assert_str(c->mail.smtp_url, STR("smtps://mail.example.com:465"));
    assert_str(c->mail.smtp_user, STR("u"));
    assert_str(c->mail.smtp_password, STR("p"));
    assert_int_equal(c->log.level, LOG_DEBUG);
    assert_int_equal(c->log.format, LOG_TEXT);
    config_free(&c);
}

static void test_config__sections_may_be_empty(void **state)
{
    (void)state;
    struct config *c = parse_good(WITH_KEY "server:\nstorage:\n  sqlite:\nplans:\nmail: {}\n");
    assert_int_equal(c->server.queue, 4096);
    assert_int_equal(c->plan_count, 0);
    config_free(&c);
}

static void test_config__files_are_relative_to_the_configuration(void **state)
{
    (void)state;
    struct scratch s;
    char expected[128];
    struct config_error error;
    scratch_make(&s, WITH_KEY "storage: { sqlite: { path: db/t.db } }\n");
    struct config *c = config_load(s.file, &error);
    assert_non_null(c);
    snprintf(expected, sizeof(expected), "%s/db/t.db", s.folder);
    assert_str(c->storage.sqlite_path, str_of(expected));
    config_free(&c);

    char before[4096];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(s.folder), 0);
    c = config_load("tether.yaml", &error); /* the path is relative, its files are absolute all the same */
    assert_non_null(c);
    assert_str(c->file, STR("tether.yaml"));
    assert_str(c->storage.sqlite_path, str_of(expected));
    config_free(&c);
    assert_int_equal(chdir(before), 0);
    scratch_remove(&s);
}

static int64_t processors(void)
{
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
    return CPU_COUNT(&set);
}

static void test_config__auto_follows_the_processors(void **state)
{
    (void)state;
    int64_t n = processors();
    struct config *c = parse_good(WITH_KEY);
    assert_int_equal(c->server.loops, n / 2 < 1 ? 1 : n / 2 > 16 ? 16 : n / 2);
    assert_int_equal(c->server.workers, n * 4 < 8 ? 8 : n * 4);
    assert_int_equal(c->server.hash_workers, n / 2 < 1 ? 1 : n / 2);
    assert_int_equal(c->storage.postgres_connections, c->server.workers + c->server.hash_workers + 3);
    config_free(&c);
}

static void test_config__a_connection_limit_lowers_automatic_workers(void **state)
{
    (void)state;
    struct config *c =
        parse_good(WITH_KEY "server: { hash_workers: 2 }\nstorage: { postgres: { connections: 8 } }\n");
    assert_int_equal(c->server.workers, 3); /* and 2 that hash, and the server's own 3 */
    assert_int_equal(c->storage.postgres_connections, 8);
    config_free(&c);
    c = parse_good(WITH_KEY "server: { hash_workers: 1 }\nstorage: { postgres: { connections: 10000 } }\n");
    assert_true(c->server.workers >= 8 && c->server.workers < 10000);
    config_free(&c);
}

static void test_config__print_keys_has_five_columns(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct buf buf;
    buf_init(&buf, arena, 1 << 16);
    config_print_keys(&buf);
    assert_false(buf.overflow);
    struct str line, rest = buf_str(&buf);
    size_t keys = 0;
    while (str_split(rest, '\n', &line, &rest)) {
        size_t tabs = 0;
        for (size_t i = 0; i < line.len; i++)
            tabs += line.at[i] == '\t';
        assert_case(tabs == 4 && !str_ends_with(line, STR("\t")), line);
        keys++;
    }
    assert_true(keys >= 48);
    assert_true(strstr(buf_str(&buf).at, "server.queue\tnumber\t4096\treload\t") != NULL);
    assert_true(strstr(buf_str(&buf).at, "log.level\tdebug | info | warn | error\tinfo\treload\t") != NULL);
    assert_true(strstr(buf_str(&buf).at, "tokens.secret_key\ttext\trequired\trestart\t") != NULL);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config__defaults_are_the_documented_ones),
        cmocka_unit_test(test_config__every_key_can_be_set),
        cmocka_unit_test(test_config__sections_may_be_empty),
        cmocka_unit_test(test_config__files_are_relative_to_the_configuration),
        cmocka_unit_test(test_config__auto_follows_the_processors),
        cmocka_unit_test(test_config__a_connection_limit_lowers_automatic_workers),
        cmocka_unit_test(test_config__print_keys_has_five_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
