/* What the envelopes share: which sentence a failure is told in, and the fields of a 402. Private to api/. */
#ifndef TETHER_API_ENVELOPE_H
#define TETHER_API_ENVELOPE_H

#include "request/call.h"

/* A surface's own words for a failure; a row with an op holds for that route alone and stands before the
 * general one. */
struct wording {
    enum error_code code;
    const char *op;   /* NULL: on every route */
    const char *text; /* the sentence */
    const char *more; /* a second one, where the surface has room for it; NULL: none */
};

struct wordings {
    const struct wording *at;
    size_t n;
};
#define WORDINGS(rows_)                                                                                      \
    {                                                                                                        \
        .at = (rows_), .n = sizeof(rows_) / sizeof((rows_)[0])                                               \
    }

/* The first row that fits the failure and the call's route; NULL when there is none. */
const struct wording *wording_find(const struct wordings *wordings, const struct call *call,
                                   const struct failure *failure);

/* The sentence for the client: the failure's own detail, else the surface's wording, else the code's title.
 */
struct str failure_text(const struct wordings *wordings, const struct call *call,
                        const struct failure *failure);

/* As failure_text(), but what is wrong with which field comes first: for surfaces whose body is one sentence.
 */
struct str failure_text_with_fields(const struct wordings *wordings, struct call *call,
                                    const struct failure *failure);

/* ERR_PLAN_LIMIT with what the plan says. */
enum error_code call_fail_plan(struct call *call, const char *detail, const struct plan_refusal *refusal);
/* limit, used, max and plan of a 402; nothing for other failures. */
void failure_add_plan(cJSON *body, const struct failure *failure);

/* The HTTP status as errors.def has it; and with 400 turned to 422, for surfaces that do not tell the two
 * apart. */
int failure_status(const struct failure *failure);
int failure_status_all_422(const struct failure *failure);

#endif
