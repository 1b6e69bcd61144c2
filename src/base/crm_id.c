/* crm ids, both ways. */
#include "base/crm_id.h"

#include <inttypes.h>

#include "base/clock.h"

#define SECONDS_DIGITS 8
#define ID_DIGITS      16

static uint32_t seconds_of(int64_t created_at)
{
    return (uint32_t)(created_at / CLOCK_SECOND);
}

struct str crm_id(struct arena *arena, int64_t created_at, int64_t id)
{
    return arena_printf(arena, "%08" PRIx32 "%016" PRIx64, seconds_of(created_at), (uint64_t)id);
}

/* Lower-case hex digits only: there is one way to write an id. */
static bool parse_hex(struct str digits, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.at[i];
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *ret = value;
    return true;
}

bool crm_id_parse(struct str text, int64_t *ret_seconds, int64_t *ret_id)
{
    uint64_t seconds, id;
    if (text.len != SECONDS_DIGITS + ID_DIGITS)
        return false;
    if (!parse_hex(str_sub(text, 0, SECONDS_DIGITS), &seconds) ||
        !parse_hex(str_sub(text, SECONDS_DIGITS, ID_DIGITS), &id))
        return false;
    if (id == 0 || id > INT64_MAX)
        return false;
    *ret_seconds = (int64_t)seconds;
    *ret_id = (int64_t)id;
    return true;
}

bool crm_id_matches(int64_t seconds, int64_t created_at)
{
    return seconds == (int64_t)seconds_of(created_at);
}
