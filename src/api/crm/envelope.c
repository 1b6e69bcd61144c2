/* The crm surface: {"error": "…"}, sometimes with a "message" that says what to do. */
#include "api/envelope.h"
#include "api/record.h"
#include "api/tables.h"

static const struct wording rows[] = {
    { ERR_CREDENTIALS, NULL, "Invalid email or password", NULL },
    { ERR_UNAUTHENTICATED, "crm_verify_token", "Invalid or expired token", NULL },
    { ERR_UNAUTHENTICATED, NULL, "Authentication required", "Send the token of a login as a Bearer token." },
    { ERR_TOKEN_INVALID, NULL, "Invalid or expired token", NULL },
    { ERR_TOKEN_EXPIRED, "crm_verify_token", "Invalid or expired token", NULL },
    { ERR_TOKEN_EXPIRED, NULL, "Token expired", "Your session has expired. Please log in again." },
    { ERR_PERMISSION, NULL, "Insufficient permissions", NULL },
    { ERR_ROUTE_UNKNOWN, NULL, "Not found", NULL },
    { ERR_NOT_A_MEMBER, NULL, "You are not a member of this organization", NULL },
    { ERR_SUSPENDED, NULL, "Your membership in this organization is suspended", NULL },
    { ERR_TENANT_SUSPENDED, NULL, "This organization is suspended", NULL },
    { ERR_TENANT_UNKNOWN, NULL, "No such organization", NULL },
};
static const struct wordings wordings = WORDINGS(rows);

static cJSON *crm_error(struct call *call, const struct failure *failure)
{
    const struct wording *wording = wording_find(&wordings, call, failure);
    cJSON *body = json_new_object();
    json_add_str(body, "error", failure_text_with_fields(&wordings, call, failure));
    if (wording && wording->more && !failure->detail.at)
        json_add_str(body, "message", str_of(wording->more));
    failure_add_plan(body, failure);
    return body;
}

/* The one code for whatever is wrong with what was sent. */
static int crm_status(const struct failure *failure)
{
    return failure->code == ERR_VALIDATION ? 400 : failure_status(failure);
}

/* ---- what stands around answers: around an object, nothing ---- */

static const struct field page_rows[] = {
    ANSWER_FIELD("data", FIELD_OBJECT_LIST, .of = &answer_item),
    ANSWER_FIELD("nextCursor", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "?cursor= of the next page; null on the last one",
                 .example = "MTI6dDE3MDAwMDAwMDAwMDAwMDA"),
};
static const struct shape page = ANSWER_SHAPE(NULL, page_rows);

static const struct field message_rows[] = {
    ANSWER_FIELD("message", FIELD_STR, .help = "What was done", .example = "Token is good"),
};
static const struct shape message = ANSWER_SHAPE("CrmMessage", message_rows);

static const struct record_envelope records = {
    .object = { "", "" },
    .list = { "{\"data\":[", "],\"nextCursor\":", NULL, "}" },
};

const struct surface crm_surface = {
    .name = "crm",
    .prefixes = (const char *const[]){ "/api/contacts", "/api/conversations", "/api/auth/register",
                                       "/api/auth/verify-token", NULL },
    .status = crm_status,
    .error = crm_error,
    .success = { [ANSWER_LIST] = &page, [ANSWER_PAGE] = &page, [ANSWER_MESSAGE] = &message },
    .records = &records,
};
