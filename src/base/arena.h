/* A request's memory: bump allocation in chained blocks, freed whole.
 *
 * Not thread-safe: an arena belongs to one thread at a time and moves with its request (loop → worker →
 * loop). Running out of memory in malloc aborts the process; the supervisor restarts it. Memory whose size a
 * stranger decides is asked for with arena_try_alloc(), which honours the arena's budget. */
#ifndef TETHER_BASE_ARENA_H
#define TETHER_BASE_ARENA_H

#include <stdarg.h>

#include "base/str.h"

struct arena;

/* budget: bytes that arena_try_alloc() may bring the arena to. Free with arena_free(). */
struct arena *arena_new(size_t budget);

/* Runs the deferred functions, newest first, wipes the blocks if asked to, frees them, and sets *arena to
 * NULL. Accepts NULL in *arena. */
void arena_free(struct arena **arena);

/* A thread that makes and frees arenas all the time, from arena_keep_blocks() to arena_keep_end(): it keeps
 * the first blocks of those it frees for those it makes. What it did not need since the last arena_trim()
 * goes back then. */
void arena_keep_blocks(void);
void arena_trim(void);
void arena_keep_end(void);

/* Zeroed, 16-byte aligned, never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, not zeroed: for who writes every byte. */
void *arena_alloc_raw(struct arena *arena, size_t size);

/* As arena_alloc() for count × size bytes; aborts when the product does not fit. */
void *arena_alloc_array(struct arena *arena, size_t size, size_t count);

/* As arena_alloc(), but NULL when the budget would be passed; arena_over_budget() then stays true. */
void *arena_try_alloc(struct arena *arena, size_t size);
bool arena_over_budget(const struct arena *arena);
size_t arena_used(const struct arena *arena);
/* What has been handed out of the newest block: all of it, for a request that needs little. */
struct str arena_newest(const struct arena *arena);

/* Everything allocated so far and from now on is wiped before it is freed: for arenas that saw a password. */
void arena_wipe_on_free(struct arena *arena);
bool arena_is_wiped(const struct arena *arena);

/* Calls fn(arg) when the arena is freed. */
void arena_defer(struct arena *arena, void (*fn)(void *arg), void *arg);

/* Copies, NUL-terminated. */
struct str arena_copy(struct arena *arena, struct str s);
char *arena_cstr(struct arena *arena, struct str s);
struct str arena_join(struct arena *arena, struct str head, struct str tail);
void *arena_memdup(struct arena *arena, const void *data, size_t size);

/* A number in decimal. */
struct str arena_int(struct arena *arena, int64_t value);
/* Formatted text, NUL-terminated. */
struct str arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* A copy with ASCII letters in lower case. */
struct str arena_lower(struct arena *arena, struct str s);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc_array((arena), sizeof(type), (size_t)(count)))

#endif
