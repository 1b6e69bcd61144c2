/* A user as the crm surface shows one. Private to api/crm/. */
#ifndef TETHER_API_CRM_USER_H
#define TETHER_API_CRM_USER_H

#include "base/json.h"
#include "identity/user.h"
#include "tenancy/tenant.h"
#include "request/field.h"

/* {"token": …, "user": {…}}: what login and register answer. role: its crm name. */
cJSON *crm_session_json(struct arena *arena, struct str token, const struct user *user,
                        const struct tenant *organization, const char *role);

/* Its rows. */
extern const struct shape crm_session_answer;

#endif
