/* Time. Wall-clock time is epoch microseconds UTC (64-bit), everywhere: code, database, tokens are cut to
 * seconds. Durations and deadlines use the monotonic clock. Thread-safe. */
#ifndef TETHER_BASE_CLOCK_H
#define TETHER_BASE_CLOCK_H

#include "base/arena.h"

#define CLOCK_SECOND INT64_C(1000000) /* in microseconds */

/* Wall clock, epoch microseconds. */
int64_t clock_now(void);

/* Monotonic clock. */
int64_t clock_monotonic_us(void);
int64_t clock_monotonic_ms(void);

/* Tests: from now on clock_now() returns the real time plus `offset` microseconds. */
void clock_shift_for_tests(int64_t offset);

/* "2026-11-22T07:13:04Z"; with microseconds only when there are any: "…04.000123Z". */
struct str clock_iso8601(struct arena *arena, int64_t epoch_us);

/* Reads what clock_iso8601() writes, also with a numeric offset (+02:00). False for anything else. */
bool clock_parse_iso8601(struct str text, int64_t *ret);

#endif
