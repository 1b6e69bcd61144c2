/* What a member is found by: where words begin in their name and address. Table: member_words.
 *
 * "Ann Smith-Jones, ann.s@acme.example" is found by the beginnings of ann, smith-jones, jones,
 * ann.s@acme.example, s@acme.example, acme.example and example. A search is a range of an index, however many
 * members there are and however few are found. The member's role and status stand with each word, so that a
 * search among those of a role is such a range as well; the database keeps them as the membership has them. */
#ifndef TETHER_ACCESS_MEMBER_WORDS_H
#define TETHER_ACCESS_MEMBER_WORDS_H

#include "storage/db.h"

/* Longer words are cut, in the table and in a search alike. */
#define MEMBER_WORD_MAX_BYTES 48

/* Inside a write transaction, after a member joined or a user's name or address changed. */
enum storage_status member_words_write(struct db_conn *conn, int64_t tenant_id, int64_t user_id);

#define MEMBER_SEARCH_MAX_WORDS 3
struct member_search {
    struct str words[MEMBER_SEARCH_MAX_WORDS]; /* beginnings, longest first */
    size_t n;                                  /* 0: nothing to search by, nobody is found */
};
/* What somebody typed. Of more words than fit the longest count. */
void member_search_read(struct arena *arena, struct str typed, struct member_search *ret);
/* The end of the range of words that begin so: not itself in it. */
struct str member_search_end(struct arena *arena, struct str word);

#endif
