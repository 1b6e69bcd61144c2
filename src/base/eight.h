/* Eight bytes of a text at once, without a branch for each. None reads beyond the eight. */
#ifndef TETHER_BASE_EIGHT_H
#define TETHER_BASE_EIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The same byte in all eight places. */
#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (unsigned char)(byte))

static inline uint64_t eight_at(const char *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof(eight));
    return eight;
}

/* Whether one of them is below `limit`, at most 0x80: it alone borrows from the bit above it, and does not have
 * that bit itself. */
static inline bool eight_have_below(uint64_t eight, unsigned char limit)
{
    return ((eight - EIGHT(limit)) & ~eight & EIGHT(0x80)) != 0;
}

static inline bool eight_have(uint64_t eight, char byte)
{
    return eight_have_below(eight ^ EIGHT(byte), 1);
}

/* All of them are ' ' to '~'. The least that is not sets its highest bit in one of the three. */
static inline bool eight_are_printable(uint64_t eight)
{
    return ((eight | (eight - EIGHT(' ')) | (eight + EIGHT(1))) & EIGHT(0x80)) == 0;
}

#endif
