/* Who somebody is on the assets surface, and how they come in. Private to api/assets/. */
#ifndef TETHER_API_ASSETS_ME_H
#define TETHER_API_ASSETS_ME_H

#include "api/sign_in.h"

/* As sign_in(), for the tenant of the request. At the root host members of customers are told to use their
 * own organisation's address: what the assets surface shows there is staff's. */
enum error_code assets_sign_in(struct call *call, struct str email, struct str password, struct sign_in *ret);
/* A handler: answers the call's principal, with role and permissions in the call's tenant. */
enum error_code assets_me(struct call *call);
/* Its rows, and those of {"access_token", "token_type"}. */
extern const struct shape assets_me_answer, assets_token_answer;

#endif
