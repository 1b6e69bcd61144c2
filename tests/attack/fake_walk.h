/* A walk without tenants or storage, for programs that test or measure the transport alone. */
#ifndef TETHER_TESTS_FAKE_WALK_H
#define TETHER_TESTS_FAKE_WALK_H

#include "request/walk.h"

/* Answers:
 *   /hello          general lane, a short JSON text
 *   /inline         the same, on the event loop
 *   /slow?MS        general lane, after MS milliseconds
 *   /password?MS    password lane, after MS milliseconds
 *   /moves?MS       general lane, then password lane, after MS milliseconds there
 *   /big?KB         general lane, KB KiB of text
 *   /echo           general lane, what the transport made of the request, as JSON
 *   /hang?MS        blocks the event loop, which must never happen
 *   /stats          on the loop, counters as JSON
 * and 400, 413, 414, 431 as the real walk does. `config` is borrowed. */
struct walk *fake_walk_new(const struct config *config);
void fake_walk_free(struct walk **walk);

struct fake_stats {
    int64_t calls;    /* made and not yet freed */
    int64_t running;  /* in walk_run() now */
    int64_t peak;     /* most at once in a lane or a worker */
    int64_t admitted; /* into a lane */
    int64_t ran;      /* by a worker */
    int64_t logged_sent, logged_unsent;
};
struct fake_stats fake_walk_stats(const struct walk *walk);

#endif
