/* Complaints: what libh2o 2.2.5 would write to stderr while it runs. They become lines of the log, few a
 * minute; nobody waits for them, and the rest is counted. */
#ifndef TETHER_HTTP_COMPLAINT_H
#define TETHER_HTTP_COMPLAINT_H

#include <stdbool.h>
#include <stdint.h>

#define COMPLAINTS_MAX      10 /* in a period */
#define COMPLAINT_PERIOD_MS 60000
#define COMPLAINT_TEXT_MAX  512 /* bytes of one that are kept */

/* How many were let through since when, and how many were not. Zeroed: none yet. */
struct complaint_quota {
    int64_t since_ms;
    unsigned let_through, left_out;
};
/* Whether one more may pass now; now_ms: monotonic. */
bool complaint_quota_admits(struct complaint_quota *quota, int64_t now_ms);
/* How many were left out in a period that is over now, told once. */
unsigned complaint_quota_settle(struct complaint_quota *quota, int64_t now_ms);

/* Once a second, from any loop: logs how many were left out when a period is over. COMPLAINT_NO_MORE: now. */
#define COMPLAINT_NO_MORE INT64_MAX
void complaint_settle(int64_t now_ms);

/* What the library calls to write. For anybody else these do what the C library's do. */
int __fprintf_chk(FILE *stream, int flag, const char *format, ...); /* NOLINT: the C library's own name */
void perror(const char *doing);

#endif
