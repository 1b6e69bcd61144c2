/* The one way to sign in with a password; the surfaces put their envelopes around it. Private to api/. */
#ifndef TETHER_API_SIGN_IN_H
#define TETHER_API_SIGN_IN_H

#include "identity/sign_in.h"
#include "request/call.h"

/* Finds the tenant that the user is signed in for; the password was right. OK with *ret, or the failure. */
typedef enum error_code (*sign_in_tenant_fn)(struct call *call, const struct user *user, struct tenant *ret);

struct sign_in {
    struct user user;
    struct tenant tenant;
    struct access_grant grant;
    struct signed_in opened;
};

/* Checks the credentials, then that the user may enter the tenant, and opens a session. Where the user is no
 * member: 403 with the sentence `stranger`, or, when that is NULL, the same refusal as for a wrong password.
 */
enum error_code sign_in(struct call *call, struct str email, struct str password,
                        sign_in_tenant_fn find_tenant, const char *stranger, struct sign_in *ret);

#endif
