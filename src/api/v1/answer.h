/* What the v1 surface's answers share: {"data": …}, {"data": […], "meta": …}, {"message": …}, and how a user
 * and a tenant look in them. Private to api/v1/. */
#ifndef TETHER_API_V1_ANSWER_H
#define TETHER_API_V1_ANSWER_H

#include "api/list.h"

/* {"data": object}. */
void v1_object(struct call *call, int status, cJSON *object);
/* {"message": text}: a deed without an object. */
void v1_message(struct call *call, const char *text);

/* The query rows of a page; the struct has `struct str cursor; int64_t per_page;`. */
#define V1_PAGE_ROWS(struct_) LIST_ROWS(struct_, per_page, "meta.next_cursor")
/* {"data": list, "meta": {"next_cursor": …, "per_page": …}}; next.at == NULL: the last page. */
void v1_page(struct call *call, cJSON *list, struct str next, int64_t per_page);
/* A whole list that knows no pages: {"data": list, "meta": {"next_cursor": null, "per_page": its length}}. */
void v1_list(struct call *call, cJSON *list);

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

#endif
