/* String slices: a pointer and a length, no owner. The lowest primitive; depends on nothing.
 *
 * A slice may point into anything; who owns those bytes is said where the slice is handed over. Slices made
 * by the arena functions are also NUL-terminated (the NUL is not counted). The empty slice may have a NULL
 * pointer. */
#ifndef TETHER_BASE_STR_H
#define TETHER_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *at;
    size_t len;
};

/* A slice of a string literal. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE     ((struct str){ NULL, 0 })

/* For printf: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, ((s).at ? (s).at : "")

/* A slice of a NUL-terminated string; NULL gives the empty slice. */
static inline struct str str_of(const char *text)
{
    return (struct str){ text, text ? strlen(text) : 0 };
}

static inline struct str str_from(const char *at, size_t len)
{
    return (struct str){ at, len };
}

static inline bool str_is_empty(struct str s)
{
    return s.len == 0;
}

/* Byte-wise equality. Not for secrets: see secret_equal() in random.h. */
static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Equality that ignores the case of ASCII letters. */
bool str_equal_nocase(struct str a, struct str b);
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);

/* The index of the first `c`, or s.len when there is none. */
size_t str_index(struct str s, char c);

/* Cuts `s` at the first `c`: true with the part before in *ret_head and the part after in *ret_tail; false,
 * with *ret_head = s and an empty tail, when there is none. */
bool str_split(struct str s, char c, struct str *ret_head, struct str *ret_tail);

/* The part from `from` on, and at most `len` bytes of it; bounds are clipped. */
struct str str_sub(struct str s, size_t from, size_t len);

/* Without ASCII spaces and tabs at both ends. */
struct str str_trim(struct str s);

/* A whole decimal number in its one canonical spelling: optional '-', digits, nothing else, within int64.
 * Leading zeros and "-0" are refused. */
bool str_to_int(struct str s, int64_t *ret);

/* Writes that spelling, without a NUL; its length. */
#define STR_INT_CAP 20
size_t str_put_int(char to[STR_INT_CAP], int64_t value);

#endif
