/* What the answers of the assets surface share: {"items", "next", "total"}, times, ids in paths. Private to
 * api/assets/. */
#ifndef TETHER_API_ASSETS_ANSWER_H
#define TETHER_API_ASSETS_ANSWER_H

#include "request/call.h"

/* The query rows of a list; the struct has `struct str cursor, q; int64_t limit;`. */
#define ASSETS_LIMIT_DEFAULT 50
#define ASSETS_LIMIT_MAX     200
#define ASSETS_LIST_ROWS(struct_, searched_)                                                                 \
    FIELD(struct_, q, "q", FIELD_STR, .max = 100, .help = searched_, .example = "acme"),                     \
        FIELD(struct_, cursor, "cursor", FIELD_STR, .max = 200, .help = "`next` of the page before",         \
              .example = "120"),                                                                             \
        FIELD(struct_, limit, "limit", FIELD_INT, .min = 1, .max = ASSETS_LIMIT_MAX,                         \
              .help = "How many at most; 50 if left out", .example = "50")
/* What was asked for, or 50. */
int64_t assets_limit(int64_t asked);
/* A cursor that is the id of the last one seen; 0: none was sent. 422 for anything else. */
enum error_code assets_read_cursor(struct call *call, struct str cursor, int64_t *ret);
/* 200 {"items": items, "next": next or null, "total": total}. */
void assets_page(struct call *call, cJSON *items, struct str next, int64_t total);
/* {"detail": text}: a deed without an object. */
void assets_detail(struct call *call, const char *text);
/* ISO 8601 UTC. */
void assets_add_time(struct call *call, cJSON *object, const char *name, int64_t epoch_us);

#endif
