#include "cli/breaker.h"

#define DELAY_READY_MS 20
#define DELAY_MAX_MS   5000

bool breaker_crashed(struct breaker *breaker, int64_t now_ms, bool was_ready)
{
    unsigned slot = breaker->count % BREAKER_CRASHES;
    breaker->crashes[slot] = now_ms;
    breaker->count++;
    breaker->failed_starts = was_ready ? 0 : breaker->failed_starts + 1;
    if (breaker->open || breaker->count < BREAKER_CRASHES)
        return false;
    int64_t oldest = breaker->crashes[breaker->count % BREAKER_CRASHES];
    breaker->open = now_ms - oldest <= BREAKER_WINDOW_MS;
    return breaker->open;
}

int64_t breaker_delay_ms(const struct breaker *breaker)
{
    int64_t delay = DELAY_READY_MS;
    for (unsigned i = 0; i < breaker->failed_starts && delay < DELAY_MAX_MS; i++)
        delay *= 4;
    return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}
