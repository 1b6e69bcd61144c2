/* A session as the v1 surface hands one out, and what only a session may do. Private to api/v1/. */
#ifndef TETHER_API_V1_SESSION_H
#define TETHER_API_V1_SESSION_H

#include "identity/sign_in.h"
#include "request/call.h"

/* {"token", "token_type", "expires_at", "user", "tenant"}. */
cJSON *v1_session_json(const struct signed_in *opened, const struct user *user, const struct tenant *tenant);

/* Its rows. */
extern const struct shape v1_session_answer;

/* OK when a user's own session asks; 403 for every other kind of token. Unlike NEED_SESSION it asks for no
 * membership: who was suspended may still sign out. */
enum error_code v1_need_session(struct call *call);

#endif
