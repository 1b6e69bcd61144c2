/* What a running server can take over: each key is changed alone and the verdict compared with the table's
 * own. */
#include "config_case.h"

/* Another value for every key, in a file that is otherwise the default. */
static const struct change {
    const char *key, *yaml;
} changes[] = {
    { "mode", "mode: saas" },
    { "demo", "demo: true" },
    { "server.listen", "server: { listen: [ \"http://127.0.0.1:9999\" ] }" },
    { "server.tls.certificate", "server: { tls: { certificate: other.pem, private_key: k.pem } }" },
    { "server.tls.private_key", "server: { tls: { certificate: c.pem, private_key: other.pem } }" },
    { "server.loops", "server: { loops: 7 }" },
    { "server.workers", "server: { workers: 7 }" },
    { "server.hash_workers", "server: { hash_workers: 7 }" },
    { "server.queue", "server: { queue: 7 }" },
    { "server.password_queue", "server: { password_queue: 7 }" },
    { "server.max_body", "server: { max_body: 7KiB }" },
    { "server.max_connections", "server: { max_connections: 7 }" },
    { "server.http2", "server: { http2: false }" },
    { "server.trusted_proxies", "server: { trusted_proxies: [ 10.0.0.0/8 ] }" },
    { "server.cors_origins", "server: { cors_origins: [ \"https://a.example\" ] }" },
    { "server.metrics_from", "server: { metrics_from: [] }" },
    { "server.drain", "server: { drain: 7s }" },
    { "server.request_deadline", "server: { request_deadline: 7s }" },
    { "storage.driver", "storage: { driver: postgres }" },
    { "storage.sqlite.path", "storage: { sqlite: { path: other.db } }" },
    { "storage.postgres.conninfo", "storage: { postgres: { conninfo: dbname=other } }" },
    { "storage.postgres.connections", "storage: { postgres: { connections: 9999 } }" },
    { "storage.module", "storage: { module: { a: b } }" },
    { "tokens.secret_key", "tokens: { secret_key: other-" KEY " }" },
    { "tokens.previous_secret_keys",
      "tokens: { secret_key: " KEY ", previous_secret_keys: [ other-" KEY " ] }" },
    { "tokens.issuer", "tokens: { secret_key: " KEY ", issuer: other }" },
    { "tokens.access_ttl", "tokens: { secret_key: " KEY ", access_ttl: 7s }" },
    { "tokens.invitation_ttl", "tokens: { secret_key: " KEY ", invitation_ttl: 7s }" },
    { "passwords.memory", "passwords: { memory: 7MiB }" },
    { "passwords.iterations", "passwords: { iterations: 7 }" },
    { "tenancy.root_domain", "tenancy: { root_domain: other.example }" },
    { "tenancy.public_url", "tenancy: { public_url: \"https://localhost\" }" },
    { "tenancy.default_tenant", "tenancy: { default_tenant: other }" },
    { "tenancy.domains", "tenancy: { domains: { a.example: other } }" },
    { "tenancy.registration", "tenancy: { registration: admin }" },
    { "plans", "plans: { other: {} }" },
    { "rate_limits.enabled", "rate_limits: { enabled: false }" },
    { "rate_limits.login", "rate_limits: { login: 7/minute }" },
    { "rate_limits.register", "rate_limits: { register: 7/minute }" },
    { "rate_limits.default", "rate_limits: { default: 60/second }" },
    { "rate_limits.panel", "rate_limits: { panel: none }" },
    { "rate_limits.verify", "rate_limits: { verify: 7/minute }" },
    { "mail.transport", "mail: { transport: smtp, smtp: { url: \"smtp://localhost\" } }" },
    { "mail.directory", "mail: { directory: other }" },
    { "mail.from", "mail: { from: other@example.com }" },
    { "mail.smtp.url", "mail: { smtp: { url: \"smtp://localhost\" } }" },
    { "mail.smtp.user", "mail: { smtp: { user: other } }" },
    { "mail.smtp.password", "mail: { smtp: { password: other } }" },
    { "payments.webhook_secret", "payments: { webhook_secret: 'another secret of 32 bytes, or more' }" },
    { "payments.pending_ttl", "payments: { pending_ttl: 2h }" },
    { "log.level", "log: { level: debug }" },
    { "log.format", "log: { format: text }" },
};

static struct config *parse_change(struct arena *arena, const char *yaml)
{
    bool has_key = strstr(yaml, "secret_key") != NULL;
    return parse_good(arena_printf(arena, "%s%s\n", has_key ? "" : WITH_KEY, yaml).at);
}

static const struct change *change_of(struct str key)
{
    for (size_t i = 0; i < COUNT(changes); i++)
        if (str_equal(key, str_of(changes[i].key)))
            return &changes[i];
    fail_msg("%.*s is new: give it another value in this test", STR_ARG(key));
    return NULL;
}

static void test_config_reload__every_key_as_the_table_says(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    struct buf keys;
    buf_init(&keys, arena, 1 << 16);
    config_print_keys(&keys);
    struct config *now = parse_good(WITH_KEY);
    struct str line, rest = buf_str(&keys), path, type, preset, needs;
    size_t count = 0;
    while (str_split(rest, '\n', &line, &rest)) {
        str_split(line, '\t', &path, &line);
        str_split(line, '\t', &type, &line);
        str_split(line, '\t', &preset, &line);
        str_split(line, '\t', &needs, &line);
        struct config *next = parse_change(arena, change_of(path)->yaml);
        const char *key = NULL;
        bool can = config_can_reload(now, next, &key);
        assert_case(can == str_equal(needs, STR("reload")), path);
        if (can)
            assert_null(key);
        else
            assert_non_null(key);
        config_free(&next);
        count++;
    }
    assert_int_equal(count, COUNT(changes));
    config_free(&now);
    arena_free(&arena);
}

static void test_config_reload__the_first_key_in_the_way_is_named(void **state)
{
    (void)state;
    struct config *now = parse_good(WITH_KEY), *same = parse_good(WITH_KEY);
    struct config *next =
        parse_good(WITH_KEY "log: { level: debug }\nserver: { queue: 7, drain: 1s, loops: 9 }\n");
    const char *key = NULL;
    assert_true(config_can_reload(now, same, &key));
    assert_false(config_can_reload(now, next, &key));
    assert_string_equal(key, "server.loops");
    config_free(&now);
    config_free(&same);
    config_free(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_reload__every_key_as_the_table_says),
        cmocka_unit_test(test_config_reload__the_first_key_in_the_way_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
