/* The bounded map; see cache.h. */
#include "base/cache.h"

#include <pthread.h>
#include <sodium.h>

#define WAYS   8  /* entries of a set */
#define SHARDS 64 /* locks */
#define TRIES  64 /* to take a lock; a few microseconds */
#define GRAIN  64 /* values are given room in multiples of so many bytes */

_Static_assert(crypto_shorthash_siphashx24_BYTES == 16, "a digest is two words");

struct digest {
    uint64_t word[2];
};

struct entry {
    struct digest key;
    uint32_t used; /* the set's tick at the last use; 0: empty */
    uint16_t size;
    uint16_t room; /* bytes at `value` */
    unsigned char *value;
};

struct set {
    uint32_t tick;
    struct entry way[WAYS];
};

struct cache {
    unsigned char secret[crypto_shorthash_siphashx24_KEYBYTES];
    size_t value_max;
    size_t set_mask;
    pthread_mutex_t lock[SHARDS];
    struct set sets[];
};

static size_t sets_for(size_t entries)
{
    size_t sets = 1;
    while (sets * WAYS < entries)
        sets *= 2;
    return sets;
}

struct cache *cache_new(size_t entries, size_t value_max)
{
    size_t sets = sets_for(entries);
    struct cache *cache = calloc(1, sizeof(*cache) + sets * sizeof(cache->sets[0]));
    if (!cache || value_max > UINT16_MAX)
        abort();
    randombytes_buf(cache->secret, sizeof(cache->secret));
    cache->value_max = value_max;
    cache->set_mask = sets - 1;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&cache->lock[i], NULL);
    return cache;
}

void cache_free(struct cache **cache)
{
    struct cache *freeing = *cache;
    *cache = NULL;
    if (!freeing)
        return;
    for (size_t s = 0; s <= freeing->set_mask; s++)
        for (size_t w = 0; w < WAYS; w++) {
            struct entry *entry = &freeing->sets[s].way[w];
            if (entry->value)
                sodium_memzero(entry->value, entry->room);
            free(entry->value);
        }
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&freeing->lock[i]);
    sodium_memzero(freeing->secret, sizeof(freeing->secret));
    free(freeing);
}

static struct digest digest_of(const struct cache *cache, struct str key)
{
    struct digest digest;
    crypto_shorthash_siphashx24((unsigned char *)&digest, (const unsigned char *)(key.at ? key.at : ""),
                                key.len, cache->secret);
    return digest;
}

static struct entry *find(struct set *set, struct digest key)
{
    for (size_t w = 0; w < WAYS; w++) {
        struct entry *entry = &set->way[w];
        if (entry->used && entry->key.word[0] == key.word[0] && entry->key.word[1] == key.word[1])
            return entry;
    }
    return NULL;
}

static struct entry *oldest(struct set *set)
{
    struct entry *found = &set->way[0];
    for (size_t w = 1; w < WAYS; w++)
        if (set->way[w].used < found->used)
            found = &set->way[w];
    return found;
}

/* Ticks start over when they run out; the order within the set is lost once in four thousand million uses. */
static void mark_used(struct set *set, struct entry *entry)
{
    if (++set->tick == 0)
        for (size_t w = 0; w < WAYS; w++)
            set->way[w].used = set->way[w].used ? 1 : 0;
    set->tick += set->tick == 0 ? 2 : 0;
    entry->used = set->tick;
}

/* Asking never waits: whoever holds the lock only copies a value, but may have lost its CPU meanwhile. */
static bool lock_at_once(pthread_mutex_t *lock)
{
    for (int tries = 0; tries < TRIES; tries++)
        if (pthread_mutex_trylock(lock) == 0)
            return true;
    return false;
}

bool cache_get(struct cache *cache, struct str key, void *ret, size_t cap, size_t *ret_size)
{
    struct digest digest = digest_of(cache, key);
    size_t index = digest.word[0] & cache->set_mask;
    pthread_mutex_t *lock = &cache->lock[index % SHARDS];
    if (!lock_at_once(lock))
        return false;
    struct entry *entry = find(&cache->sets[index], digest);
    bool found = entry && entry->size <= cap;
    if (found) {
        memcpy(ret, entry->value, entry->size);
        *ret_size = entry->size;
        mark_used(&cache->sets[index], entry);
    }
    pthread_mutex_unlock(lock);
    return found;
}

static void make_room(struct entry *entry, size_t size, size_t max)
{
    if (entry->value && size <= entry->room)
        return;
    if (entry->value)
        sodium_memzero(entry->value, entry->room);
    free(entry->value);
    size_t room = (size / GRAIN + 1) * GRAIN;
    entry->room = (uint16_t)(room < max ? room : max);
    entry->value = malloc(entry->room);
    if (!entry->value)
        abort();
}

void cache_put(struct cache *cache, struct str key, const void *value, size_t size)
{
    if (size > cache->value_max)
        return;
    struct digest digest = digest_of(cache, key);
    size_t index = digest.word[0] & cache->set_mask;
    struct set *set = &cache->sets[index];
    pthread_mutex_t *lock = &cache->lock[index % SHARDS];
    pthread_mutex_lock(lock);
    struct entry *entry = find(set, digest);
    if (!entry)
        entry = oldest(set);
    make_room(entry, size, cache->value_max);
    memcpy(entry->value, value, size);
    entry->key = digest;
    entry->size = (uint16_t)size;
    mark_used(set, entry);
    pthread_mutex_unlock(lock);
}
