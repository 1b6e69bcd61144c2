/* What plans allow, and what of its plan a tenant has used, as every surface tells it. Private to api/. */
#ifndef TETHER_API_PLAN_USE_H
#define TETHER_API_PLAN_USE_H

#include "request/call.h"

/* Every limit of the plan, as a list that is the member `name` of `object`: {"limit", "used", "max"}. OK, or
 * the failure is set. */
enum error_code plan_use_add(struct call *call, const struct tenant *tenant, cJSON *object, const char *name);
/* The rows of one. */
extern const struct shape plan_use_answer;

/* What the plan allows, as a list that is the member `name` of `object`: {"limit", "max"}. */
void plan_limits_add(const struct config *config, const struct plan *plan, cJSON *object, const char *name);
/* The rows of one. */
extern const struct shape plan_limit_answer;

#endif
