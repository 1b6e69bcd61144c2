/* The spaces surface: {"success": false, "data": "…"}. */
#include "api/envelope.h"
#include "api/record.h"
#include "api/tables.h"

static const struct wording rows[] = {
    { ERR_UNAUTHENTICATED, NULL, "Unauthenticated.", NULL },
    { ERR_TOKEN_INVALID, NULL, "Unauthenticated.", NULL },
    { ERR_TOKEN_EXPIRED, NULL, "Unauthenticated.", NULL },
    { ERR_ROUTE_UNKNOWN, NULL, "Not found", NULL },
};
static const struct wordings wordings = WORDINGS(rows);

static cJSON *spaces_error(struct call *call, const struct failure *failure)
{
    cJSON *body = json_new_object();
    json_add_bool(body, "success", false);
    json_add_str(body, "data", failure_text_with_fields(&wordings, call, failure));
    failure_add_plan(body, failure);
    return body;
}

/* ---- what stands around answers ---- */

#define SUCCESS_ROW                                                                                          \
    ANSWER_FIELD("success", FIELD_BOOL, .help = "true; false when the request failed", .example = "true")

static const struct field object_rows[] = {
    SUCCESS_ROW,
    ANSWER_FIELD("data", FIELD_OBJECT, .of = &answer_item),
};
static const struct shape object = ANSWER_SHAPE(NULL, object_rows);

static const struct field page_rows[] = {
    SUCCESS_ROW,
    ANSWER_FIELD("data", FIELD_OBJECT_LIST, .of = &answer_item),
    ANSWER_FIELD("next", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "?cursor= of the next page; null on the last one", .example = "120"),
};
static const struct shape page = ANSWER_SHAPE(NULL, page_rows);

static const struct field message_rows[] = {
    SUCCESS_ROW,
    ANSWER_FIELD("data", FIELD_STR, .help = "What was done", .example = "Done"),
};
static const struct shape message = ANSWER_SHAPE("SpacesMessage", message_rows);

static const struct record_envelope records = {
    .object = { "{\"success\":true,\"data\":", "}" },
    .list = { "{\"success\":true,\"data\":[", "],\"next\":", NULL, "}" },
};

const struct surface spaces_surface = {
    .name = "spaces",
    .prefixes = (const char *const[]){ "/api/bookings", "/api/spaces", "/api/displays", "/api/settings",
                                       "/api/public/", NULL },
    .status = failure_status_all_422,
    .error = spaces_error,
    .success = { [ANSWER_OBJECT] = &object,
                 [ANSWER_LIST] = &page,
                 [ANSWER_PAGE] = &page,
                 [ANSWER_MESSAGE] = &message },
    .records = &records,
};
