/* The five handlers that serve every kind of record, and the rows that route to them. Private to api/. */
#ifndef TETHER_API_RECORD_H
#define TETHER_API_RECORD_H

#include "records/kinds.h"
#include "request/call.h"

/* What a surface puts around records. */
struct record_envelope {
    const char *object[2]; /* before and after one */
    /* Before the records of a page, before its cursor (or null), before its total (NULL: it tells none), and
     * after all. */
    const char *list[4];
};

/* What RECORD_ROUTES() puts into its rows: the five deeds on the kind that the row names (route->record). */
enum error_code record_list_handler(struct call *call);
enum error_code record_create_handler(struct call *call);
enum error_code record_read_handler(struct call *call);
enum error_code record_update_handler(struct call *call);
enum error_code record_delete_handler(struct call *call);

/* Of a body that is refused: adds what is wrong between its fields (route->tell_more). */
void record_create_tell_more(struct call *call, struct violations *violations);
void record_update_tell_more(struct call *call, struct violations *violations);

/* Who acts: the call's bearer in its tenant. */
struct record_caller record_caller_of(struct call *call);
/* OK with the id that path parameter `param` gives, and of a crm id its creation time in seconds; 404 when it
 * is no id. Staff who see all tenants are in the record's own from here on: call->tenant is it. */
enum error_code record_path_id(struct call *call, const struct record_kind *kind, size_t param,
                               int64_t *ret_id, int64_t *ret_seconds);
/* The failure for what a deed ended with; OK for RECORD_DONE. */
enum error_code record_fail(struct call *call, const struct record_deed *deed);
/* Answers with the record in the surface's envelope. */
void record_reply(struct call *call, int status, const struct record_kind *kind, const struct record *record);

/* The rows of a kind: RECORD_ROUTES(record_category, "assets_category", "category", "categories",
 * "/api/categories", TENANT_BY_HOST, 204, PERM to view, to create, to change, to delete).
 * deleted_: the status of a deletion; 204 has no body, 200 the sentence "Deleted.". */
/* clang-format off */
#define RECORD_LIST_ROUTE(kind_, op_, many_, path_, tenant_, view_)                                          \
    { .op = op_ "_list",                                                                                     \
      .method = METHOD_GET,                                                                                  \
      .path = (path_),                                                                                       \
      .permission = (view_),                                                                                 \
      .tenant = (tenant_),                                                                                   \
      .query = &(kind_).made.query,                                                                          \
      .record = &(kind_),                                                                                    \
      .answer = &(kind_).made.object,                                                                        \
      .form = ANSWER_PAGE,                                                                                   \
      .handler = record_list_handler,                                                                        \
      .summary = "Lists " many_ }
#define RECORD_CREATE_ROUTE(kind_, op_, one_, path_, tenant_, create_)                                       \
    { .op = op_ "_create",                                                                                   \
      .method = METHOD_POST,                                                                                 \
      .path = (path_),                                                                                       \
      .permission = (create_),                                                                               \
      .tenant = (tenant_),                                                                                   \
      .body = BODY_JSON,                                                                                     \
      .input = &(kind_).made.create,                                                                         \
      .record = &(kind_),                                                                                    \
      .answer = &(kind_).made.object,                                                                        \
      .success = 201,                                                                                        \
      .fails = (kind_).made.fails[RECORD_CREATE],                                                            \
      .handler = record_create_handler,                                                                      \
      .tell_more = record_create_tell_more,                                                                  \
      .summary = "Creates a new " one_ }
#define RECORD_ROUTES(kind_, op_, one_, many_, path_, tenant_, deleted_, view_, create_, edit_, delete_)     \
    RECORD_LIST_ROUTE(kind_, op_, many_, path_, tenant_, view_),                                             \
    RECORD_CREATE_ROUTE(kind_, op_, one_, path_, tenant_, create_),                                          \
    { .op = op_ "_read",                                                                                     \
      .method = METHOD_GET,                                                                                  \
      .path = path_ "/{id}",                                                                                 \
      .permission = (view_),                                                                                 \
      .tenant = (tenant_),                                                                                   \
      .record = &(kind_),                                                                                    \
      .answer = &(kind_).made.object,                                                                        \
      .quick = true,                                                                                         \
      .handler = record_read_handler,                                                                        \
      .summary = "Shows one " one_ },                                                                        \
    { .op = op_ "_update",                                                                                   \
      .method = METHOD_PATCH,                                                                                \
      .path = path_ "/{id}",                                                                                 \
      .permission = (edit_),                                                                                 \
      .tenant = (tenant_),                                                                                   \
      .body = BODY_JSON,                                                                                     \
      .input = &(kind_).made.update,                                                                         \
      .record = &(kind_),                                                                                    \
      .answer = &(kind_).made.object,                                                                        \
      .fails = (kind_).made.fails[RECORD_UPDATE],                                                            \
      .handler = record_update_handler,                                                                      \
      .tell_more = record_update_tell_more,                                                                  \
      .summary = "Changes the given members of one " one_ },                                                 \
    { .op = op_ "_delete",                                                                                   \
      .method = METHOD_DELETE,                                                                               \
      .path = path_ "/{id}",                                                                                 \
      .permission = (delete_),                                                                               \
      .tenant = (tenant_),                                                                                   \
      .record = &(kind_),                                                                                    \
      .success = (deleted_),                                                                                 \
      .form = (deleted_) == 204 ? ANSWER_OBJECT : ANSWER_MESSAGE,                                            \
      .fails = (kind_).made.fails[RECORD_DELETE],                                                            \
      .handler = record_delete_handler,                                                                      \
      .summary = "Deletes one " one_ }
/* clang-format on */

#endif
