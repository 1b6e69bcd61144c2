/* Time. Wall-clock time is epoch microseconds UTC (64-bit), everywhere: code, database, tokens are cut to
 * seconds. Durations and deadlines use the monotonic clock. Thread-safe. */
#ifndef TETHER_BASE_CLOCK_H
#define TETHER_BASE_CLOCK_H

#include "base/arena.h"

#define CLOCK_SECOND INT64_C(1000000) /* in microseconds */
#define CLOCK_DAY    (INT64_C(86400) * CLOCK_SECOND)

/* Wall clock, epoch microseconds. */
int64_t clock_now(void);

/* Monotonic clock. */
int64_t clock_monotonic_us(void);
int64_t clock_monotonic_ms(void);

/* Tests: from now on clock_now() returns the real time plus `offset` microseconds. */
void clock_shift_for_tests(int64_t offset);

/* "2026-11-22T07:13:04Z"; with microseconds only when there are any: "…04.000123Z". */
struct str clock_iso8601(struct arena *arena, int64_t epoch_us);

/* The same without an arena; with_micros: always six digits. Returns the length without NUL. */
#define CLOCK_ISO8601_CAP 48
size_t clock_format_iso8601(char ret[CLOCK_ISO8601_CAP], int64_t epoch_us, bool with_micros);

/* For people: "22 November 2026, 07:13 UTC". */
struct str clock_in_words(struct arena *arena, int64_t epoch_us);

/* Reads what clock_iso8601() writes, also with 1 to 6 digits after the point and with a numeric offset
 * (+02:00). Dates must exist; leap seconds, lower-case letters and anything else: false. */
bool clock_parse_iso8601(struct str text, int64_t *ret);

#endif
