/* What the v1 surface's answers share: {"data": …}, {"data": […], "meta": …}, {"message": …}, and how a user,
 * a tenant and a time look in them. Private to api/v1/. */
#ifndef TETHER_API_V1_ANSWER_H
#define TETHER_API_V1_ANSWER_H

#include "request/call.h"

/* {"data": object}. */
void v1_object(struct call *call, int status, cJSON *object);
/* {"message": text}: a deed without an object. */
void v1_message(struct call *call, const char *text);

/* The query rows of a page; the struct has `struct str cursor; int64_t per_page;`. */
#define V1_PER_PAGE_MAX 200
#define V1_PAGE_ROWS(struct_)                                                                                \
    FIELD(struct_, cursor, "cursor", FIELD_STR, .max = 200, .help = "meta.next_cursor of the page before",   \
          .example = "120"),                                                                                 \
        FIELD(struct_, per_page, "per_page", FIELD_INT, .min = 1, .max = V1_PER_PAGE_MAX,                    \
              .help = "How many at most; 50 if left out", .example = "50")
/* What was asked for, or 50. */
int64_t v1_per_page(int64_t asked);
/* A cursor that is a number: the next page begins below it (or above, as the list has it). 0: none. */
struct str v1_cursor(struct call *call, int64_t number);
/* What v1_cursor() wrote, 0 when none was sent; 422 for anything else. */
enum error_code v1_read_cursor(struct call *call, struct str cursor, int64_t *ret);
/* {"data": list, "meta": {"next_cursor": …, "per_page": …}}; next.at == NULL: the last page. */
void v1_page(struct call *call, cJSON *list, struct str next, int64_t per_page);
/* A whole list that knows no pages: {"data": list, "meta": {"next_cursor": null, "per_page": its length}}. */
void v1_list(struct call *call, cJSON *list);

/* ISO 8601 UTC; null for 0. */
void v1_add_time(struct call *call, cJSON *object, const char *name, int64_t epoch_us);
/* {"id", "name", "email"} as a member of `object`. */
void v1_add_user(cJSON *object, const char *name, int64_t id, struct str user_name, struct str email);
/* {"id", "slug", "name", "plan", "status"} as a member of `object`. */
void v1_add_tenant(cJSON *object, const char *name, const struct tenant *tenant);
/* {"slug", "name", "rank"} as a member of `object`. */
void v1_add_role(cJSON *object, const char *name, const struct tenant_role *role);
/* The names of a set, in the table's order. */
void v1_add_permissions(cJSON *object, const char *name, perm_set permissions);

/* What the three above add, for the rows of an answer. */
extern const struct shape v1_user, v1_tenant, v1_role;

/* A path parameter that is an id. False with a 404 set: what is no number names nothing. */
bool v1_path_id(struct call *call, size_t param, int64_t *ret);

#endif
