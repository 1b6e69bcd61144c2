#include "cli/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "api/routes.h"
#include "base/log_sink.h"
#include "cli/caution.h"
#include "cli/store.h"
#include "cli/trim.h"
#include "cli/upkeep.h"
#include "mail/mail.h"
#include "records/runner.h"
#include "storage/changes.h"

#define SCHEMA_RETRY_MS 1000
#define SENTENCE_CAP    600
/* For a slow reader of the log, one that does not read holds up no longer; and for a slow disk. Within the
 * supervisor's STOP_MARGIN_MS. */
#define LAST_LINES_MS      1000
#define LAST_LINES_FILE_MS 4000

struct server {
    const struct server_start *start;
    struct arena *arena;
    struct db *db;
    struct db_conn *conn; /* of this thread: for looking at the schema */
    struct walk *walk;
    struct http_server *http;
    struct mail_sender *mail;
    struct upkeep *upkeep;
    struct import_runner *imports;
    int signals;
    bool schema_known; /* false while the database is away since the start */
};

static int give_up(const char *sentence)
{
    char line[SENTENCE_CAP + 16];
    int len = snprintf(line, sizeof(line), "tether: %s\n", sentence);
    log_sink_write(line, len < (int)sizeof(line) ? (size_t)len : sizeof(line) - 1, true);
    return SERVER_GAVE_UP;
}

static void say(struct server *server, char byte)
{
    if (write(server->start->status, &byte, 1) != 1)
        log_event(LOG_WARN, "the supervisor could not be told", LOG_Z("error", strerror(errno)));
}

/* The database may be away now and come later; but once it answers, its schema must be ours. */
static int check_schema(struct server *server)
{
    char sentence[SENTENCE_CAP];
    enum storage_status status =
        store_check_schema(server->conn, server->db, server->arena, server->start->config_path, true,
                           sentence, sizeof(sentence));
    if (status == STORAGE_DONE)
        return give_up(sentence);
    if (status == STORAGE_OK) {
        server->schema_known = true;
        db_hear_changes(server->db);
        db_disconnect(&server->conn);
        return SERVER_STOPPED;
    }
    if (status != STORAGE_GONE && status != STORAGE_BUSY) {
        snprintf(sentence, sizeof(sentence), "Cannot read the database: %s", db_error(server->conn));
        return give_up(sentence);
    }
    return SERVER_STOPPED;
}

static int open_storage(struct server *server)
{
    struct storage_error error = { STORAGE_OK, "" };
    char sentence[SENTENCE_CAP];
    enum storage_status status =
        store_open_db(server->start->config, false, server->arena, &server->db, &error);
    if (status != STORAGE_OK) {
        snprintf(sentence, sizeof(sentence), "Cannot open the database: %s", error.text);
        return give_up(sentence);
    }
    server->conn = db_connect(server->db);
    int code = check_schema(server);
    if (code == SERVER_STOPPED && !server->schema_known)
        log_event(LOG_WARN, "the database is away; answering 503 until it is back",
                  LOG_Z("error", db_error(server->conn)));
    return code;
}

static bool http2_is_safe(void)
{
    char why[SENTENCE_CAP];
    if (http_guard_self_test(why, sizeof(why)))
        return true;
    log_event(LOG_ERROR, "HTTP/2 stays off: its guards do not work here", LOG_Z("why", why));
    return false;
}

static int open_http(struct server *server)
{
    const struct server_start *start = server->start;
    char sentence[SENTENCE_CAP];
    bool http2 = http2_is_safe() && start->http2 && start->config->server.http2;
    server->walk = walk_new(start->config, server->db, api_route_tables, api_route_table_count, sentence,
                            sizeof(sentence));
    if (server->walk)
        api_prepare(server->walk);
    if (server->walk)
        server->http = http_server_start(start->config, start->listeners, server->walk, http2, sentence,
                                         sizeof(sentence));
    return server->http ? SERVER_STOPPED : give_up(sentence);
}

static int open_mail(struct server *server)
{
    char sentence[SENTENCE_CAP];
    server->mail = mail_sender_start(server->start->config, server->db, sentence, sizeof(sentence));
    return server->mail ? SERVER_STOPPED : give_up(sentence);
}

static int open_upkeep(struct server *server)
{
    server->upkeep = upkeep_start(server->db, server->walk);
    server->imports = import_runner_start(server->walk, server->db);
    if (server->upkeep && server->imports)
        return SERVER_STOPPED;
    if (server->imports)
        import_runner_stop(&server->imports);
    if (server->upkeep)
        upkeep_stop(&server->upkeep);
    mail_sender_stop(&server->mail);
    return give_up("The threads that tidy up and import cannot be started.");
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void refuse_reload(struct config **next, const char *why)
{
    log_event(LOG_ERROR, "the configuration was not reloaded", LOG_Z("why", why));
    config_free(next);
}

/* All or nothing: what cannot be taken over leaves everything as it was. */
static void reload(struct server *server)
{
    struct config_error error;
    char why[SENTENCE_CAP];
    const char *key;
    struct config *next = config_load(server->start->config_path, &error);
    if (!next) {
        refuse_reload(&next, error.text);
        return;
    }
    if (!config_can_reload(walk_config(server->walk), next, &key)) {
        snprintf(why, sizeof(why), "%s cannot change while the server runs; restart it", key);
        refuse_reload(&next, why);
        return;
    }
    if (!http_server_reload(server->http, next, why, sizeof(why))) {
        refuse_reload(&next, why);
        return;
    }
    log_set_level(next->log.level);
    log_set_format(next->log.format);
    caution_log(next);
    walk_reload(server->walk, next);
    log_event(LOG_INFO, "configuration reloaded", LOG_Z("file", server->start->config_path));
}

/* True when it is time to stop. */
static bool take_signal(struct server *server)
{
    struct signalfd_siginfo info;
    while (read(server->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTERM)
            return true;
        reload(server);
        say(server, SERVER_SAYS_RELOADED);
    }
    return false;
}

static int serve(struct server *server)
{
    struct pollfd fds[] = { { .fd = server->signals, .events = POLLIN },
                            { .fd = server->start->lifeline, .events = POLLIN } };
    for (;;) {
        int ready = poll(fds, 2, server->schema_known ? -1 : SCHEMA_RETRY_MS);
        if (ready < 0 && errno != EINTR)
            return give_up("poll() failed in the server process.");
        if (ready > 0 && fds[1].revents)
            _exit(SERVER_GAVE_UP);
        if (ready > 0 && fds[0].revents && take_signal(server))
            return SERVER_STOPPED;
        if (!server->schema_known && check_schema(server) != SERVER_STOPPED)
            return SERVER_GAVE_UP;
    }
}

static void end_log(void)
{
    log_sink_stop(log_sink_is_file() ? LAST_LINES_FILE_MS : LAST_LINES_MS);
}

static void stop(struct server *server)
{
    log_event(LOG_INFO, "stopping");
    if (!http_server_stop(server->http))
        log_event(LOG_WARN, "requests in flight were cut off: the drain time was over");
    mail_sender_stop(&server->mail);
    import_runner_stop(&server->imports);
    upkeep_stop(&server->upkeep);
    log_event(LOG_INFO, "stopped");
    if (http_server_is_stuck(
            server->http)) { /* a worker still uses the walk and storage: nothing may be freed */
        end_log();
        _exit(SERVER_STOPPED);
    }
}

static void release(struct server *server)
{
    if (server->http)
        http_server_free(&server->http);
    if (server->walk)
        walk_free(&server->walk);
    if (server->conn)
        db_disconnect(&server->conn);
    if (server->db)
        db_close(&server->db);
    if (server->signals >= 0)
        close(server->signals);
    arena_free(&server->arena);
}

int server_run(const struct server_start *start)
{
    if (!log_sink_start())
        return give_up("The log cannot be written: no thread can be started, or no memory mapped for it.");
    struct server server = { .start = start, .arena = arena_new(SIZE_MAX), .signals = open_signals() };
    int code = open_storage(&server);
    if (code == SERVER_STOPPED)
        code = open_http(&server);
    if (code == SERVER_STOPPED)
        code = open_mail(&server);
    if (code == SERVER_STOPPED)
        code = open_upkeep(&server);
    if (code == SERVER_STOPPED) {
        say(&server,
            SERVER_SAYS_READY); /* first: whoever reads the log may count on the supervisor knowing */
        log_event(LOG_INFO, "ready", LOG_Z("version", TETHER_VERSION), LOG_I("pid", getpid()));
        trim_memory();
        code = serve(&server);
        stop(&server);
    }
    release(&server);
    end_log();
    return code;
}
