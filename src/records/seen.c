/* A hash table with open addressing, never more than half full. */
#include "records/seen.h"

#include <stdlib.h>

#include "base/random.h"

struct entry {
    uint64_t hash[2];
    size_t line; /* 0: empty */
};

struct seen {
    unsigned char key[KEYED_HASH_KEY_BYTES];
    struct entry *at;
    size_t n, cap; /* a power of two */
};

static struct entry *allocate(size_t cap)
{
    struct entry *at = calloc(cap, sizeof *at);
    if (!at)
        abort();
    return at;
}

struct seen *seen_new(void)
{
    struct seen *seen = malloc(sizeof *seen);
    if (!seen)
        abort();
    *seen = (struct seen){ .cap = 1024, .at = allocate(1024) };
    random_bytes(seen->key, sizeof seen->key);
    return seen;
}

void seen_free(struct seen **seen)
{
    if (*seen)
        free((*seen)->at);
    free(*seen);
    *seen = NULL;
}

/* Where it is, or would be. */
static struct entry *place(struct entry *at, size_t cap, const uint64_t hash[2])
{
    size_t i = hash[0] & (cap - 1);
    while (at[i].line && (at[i].hash[0] != hash[0] || at[i].hash[1] != hash[1]))
        i = (i + 1) & (cap - 1);
    return &at[i];
}

static void grow(struct seen *seen)
{
    size_t cap = 2 * seen->cap;
    struct entry *at = allocate(cap);
    for (size_t i = 0; i < seen->cap; i++)
        if (seen->at[i].line)
            *place(at, cap, seen->at[i].hash) = seen->at[i];
    free(seen->at);
    seen->at = at;
    seen->cap = cap;
}

size_t seen_add(struct seen *seen, struct str text, size_t line)
{
    struct entry entry = { .line = line };
    keyed_hash(seen->key, text.at, text.len, entry.hash);
    struct entry *at = place(seen->at, seen->cap, entry.hash);
    if (at->line)
        return at->line;
    *at = entry;
    if (2 * ++seen->n > seen->cap)
        grow(seen);
    return 0;
}

bool seen_has(const struct seen *seen, struct str text)
{
    uint64_t hash[2];
    keyed_hash(seen->key, text.at, text.len, hash);
    return place(seen->at, seen->cap, hash)->line != 0;
}
