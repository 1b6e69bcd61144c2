/* The fault proxy. A link is one client with its connection to the target; whoever of its two pumps ends last
 * closes both sockets, so no descriptor is closed under a thread that still uses it. */
#include "proxy.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PIECE_MAX 16384
/* What the system holds of a client's bytes before a pump takes them; left to itself, megabytes. */
#define CLIENT_HELD 65536

struct link {
    struct fault_proxy *proxy;
    struct link *next;
    int client;
    int target;
    int pumps;      /* that still run */
    bool reset;     /* close with RST */
    bool last_word; /* what the target says next ends the link */
};

struct fault_proxy {
    pthread_mutex_t lock;
    pthread_cond_t quiet; /* no link is left */
    enum fault fault;
    int arg;
    int pieces;
    size_t bytes;
    struct link *links;
    int listener;
    int port;
    const char *target;
    pthread_t acceptor;
};

struct pump {
    struct link *link;
    bool from_client;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void sleep_us(int us)
{
    struct timespec pause = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L };
    nanosleep(&pause, NULL);
}

static int connect_unix(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_port(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_target(const char *target)
{
    return *target == '/' ? connect_unix(target) : connect_port((uint16_t)strtol(target, NULL, 10));
}

/* Wakes both pumps, without a word to the client yet. With the lock held. */
static void end_link(struct link *link, bool reset)
{
    link->reset = link->reset || reset;
    shutdown(link->client, SHUT_RD);
    shutdown(link->target, SHUT_RDWR);
}

static void close_link(struct link *link)
{
    struct linger linger = { .l_onoff = link->reset, .l_linger = 0 };
    setsockopt(link->client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    setsockopt(link->target, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(link->client);
    close(link->target);
}

/* The pump that ends last closes the link. */
static void leave_link(struct link *link)
{
    struct fault_proxy *proxy = link->proxy;
    pthread_mutex_lock(&proxy->lock);
    end_link(link, false);
    bool last = --link->pumps == 0;
    if (last) {
        struct link **at = &proxy->links;
        while (*at != link)
            at = &(*at)->next;
        *at = link->next;
        close_link(link);
        if (!proxy->links)
            pthread_cond_signal(&proxy->quiet);
    }
    pthread_mutex_unlock(&proxy->lock);
    if (last)
        free(link);
}

struct order {
    bool forward;
    bool end;
    int delay_us;
    int gap_us; /* between single bytes; 0: all at once */
};

/* The cuts count pieces from clients and hold for one of them. */
static struct order cut(struct link *link)
{
    struct fault_proxy *proxy = link->proxy;
    if (proxy->pieces != proxy->arg)
        return (struct order){ .forward = true };
    link->reset = true;
    link->last_word = proxy->fault == FAULT_CUT_AFTER;
    return (struct order){ .forward = proxy->fault != FAULT_CUT_BEFORE,
                           .end = proxy->fault != FAULT_CUT_AFTER };
}

static struct order decide(struct link *link, bool from_client)
{
    struct fault_proxy *proxy = link->proxy;
    if (!from_client && link->last_word)
        return (struct order){ .end = true };
    if (from_client)
        proxy->pieces++;
    switch (proxy->fault) {
    case FAULT_DELAY:
        return (struct order){ .forward = true, .delay_us = proxy->arg * 1000 };
    case FAULT_DRIBBLE:
        return (struct order){ .forward = true, .gap_us = proxy->arg };
    case FAULT_SWALLOW:
        return (struct order){ .forward = false };
    case FAULT_CUT_BEFORE:
    case FAULT_CUT_DURING:
    case FAULT_CUT_AFTER:
        return from_client ? cut(link) : (struct order){ .forward = true };
    default:
        return (struct order){ .forward = true };
    }
}

static bool send_all(int fd, const char *data, ssize_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, (size_t)size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        data += sent;
        size -= sent;
    }
    return true;
}

static bool forward(int fd, const char *data, ssize_t size, struct order order)
{
    if (order.delay_us > 0)
        sleep_us(order.delay_us);
    if (order.gap_us == 0)
        return send_all(fd, data, size);
    for (ssize_t i = 0; i < size; i++) {
        if (!send_all(fd, data + i, 1))
            return false;
        sleep_us(order.gap_us);
    }
    return true;
}

/* False: the link is over. */
static bool pump_piece(struct pump *pump)
{
    struct link *link = pump->link;
    char data[PIECE_MAX];
    ssize_t size = recv(pump->from_client ? link->client : link->target, data, sizeof(data), 0);
    if (size <= 0)
        return false;
    pthread_mutex_lock(&link->proxy->lock);
    struct order order = decide(link, pump->from_client);
    link->proxy->bytes += pump->from_client ? (size_t)size : 0;
    pthread_mutex_unlock(&link->proxy->lock);
    if (order.forward && !forward(pump->from_client ? link->target : link->client, data, size, order))
        return false;
    return !order.end;
}

static void *run_pump(void *arg)
{
    struct pump *pump = arg;
    while (pump_piece(pump)) {
    }
    leave_link(pump->link);
    free(pump);
    return NULL;
}

static void start_pump(struct link *link, bool from_client)
{
    struct pump *pump = calloc(1, sizeof(*pump));
    must(pump);
    *pump = (struct pump){ .link = link, .from_client = from_client };
    pthread_t thread;
    must(pthread_create(&thread, NULL, run_pump, pump) == 0);
    pthread_detach(thread);
}

static void adopt(struct fault_proxy *proxy, int client, int target)
{
    struct link *link = calloc(1, sizeof(*link));
    must(link);
    *link = (struct link){ .proxy = proxy, .client = client, .target = target, .pumps = 2 };
    pthread_mutex_lock(&proxy->lock);
    link->next = proxy->links;
    proxy->links = link;
    if (proxy->fault == FAULT_DROP || proxy->fault == FAULT_RESET)
        end_link(link, proxy->fault == FAULT_RESET);
    pthread_mutex_unlock(&proxy->lock);
    start_pump(link, true);
    start_pump(link, false);
}

static void *run_acceptor(void *arg)
{
    struct fault_proxy *proxy = arg;
    for (;;) {
        int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            return NULL; /* fault_proxy_stop() */
        int target = connect_target(proxy->target);
        if (target < 0)
            close(client);
        else
            adopt(proxy, client, target);
    }
}

struct fault_proxy *fault_proxy_start(const char *target)
{
    struct fault_proxy *proxy = calloc(1, sizeof(*proxy));
    must(proxy);
    proxy->target = strdup(target);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    int held = CLIENT_HELD; /* before listen(): what is accepted inherits it */
    must(proxy->target && proxy->listener >= 0);
    must(setsockopt(proxy->listener, SOL_SOCKET, SO_RCVBUF, &held, sizeof(held)) == 0);
    must(bind(proxy->listener, (struct sockaddr *)&address, size) == 0 && listen(proxy->listener, 64) == 0);
    must(getsockname(proxy->listener, (struct sockaddr *)&address, &size) == 0);
    proxy->port = ntohs(address.sin_port);
    pthread_mutex_init(&proxy->lock, NULL);
    pthread_cond_init(&proxy->quiet, NULL);
    must(pthread_create(&proxy->acceptor, NULL, run_acceptor, proxy) == 0);
    return proxy;
}

int fault_proxy_port(const struct fault_proxy *proxy)
{
    return proxy->port;
}

void fault_proxy_set(struct fault_proxy *proxy, enum fault fault, int arg)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->fault = fault;
    proxy->arg = arg;
    proxy->pieces = 0;
    proxy->bytes = 0;
    if (fault == FAULT_DROP || fault == FAULT_RESET) {
        for (struct link *link = proxy->links; link; link = link->next)
            end_link(link, fault == FAULT_RESET);
    }
    pthread_mutex_unlock(&proxy->lock);
}

int fault_proxy_pieces(struct fault_proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    int pieces = proxy->pieces;
    pthread_mutex_unlock(&proxy->lock);
    return pieces;
}

size_t fault_proxy_bytes(struct fault_proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    size_t bytes = proxy->bytes;
    pthread_mutex_unlock(&proxy->lock);
    return bytes;
}

void fault_proxy_await_quiet(struct fault_proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    while (proxy->links)
        pthread_cond_wait(&proxy->quiet, &proxy->lock);
    pthread_mutex_unlock(&proxy->lock);
}

void fault_proxy_stop(struct fault_proxy *proxy)
{
    shutdown(proxy->listener, SHUT_RDWR);
    pthread_join(proxy->acceptor, NULL);
    close(proxy->listener);
    fault_proxy_set(proxy, FAULT_RESET, 0);
    fault_proxy_await_quiet(proxy);
    pthread_mutex_destroy(&proxy->lock);
    pthread_cond_destroy(&proxy->quiet);
    free((char *)proxy->target);
    free(proxy);
}
