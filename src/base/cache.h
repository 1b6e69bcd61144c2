/* A bounded, thread-safe map from keys to flat values, for what can be read again.
 *
 * How many entries there can be is fixed at birth; their places are made, a shard at a time, when the first value of
 * the shard comes. It is set-associative: a key has its place in one small set, and when the set is
 * full the entry that was not used for longest gives way. Values are copied in and out under a lock of the
 * set's shard, so nobody ever holds a pointer into the cache. Whether a value still holds is the caller's to
 * judge; put what tells it into the value. */
#ifndef TETHER_BASE_CACHE_H
#define TETHER_BASE_CACHE_H

#include "base/arena.h"

struct cache;

/* entries: rounded up to a power of two; value_max: bytes of the largest value that is kept, below 64 KiB.
 * The memory of an entry is taken when it is first used, as much as its largest value so far needs. */
struct cache *cache_new(size_t entries, size_t value_max);
/* Wipes and frees. */
void cache_free(struct cache **cache);

/* Copies the value of `key` to `ret` (cap bytes) and its size to *ret_size; false when there is none, when it
 * does not fit, or when the lock could not be had at once: asking never blocks. Keys are compared by a
 * 128-bit SipHash under a random key. */
bool cache_get(struct cache *cache, struct str key, void *ret, size_t cap, size_t *ret_size);
/* Keeps a copy; larger than value_max: nothing happens. */
void cache_put(struct cache *cache, struct str key, const void *value, size_t size);

#endif
