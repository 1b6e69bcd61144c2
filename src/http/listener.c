/* Listening sockets. TCP sockets are opened once per event loop with SO_REUSEPORT, so that the kernel spreads
 * connections; a unix socket, or one a service manager handed over, is shared: every loop holds a duplicate.
 */
#include "http/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define BACKLOG           4096
#define FIRST_INHERITED   3
#define MAX_INHERITED     64
#define UNIX_SOCKET_UMASK 0117 /* 0660 */

static const char *const scheme_names[] = { "http", "https", "unix" };

static bool copy_text(struct str text, char *ret, size_t cap)
{
    if (text.len == 0 || text.len >= cap)
        return false;
    memcpy(ret, text.at, text.len);
    ret[text.len] = '\0';
    return true;
}

static bool parse_address(struct str text, struct listen_entry *ret)
{
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return false;
    struct str host = str_sub(text, 0, colon - 1);
    struct str port = str_sub(text, colon, text.len);
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']')
        host = str_sub(host, 1, host.len - 2);
    int64_t number;
    if (!str_to_int(port, &number) || number < 0 || number > 65535)
        return false;
    return copy_text(host, ret->host, sizeof ret->host) && copy_text(port, ret->port, sizeof ret->port);
}

bool listen_entry_parse(struct str text, struct listen_entry *ret)
{
    static const struct {
        struct str prefix;
        enum listen_scheme scheme;
    } prefixes[] = { { { "http://", 7 }, LISTEN_HTTP },
                     { { "https://", 8 }, LISTEN_HTTPS },
                     { { "unix:", 5 }, LISTEN_UNIX } };
    *ret = (struct listen_entry){ 0 };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (!str_starts_with(text, prefixes[i].prefix))
            continue;
        ret->scheme = prefixes[i].scheme;
        struct str rest = str_sub(text, prefixes[i].prefix.len, text.len);
        if (ret->scheme != LISTEN_UNIX)
            return parse_address(rest, ret);
        return rest.len > 1 && rest.at[0] == '/' &&
               copy_text(rest, ret->host, sizeof((struct sockaddr_un *)0)->sun_path);
    }
    return false;
}

struct opening {
    struct http_listeners *listeners;
    const struct config *config;
    size_t cap;
    char *error;
    size_t error_cap;
};

static bool refuse(struct opening *opening, const char *entry, const char *what, const char *why)
{
    snprintf(opening->error, opening->error_cap, "server.listen: %s: %s: %s", entry, what, why);
    return false;
}

static void add_listener(struct opening *opening, int fd, enum listen_scheme scheme, unsigned loop)
{
    struct http_listeners *listeners = opening->listeners;
    if (listeners->n == opening->cap) {
        opening->cap = opening->cap ? opening->cap * 2 : 8;
        listeners->at = realloc(listeners->at, opening->cap * sizeof *listeners->at);
        if (!listeners->at)
            abort();
    }
    listeners->at[listeners->n++] = (struct http_listener){ .fd = fd, .scheme = scheme, .loop = loop };
}

/* One duplicate per loop: each loop polls and closes a descriptor of its own. */
static bool share_listener(struct opening *opening, int fd, enum listen_scheme scheme)
{
    add_listener(opening, fd, scheme, 0);
    for (unsigned loop = 1; loop < (unsigned)opening->config->server.loops; loop++) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0)
            return refuse(opening, "sharing", "cannot duplicate the socket", strerror(errno));
        add_listener(opening, copy, scheme, loop);
    }
    return true;
}

uint16_t listener_port(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
    return address.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port) : 0;
}

static int open_tcp(const struct addrinfo *address, bool shared, const char **ret_what)
{
    int on = 1;
    *ret_what = "cannot open a socket";
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    *ret_what = "cannot share the port between loops";
    bool ok = !shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
    if (ok) {
        *ret_what = "cannot bind";
        ok = bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    }
    if (ok)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* SO_REUSEPORT would quietly share the port with another server of the same user; an exclusive bind first
 * tells. */
static bool port_is_free(const struct addrinfo *address, const char **ret_what)
{
    int fd = open_tcp(address, false, ret_what);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static void set_port(struct addrinfo *address, int port)
{
    if (address->ai_family == AF_INET)
        ((struct sockaddr_in *)address->ai_addr)->sin_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in6 *)address->ai_addr)->sin6_port = htons((uint16_t)port);
}

static bool open_tcp_entry(struct opening *opening, const char *text, const struct listen_entry *entry)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *address = NULL;
    int rc = getaddrinfo(entry->host, entry->port, &hints, &address);
    if (rc != 0)
        return refuse(opening, text, "no such address", gai_strerror(rc));
    bool ok = true;
    int port = 0;
    for (unsigned loop = 0; ok && loop < (unsigned)opening->config->server.loops; loop++) {
        const char *what;
        int fd = loop > 0 || port_is_free(address, &what) ? open_tcp(address, true, &what) : -1;
        ok = fd >= 0 || refuse(opening, text, what, strerror(errno));
        if (!ok)
            break;
        add_listener(opening, fd, entry->scheme, loop);
        if (loop == 0) {
            port = listener_port(fd); /* port 0: the others join the one the kernel chose */
            set_port(address, port);
        }
    }
    freeaddrinfo(address);
    if (ok)
        log_event(LOG_INFO, "listening", LOG_Z("address", entry->host), LOG_I("port", port),
                  LOG_Z("scheme", scheme_names[entry->scheme]));
    return ok;
}

/* True when nobody answers at the path any more; the leftover of a process that died is removed. */
static bool clear_stale_socket(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0)
        return true;
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool alive = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno != ECONNREFUSED;
    close(fd);
    if (alive) {
        errno = EADDRINUSE;
        return false;
    }
    return unlink(address->sun_path) == 0;
}

static bool open_unix_entry(struct opening *opening, const char *text, const struct listen_entry *entry)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, entry->host, strlen(entry->host));
    if (!clear_stale_socket(&address))
        return refuse(opening, text, "the path is taken", strerror(errno));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return refuse(opening, text, "cannot open a socket", strerror(errno));
    mode_t before = umask(UNIX_SOCKET_UMASK);
    bool ok = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    umask(before);
    if (!ok || listen(fd, BACKLOG) != 0) {
        int saved = errno;
        close(fd);
        return refuse(opening, text, "cannot bind", strerror(saved));
    }
    struct str_list *paths = &opening->listeners->unix_paths;
    paths->at[paths->n++] = str_of(strdup(entry->host));
    log_event(LOG_INFO, "listening", LOG_Z("address", entry->host), LOG_I("port", 0),
              LOG_Z("scheme", scheme_names[LISTEN_UNIX]));
    return share_listener(opening, fd, LISTEN_UNIX);
}

static bool open_entry(struct opening *opening, struct str text)
{
    struct listen_entry entry;
    char shown[300];
    snprintf(shown, sizeof shown, "\"%.*s\"", STR_ARG(text));
    if (!listen_entry_parse(text, &entry))
        return refuse(opening, shown, "not understood",
                      "expected http://ADDR:PORT, https://ADDR:PORT or unix:/path");
    return entry.scheme == LISTEN_UNIX ? open_unix_entry(opening, shown, &entry)
                                       : open_tcp_entry(opening, shown, &entry);
}

/* A handed-over TCP socket speaks TLS when the configuration says https for its port. */
static enum listen_scheme inherited_scheme(const struct config *config, int fd)
{
    int domain = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX)
        return LISTEN_UNIX;
    int port = listener_port(fd);
    for (size_t i = 0; i < config->server.listen.n; i++) {
        struct listen_entry entry;
        int64_t wanted;
        if (listen_entry_parse(config->server.listen.at[i], &entry) && entry.scheme == LISTEN_HTTPS &&
            str_to_int(str_of(entry.port), &wanted) && wanted == port)
            return LISTEN_HTTPS;
    }
    return LISTEN_HTTP;
}

/* How many sockets a service manager passed to this very process; 0 when none. */
static int inherited_count(void)
{
    int64_t pid, count;
    const char *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
    if (!pid_text || !count_text || !str_to_int(str_of(pid_text), &pid) || pid != getpid())
        return 0;
    if (!str_to_int(str_of(count_text), &count) || count < 1 || count > MAX_INHERITED)
        return 0;
    return (int)count;
}

static bool take_inherited(struct opening *opening, int count)
{
    for (int fd = FIRST_INHERITED; fd < FIRST_INHERITED + count; fd++) {
        int listening = 0;
        socklen_t size = sizeof listening;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening)
            return refuse(opening, "LISTEN_FDS", "not a listening socket",
                          "check the service manager's socket unit");
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        enum listen_scheme scheme = inherited_scheme(opening->config, fd);
        log_event(LOG_INFO, "listening", LOG_Z("address", "inherited"), LOG_I("port", listener_port(fd)),
                  LOG_Z("scheme", scheme_names[scheme]));
        if (!share_listener(opening, fd, scheme))
            return false;
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    return true;
}

static bool open_all(struct opening *opening)
{
    int inherited = inherited_count();
    if (inherited > 0)
        return take_inherited(opening, inherited);
    const struct str_list *entries = &opening->config->server.listen;
    for (size_t i = 0; i < entries->n; i++) {
        if (!open_entry(opening, entries->at[i]))
            return false;
    }
    return true;
}

struct http_listeners *http_listeners_open(const struct config *config, char *error, size_t cap)
{
    struct http_listeners *listeners = calloc(1, sizeof *listeners);
    if (!listeners)
        abort();
    listeners->owner = getpid();
    listeners->unix_paths.at = calloc(config->server.listen.n + 1, sizeof(struct str));
    if (!listeners->unix_paths.at)
        abort();
    struct opening opening = { .listeners = listeners, .config = config, .error = error, .error_cap = cap };
    if (!open_all(&opening))
        http_listeners_close(&listeners);
    return listeners;
}

void http_listeners_shut(struct http_listeners *listeners)
{
    for (size_t i = 0; i < listeners->n; i++) {
        if (listeners->at[i].fd >= 0)
            close(listeners->at[i].fd);
        listeners->at[i].fd = -1;
    }
}

void http_listeners_close(struct http_listeners **listeners)
{
    struct http_listeners *closing = *listeners;
    *listeners = NULL;
    if (!closing)
        return;
    http_listeners_shut(closing);
    for (size_t i = 0; i < closing->unix_paths.n; i++) {
        if (closing->owner == getpid()) /* a forked child leaves the path to its parent */
            unlink(closing->unix_paths.at[i].at);
        free((char *)closing->unix_paths.at[i].at);
    }
    free(closing->unix_paths.at);
    free(closing->at);
    free(closing);
}
