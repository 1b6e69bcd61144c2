/* What other programs ask about tokens: {"error": word, "error_description": sentence}, in the words of RFC
 * 6749 and RFC 6750. */
#include "api/envelope.h"
#include "api/tables.h"

static const struct word {
    enum error_code code;
    const char *word;
} words[] = {
    { ERR_UNAUTHENTICATED, "invalid_token" },
    { ERR_TOKEN_INVALID, "invalid_token" },
    { ERR_TOKEN_EXPIRED, "invalid_token" },
    { ERR_PERMISSION, "insufficient_scope" },
};

/* Without a word of its own a failure says whose fault it is. */
static const char *word_of(const struct failure *failure)
{
    int status = error_info(failure->code)->status;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].code == failure->code)
            return words[i].word;
    if (status == 403)
        return "access_denied";
    if (status == 429 || status == 503)
        return "temporarily_unavailable";
    return status >= 500 ? "server_error" : "invalid_request";
}

static const struct wording rows[] = {
    { ERR_TOKEN_INVALID, NULL, "The token is invalid, revoked or unknown", NULL },
};
static const struct wordings wordings = WORDINGS(rows);

static cJSON *oauth_error(struct call *call, const struct failure *failure)
{
    cJSON *body = json_new_object();
    json_add_str(body, "error", str_of(word_of(failure)));
    json_add_str(body, "error_description", failure_text_with_fields(&wordings, call, failure));
    return body;
}

static int oauth_status(const struct failure *failure)
{
    return failure->code == ERR_VALIDATION ? 400 : failure_status(failure);
}

const struct surface oauth_surface = {
    .name = "oauth",
    .prefixes = (const char *const[]){ "/oauth", "/api/auth/forward", NULL },
    .status = oauth_status,
    .error = oauth_error,
};
