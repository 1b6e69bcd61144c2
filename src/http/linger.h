/* Closing without a reset: the library closes at once, and a peer that is still sending a refused body would
 * lose the answer. Loop thread only. */
#ifndef TETHER_HTTP_LINGER_H
#define TETHER_HTTP_LINGER_H

#include <stdbool.h>
#include <stdint.h>

#define LINGER_MAX 64 /* per loop; further ones are closed at once */
#define LINGER_MS  2000

struct linger_list {
    int fds[LINGER_MAX];
    uint64_t until_ms[LINGER_MAX];
    unsigned n;
};

/* Takes over `fd`, a duplicate of a socket that the library has just closed. */
void linger_add(struct linger_list *linger, int fd, uint64_t now_ms);
/* Throws away what came, closes who is done or out of time. all: everybody. */
void linger_sweep(struct linger_list *linger, uint64_t now_ms, bool all);

#endif
