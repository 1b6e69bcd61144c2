/* The table of keys. Reading, defaults, checks of single values, `config_print_keys()` and what a running
 * server can take over all follow from a row; a new key is a row here, a member in struct config, and a
 * commented line in both files of conf/ (a test holds them against this table). */
#include "config/config_internal.h"

/* A member's offset, provided that it is of that C type. */
#define MEMBER(c_type, member)                                                                               \
    (offsetof(struct config, member) + 0 * sizeof((c_type *)0 == &((struct config *)0)->member))

_Static_assert(sizeof(enum config_mode) == sizeof(int) && sizeof(enum registration) == sizeof(int) &&
                   sizeof(enum log_level) == sizeof(int) && sizeof(enum log_format) == sizeof(int),
               "words are stored as int");

/* In the order of their enums. */
static const char *const mode_words[] = { "self_hosted", "saas", NULL };
static const char *const registration_words[] = { "open", "admin", "closed", NULL };
static const char *const level_words[] = { "debug", "info", "warn", "error", NULL };
static const char *const format_words[] = { "json", "text", NULL };

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)
#define KIB    INT64_C(1024)
#define MIB    (1024 * KIB)

#define BOOL(member)               &key_type_bool, MEMBER(bool, member)
#define NUMBER(member, low, high)  &key_type_number, MEMBER(int64_t, member), .min = (low), .max = (high)
#define SIZE(member, low, high)    &key_type_size, MEMBER(int64_t, member), .min = (low), .max = (high)
#define TIME(member, low, high)    &key_type_duration, MEMBER(int64_t, member), .min = (low), .max = (high)
#define RATE(member)               &key_type_rate, MEMBER(struct rate, member), .min = 1, .max = 1000000000
#define WORD(c_type, member, list) &key_type_word, MEMBER(c_type, member), .words = (list)
#define TEXT(member, low, high)    &key_type_text, MEMBER(struct str, member), .min = (low), .max = (high)
#define LIST(member, low, high)    &key_type_list, MEMBER(struct str_list, member), .min = (low), .max = (high)

#define NETWORKS(member)                                                                                     \
    LIST(member, 1, 64), .check = config_check_network,                                                      \
                         .expected = "a list of addresses or networks such as 192.0.2.1 or 10.0.0.0/8"

const struct config_key config_keys[] = {
    { "mode", WORD(enum config_mode, mode, mode_words), .preset = "self_hosted",
      .help = "saas: plan limits apply; self_hosted: they do not" },
    { "demo", BOOL(demo), .preset = "false", .help = "demo mode: /api/demo/stats answers" },

    { "server.listen", LIST(server.listen, 1, 128), .preset = "[ \"http://127.0.0.1:8080\" ]",
      .check = config_check_listen,
      .expected =
          "a list of http://ADDRESS:PORT, https://ADDRESS:PORT or unix:/path, such as http://127.0.0.1:8080",
      .help = "where to listen; addresses are literals, IPv6 in brackets, port 0 takes a free one" },
    { "server.tls.certificate", TEXT(server.tls_certificate, 0, 4096), .preset = "\"\"",
      .check = config_check_file, .flags = KEY_RELOAD,
      .help = "PEM file with the certificate and its chain" },
    { "server.tls.private_key", TEXT(server.tls_private_key, 0, 4096), .preset = "\"\"",
      .check = config_check_file, .flags = KEY_RELOAD, .help = "PEM file with the certificate's key" },
    { "server.loops", NUMBER(server.loops, 1, 64), .preset = "auto", .flags = KEY_AUTO,
      .help = "event-loop threads; auto: half the processors, 1 to 16" },
    { "server.workers", NUMBER(server.workers, 1, 1024), .preset = "auto", .flags = KEY_AUTO,
      .help = "request-handler threads; auto: four per processor, at least 8" },
    { "server.hash_workers", NUMBER(server.hash_workers, 1, 256), .preset = "auto", .flags = KEY_AUTO,
      .help = "threads that may burn processor time on passwords; auto: half the processors, at least 1" },
    { "server.queue", NUMBER(server.queue, 1, 1000000), .preset = "4096", .flags = KEY_RELOAD,
      .help = "requests that may wait for a worker; more are answered 503" },
    { "server.password_queue", NUMBER(server.password_queue, 1, 100000), .preset = "64", .flags = KEY_RELOAD,
      .help = "requests that may wait for a hash worker; more are answered 503" },
    { "server.max_body", SIZE(server.max_body, 1 * KIB, 16 * MIB), .preset = "256KiB", .flags = KEY_RELOAD,
      .help = "the largest request body; larger ones are answered 413" },
    { "server.max_connections", NUMBER(server.max_connections, 1, 1000000), .preset = "10000",
      .help = "connections open at once; more wait in the listen queue" },
    { "server.http2", BOOL(server.http2), .preset = "true", .help = "false: HTTP/1.1 only" },
    { "server.trusted_proxies", NETWORKS(server.trusted_proxies), .preset = "[]", .flags = KEY_RELOAD,
      .help = "addresses or networks whose X-Forwarded-* headers are believed" },
    { "server.cors_origins", LIST(server.cors_origins, 1, 300), .preset = "[]", .check = config_check_origin,
      .expected = "a list of origins such as https://app.example.com, without a path", .flags = KEY_RELOAD,
      .help = "origins whose scripts may call the API from a browser" },
    { "server.metrics_from", NETWORKS(server.metrics_from), .preset = "[ 127.0.0.0/8, \"::1\" ]",
      .flags = KEY_RELOAD, .help = "addresses or networks that may read /metrics" },
    { "server.drain", TIME(server.drain_us, 0, 3600 * SECOND), .preset = "10s",
      .help = "how long a stop waits for requests in flight" },
    { "server.request_deadline", TIME(server.request_deadline_us, SECOND / 10, 300 * SECOND), .preset = "10s",
      .flags = KEY_RELOAD,
      .help = "how long one request may wait for the database before it is answered 503" },

    { "storage.driver", TEXT(storage.driver, 1, 4096), .preset = "sqlite", .check = config_check_driver,
      .expected = "sqlite, postgres, or the path of a driver module",
      .help = "sqlite, postgres, or the path of a driver module" },
    { "storage.sqlite.path", TEXT(storage.sqlite_path, 1, 4096), .preset = "data/tether.db",
      .check = config_check_database_file, .help = "the database file" },
    { "storage.postgres.conninfo", TEXT(storage.postgres_conninfo, 1, 4096),
      .preset = "\"host=/run/postgresql dbname=tether\"", .flags = KEY_SECRET,
      .help = "libpq keywords or a postgresql:// URI" },
    { "storage.postgres.connections", NUMBER(storage.postgres_connections, 5, 10000), .preset = "auto",
      .flags = KEY_AUTO,
      .help = "connections this node may use: one per worker and hash worker, three for the server itself; "
              "auto: what they "
              "need; a number lowers server.workers where that is auto" },
    { "storage.module", &key_type_settings, MEMBER(struct str_list, storage.module_settings), .preset = "{}",
      .expected = "settings of the driver module, such as { host: db1 }", .flags = KEY_SECRET,
      .help = "settings handed to a driver module as they stand" },

    { "tokens.secret_key", TEXT(tokens.secret_key, 32, 4096), .preset = NULL, .flags = KEY_SECRET,
      .help = "signs access tokens; at least 32 random bytes" },
    { "tokens.previous_secret_keys", LIST(tokens.previous_secret_keys, 32, 4096), .preset = "[]",
      .expected = "a list of keys of at least 32 bytes", .flags = KEY_SECRET,
      .help = "earlier keys whose tokens are still believed, while rotating" },
    { "tokens.issuer", TEXT(tokens.issuer, 1, 200), .preset = "tether",
      .help = "the iss claim; every node of a cluster has the same" },
    { "tokens.access_ttl", TIME(tokens.access_ttl_us, SECOND, 365 * DAY), .preset = "7d", .flags = KEY_RELOAD,
      .help = "how long an access token holds" },
    { "tokens.invitation_ttl", TIME(tokens.invitation_ttl_us, SECOND, 365 * DAY), .preset = "7d",
      .flags = KEY_RELOAD, .help = "how long an invitation holds" },

    { "passwords.memory", SIZE(passwords.memory, 1 * MIB, 4096 * MIB), .preset = "19MiB", .flags = KEY_RELOAD,
      .help = "argon2id: memory per hash" },
    { "passwords.iterations", NUMBER(passwords.iterations, 1, 100), .preset = "2", .flags = KEY_RELOAD,
      .help = "argon2id: passes per hash" },

    { "tenancy.root_domain", TEXT(tenancy.root_domain, 1, 253), .preset = "localhost",
      .check = config_check_host, .expected = "a host name such as example.com", .flags = KEY_RELOAD,
      .help = "the operator's host; SLUG.root_domain is that tenant's" },
    { "tenancy.public_url", TEXT(tenancy.public_url, 0, 300), .preset = "\"\"",
      .check = config_check_public_url, .expected = "an origin such as https://example.com, without a path",
      .flags = KEY_RELOAD,
      .help = "the operator's host as people reach it: every link has its scheme and port; "
              "empty: those of the connection" },
    { "tenancy.default_tenant", TEXT(tenancy.default_tenant, 1, 63), .preset = "null",
      .check = config_check_slug, .expected = "a tenant's slug, or null", .flags = KEY_RELOAD | KEY_NULLABLE,
      .help = "the tenant of hosts that nobody registered; null: they are answered 404" },
    { "tenancy.domains", &key_type_domains, MEMBER(struct domain *, tenancy.domains), .preset = "{}",
      .expected = "hosts and slugs such as { assets.example.com: acme }", .flags = KEY_RELOAD,
      .help = "hosts and their tenants' slugs, beside those registered at run time" },
    { "tenancy.registration", WORD(enum registration, tenancy.registration, registration_words),
      .preset = "open", .flags = KEY_RELOAD,
      .help = "who may register a user where the tenant does not say: anybody, admins, nobody" },

    { "plans", &key_type_plans, MEMBER(struct plan *, plans), .min = 0, .max = 1000000000,
      .preset = "{ free: { assets: 50, users: 5 }, pro: { assets: 10000, users: 500 } }",
      .expected = "plans such as { free: { assets: 50, users: 5 } }", .flags = KEY_RELOAD,
      .help = "plans and their limits; a limit that is left out is unlimited" },

    { "rate_limits.enabled", BOOL(rate_limits.enabled), .preset = "true", .flags = KEY_RELOAD,
      .help = "false: no limits and no X-RateLimit-* headers" },
    { "rate_limits.login", RATE(rate_limits.login), .preset = "5/minute", .flags = KEY_RELOAD,
      .help = "sign-ins per address" },
    { "rate_limits.register", RATE(rate_limits.register_), .preset = "3/minute", .flags = KEY_RELOAD,
      .help = "registrations of users and tenants per address" },
    { "rate_limits.default", RATE(rate_limits.default_), .preset = "60/minute", .flags = KEY_RELOAD,
      .help = "every other request per user, token, or address where nobody is signed in" },
    { "rate_limits.panel", RATE(rate_limits.panel), .preset = "600/minute", .flags = KEY_RELOAD,
      .help = "requests of the admin panel per user" },
    { "rate_limits.verify", RATE(rate_limits.verify), .preset = "none", .flags = KEY_RELOAD,
      .help = "forward-auth and introspection requests per caller" },

    { "mail.transport", TEXT(mail.transport, 1, 16), .preset = "file", .check = config_check_transport,
      .expected = "file or smtp", .help = "file: messages are written to mail.directory; smtp: sent" },
    { "mail.directory", TEXT(mail.directory, 1, 4096), .preset = "data/outbox", .check = config_check_file,
      .help = "where the file transport writes" },
    { "mail.from", TEXT(mail.from, 1, 320), .preset = "\"Tether <no-reply@localhost>\"",
      .check = config_check_mailbox, .expected = "an address such as \"Tether <no-reply@example.com>\"",
      .help = "the sender of every message" },
    { "mail.smtp.url", TEXT(mail.smtp_url, 0, 1024), .preset = "\"\"", .check = config_check_smtp_url,
      .expected = "smtp://HOST:PORT or smtps://HOST:PORT, without user and password",
      .help = "the mail server, smtp:// or smtps://" },
    { "mail.smtp.user", TEXT(mail.smtp_user, 0, 256), .preset = "\"\"", .help = "the mail server's user" },
    { "mail.smtp.password", TEXT(mail.smtp_password, 0, 1024), .preset = "\"\"", .flags = KEY_SECRET,
      .help = "the mail server's password" },

    { "payments.webhook_secret", TEXT(payments.webhook_secret, 0, 4096), .preset = "\"\"",
      .check = config_check_webhook_secret, .expected = "at least 32 bytes, or nothing",
      .flags = KEY_RELOAD | KEY_SECRET,
      .help = "signs what the payment provider tells; empty: nothing is believed" },
    { "payments.pending_ttl", TIME(payments.pending_ttl_us, 60 * SECOND, 90 * DAY), .preset = "1h",
      .flags = KEY_RELOAD, .help = "how long seats are held for tickets that are not paid yet" },

    { "log.level", WORD(enum log_level, log.level, level_words), .preset = "info", .flags = KEY_RELOAD,
      .help = "the least important lines that are written" },
    { "log.format", WORD(enum log_format, log.format, format_words), .preset = "json", .flags = KEY_RELOAD,
      .help = "json: an object per line; text: for reading on a terminal" },
};
const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);
