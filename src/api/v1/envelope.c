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

/* A list per field, in the order the fields failed. Every 422 has it, so that a client may look for it: one
 * about no field in particular an empty one. */
static void add_errors(cJSON *body, const struct failure *failure)
{
    const struct violations *violations = &failure->violations;
    if (violations->n == 0 && failure_status_all_422(failure) != 422)
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
    add_errors(body, failure);
    if (failure->required_permission)
        json_add_str(body, "required_permission", str_of(failure->required_permission));
    if (failure->code == ERR_SUSPENDED || failure->code == ERR_TENANT_SUSPENDED)
        json_add_str(body, "status", STR("suspended"));
    failure_add_plan(body, failure);
    return body;
}

/* ---- what stands around answers ---- */

static const struct field meta_rows[] = {
    ANSWER_FIELD("next_cursor", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "?cursor= of the next page; null on the last one", .example = "120"),
    ANSWER_FIELD("per_page", FIELD_INT, .help = "How many a page holds at most", .example = "50"),
};
static const struct shape meta = ANSWER_SHAPE("V1Meta", meta_rows);

static const struct field object_rows[] = { ANSWER_FIELD("data", FIELD_OBJECT, .of = &answer_item) };
static const struct shape object = ANSWER_SHAPE(NULL, object_rows);

static const struct field page_rows[] = {
    ANSWER_FIELD("data", FIELD_OBJECT_LIST, .of = &answer_item),
    ANSWER_FIELD("meta", FIELD_OBJECT, .of = &meta),
};
static const struct shape page = ANSWER_SHAPE(NULL, page_rows);

static const struct field message_rows[] = {
    ANSWER_FIELD("message", FIELD_STR, .help = "What was done", .example = "Member removed."),
};
static const struct shape message = ANSWER_SHAPE("V1Message", message_rows);

const struct surface v1_surface = {
    .name = "v1",
    .prefixes = (const char *const[]){ "/api/v1/", NULL },
    .status = failure_status_all_422,
    .error = v1_error,
    .success = { [ANSWER_OBJECT] = &object,
                 [ANSWER_LIST] = &page,
                 [ANSWER_PAGE] = &page,
                 [ANSWER_MESSAGE] = &message },
};
