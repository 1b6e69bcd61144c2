/* What the envelopes of all surfaces share. */
#include "api/envelope.h"

#define MAX_TEXT 4096 /* a sentence per field, of at most 64 fields */

const struct wording *wording_find(const struct wordings *wordings, const struct call *call,
                                   const struct failure *failure)
{
    for (size_t i = 0; i < wordings->n; i++) {
        const struct wording *row = &wordings->at[i];
        bool fits_route = !row->op || (call->route && strcmp(row->op, call->route->op) == 0);
        if (row->code == failure->code && fits_route)
            return row;
    }
    return NULL;
}

struct str failure_text(const struct wordings *wordings, const struct call *call,
                        const struct failure *failure)
{
    if (failure->detail.at)
        return failure->detail;
    const struct wording *row = wording_find(wordings, call, failure);
    return str_of(row ? row->text : error_info(failure->code)->title);
}

struct str failure_text_with_fields(const struct wordings *wordings, struct call *call,
                                    const struct failure *failure)
{
    if (failure->violations.n == 0)
        return failure_text(wordings, call, failure);
    struct buf text;
    buf_init(&text, call->arena, MAX_TEXT);
    for (size_t i = 0; i < failure->violations.n && !text.overflow; i++) {
        if (i > 0)
            buf_add_char(&text, ' ');
        buf_add(&text, failure->violations.at[i].text);
    }
    return text.overflow ? failure_text(wordings, call, failure) : buf_str(&text);
}

enum error_code call_fail_plan(struct call *call, const char *detail, const struct plan_refusal *refusal)
{
    call_fail(call, ERR_PLAN_LIMIT, detail);
    call->failure.limit = refusal->limit;
    call->failure.used = refusal->used;
    call->failure.max = refusal->max;
    call->failure.plan = refusal->plan;
    return ERR_PLAN_LIMIT;
}

void failure_add_plan(cJSON *body, const struct failure *failure)
{
    if (failure->code != ERR_PLAN_LIMIT || !failure->limit)
        return;
    json_add_str(body, "limit", str_of(failure->limit));
    json_add_int(body, "used", failure->used);
    json_add_int(body, "max", failure->max);
    json_add_str(body, "plan", failure->plan);
}

int failure_status(const struct failure *failure)
{
    return error_info(failure->code)->status;
}

int failure_status_all_422(const struct failure *failure)
{
    return failure->code == ERR_BAD_REQUEST ? 422 : failure_status(failure);
}
