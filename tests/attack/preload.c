/* Faults that no client can bring about, for the real server: LD_PRELOAD puts these functions before those of the libraries. Each is
 * quiet unless the folder that ATTACK_FAULTS names has a file of the fault's name.
 *
 *   hang      event loops do not turn
 *   broken    SQLite cannot read assets
 *   noise     sockets cannot be taken from epoll, as far as libh2o is told: it writes to stderr of each
 *   library   libh2o calls itself by another version */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define H2O_USE_LIBUV 0
#include <h2o.h>
#include <sqlite3.h>

static bool is_on(const char *fault)
{
    char path[512];
    const char *folder = getenv("ATTACK_FAULTS");
    return folder && snprintf(path, sizeof path, "%s/%s", folder, fault) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

static void *original(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
{
    while (is_on("hang"))
        usleep(1000);
    int (*wait)(int, struct epoll_event *, int, int) = original("epoll_wait");
    return wait(epfd, events, maxevents, timeout);
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    int (*control)(int, int, int, struct epoll_event *) = original("epoll_ctl");
    int done = control(epfd, op, fd, event);
    if (op != EPOLL_CTL_DEL || !is_on("noise"))
        return done;
    errno = EIO;
    return -1;
}

int sqlite3_step(sqlite3_stmt *statement)
{
    const char *sql = sqlite3_sql(statement);
    if (sql && strstr(sql, "FROM assets") && is_on("broken"))
        return SQLITE_IOERR;
    int (*step)(sqlite3_stmt *) = original("sqlite3_step");
    return step(statement);
}

void h2o_config_init(h2o_globalconf_t *config)
{
    void (*init)(h2o_globalconf_t *) = original("h2o_config_init");
    init(config);
    if (is_on("library"))
        config->server_name = h2o_iovec_init(H2O_STRLIT("h2o/2.2.6"));
}
