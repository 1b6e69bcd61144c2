/* What the spaces surface's answers share: {"success": true, "data": …} and pages of it. Private to
 * api/spaces/. */
#ifndef TETHER_API_SPACES_ANSWER_H
#define TETHER_API_SPACES_ANSWER_H

#include "api/list.h"

/* {"success": true, "data": data}. */
void spaces_answer(struct call *call, int status, cJSON *data);

/* The query of a page, and its rows; a query of more has a struct of its own with the same two members. */
struct spaces_page_query {
    struct str cursor;
    int64_t limit;
};
#define SPACES_PAGE_ROWS(struct_) LIST_ROWS(struct_, limit, "next")
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

#endif
