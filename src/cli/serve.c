/* tether serve. */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cli/caution.h"
#include "cli/commands.h"
#include "cli/store.h"
#include "cli/supervisor.h"

/* Keys and passwords pass through this memory: no core files, no debugger of the same user. Sanitizer builds
 * stay open, because the leak checker attaches to its own process. */
static void hide_memory(void)
{
    const struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* A descriptor per connection, and some for files and databases. */
static void raise_file_limit(const struct config *config)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)config->server.max_connections + 256;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        log_event(LOG_WARN, "the limit of open files is below server.max_connections",
                  LOG_I("limit", limit.rlim_cur), LOG_I("wanted", wanted));
}

static int run(struct cli *cli)
{
    int code = store_open(cli, STORE_CONFIG);
    if (code != CLI_OK)
        return code;
    log_set_level(cli->config->log.level);
    log_set_format(cli->config->log.format);
    caution_log(cli->config);
    hide_memory();
    raise_file_limit(cli->config);
    return supervisor_run(cli);
}

const struct cli_command serve_command = {
    .name = "serve",
    .summary = "Run the server; SIGTERM drains and stops it, SIGHUP reloads the configuration",
    .run = run,
};
