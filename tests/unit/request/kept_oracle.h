/* Every kept answer against a walk that knows nothing of it: before a test's request is walked it is looked for
 * among the kept ones, and afterwards the two answers must be the same. */
#ifndef TESTS_REQUEST_KEPT_ORACLE_H
#define TESTS_REQUEST_KEPT_ORACLE_H

#include "request/kept_answers.h"

struct kept_oracle {
    struct kept_answers *answers;
    struct kept_question question;
    bool asks; /* there is one */
    bool used; /* and something was kept under it that holds */
    struct kept_use use;
    struct arena *arena; /* of its text */
};

void kept_oracle_new(struct kept_oracle *oracle, struct walk *walk);
void kept_oracle_free(struct kept_oracle *oracle);
/* Not for worlds with limits: what is asked twice counts twice. */
void kept_oracle_ask(struct kept_oracle *oracle, const struct call *call);
/* admitted: it was answered on the loop. */
void kept_oracle_check(struct kept_oracle *oracle, const struct call *call, bool admitted);

#endif
