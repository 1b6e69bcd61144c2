/* A TCP proxy that misbehaves on request: what networks and servers do on bad days, on purpose and on
 * loopback.
 *
 * It listens on 127.0.0.1 and forwards each connection to one target. Two threads per connection pump the two
 * directions; the behaviour is looked up for each piece of data, so a change holds from the next piece on. */
#ifndef TETHER_TESTS_FAULT_PROXY_H
#define TETHER_TESTS_FAULT_PROXY_H

#include <stddef.h>

struct fault_proxy;

enum fault {
    FAULT_NONE,       /* forward */
    FAULT_DELAY,      /* forward each piece `arg` milliseconds later */
    FAULT_DRIBBLE,    /* forward byte by byte, `arg` microseconds apart */
    FAULT_SWALLOW,    /* read everything, forward nothing, close nothing: a half-open connection */
    FAULT_DROP,       /* end all connections with FIN, new ones too */
    FAULT_RESET,      /* end all connections with RST, new ones too */
    FAULT_CUT_BEFORE, /* RST instead of forwarding the `arg`-th piece from a client; then forward again */
    FAULT_CUT_DURING, /* RST right after forwarding the `arg`-th piece */
    FAULT_CUT_AFTER /* RST once the target has answered the `arg`-th piece; the client does not see the answer
                     */
};

/* target: the path of a unix socket, or the number of a port on 127.0.0.1. Aborts when it cannot listen. */
struct fault_proxy *fault_proxy_start(const char *target);
int fault_proxy_port(const struct fault_proxy *proxy);
void fault_proxy_set(struct fault_proxy *proxy, enum fault fault, int arg);
/* Pieces from clients since the last fault_proxy_set(). */
int fault_proxy_pieces(struct fault_proxy *proxy);
/* Their bytes. */
size_t fault_proxy_bytes(struct fault_proxy *proxy);
/* Waits until no connection is left, so that no last piece of an old one is counted for a new one. */
void fault_proxy_await_quiet(struct fault_proxy *proxy);
/* Ends all connections and frees the proxy. */
void fault_proxy_stop(struct fault_proxy *proxy);

#endif
