/* What the spaces surface's answers share: {"success": true, "data": …}, pages, and how a time looks in them.
 * Private to api/spaces/. */
#ifndef TETHER_API_SPACES_ANSWER_H
#define TETHER_API_SPACES_ANSWER_H

#include "request/call.h"

/* {"success": true, "data": data}. */
void spaces_answer(struct call *call, int status, cJSON *data);

/* The query of a page, and its rows; a query of more has a struct of its own with the same two members. */
struct spaces_page_query {
    struct str cursor;
    int64_t limit;
};
#define SPACES_LIMIT_MAX 200
#define SPACES_PAGE_ROWS(struct_)                                                                            \
    FIELD(struct_, cursor, "cursor", FIELD_STR, .max = 200, .help = "`next` of the page before",             \
          .example = "120"),                                                                                 \
        FIELD(struct_, limit, "limit", FIELD_INT, .min = 1, .max = SPACES_LIMIT_MAX,                         \
              .help = "How many at most; 50 if left out", .example = "50")
/* What was asked for, or 50. */
int64_t spaces_limit(int64_t asked);
/* A cursor that is an id: what the page before wrote, 0 when none was sent; 422 for anything else. */
enum error_code spaces_read_cursor(struct call *call, struct str cursor, int64_t *ret);
/* {"success": true, "data": list, "next": …}; next.at == NULL: the last page. */
void spaces_page(struct call *call, cJSON *list, struct str next);

/* A list that goes by ids. */
struct spaces_list {
    size_t size; /* of a thing, whose first member is its `int64_t id` */
    /* At most `limit` of them behind the one that `place` names (0: from the start); *ret in the arena. */
    enum storage_status (*read)(struct call *call, int64_t place, int64_t limit, void **ret, size_t *ret_n);
    cJSON *(*show)(struct call *call, const void *thing);
};
/* Answers the page that was asked for. */
enum error_code spaces_list(struct call *call, struct str cursor, int64_t limit,
                            const struct spaces_list *list);

/* ISO 8601 UTC; null for 0. */
void spaces_add_time(struct call *call, cJSON *object, const char *name, int64_t epoch_us);

/* A path parameter that is an id. False with a 404 set: what is no number names nothing. */
bool spaces_path_id(struct call *call, size_t param, int64_t *ret);

#endif
