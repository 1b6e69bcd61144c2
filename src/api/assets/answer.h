/* What the lists of the assets surface share: {"items", "next", "total"}. Private to api/assets/. */
#ifndef TETHER_API_ASSETS_ANSWER_H
#define TETHER_API_ASSETS_ANSWER_H

#include "api/list.h"

/* The query rows of a list; the struct has `struct str cursor, q; int64_t limit;`. */
#define ASSETS_LIST_ROWS(struct_, searched_)                                                                 \
    FIELD(struct_, q, "q", FIELD_STR, .max = 100, .help = searched_, .example = "acme"),                     \
        LIST_ROWS(struct_, limit, "next")
/* 200 {"items": items, "next": next or null, "total": total}. */
void assets_page(struct call *call, cJSON *items, struct str next, int64_t total);

#endif
