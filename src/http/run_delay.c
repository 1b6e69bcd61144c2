#include "http/run_delay.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

int run_delay_open(void)
{
    return open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

int64_t run_delay_us(int fd)
{
    char text[96]; /* nanoseconds it ran, nanoseconds it waited, how many times it ran */
    ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    uint64_t waited_ns;
    if (n <= 0)
        return 0;
    text[n] = '\0';
    return sscanf(text, "%*u %" SCNu64, &waited_ns) == 1 ? (int64_t)(waited_ns / 1000) : 0;
}
