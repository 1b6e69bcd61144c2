/* Answers, kept: of a row that says `kept` (route.h), the whole answer to a request is kept under the
 * request's head, and given again while everything it rests on is unchanged. docs/authority-cache.md says why
 * that is safe.
 *
 * One per event loop, for its thread alone: no lock, no atomic but the counters that tell what changed.
 * Memory is bounded. */
#ifndef TETHER_REQUEST_KEPT_ANSWERS_H
#define TETHER_REQUEST_KEPT_ANSWERS_H

#include "base/random.h"
#include "request/walk.h"

/* What answers may take in all, refusals apart. */
#define KEPT_ANSWERS_BYTES ((size_t)16 << 20)

struct kept_answers;
struct kept_answer;

/* Empty, for the calling loop; `walk` outlives it. */
struct kept_answers *kept_answers_new(struct walk *walk);
/* Wipes and frees. */
void kept_answers_free(struct kept_answers **answers);

/* A keyed 128-bit hash of a request's head; nothing of the head itself is stored. */
struct kept_key {
    uint64_t word[2];
};
/* What a request asks. Two requests with the same `whole` get the same answer as long as nothing has changed
 * that it rests on. */
struct kept_question {
    struct kept_key whole, but_token; /* without the value of Authorization */
    struct str authorization;         /* at == NULL: there is none */
    struct str request_id;            /* X-Request-Id as sent; at == NULL: not once */
};
/* head: everything of the request that an answer may depend on, in a form in which no two heads look alike.
 * That is all of it but what kept_answers_ignore(), and but the value of its one Authorization field. */
void kept_answers_ask(const struct kept_answers *answers, struct str head, struct kept_question *question);
/* Header fields that no kept row's answer depends on; lower case. X-Request-Id is among them: it is given
 * apart. */
bool kept_answers_ignore(struct str name);

/* A request that a kept answer answers. */
struct kept_use {
    const struct kept_answer *answer; /* until the next kept_answers_keep() */
    struct reply reply;               /* complete; its texts stand here and in the answer */
    int64_t received_us;
    int64_t now; /* epoch microseconds, as of received_us */
    char id[64];
    char numbers[3][STR_INT_CAP];
};

/* Counts the request as the walk would. False: nothing is kept for it that holds, or it is over a limit; the
 * walk is to be asked, which has not happened then as far as anybody can tell. received_us: monotonic; now:
 * epoch microseconds. */
bool kept_answers_use(struct kept_answers *answers, const struct kept_question *question, int64_t received_us,
                      int64_t now, struct kept_use *ret);
/* After the reply was handed to the transport: access log line and metrics. The monotonic time of that. */
int64_t kept_answers_log(const struct kept_use *use);

/* After walk_admit() has answered: keeps the answer if its row allows that. */
void kept_answers_keep(struct kept_answers *answers, const struct kept_question *question,
                       const struct call *call);
/* What is kept takes, refusals apart: at most KEPT_ANSWERS_BYTES. */
size_t kept_answers_bytes(const struct kept_answers *answers);

#endif
