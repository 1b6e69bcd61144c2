/* The rules between keys, and what "auto" means on this machine. */
#include "config/config_internal.h"

#include "base/processors.h"

/* Where the key stands in the file; 0 when it is not there. */
static int line_of(const struct reader *reader, const char *path)
{
    for (size_t i = 0; i < config_key_count; i++)
        if (strcmp(config_keys[i].path, path) == 0)
            return reader->lines[i];
    return 0;
}

/* About a key that may be missing: then the line of the key that asks for it. */
static bool refuse(struct reader *reader, const char *path, const char *because_of, const char *found,
                   const char *expected)
{
    int line = line_of(reader, path);
    if (line == 0)
        line = line_of(reader, because_of);
    return config_refuse(reader, line > 0 ? line : 1, str_of(path), found, expected);
}

static bool check_listen(struct reader *reader)
{
    const struct config *c = reader->config;
    bool https = false;
    if (c->server.listen.n == 0)
        return refuse(reader, "server.listen", "server.listen", "an empty list", "at least one address");
    for (size_t i = 0; i < c->server.listen.n; i++)
        https = https || str_starts_with(c->server.listen.at[i], STR("https:"));
    bool certificate = !str_is_empty(c->server.tls_certificate),
         key = !str_is_empty(c->server.tls_private_key);
    if (!certificate && (https || key))
        return refuse(
            reader, "server.tls.certificate", https ? "server.listen" : "server.tls.private_key", "nothing",
            https ? "a file, because server.listen has https" : "a file, because there is a private key");
    if (!key && certificate)
        return refuse(reader, "server.tls.private_key", "server.tls.certificate", "nothing",
                      "a file, because there is a certificate");
    return true;
}

/* "example.com" of "https://example.com:8443". */
static bool check_tenancy(struct reader *reader)
{
    const struct config *c = reader->config;
    if (!str_is_empty(c->tenancy.public_url) &&
        !str_equal(config_origin(c->tenancy.public_url).host, c->tenancy.root_domain))
        return refuse(reader, "tenancy.public_url", "tenancy.root_domain", "another host",
                      "the host of tenancy.root_domain; a tenant's links have its own");
    for (size_t i = 0; i < c->tenancy.domain_count; i++)
        if (str_equal(c->tenancy.domains[i].host, c->tenancy.root_domain))
            return refuse(reader, "tenancy.domains", "tenancy.root_domain", "the root domain",
                          "hosts other than tenancy.root_domain");
    if (c->mode == MODE_SAAS && c->plan_count == 0)
        return refuse(reader, "plans", "mode", "no plan", "at least one, because mode is saas");
    return true;
}

static bool check_mail(struct reader *reader)
{
    const struct config *c = reader->config;
    if (str_equal(c->mail.transport, STR("smtp")) && str_is_empty(c->mail.smtp_url))
        return refuse(reader, "mail.smtp.url", "mail.transport", "nothing",
                      "smtp://HOST:PORT, because mail.transport is smtp");
    return true;
}

static int64_t at_least(int64_t low, int64_t value)
{
    return value < low ? low : value;
}

/* Loops only move bytes, so half the processors carry them; workers mostly wait for the database, so there
 * are several per processor; hashing takes a processor whole for tens of milliseconds, so half of them stay
 * free for the rest. */
static void resolve_threads(struct config *c)
{
    int64_t processors = processors_here();
    if (c->server.loops == 0)
        c->server.loops = processors / 2 > 16 ? 16 : at_least(1, processors / 2);
    if (c->server.hash_workers == 0)
        c->server.hash_workers = at_least(1, processors / 2);
    if (c->server.workers == 0)
        c->server.workers = at_least(8, processors * 4);
}

/* Each worker of either kind holds a connection; the server itself hears other nodes, sends mail and tidies
 * up on three more. */
#define OWN_CONNECTIONS 3

static bool resolve_connections(struct reader *reader, bool workers_are_auto)
{
    struct config *c = reader->config;
    int64_t *limit = &c->storage.postgres_connections;
    int64_t others = c->server.hash_workers + OWN_CONNECTIONS;
    if (*limit != 0 && workers_are_auto && c->server.workers > *limit - others)
        c->server.workers = at_least(1, *limit - others);
    int64_t need = c->server.workers + others;
    if (*limit == 0)
        *limit = need;
    if (need <= *limit)
        return true;
    struct str found = arena_printf(reader->arena, "%lld", (long long)*limit);
    struct str expected =
        arena_printf(reader->arena, "at least %lld: workers, hash workers and three for the server itself",
                     (long long)need);
    return refuse(reader, "storage.postgres.connections", "server.workers", found.at, expected.at);
}

bool config_check(struct reader *reader)
{
    bool workers_are_auto = reader->config->server.workers == 0;
    if (!check_listen(reader) || !check_tenancy(reader) || !check_mail(reader))
        return false;
    resolve_threads(reader->config);
    return resolve_connections(reader, workers_are_auto);
}
