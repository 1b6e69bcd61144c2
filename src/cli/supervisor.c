#include "cli/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_sink.h"
#include "cli/breaker.h"
#include "cli/notify.h"
#include "cli/server.h"
#include "cli/trim.h"

/* How long after the drain's own deadline the server process may take to exit. */
#define STOP_MARGIN_MS 5000

struct supervisor {
    struct cli *cli;
    struct http_listeners *listeners;
    struct breaker breaker;
    int signals;
    pid_t child;  /* 0: none at the moment */
    int lifeline; /* write end; the kernel closes it when we die, and the child sees that */
    int status;   /* read end; -1 when the child has closed it */
    bool child_ready, ever_ready;
    bool stopping;
    int64_t wake_ms; /* stopping: when to kill; no child: when to start one. 0: never */
    bool done;
    int exit_code;
};

static void finish(struct supervisor *sv, int exit_code)
{
    sv->done = true;
    sv->exit_code = exit_code;
}

/* The pid comes from before the fork: if it is no longer our parent's, that one died before prctl() took
 * effect. */
static void tie_to_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(SERVER_GAVE_UP);
}

static __attribute__((noreturn)) void run_child(struct supervisor *sv, pid_t parent, int lifeline, int status)
{
    tie_to_parent(parent);
    close(sv->signals);
    const struct server_start start = {
        .config = sv->cli->config,
        .config_path = sv->cli->config_path,
        .listeners = sv->listeners,
        .http2 = !sv->breaker.open,
        .lifeline = lifeline,
        .status = status,
    };
    exit(server_run(&start));
}

static void close_pipe(int pipe_fds[2])
{
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static bool open_pipes(int lifeline[2], int status[2])
{
    if (pipe2(lifeline, O_CLOEXEC) != 0)
        return false;
    if (pipe2(status, O_CLOEXEC) == 0)
        return true;
    close_pipe(lifeline);
    return false;
}

static bool start_child(struct supervisor *sv)
{
    int lifeline[2], status[2];
    if (!open_pipes(lifeline, status))
        return false;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        close(lifeline[1]);
        close(status[0]);
        run_child(sv, parent, lifeline[0], status[1]);
    }
    close(lifeline[0]);
    close(status[1]);
    if (pid < 0) {
        close(lifeline[1]);
        close(status[0]);
        return false;
    }
    sv->child = pid;
    sv->child_ready = false;
    sv->lifeline = lifeline[1];
    sv->status = status[0];
    sv->wake_ms = 0;
    return true;
}

static void close_status(struct supervisor *sv)
{
    if (sv->status >= 0)
        close(sv->status);
    sv->status = -1;
}

static void hear_child(struct supervisor *sv)
{
    char byte;
    ssize_t got = read(sv->status, &byte, 1);
    if (got == 0 || (got < 0 && errno != EINTR)) {
        close_status(sv);
        return;
    }
    if (got == 1 && byte == SERVER_SAYS_READY) {
        sv->child_ready = sv->ever_ready = true;
        trim_memory();
    }
    if (got == 1)
        notify_manager("READY=1");
}

static void plan_restart(struct supervisor *sv)
{
    sv->wake_ms = clock_monotonic_ms() + breaker_delay_ms(&sv->breaker);
}

static void child_crashed(struct supervisor *sv, int how)
{
    log_event(LOG_ERROR, "the server process died; starting it again",
              LOG_I("signal", WIFSIGNALED(how) ? WTERMSIG(how) : 0),
              LOG_I("exit_code", WIFEXITED(how) ? WEXITSTATUS(how) : 0));
    if (breaker_crashed(&sv->breaker, clock_monotonic_ms(), sv->child_ready))
        log_event(LOG_ERROR, "ALARM: the server process keeps dying; HTTP/2 is off from now on",
                  LOG_I("crashes", BREAKER_CRASHES), LOG_I("within_seconds", BREAKER_WINDOW_MS / 1000));
    plan_restart(sv);
}

static void child_died_at_start(struct supervisor *sv, int how)
{
    if (WIFSIGNALED(how))
        cli_fail("The server process died while starting (signal %d).", WTERMSIG(how));
    finish(sv, CLI_FAILED);
}

static void child_ended(struct supervisor *sv, int how)
{
    bool clean = WIFEXITED(how) && WEXITSTATUS(how) == SERVER_STOPPED;
    bool gave_up = WIFEXITED(how) && WEXITSTATUS(how) == SERVER_GAVE_UP;
    sv->child = 0;
    close(sv->lifeline);
    close_status(sv);
    if (sv->stopping)
        finish(sv, clean ? CLI_OK : CLI_FAILED);
    else if (gave_up)
        finish(sv, CLI_FAILED); /* it has said why, and a restart would not help */
    else if (!sv->ever_ready)
        child_died_at_start(sv, how);
    else if (clean)
        plan_restart(sv); /* somebody stopped the server process alone */
    else
        child_crashed(sv, how);
}

static void reap(struct supervisor *sv)
{
    int how;
    while (sv->child > 0 && waitpid(sv->child, &how, WNOHANG) == sv->child) {
        while (sv->status >= 0) /* what it said last */
            hear_child(sv);
        child_ended(sv, how);
    }
}

static void begin_stop(struct supervisor *sv)
{
    if (sv->stopping)
        return;
    sv->stopping = true;
    notify_manager("STOPPING=1");
    http_listeners_close(&sv->listeners); /* so that only the child decides when the port is free */
    if (sv->child == 0) {
        finish(sv, CLI_OK);
        return;
    }
    kill(sv->child, SIGTERM);
    sv->wake_ms = clock_monotonic_ms() + sv->cli->config->server.drain_us / 1000 + STOP_MARGIN_MS;
}

/* Keeps the configuration a restarted server process begins with. The server process says in the log what it
 * thinks of it. */
static void reload(struct supervisor *sv)
{
    struct config_error error;
    const char *key;
    notify_manager("RELOADING=1");
    struct config *next = config_load(sv->cli->config_path, &error);
    if (next && config_can_reload(sv->cli->config, next, &key)) {
        config_free(&sv->cli->config);
        sv->cli->config = next;
        log_set_level(next->log.level);
        log_set_format(next->log.format);
    } else if (next) {
        config_free(&next);
    }
    if (sv->child > 0)
        kill(sv->child, SIGHUP);
}

static void take_signals(struct supervisor *sv)
{
    struct signalfd_siginfo info;
    while (read(sv->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGINT && sv->stopping)
            sv->wake_ms = clock_monotonic_ms(); /* somebody at a terminal who does not want to wait */
        else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            begin_stop(sv);
        else if (info.ssi_signo == SIGHUP)
            reload(sv);
    }
    reap(sv);
}

static void wake(struct supervisor *sv)
{
    sv->wake_ms = 0;
    if (sv->stopping && sv->child > 0) {
        log_event(LOG_ERROR, "the server process did not stop in time; killing it");
        kill(sv->child, SIGKILL);
    } else if (sv->child == 0 && !start_child(sv)) {
        log_event(LOG_ERROR, "the server process cannot be started", LOG_Z("error", strerror(errno)));
        plan_restart(sv);
    }
}

static int timeout_of(const struct supervisor *sv)
{
    if (sv->wake_ms == 0)
        return -1;
    int64_t left = sv->wake_ms - clock_monotonic_ms();
    return left > 0 ? (int)left : 0;
}

static void supervise(struct supervisor *sv)
{
    while (!sv->done) {
        struct pollfd fds[] = { { .fd = sv->signals, .events = POLLIN },
                                { .fd = sv->status, .events = POLLIN } };
        int timeout = timeout_of(sv);
        int ready = poll(fds, 2, timeout);
        if (ready > 0 && fds[1].revents)
            hear_child(sv);
        if (ready > 0 && fds[0].revents)
            take_signals(sv);
        if (!sv->done && sv->wake_ms != 0 && timeout_of(sv) == 0)
            wake(sv);
    }
}

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int supervisor_run(struct cli *cli)
{
    log_sink_never_wait(); /* before it starts a server process again */
    struct supervisor sv = { .cli = cli, .signals = open_signals(), .status = -1 };
    char error[600];
    if (sv.signals < 0)
        return cli_fail("Cannot watch for signals: %s.", strerror(errno));
    sv.listeners = http_listeners_open(cli->config, error, sizeof(error));
    if (!sv.listeners)
        return cli_fail("%s", error);
    if (start_child(&sv))
        supervise(&sv);
    else
        sv.exit_code = cli_fail("The server process cannot be started: %s.", strerror(errno));
    if (sv.listeners)
        http_listeners_close(&sv.listeners);
    close(sv.signals);
    return sv.exit_code;
}
