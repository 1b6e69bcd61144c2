/* The spaces surface: {"success": false, "data": "…"}. */
#include "api/envelope.h"
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

const struct surface spaces_surface = {
    .name = "spaces",
    .prefixes = (const char *const[]){ "/api/bookings", "/api/spaces", "/api/displays", "/api/settings",
                                       "/api/public/", NULL },
    .status = failure_status_all_422,
    .error = spaces_error,
};
