/* Bound sockets: what server.listen names, once per event loop. Knows nothing of libh2o. */
#ifndef TETHER_HTTP_LISTENER_H
#define TETHER_HTTP_LISTENER_H

#include <sys/types.h>

#include "http/server.h"

enum listen_scheme { LISTEN_HTTP = 0, LISTEN_HTTPS, LISTEN_UNIX };

struct http_listener {
    int fd; /* -1 once closed */
    enum listen_scheme scheme;
    unsigned loop; /* the loop that accepts from it */
};

struct http_listeners {
    struct http_listener *at;
    size_t n;
    struct str_list unix_paths; /* to unlink when the owner closes */
    pid_t owner;
};

/* A parsed entry of server.listen. */
struct listen_entry {
    enum listen_scheme scheme;
    char host[256]; /* without brackets; the path of a unix socket */
    char port[8];
};

/* False for anything but http://ADDR:PORT, https://ADDR:PORT, unix:/path. */
bool listen_entry_parse(struct str text, struct listen_entry *ret);

/* The port that a socket is bound to, which server.listen may have left to the system; 0: a unix socket, or none. */
uint16_t listener_port(int fd);

/* Closes this process's sockets, unlinks nothing: the server stops accepting. */
void http_listeners_shut(struct http_listeners *listeners);

#endif
