/* Calendar days, as day passes and check-ins have them: a whole number, days since 1970-01-01. */
#ifndef TETHER_SPACES_DAY_H
#define TETHER_SPACES_DAY_H

#include "base/clock.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND)

/* "2026-12-01" to a day from 1970 to 9999. False for anything else. */
bool day_read(struct str text, int64_t *ret);
struct str day_write(struct arena *arena, int64_t day);
/* The day that it is in UTC. */
int64_t day_of(int64_t epoch_us);

/* A day begins and ends at other moments from place to place: these are the first and the last of them
 * anywhere (UTC+14, UTC-12). */
int64_t day_first_moment(int64_t day);
int64_t day_end(int64_t day);

#endif
