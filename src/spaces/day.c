#include "spaces/day.h"

#define HOUR_US (INT64_C(3600) * CLOCK_SECOND)

bool day_read(struct str text, int64_t *ret)
{
    char iso[] = "0000-00-00T00:00:00Z";
    int64_t epoch_us;
    if (text.len != 10)
        return false;
    memcpy(iso, text.at, 10);
    if (!clock_parse_iso8601(str_of(iso), &epoch_us) || epoch_us < 0)
        return false;
    *ret = epoch_us / DAY_US;
    return true;
}

struct str day_write(struct arena *arena, int64_t day)
{
    return str_sub(clock_iso8601(arena, day * DAY_US), 0, 10);
}

int64_t day_of(int64_t epoch_us)
{
    return epoch_us / DAY_US;
}

int64_t day_first_moment(int64_t day)
{
    return day * DAY_US - 14 * HOUR_US;
}

int64_t day_end(int64_t day)
{
    return (day + 1) * DAY_US + 12 * HOUR_US;
}
