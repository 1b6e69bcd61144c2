/* The bounded map; see cache.h. */
#include "base/cache.h"

#include <pthread.h>
#include <sodium.h>

#define WAYS       8  /* entries of a set */
#define SHARDS_MAX 64 /* locks */
#define TRIES      64 /* to take a lock; a few microseconds */
#define GRAIN      64 /* values are given room in multiples of so many bytes */

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

struct shard {
    pthread_mutex_t lock;
    struct set *sets; /* NULL until something is kept in it */
};

struct cache {
    unsigned char secret[crypto_shorthash_siphashx24_KEYBYTES];
    size_t value_max;
    size_t shard_count, set_count; /* sets of a shard; both are powers of two */
    struct shard shard[SHARDS_MAX];
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
    struct cache *cache = calloc(1, sizeof(*cache));
    if (!cache || value_max > UINT16_MAX)
        abort();
    randombytes_buf(cache->secret, sizeof(cache->secret));
    cache->value_max = value_max;
    cache->shard_count = sets < SHARDS_MAX ? sets : SHARDS_MAX;
    cache->set_count = sets / cache->shard_count;
    for (size_t i = 0; i < cache->shard_count; i++)
        pthread_mutex_init(&cache->shard[i].lock, NULL);
    return cache;
}

static void free_values(struct set *set)
{
    for (size_t w = 0; w < WAYS; w++) {
        struct entry *entry = &set->way[w];
        if (entry->value)
            sodium_memzero(entry->value, entry->room);
        free(entry->value);
    }
}

static void shard_release(struct shard *shard, size_t set_count)
{
    for (size_t s = 0; shard->sets && s < set_count; s++)
        free_values(&shard->sets[s]);
    free(shard->sets);
    pthread_mutex_destroy(&shard->lock);
}

void cache_free(struct cache **cache)
{
    struct cache *freeing = *cache;
    *cache = NULL;
    if (!freeing)
        return;
    for (size_t i = 0; i < freeing->shard_count; i++)
        shard_release(&freeing->shard[i], freeing->set_count);
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

static struct shard *shard_of(struct cache *cache, struct digest digest)
{
    return &cache->shard[digest.word[0] & (cache->shard_count - 1)];
}

/* In a shard that has sets; other bits of the digest than those that chose the shard. */
static struct set *set_of(const struct cache *cache, const struct shard *shard, struct digest digest)
{
    return &shard->sets[(digest.word[0] / SHARDS_MAX) & (cache->set_count - 1)];
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

static bool copy_out(struct set *set, struct digest digest, void *ret, size_t cap, size_t *ret_size)
{
    struct entry *entry = find(set, digest);
    if (!entry || entry->size > cap)
        return false;
    memcpy(ret, entry->value, entry->size);
    *ret_size = entry->size;
    mark_used(set, entry);
    return true;
}

bool cache_get(struct cache *cache, struct str key, void *ret, size_t cap, size_t *ret_size)
{
    struct digest digest = digest_of(cache, key);
    struct shard *shard = shard_of(cache, digest);
    if (!lock_at_once(&shard->lock))
        return false;
    bool found = shard->sets && copy_out(set_of(cache, shard, digest), digest, ret, cap, ret_size);
    pthread_mutex_unlock(&shard->lock);
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

static void make_sets(const struct cache *cache, struct shard *shard)
{
    shard->sets = calloc(cache->set_count, sizeof(*shard->sets));
    if (!shard->sets)
        abort();
}

void cache_put(struct cache *cache, struct str key, const void *value, size_t size)
{
    if (size > cache->value_max)
        return;
    struct digest digest = digest_of(cache, key);
    struct shard *shard = shard_of(cache, digest);
    pthread_mutex_lock(&shard->lock);
    if (!shard->sets)
        make_sets(cache, shard);
    struct set *set = set_of(cache, shard, digest);
    struct entry *entry = find(set, digest);
    if (!entry)
        entry = oldest(set);
    make_room(entry, size, cache->value_max);
    memcpy(entry->value, value, size);
    entry->key = digest;
    entry->size = (uint16_t)size;
    mark_used(set, entry);
    pthread_mutex_unlock(&shard->lock);
}
