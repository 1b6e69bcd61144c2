/* The assets surface: {"detail": "…"}. It also answers for every path that belongs to no other surface. */
#include "api/envelope.h"
#include "api/tables.h"

static const struct wording rows[] = {
    { ERR_CREDENTIALS, NULL, "Incorrect email or password", NULL },
    { ERR_UNAUTHENTICATED, NULL, "Not authenticated", NULL },
    { ERR_TOKEN_INVALID, NULL, "Could not validate the token", NULL },
    { ERR_TOKEN_EXPIRED, NULL, "The token has expired; log in again", NULL },
    { ERR_PERMISSION, NULL, "Insufficient permissions", NULL },
    { ERR_ROUTE_UNKNOWN, NULL, "Not found", NULL },
};
static const struct wordings wordings = WORDINGS(rows);

static cJSON *assets_error(struct call *call, const struct failure *failure)
{
    cJSON *body = json_new_object();
    json_add_str(body, "detail", failure_text_with_fields(&wordings, call, failure));
    failure_add_plan(body, failure);
    return body;
}

const struct surface assets_surface = {
    .name = "assets",
    .prefixes = (const char *const[]){ "/", "/api/public/branding", NULL },
    .status = failure_status,
    .error = assets_error,
};
