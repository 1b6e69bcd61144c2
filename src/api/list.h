/* What the lists of all surfaces share: how many are shown, and the cursor of one that goes by ids. What
 * stands around the items is each surface's own. Private to api/. */
#ifndef TETHER_API_LIST_H
#define TETHER_API_LIST_H

#include "request/call.h"

/* The query rows of a page. The struct has `struct str cursor;` and an int64_t of the name that `limit_` is;
 * `next_` says where an answer has the cursor of the next page. */
#define LIST_LIMIT_MAX                    200
#define LIST_ROWS(struct_, limit_, next_) LIST_ROWS_OF(struct_, limit_, next_, 200)
/* cursor_: the bytes of a cursor at most. */
#define LIST_ROWS_OF(struct_, limit_, next_, cursor_)                                                        \
    FIELD(struct_, cursor, "cursor", FIELD_STR, .max = (cursor_), .help = "`" next_ "` of the page before",  \
          .example = "120"),                                                                                 \
        FIELD(struct_, limit_, #limit_, FIELD_INT, .min = 1, .max = LIST_LIMIT_MAX,                          \
              .help = "How many at most; 50 if left out", .example = "50")
/* What was asked for, or 50. */
int64_t list_limit(int64_t asked);
/* The cursor that names an item: the next page begins behind it. 0: none, there is no next page. */
struct str list_cursor(struct call *call, int64_t id);
/* What list_cursor() wrote, 0 when none was sent; 422 for anything else. */
enum error_code list_read_cursor(struct call *call, struct str cursor, int64_t *ret);

#endif
