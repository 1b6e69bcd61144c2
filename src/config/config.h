/* The configuration: YAML read strictly into one struct, driven by one table of keys (config_keys.c).
 *
 * A struct config is immutable once loaded; SIGHUP loads a new one. */
#ifndef TETHER_CONFIG_CONFIG_H
#define TETHER_CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

enum config_mode { MODE_SELF_HOSTED = 0, MODE_SAAS };
enum registration { REGISTRATION_OPEN = 0, REGISTRATION_ADMIN, REGISTRATION_CLOSED };

struct str_list {
    struct str *at;
    size_t n;
};

/* Allowed per window; limit 0 means none. "5/minute", "100/second", "1000/hour", "none". */
struct rate {
    int64_t limit;
    int64_t window_us;
};

struct plan {
    struct str name;
    int64_t assets; /* -1: unlimited (the key is absent) */
    int64_t users;
};

struct domain {
    struct str host; /* lower case */
    struct str slug;
};

/* The parts of `http://host` or `https://host:port`. */
struct origin {
    bool is_tls;
    struct str host, port; /* port: empty for the scheme's own */
};

struct config {
    struct arena *arena; /* owns everything here */
    struct str file;     /* as given */
    /* Files that everybody may read although secrets stand in them: worth a warning. config_load() only. */
    struct str_list exposed;

    enum config_mode mode;
    bool demo;
    struct {
        struct str_list listen; /* http://ADDR:PORT, https://ADDR:PORT, unix:/path */
        struct str tls_certificate,
            tls_private_key;                  /* files, made absolute relative to the config's folder */
        int64_t loops, workers, hash_workers; /* resolved: auto is a number here */
        int64_t queue, password_queue;
        int64_t max_body; /* bytes */
        int64_t max_connections;
        bool http2;
        struct str_list trusted_proxies; /* addresses or CIDR; checked */
        struct str_list cors_origins;
        struct str_list metrics_from; /* addresses or CIDR that may read /metrics; default loopback */
        int64_t drain_us;             /* how long SIGTERM waits for work in flight */
        int64_t request_deadline_us;  /* a request's time for storage */
    } server;
    struct {
        struct str driver;      /* "sqlite", "postgres", or a module's absolute path */
        struct str sqlite_path; /* absolute; ":memory:" kept */
        struct str postgres_conninfo;
        int64_t postgres_connections;    /* resolved: every worker's and the server's own */
        struct str_list module_settings; /* "key=value" for a loadable driver */
    } storage;
    struct {
        struct str secret_key; /* ≥ 32 bytes */
        struct str_list previous_secret_keys;
        struct str issuer;
        int64_t access_ttl_us, invitation_ttl_us;
    } tokens;
    struct {
        int64_t memory; /* bytes */
        int64_t iterations;
    } passwords;
    struct {
        struct str root_domain;
        struct str public_url;     /* empty: by the request */
        struct str default_tenant; /* empty: none */
        struct domain *domains;
        size_t domain_count;
        enum registration registration;
    } tenancy;
    struct plan *plans;
    size_t plan_count;
    struct {
        bool enabled;
        struct rate login, register_, default_, panel, verify;
    } rate_limits;
    struct {
        struct str transport; /* file | smtp */
        struct str directory; /* absolute */
        struct str from;
        struct str smtp_url, smtp_user, smtp_password;
    } mail;
    struct {
        struct str webhook_secret; /* ≥ 32 bytes; empty: every webhook is refused */
        int64_t pending_ttl_us;    /* how long seats wait for their payment */
    } payments;
    struct {
        enum log_level level;
        enum log_format format;
    } log;
};

/* "conf/tether.yaml:12: server.queue: found \"many\", expected a whole number from 1 to 1000000". */
struct config_error {
    char text[512];
};

/* Reads `path` (a regular file of ≤ 64 KiB, root's or ours, that only its owner may write), expands ${NAME}
 * from the environment and from a .env file beside it (the environment wins), checks types, ranges and the
 * rules between keys (a secret key of ≥ 32 bytes, TLS files for https listeners, …). Returns NULL with
 * *ret_error filled. Free with config_free(). */
struct config *config_load(const char *path, struct config_error *ret_error);
/* The same from text at hand; `path` is used for messages and relative files. Tests. */
struct config *config_parse(const char *path, struct str yaml, struct config_error *ret_error);
void config_free(struct config **config);

/* The plan of that name; NULL when there is none. */
const struct plan *config_plan(const struct config *config, struct str name);

/* Of an origin that stands in a configuration, as tenancy.public_url. Its parts point into `text`. */
struct origin config_origin(struct str text);

/* One line per key: "server.queue\tnumber\t4096\treload\thelp", for docs and the test that holds conf/
 * against the table. The fourth column says what a change needs: "reload" (SIGHUP) or "restart"; the third is
 * the default as YAML, or "required". */
void config_print_keys(struct buf *out);

/* True when `next` differs from `now` only in what a running server can take over; otherwise *ret_key names
 * the first key that cannot. */
bool config_can_reload(const struct config *now, const struct config *next, const char **ret_key);

#endif
