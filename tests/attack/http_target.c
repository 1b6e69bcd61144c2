/* A server made of the transport and the fake walk, to be attacked and measured:
 *
 *   http_target [--loops N] [--workers N] [--queue N] [--max-connections N] [--max-body BYTES] [--drain-ms N]
 *               [--stall-ms N] [--watchdog-ms N] [--nofile N] [--tls CERT KEY] [--http1] URL…
 *
 * SIGHUP reads the certificate again. Ends at SIGTERM: exit status 0 when everything in flight was finished,
 * 3 when something was cut off. */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/random.h"
#include "fake_walk.h"
#include "http/internal.h"

struct settings {
    struct config config;
    struct http_limits limits;
    bool http2;
    struct str listen[16];
};

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    { "--loops", offsetof(struct settings, config.server.loops) },
    { "--workers", offsetof(struct settings, config.server.workers) },
    { "--hash-workers", offsetof(struct settings, config.server.hash_workers) },
    { "--queue", offsetof(struct settings, config.server.queue) },
    { "--password-queue", offsetof(struct settings, config.server.password_queue) },
    { "--max-connections", offsetof(struct settings, config.server.max_connections) },
    { "--max-body", offsetof(struct settings, config.server.max_body) },
    { "--stall-ms", offsetof(struct settings, limits.stall_ms) },
    { "--watchdog-ms", offsetof(struct settings, limits.watchdog_ms) },
};

static void set_number(struct settings *settings, const char *name, const char *text)
{
    int64_t number = strtoll(text, NULL, 10);
    if (strcmp(name, "--drain-ms") == 0)
        settings->config.server.drain_us = number * 1000;
    if (strcmp(name, "--nofile") == 0)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)number, (rlim_t)number });
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(name, numbers[i].name) == 0)
            memcpy((char *)settings + numbers[i].offset, &number, sizeof number);
    }
}

static void read_arguments(struct settings *settings, int argc, char **argv)
{
    struct str_list *listen = &settings->config.server.listen;
    listen->at = settings->listen;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) {
            listen->at[listen->n++] = str_of(argv[i]);
        } else if (strcmp(argv[i], "--http1") == 0) {
            settings->http2 = false;
        } else if (strcmp(argv[i], "--tls") == 0 && i + 2 < argc) {
            settings->config.server.tls_certificate = str_of(argv[i + 1]);
            settings->config.server.tls_private_key = str_of(argv[i + 2]);
            i += 2;
        } else if (i + 1 < argc) {
            set_number(settings, argv[i], argv[i + 1]);
            i++;
        }
    }
}

static int fail(const char *what)
{
    fprintf(stderr, "http_target: %s\n", what);
    return 1;
}

static void wait_for_end(struct http_server *server, const struct config *config)
{
    sigset_t set;
    int number = 0;
    char error[512] = "";
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    while (sigwait(&set, &number) == 0 && number == SIGHUP)
        fprintf(stderr, "%s\n", http_server_reload(server, config, error, sizeof error) ? "reloaded" : error);
}

int main(int argc, char **argv)
{
    struct settings settings = { .limits = http_limits_default, .http2 = true };
    settings.config.server = (__typeof__(settings.config.server)){ .loops = 1,
                                                                   .workers = 4,
                                                                   .hash_workers = 1,
                                                                   .queue = 4096,
                                                                   .password_queue = 64,
                                                                   .max_body = 262144,
                                                                   .max_connections = 10000,
                                                                   .drain_us = 5000000 };
    char error[512] = "";
    random_init();
    json_init();
    read_arguments(&settings, argc, argv);
    if (!http_guard_self_test(error, sizeof error))
        return fail(error);
    struct http_listeners *listeners = http_listeners_open(&settings.config, error, sizeof error);
    if (!listeners)
        return fail(error);
    struct walk *walk = fake_walk_new(&settings.config);
    struct http_server *server = http_server_start_limited(&settings.config, listeners, walk, settings.http2,
                                                           &settings.limits, error, sizeof error);
    if (!server)
        return fail(error);
    wait_for_end(server, &settings.config);
    bool clean = http_server_stop(server);
    if (http_server_is_stuck(server))
        _exit(4);
    struct fake_stats stats = fake_walk_stats(walk);
    http_server_free(&server);
    http_listeners_close(&listeners);
    fprintf(stderr, "{\"stopped\":%s,\"calls\":%ld}\n", clean ? "true" : "false", (long)stats.calls);
    if (stats.calls == 0)
        fake_walk_free(&walk);
    return clean && stats.calls == 0 ? 0 : 3;
}
