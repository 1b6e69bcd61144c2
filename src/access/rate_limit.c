/* Fixed-window counters in a table of fixed size.
 *
 * A key is hashed with SipHash-128 under a random key, so nobody outside can aim at a place in the table. The
 * hash picks a shard (a lock) and in it a set of eight entries that stand in order of use, the latest first.
 * An entry counts what passed, and beside it what was asked: the latter decides who gives way when a set is
 * full of live windows. */
#include "access/rate_limit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"

#define WAYS   8
#define SHARDS 64

struct entry {
    uint64_t key[2];
    int64_t end; /* of the window, epoch microseconds; 0: never used */
    uint32_t passed;
    uint32_t asked;
};
_Static_assert(sizeof(struct entry) == 32, "the header promises 32 bytes per slot");

struct set {
    struct entry ways[WAYS];
};

struct shard {
    pthread_mutex_t lock;
    struct set *sets;
} __attribute__((aligned(64)));

struct rate_limiter {
    struct shard shards[SHARDS];
    struct set *sets;
    size_t sets_per_shard; /* a power of two */
    unsigned char keys[RATE_CLASS_COUNT][crypto_shorthash_siphashx24_KEYBYTES];
};

_Static_assert(sizeof(uint64_t[2]) == crypto_shorthash_siphashx24_BYTES, "the hash fills an entry's key");

struct rate_limiter *rate_limiter_new(size_t slots)
{
    struct rate_limiter *limiter = aligned_alloc(64, sizeof *limiter);
    size_t sets = SHARDS;
    while (sets * WAYS < slots)
        sets *= 2;
    if (!limiter)
        abort();
    limiter->sets = calloc(sets, sizeof(struct set));
    if (!limiter->sets)
        abort();
    limiter->sets_per_shard = sets / SHARDS;
    random_bytes(limiter->keys, sizeof limiter->keys);
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&limiter->shards[i].lock, NULL);
        limiter->shards[i].sets = limiter->sets + i * limiter->sets_per_shard;
    }
    return limiter;
}

void rate_limiter_free(struct rate_limiter **limiter)
{
    if (!*limiter)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&(*limiter)->shards[i].lock);
    free((*limiter)->sets);
    free(*limiter);
    *limiter = NULL;
}

static struct rate configured(const struct config *config, enum rate_class class)
{
    const struct rate none = { 0, 0 };
    switch (class) {
    case RATE_DEFAULT:
        return config->rate_limits.default_;
    case RATE_LOGIN:
        return config->rate_limits.login;
    case RATE_REGISTER:
        return config->rate_limits.register_;
    case RATE_PANEL:
        return config->rate_limits.panel;
    case RATE_VERIFY:
        return config->rate_limits.verify;
    case RATE_UNLIMITED:
    case RATE_CLASS_COUNT:
        break;
    }
    return none;
}

struct rate rate_of_class(const struct config *config, enum rate_class class)
{
    struct rate rate = configured(config, class);
    bool applies = config->rate_limits.enabled && rate.limit > 0 && rate.window_us > 0;
    return applies ? rate : (struct rate){ 0, 0 };
}

int64_t rate_window_end(const struct rate *rate, int64_t now)
{
    return now - now % rate->window_us + rate->window_us;
}

/* Whether an entry's window still counts. Calls carry the time at which their request began, so around a
 * window's end an older call may meet a younger one's window: it counts there. An end further away is left
 * from before the clock or the configured window changed. */
static bool is_current(const struct entry *entry, const struct rate *rate, int64_t now)
{
    return entry->end > now && entry->end <= rate_window_end(rate, now) + rate->window_us;
}

static int find_way(const struct set *set, const uint64_t key[2])
{
    for (int way = 0; way < WAYS; way++) {
        const struct entry *entry = &set->ways[way];
        if (entry->end != 0 && entry->key[0] == key[0] && entry->key[1] == key[1])
            return way;
    }
    return -1;
}

/* The way that gives room to a new key: one whose window is over, else the one that asked least; of several
 * the one that was not used for longest. */
static int victim_way(const struct set *set, int64_t now)
{
    int victim = WAYS - 1;
    for (int way = WAYS - 1; way >= 0; way--) {
        if (set->ways[way].end <= now)
            return way;
        if (set->ways[way].asked < set->ways[victim].asked)
            victim = way;
    }
    return victim;
}

/* Moves a way to the front, its place in the order of use. */
static struct entry *touch_way(struct set *set, int way)
{
    struct entry entry = set->ways[way];
    memmove(&set->ways[1], &set->ways[0], (size_t)way * sizeof entry);
    set->ways[0] = entry;
    return &set->ways[0];
}

static struct set *find_set(struct rate_limiter *limiter, enum rate_class class, struct str key,
                            uint64_t ret_key[2], struct shard **ret_shard)
{
    crypto_shorthash_siphashx24((unsigned char *)ret_key, (const unsigned char *)(key.at ? key.at : ""),
                                key.len, limiter->keys[class]);
    *ret_shard = &limiter->shards[ret_key[0] % SHARDS];
    return &(*ret_shard)->sets[ret_key[1] & (limiter->sets_per_shard - 1)];
}

struct rate_state rate_state_of(const struct rate *rate, int64_t passed, bool allowed, int64_t end)
{
    int64_t remaining = rate->limit > passed ? rate->limit - passed : 0;
    return (struct rate_state){ .applies = true,
                                .allowed = allowed,
                                .limit = rate->limit,
                                .remaining = remaining,
                                .reset = (end + CLOCK_SECOND - 1) / CLOCK_SECOND };
}

/* Under the shard's lock. */
static struct rate_state take_locked(struct set *set, const uint64_t key[2], const struct rate *rate,
                                     int64_t now)
{
    int way = find_way(set, key);
    bool is_known = way >= 0 && is_current(&set->ways[way], rate, now);
    struct entry *entry = touch_way(set, way >= 0 ? way : victim_way(set, now));
    if (!is_known)
        *entry = (struct entry){ .key = { key[0], key[1] }, .end = rate_window_end(rate, now) };
    if (entry->asked < UINT32_MAX)
        entry->asked++;
    bool allowed = entry->passed < rate->limit && entry->passed < UINT32_MAX;
    if (allowed)
        entry->passed++;
    return rate_state_of(rate, entry->passed, allowed, entry->end);
}

static struct rate_state peek_locked(const struct set *set, const uint64_t key[2], const struct rate *rate,
                                     int64_t now)
{
    int way = find_way(set, key);
    if (way < 0 || !is_current(&set->ways[way], rate, now))
        return rate_state_of(rate, 0, true, rate_window_end(rate, now));
    const struct entry *entry = &set->ways[way];
    return rate_state_of(rate, entry->passed, entry->passed < rate->limit, entry->end);
}

static struct rate_state ask_rate(struct rate_limiter *limiter, const struct rate *rate,
                                  enum rate_class class, struct str key, int64_t now, bool counts)
{
    uint64_t hash[2];
    struct shard *shard;
    struct set *set = find_set(limiter, class, key, hash, &shard);
    pthread_mutex_lock(&shard->lock);
    struct rate_state state = counts ? take_locked(set, hash, rate, now) : peek_locked(set, hash, rate, now);
    pthread_mutex_unlock(&shard->lock);
    return state;
}

static struct rate_state ask(struct rate_limiter *limiter, const struct config *config, enum rate_class class,
                             struct str key, int64_t now, bool counts)
{
    struct rate rate = rate_of_class(config, class);
    if (rate.limit == 0)
        return (struct rate_state){ .allowed = true };
    return ask_rate(limiter, &rate, class, key, now, counts);
}

struct rate_state rate_take(struct rate_limiter *limiter, const struct config *config, enum rate_class class,
                            struct str key, int64_t now)
{
    return ask(limiter, config, class, key, now, true);
}

struct rate_state rate_take_own(struct rate_limiter *limiter, const struct rate *rate, struct str key,
                                int64_t now)
{
    return ask_rate(limiter, rate, RATE_DEFAULT, key, now, true);
}

struct rate_state rate_peek(struct rate_limiter *limiter, const struct config *config, enum rate_class class,
                            struct str key, int64_t now)
{
    return ask(limiter, config, class, key, now, false);
}

/* A key's own limit is stricter than the operator's, or there is none of the operator's. */
static bool own_is_lower(const struct config *config, const struct rate_ask *ask)
{
    struct rate class = rate_of_class(config, ask->class);
    return class.limit == 0 || (double)ask->own.limit / (double)ask->own.window_us <
                                   (double)class.limit / (double)class.window_us;
}

struct rate_state rate_answer(struct rate_limiter *limiter, const struct config *config,
                              const struct rate_ask *ask, int64_t now)
{
    if (!ask->takes)
        return rate_peek(limiter, config, ask->class, ask->key, now);
    if (ask->own.limit > 0 && own_is_lower(config, ask))
        return rate_take_own(limiter, &ask->own, ask->key, now);
    return rate_take(limiter, config, ask->class, ask->key, now);
}

/* The /64 of an IPv6 address, or the IPv4 address that it maps. */
static struct str ipv6_key(struct arena *arena, struct in6_addr *address)
{
    char text[INET6_ADDRSTRLEN];
    if (IN6_IS_ADDR_V4MAPPED(address))
        return arena_printf(arena, "%s", inet_ntop(AF_INET, &address->s6_addr[12], text, sizeof text));
    memset(&address->s6_addr[8], 0, 8);
    return arena_printf(arena, "%s/64", inet_ntop(AF_INET6, address, text, sizeof text));
}

struct str rate_address_key(struct arena *arena, struct str address)
{
    struct in6_addr v6;
    struct str bare, zone;
    str_split(address, '%', &bare, &zone); /* fe80::1%eth0 */
    if (inet_pton(AF_INET6, arena_cstr(arena, bare), &v6) == 1)
        return ipv6_key(arena, &v6);
    return arena_copy(arena, address);
}
