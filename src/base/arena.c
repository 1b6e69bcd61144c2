/* Blocks of growing size in a list, a cursor into the newest. The arena's own struct stands at the start of
 * its first block, so a request that needs little costs one malloc. Under AddressSanitizer everything that
 * was not handed out is poisoned, with a gap after each piece, so that overruns inside a block are reported
 * too. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, size)   ASAN_POISON_MEMORY_REGION((at), (size))
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION((at), (size))
#define GAP                16
#else
#define POISON(at, size)   ((void)0)
#define UNPOISON(at, size) ((void)0)
#define GAP                0
#endif

#define ALIGNMENT   16
#define FIRST_BLOCK ((size_t)8 * 1024)
#define MAX_BLOCK   ((size_t)256 * 1024)

struct block {
    alignas(ALIGNMENT) struct block *older;
    size_t size; /* of the whole malloc */
};

struct deferred {
    void (*fn)(void *arg);
    void *arg;
    struct deferred *older;
};

struct arena {
    alignas(ALIGNMENT) struct block *newest;
    char *cursor;
    char *end;
    size_t next_block;
    size_t used;
    size_t budget;
    struct deferred *deferred;
    bool over_budget;
    bool wipe;
};

/* First blocks, all of one size, that lie ready. */
#define KEPT_MAX 512

static _Thread_local struct {
    bool is_on;
    struct block *newest;
    size_t n, least; /* least: of n since arena_trim() */
} kept;

static struct block *take_kept(size_t size)
{
    struct block *block = size == FIRST_BLOCK ? kept.newest : NULL;
    if (!block)
        return NULL;
    kept.newest = block->older;
    kept.n--;
    if (kept.n < kept.least)
        kept.least = kept.n;
    return block;
}

/* Not under a sanitizer, which keeps what was freed in quarantine. */
static bool keep(struct block *block)
{
#ifdef HAS_ASAN
    return false;
#endif
    if (!kept.is_on || block->size != FIRST_BLOCK || kept.n == KEPT_MAX)
        return false;
    block->older = kept.newest;
    kept.newest = block;
    kept.n++;
    return true;
}

static void drop_kept(size_t n)
{
    for (; n > 0; n--) {
        struct block *block = kept.newest;
        kept.newest = block->older;
        kept.n--;
        free(block);
    }
    kept.least = kept.n;
}

void arena_keep_blocks(void)
{
    kept.is_on = true;
}

void arena_trim(void)
{
    drop_kept(kept.least);
}

void arena_keep_end(void)
{
    kept.is_on = false;
    drop_kept(kept.n);
}

static struct block *block_new(size_t size, struct block *older)
{
    struct block *block = take_kept(size);
    if (!block)
        block = malloc(size);
    if (block == NULL)
        abort();
    block->older = older;
    block->size = size;
    POISON(block + 1, size - sizeof(*block));
    return block;
}

static void block_free(struct block *block, bool wipe)
{
    UNPOISON(block, block->size);
    if (wipe)
        explicit_bzero(block, block->size);
    if (!keep(block))
        free(block);
}

struct arena *arena_new(size_t budget)
{
    struct block *block = block_new(FIRST_BLOCK, NULL);
    struct arena *arena = (struct arena *)(block + 1);
    UNPOISON(arena, sizeof(*arena));
    *arena = (struct arena){ .newest = block,
                             .cursor = (char *)(arena + 1),
                             .end = (char *)block + FIRST_BLOCK,
                             .next_block = FIRST_BLOCK * 2,
                             .budget = budget };
    return arena;
}

void arena_free(struct arena **arena)
{
    if (*arena == NULL)
        return;
    for (struct deferred *d; (d = (*arena)->deferred) != NULL;) {
        (*arena)->deferred = d->older;
        d->fn(d->arg);
    }
    bool wipe = (*arena)->wipe;
    struct block *block = (*arena)->newest;
    while (block != NULL) {
        struct block *older = block->older;
        block_free(block, wipe);
        block = older;
    }
    *arena = NULL;
}

/* A piece that would waste much of a block gets one of its own, behind the newest, which stays in use. */
static void *alloc_apart(struct arena *arena, size_t size)
{
    struct block *block = block_new(sizeof(*block) + size + GAP, arena->newest->older);
    arena->newest->older = block;
    return block + 1;
}

static void *alloc_in_new_block(struct arena *arena, size_t size)
{
    struct block *block = block_new(arena->next_block, arena->newest);
    arena->newest = block;
    arena->end = (char *)block + arena->next_block;
    arena->cursor = (char *)(block + 1) + size + GAP;
    if (arena->next_block < MAX_BLOCK)
        arena->next_block *= 2;
    return block + 1;
}

static size_t round_up(size_t size)
{
    if (size > SIZE_MAX / 2)
        abort();
    return size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

void *arena_alloc_raw(struct arena *arena, size_t size)
{
    size_t rounded = round_up(size);
    void *at;
    if (rounded + GAP <= (size_t)(arena->end - arena->cursor)) {
        at = arena->cursor;
        arena->cursor += rounded + GAP;
    } else if (rounded > arena->next_block / 4) {
        at = alloc_apart(arena, rounded);
    } else {
        at = alloc_in_new_block(arena, rounded);
    }
    arena->used += rounded;
    UNPOISON(at, size);
    return at;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_alloc_raw(arena, size), 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t size, size_t count)
{
    size_t total;
    if (__builtin_mul_overflow(size, count, &total))
        abort();
    return arena_alloc(arena, total);
}

void *arena_try_alloc(struct arena *arena, size_t size)
{
    if (arena->used > arena->budget || size > arena->budget - arena->used) {
        arena->over_budget = true;
        return NULL;
    }
    return arena_alloc(arena, size);
}

bool arena_over_budget(const struct arena *arena)
{
    return arena->over_budget;
}

struct str arena_newest(const struct arena *arena)
{
    const char *at = (const char *)(arena->newest + 1);
    return str_from(at, (size_t)(arena->cursor - at));
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

void arena_wipe_on_free(struct arena *arena)
{
    arena->wipe = true;
}

bool arena_is_wiped(const struct arena *arena)
{
    return arena->wipe;
}

void arena_defer(struct arena *arena, void (*fn)(void *arg), void *arg)
{
    struct deferred *d = ARENA_NEW(arena, struct deferred);
    *d = (struct deferred){ .fn = fn, .arg = arg, .older = arena->deferred };
    arena->deferred = d;
}

struct str arena_copy(struct arena *arena, struct str s)
{
    return (struct str){ arena_cstr(arena, s), s.len };
}

struct str arena_int(struct arena *arena, int64_t value)
{
    char digits[STR_INT_CAP];
    size_t len = str_put_int(digits, value);
    return arena_copy(arena, str_from(digits, len));
}

char *arena_cstr(struct arena *arena, struct str s)
{
    char *at = arena_alloc_raw(arena, s.len + 1);
    if (s.len > 0)
        memcpy(at, s.at, s.len);
    at[s.len] = '\0';
    return at;
}

struct str arena_join(struct arena *arena, struct str head, struct str tail)
{
    char *at = arena_alloc_raw(arena, head.len + tail.len + 1);
    if (head.len > 0)
        memcpy(at, head.at, head.len);
    if (tail.len > 0)
        memcpy(at + head.len, tail.at, tail.len);
    at[head.len + tail.len] = '\0';
    return (struct str){ at, head.len + tail.len };
}

void *arena_memdup(struct arena *arena, const void *data, size_t size)
{
    void *at = arena_alloc_raw(arena, size);
    return size > 0 ? memcpy(at, data, size) : at;
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str s = arena_vprintf(arena, format, args);
    va_end(args);
    return s;
}

struct str arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char text[256]; /* most are short, and printed once */
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(text, sizeof(text), format, again);
    va_end(again);
    if (len < 0)
        abort(); /* a broken format is a bug */
    if ((size_t)len < sizeof(text))
        return arena_copy(arena, (struct str){ text, (size_t)len });
    char *at = arena_alloc_raw(arena, (size_t)len + 1);
    vsnprintf(at, (size_t)len + 1, format, args);
    return (struct str){ at, (size_t)len };
}

struct str arena_lower(struct arena *arena, struct str s)
{
    char *at = arena_cstr(arena, s);
    for (size_t i = 0; i < s.len; i++)
        if (at[i] >= 'A' && at[i] <= 'Z')
            at[i] = (char)(at[i] - 'A' + 'a');
    return (struct str){ at, s.len };
}
