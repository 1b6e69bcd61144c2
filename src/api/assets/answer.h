/* What the lists of the assets surface share: {"items", "next", "total"}. Private to api/assets/. */
#ifndef TETHER_API_ASSETS_ANSWER_H
#define TETHER_API_ASSETS_ANSWER_H

#include "api/list.h"
#include "storage/keyset.h"

/* The query rows of a list; the struct has `struct str cursor, q; struct field_list sort; int64_t limit;`.
 * sorts_: the names that it can be sorted by, for people. */
#define ASSETS_LIST_ROWS(struct_, searched_, sorts_, sorted_)                                                \
    FIELD(struct_, q, "q", FIELD_STR, .max = 100, .help = searched_, .example = "acme"),                     \
        FIELD(struct_, sort, "sort", FIELD_STR_LIST, .min = 1, .max = KEYSET_MAX,                            \
              .help = "Up to 3 of: " sorts_ "; '-' before one turns it round. " sorted_, .example = "-id"),  \
        LIST_ROWS_OF(struct_, limit, "next", CURSOR_TEXT_MAX)
/* 422 for what a list said is none of it: "sort" or "cursor". */
enum error_code assets_list_refuse(struct call *call, const char *field);
/* 200 {"items": items, "next": next or null, "total": total}. */
void assets_page(struct call *call, cJSON *items, struct str next, int64_t total);

#endif
