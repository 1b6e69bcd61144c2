/* The transport: listeners, event loops, lanes, workers. The only room that knows libh2o. */
#ifndef TETHER_HTTP_SERVER_H
#define TETHER_HTTP_SERVER_H

#include "config/config.h"
#include "request/walk.h"

struct http_listeners; /* bound sockets, loops × listen entries; inherited over fork */
struct http_server;

/* Binds everything server.listen names, SO_REUSEPORT per loop; takes LISTEN_FDS from a service manager
 * instead when set. NULL with a sentence in error: the entry, what failed and why. */
struct http_listeners *http_listeners_open(const struct config *config, char *error, size_t cap);
void http_listeners_close(struct http_listeners **listeners);

/* Starts loops and workers. http2 false: the breaker or the configuration turned HTTP/2 off. NULL with error.
 */
struct http_server *http_server_start(const struct config *config, struct http_listeners *listeners,
                                      struct walk *walk, bool http2, char *error, size_t cap);
/* New certificates and limits from walk_config(); false with error, and nothing changed. Any thread. */
bool http_server_reload(struct http_server *server, const struct config *config, char *error, size_t cap);
/* Closes this process's listening sockets, finishes what is in flight within server.drain, stops workers and
 * loops. Returns false when the deadline cut something off. */
bool http_server_stop(struct http_server *server);
/* After http_server_stop(): a worker or loop did not come back in time and still uses the walk and storage.
 * Free nothing then; leave the process with _exit(). */
bool http_server_is_stuck(const struct http_server *server);
void http_server_free(struct http_server **server);

/* Call first thing in main(): guards' self-test and clock anchoring. False: HTTP/2 must stay off; why says
 * it. */
bool http_guard_self_test(char *why, size_t cap);

#endif
