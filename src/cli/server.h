/* The server process: everything behind the sockets. The supervisor forks it, watches it and starts it anew.
 */
#ifndef TETHER_CLI_SERVER_H
#define TETHER_CLI_SERVER_H

#include "http/server.h"

struct server_start {
    const struct config *config;
    const char *config_path; /* read again on SIGHUP */
    struct http_listeners *listeners;
    bool http2;   /* false: the breaker is open */
    int lifeline; /* readable when the supervisor is dead */
    int status;   /* SERVER_SAYS_… bytes go here */
};

/* One byte each on the status pipe. */
enum { SERVER_SAYS_READY = 'R', SERVER_SAYS_RELOADED = 'L' };

/* Exit codes. GAVE_UP: it cannot work, has said why, and starting it again would not help. */
enum { SERVER_STOPPED = 0, SERVER_GAVE_UP = 78 };

/* Serves until SIGTERM, then drains; reloads on SIGHUP. SIGTERM and SIGHUP are blocked and read from a
 * signalfd. When the supervisor dies it leaves at once, without draining, so that nothing holds the port or
 * the database. */
int server_run(const struct server_start *start);

#endif
