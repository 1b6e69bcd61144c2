#include "request/absence.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/random.h"

#define WAYS   8
#define SETS   (ABSENCES_MAX / WAYS)
#define SHARDS 64

/* The tags of a set fill one cache line. 64 bits of hash tell tokens apart, besides those that choose the set:
 * of two million million requests for good tokens, one may meet somebody else's absence, for a minute. */
struct set {
    uint64_t tag[WAYS]; /* 0: empty */
    struct absence way[WAYS];
};
_Static_assert(sizeof(struct set) == 32 * WAYS, "the header promises 32 bytes a token");

struct absences {
    unsigned char secret[KEYED_HASH_KEY_BYTES];
    pthread_mutex_t lock[SHARDS];
    struct set *sets;
    void *memory; /* of the sets, which begin on a cache line in it */
};

struct absences *absences_new(void)
{
    struct absences *absences = calloc(1, sizeof(*absences));
    void *memory = calloc(1, SETS * sizeof(struct set) + 64); /* fresh pages, which cost nothing until used */
    if (!absences || !memory)
        abort();
    absences->memory = memory;
    absences->sets = (struct set *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    random_bytes(absences->secret, sizeof(absences->secret));
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&absences->lock[i], NULL);
    return absences;
}

void absences_free(struct absences **absences)
{
    struct absences *freeing = *absences;
    *absences = NULL;
    if (!freeing)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&freeing->lock[i]);
    secret_wipe(freeing->secret, sizeof(freeing->secret));
    free(freeing->memory);
    free(freeing);
}

struct place {
    struct set *set;
    pthread_mutex_t *lock;
    uint64_t tag;
    size_t any; /* way that gives way when the set is full */
};

static struct place place_of(struct absences *absences, struct str token)
{
    uint64_t hash[2];
    keyed_hash(absences->secret, token.at, token.len, hash);
    size_t index = hash[0] % SETS;
    return (struct place){ .set = &absences->sets[index],
                           .lock = &absences->lock[index % SHARDS],
                           .tag = hash[1] ? hash[1] : 1,
                           .any = (size_t)(hash[0] >> 32) % WAYS };
}

/* WAYS: none. */
static size_t way_of(const struct set *set, uint64_t tag)
{
    size_t way = 0;
    while (way < WAYS && set->tag[way] != tag)
        way++;
    return way;
}

bool absences_get(struct absences *absences, struct str token, struct absence *ret)
{
    struct place place = place_of(absences, token);
    if (pthread_mutex_trylock(place.lock) != 0)
        return false;
    size_t way = way_of(place.set, place.tag);
    if (way < WAYS)
        *ret = place.set->way[way];
    pthread_mutex_unlock(place.lock);
    return way < WAYS;
}

bool absences_know(struct absences *absences, const struct db *db, enum db_subject kind, struct str token,
                   int64_t now, struct absence *ret)
{
    return absences_get(absences, token, ret) && basis_is_young(ret->kept_at, now, KEPT_AGE_MAX_US) &&
           db_stamp_holds(ret->unknown, db_stamp(db, kind, ret->subject));
}

void absences_put(struct absences *absences, struct str token, const struct absence *absence)
{
    struct place place = place_of(absences, token);
    if (absence->unknown.value == 0)
        return;
    pthread_mutex_lock(place.lock);
    size_t way = way_of(place.set, place.tag);
    if (way == WAYS)
        way = way_of(place.set, 0);
    if (way == WAYS)
        way = place.any;
    place.set->tag[way] = place.tag;
    place.set->way[way] = *absence;
    pthread_mutex_unlock(place.lock);
}
