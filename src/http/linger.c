/* Lingering sockets: half-closed, read into nothing for a moment. */
#include "http/linger.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_MAX ((size_t)1 << 20) /* per socket and sweep */

void linger_add(struct linger_list *linger, int fd, uint64_t now_ms)
{
    if (linger->n == LINGER_MAX) {
        close(fd);
        return;
    }
    shutdown(fd, SHUT_WR);
    linger->fds[linger->n] = fd;
    linger->until_ms[linger->n++] = now_ms + LINGER_MS;
}

/* True when the peer has closed too. */
static bool drain(int fd)
{
    char sink[16384];
    for (size_t total = 0; total < READ_MAX;) {
        ssize_t n = recv(fd, sink, sizeof sink, MSG_DONTWAIT);
        if (n <= 0)
            return n == 0 || (errno != EAGAIN && errno != EINTR);
        total += (size_t)n;
    }
    return false;
}

void linger_sweep(struct linger_list *linger, uint64_t now_ms, bool all)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < linger->n; i++) {
        if (drain(linger->fds[i]) || all || now_ms >= linger->until_ms[i]) {
            close(linger->fds[i]);
            continue;
        }
        linger->fds[kept] = linger->fds[i];
        linger->until_ms[kept++] = linger->until_ms[i];
    }
    linger->n = kept;
}
