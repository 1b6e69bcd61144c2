/* The v1 surface: {"message": "…"}, with errors per field, the permission that is missing, or the status that
 * stands in the way. */
#include "api/envelope.h"
#include "api/tables.h"

static const struct wording rows[] = {
    { ERR_UNAUTHENTICATED, NULL, "Unauthenticated.", NULL },
    { ERR_TOKEN_INVALID, NULL, "Unauthenticated.", NULL },
    { ERR_TOKEN_EXPIRED, NULL, "Unauthenticated.", NULL },
    { ERR_CREDENTIALS, NULL, "These credentials do not match our records.", NULL },
    { ERR_VALIDATION, NULL, "The given data was invalid", NULL },
    { ERR_ROUTE_UNKNOWN, NULL, "Not found", NULL },
};
static const struct wordings wordings = WORDINGS(rows);

/* A list per field, in the order the fields failed. */
static void add_errors(cJSON *body, const struct violations *violations)
{
    if (violations->n == 0)
        return;
    cJSON *errors = json_add_object(body, "errors");
    for (size_t i = 0; i < violations->n; i++) {
        const struct violation *violation = &violations->at[i];
        cJSON *list = cJSON_GetObjectItemCaseSensitive(errors, violation->field);
        if (!list)
            list = json_add_array(errors, violation->field);
        json_add_str(list, NULL, violation->text);
    }
}

static cJSON *v1_error(struct call *call, const struct failure *failure)
{
    cJSON *body = json_new_object();
    json_add_str(body, "message", failure_text(&wordings, call, failure));
    add_errors(body, &failure->violations);
    if (failure->required_permission)
        json_add_str(body, "required_permission", str_of(failure->required_permission));
    if (failure->code == ERR_SUSPENDED || failure->code == ERR_TENANT_SUSPENDED)
        json_add_str(body, "status", STR("suspended"));
    failure_add_plan(body, failure);
    return body;
}

const struct surface v1_surface = {
    .name = "v1",
    .prefixes = (const char *const[]){ "/api/v1/", NULL },
    .status = failure_status_all_422,
    .error = v1_error,
};
