/* What a text is found by: where words begin in it, folded to lower case.
 *
 * "Ann Smith-Jones, ann.s@acme.example" is found by the beginnings of ann, smith-jones, jones,
 * ann.s@acme.example, s@acme.example, acme.example and example. Kept in a table with an index, a search by a
 * beginning is a range of it, however many there are and however few are found. Thread-safe. */
#ifndef TETHER_BASE_WORDS_H
#define TETHER_BASE_WORDS_H

#include "base/arena.h"

/* Longer words are cut, in a table and in a search alike. */
#define WORD_MAX_BYTES 48

/* Adds the words of clean text to ret[n…], up to `cap` in all, in the arena; how many there are now. */
size_t words_split(struct arena *arena, struct str text, struct str *ret, size_t n, size_t cap);

#define WORDS_SEARCH_MAX 3
struct words_search {
    struct str words[WORDS_SEARCH_MAX]; /* beginnings, longest first */
    size_t n;                           /* 0: nothing to search by, nothing is found */
};
/* What somebody typed. Of more words than fit the longest count. */
void words_search_read(struct arena *arena, struct str typed, struct words_search *ret);
/* The end of the range of words that begin so: not itself in it. */
struct str words_search_end(struct arena *arena, struct str word);

#endif
