/* How long a thread was ready to run and waited for a processor, as the kernel counts it (/proc/…/schedstat).
 */
#ifndef TETHER_HTTP_RUN_DELAY_H
#define TETHER_HTTP_RUN_DELAY_H

#include <stdint.h>

/* A descriptor for run_delay_us() about the calling thread, for the caller to close; -1 where the kernel does
 * not count. */
int run_delay_open(void);
/* Any thread: microseconds since that thread began; 0 when fd is -1 or cannot be read. */
int64_t run_delay_us(int fd);

#endif
