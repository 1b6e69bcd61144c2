/* Times of last use; see recent.h. */
#include "base/recent.h"

#include <pthread.h>
#include <stdlib.h>

#define WAYS   8
#define SHARDS 64

struct entry {
    int64_t group, id;
    int64_t at;      /* 0: free */
    int64_t written; /* the `at` that was written down */
};

struct set {
    struct entry way[WAYS];
};

struct recent {
    pthread_mutex_t lock[SHARDS];
    size_t set_count; /* a power of two, a multiple of SHARDS */
    struct set sets[];
};

struct recent *recent_new(size_t slots)
{
    size_t sets = SHARDS;
    while (sets * WAYS < slots)
        sets *= 2;
    struct recent *recent = calloc(1, sizeof(*recent) + sets * sizeof(struct set));
    if (!recent)
        abort();
    recent->set_count = sets;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&recent->lock[i], NULL);
    return recent;
}

void recent_free(struct recent **recent)
{
    if (!*recent)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&(*recent)->lock[i]);
    free(*recent);
    *recent = NULL;
}

static size_t set_of(const struct recent *recent, int64_t id)
{
    return (size_t)((uint64_t)id * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (recent->set_count - 1);
}

static struct entry *find(struct set *set, int64_t id)
{
    for (size_t w = 0; w < WAYS; w++)
        if (set->way[w].at && set->way[w].id == id)
            return &set->way[w];
    return NULL;
}

static bool gives_way_before(const struct entry *a, const struct entry *b)
{
    bool a_written = a->at == a->written, b_written = b->at == b->written;
    return a_written != b_written ? a_written : a->at < b->at;
}

static struct entry *find_room(struct set *set)
{
    struct entry *found = &set->way[0];
    for (size_t w = 1; w < WAYS; w++)
        if (gives_way_before(&set->way[w], found))
            found = &set->way[w];
    return found;
}

void recent_note(struct recent *recent, int64_t group, int64_t id, int64_t at)
{
    size_t index = set_of(recent, id);
    pthread_mutex_lock(&recent->lock[index % SHARDS]);
    struct entry *entry = find(&recent->sets[index], id);
    if (!entry) {
        entry = find_room(&recent->sets[index]);
        *entry = (struct entry){ .group = group, .id = id };
    }
    if (at > entry->at)
        entry->at = at;
    pthread_mutex_unlock(&recent->lock[index % SHARDS]);
}

int64_t recent_at(struct recent *recent, int64_t id)
{
    size_t index = set_of(recent, id);
    pthread_mutex_lock(&recent->lock[index % SHARDS]);
    const struct entry *entry = find(&recent->sets[index], id);
    int64_t at = entry ? entry->at : 0;
    pthread_mutex_unlock(&recent->lock[index % SHARDS]);
    return at;
}

/* Marks what it takes as written. */
static size_t take_set(struct recent *recent, size_t index, struct recent_item *items)
{
    size_t n = 0;
    pthread_mutex_lock(&recent->lock[index % SHARDS]);
    for (size_t w = 0; w < WAYS; w++) {
        struct entry *entry = &recent->sets[index].way[w];
        if (entry->at == entry->written)
            continue;
        items[n++] = (struct recent_item){ entry->group, entry->id, entry->at };
        entry->written = entry->at;
    }
    pthread_mutex_unlock(&recent->lock[index % SHARDS]);
    return n;
}

static void give_back(struct recent *recent, const struct recent_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t index = set_of(recent, items[i].id);
        pthread_mutex_lock(&recent->lock[index % SHARDS]);
        struct entry *entry = find(&recent->sets[index], items[i].id);
        if (entry)
            entry->written = 0;
        pthread_mutex_unlock(&recent->lock[index % SHARDS]);
    }
}

struct taken {
    struct recent_item *items;
    size_t n, cap;
};

static void make_room(struct taken *taken)
{
    if (taken->n + WAYS <= taken->cap)
        return;
    taken->cap = taken->cap ? 2 * taken->cap : 64 * WAYS;
    taken->items = reallocarray(taken->items, taken->cap, sizeof(taken->items[0]));
    if (!taken->items)
        abort();
}

static struct taken take_all(struct recent *recent)
{
    struct taken taken = { 0 };
    for (size_t index = 0; index < recent->set_count; index++) {
        make_room(&taken);
        taken.n += take_set(recent, index, taken.items + taken.n);
    }
    return taken;
}

static int by_id(const void *a, const void *b)
{
    const struct recent_item *one = a, *other = b;
    return one->id < other->id ? -1 : one->id > other->id;
}

/* In the order of the rows: neighbours share a page, which is then written once and not once a batch; and
 * nodes that write the same rows lock them in the same order. */
bool recent_flush(struct recent *recent, recent_write_fn write, void *context)
{
    struct taken taken = take_all(recent);
    size_t done = 0;
    qsort(taken.items, taken.n, sizeof(taken.items[0]), by_id);
    while (done < taken.n) {
        size_t n = taken.n - done < RECENT_BATCH ? taken.n - done : RECENT_BATCH;
        if (!write(context, taken.items + done, n))
            break;
        done += n;
    }
    bool all = done == taken.n;
    give_back(recent, taken.items + done, taken.n - done);
    free(taken.items);
    return all;
}
