/* What processors move between them. What one wrote last takes another longer to get than most of what is
 * done with it; so threads write to lines of their own, and ask ahead for what they are handed. */
#ifndef TETHER_BASE_CACHE_LINE_H
#define TETHER_BASE_CACHE_LINE_H

#include <stdlib.h>

#include "base/str.h"

#define CACHE_LINE   64                /* bytes; where lines are longer, some are asked for twice */
#define PREFETCH_MAX (96 * CACHE_LINE) /* more would push out what was asked for first */

/* Has the processor fetch it meanwhile. Nothing is read: the memory may be somebody else's by now, or
 * nobody's. */
static inline void cache_line_prefetch(struct str memory)
{
    size_t len = memory.len < PREFETCH_MAX ? memory.len : PREFETCH_MAX;
    for (size_t at = 0; at < len; at += CACHE_LINE)
        __builtin_prefetch(memory.at + at);
}

/* Zeroed, for structs with members on lines of their own. NULL: no memory. Free with free(). */
static inline void *cache_line_alloc(size_t size)
{
    size_t lines = size / CACHE_LINE + 1;
    void *memory = aligned_alloc(CACHE_LINE, lines * CACHE_LINE);
    return memory ? memset(memory, 0, size) : NULL;
}

#endif
