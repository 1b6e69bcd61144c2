/* The sweeper of a loop's connections. Loop thread only. */
#ifndef TETHER_HTTP_SWEEP_H
#define TETHER_HTTP_SWEEP_H

#include "http/loop.h"

/* Closes who stalls; called by the loop's tick. draining: also who is idle. all: everybody. */
void sweep_connections(struct http_loop *loop, bool draining, bool all);

#endif
