/* When things were used last: noted in memory as often as they are used, written down in batches by whoever
 * flushes. For times that are worth no write of their own.
 *
 * Memory is fixed: a sharded, set-associative table. When a set is full the entry that was used longest ago
 * gives way, one that was written down first. */
#ifndef TETHER_BASE_RECENT_H
#define TETHER_BASE_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECENT_BATCH 1024

struct recent;

/* slots: entries in all, rounded up to a power of two; 32 bytes each. */
struct recent *recent_new(size_t slots);
void recent_free(struct recent **recent);

/* Any thread, also an event loop: a lock held for a few instructions. id and group are the caller's own;
 * at > 0. An earlier time than the one noted changes nothing. */
void recent_note(struct recent *recent, int64_t group, int64_t id, int64_t at);
/* The latest time noted here; 0: none is known. */
int64_t recent_at(struct recent *recent, int64_t id);

struct recent_item {
    int64_t group, id, at;
};
/* False: not written; try again another time. */
typedef bool (*recent_write_fn)(void *context, const struct recent_item *items, size_t n);
/* Hands over what was noted since it was written down last, by ascending id, at most RECENT_BATCH at a time and
 * without a lock held. False when `write` said so: the rest stays noted. One thread at a time. */
bool recent_flush(struct recent *recent, recent_write_fn write, void *context);

#endif
