/* The assets surface: {"detail": "…"}. It also answers for every path that belongs to no other surface. */
#include "api/envelope.h"
#include "api/record.h"
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

/* What is wrong with a file is told line by line, beside the sentence for all of it. */
static void add_lines(cJSON *body, const struct violations *violations)
{
    cJSON *errors = json_add_array(body, "errors");
    for (size_t i = 0; i < violations->n; i++) {
        cJSON *error = json_add_object(errors, NULL);
        json_add_int(error, "line", violations->at[i].line);
        if (violations->at[i].field)
            json_add_str(error, "field", str_of(violations->at[i].field));
        json_add_str(error, "message", violations->at[i].text);
    }
}

static cJSON *assets_error(struct call *call, const struct failure *failure)
{
    cJSON *body = json_new_object();
    bool is_file = failure->code == ERR_IMPORT;
    json_add_str(body, "detail",
                 is_file ? failure_text(&wordings, call, failure)
                         : failure_text_with_fields(&wordings, call, failure));
    if (is_file)
        add_lines(body, &failure->violations);
    failure_add_plan(body, failure);
    return body;
}

/* ---- what stands around answers: around an object, nothing ---- */

static const struct field page_rows[] = {
    ANSWER_FIELD("items", FIELD_OBJECT_LIST, .of = &answer_item),
    ANSWER_FIELD("next", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "?cursor= of the next page; null on the last one", .example = "120"),
    ANSWER_FIELD("total", FIELD_INT, .flags = FIELD_NULLABLE,
                 .help = "How many there are on all pages together; null: more than a search counts",
                 .example = "2"),
};
static const struct shape page = ANSWER_SHAPE(NULL, page_rows);

static const struct field message_rows[] = {
    ANSWER_FIELD("detail", FIELD_STR, .help = "What was done", .example = "Password changed"),
};
static const struct shape message = ANSWER_SHAPE("AssetsDetail", message_rows);

static const struct record_envelope records = {
    .object = { "", "" },
    .list = { "{\"items\":[", "],\"next\":", ",\"total\":", "}" },
};

const struct surface assets_surface = {
    .name = "assets",
    .prefixes = (const char *const[]){ "/", "/api/public/branding", NULL },
    .status = failure_status,
    .error = assets_error,
    .success = { [ANSWER_LIST] = &page, [ANSWER_PAGE] = &page, [ANSWER_MESSAGE] = &message },
    .records = &records,
};
