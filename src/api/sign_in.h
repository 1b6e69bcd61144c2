/* The one way to sign in with a password; the surfaces put their envelopes around it. Private to api/. */
#ifndef TETHER_API_SIGN_IN_H
#define TETHER_API_SIGN_IN_H

#include "identity/sign_in.h"
#include "request/call.h"

/* Finds the tenant that the user is signed in for; the password was right. OK with *ret, or the failure. */
typedef enum error_code (*sign_in_tenant_fn)(struct call *call, const struct user *user, struct tenant *ret);
/* The tenant of the request, whoever the user is. */
enum error_code sign_in_tenant_of_call(struct call *call, const struct user *user, struct tenant *ret);

struct sign_in {
    struct user user;
    struct tenant tenant;
    struct access_grant grant;
    struct signed_in opened;
};

/* Whose e-mail and password they are: OK with *ret, or the failure. Repeated failures slow the account down
 * (identity/slow_down.h) with 429; a refusal is written to the audit log. For everything that takes a
 * password beside signing in; whoever then writes as *ret confirms it there with user_confirm(). */
enum error_code sign_in_credentials(struct call *call, struct str email, struct str password,
                                    struct user *ret);

/* The body of a change of password, alike on every surface that has one. */
extern const struct shape change_password_shape;

/* Changes the password of the one who asks, as a body of change_password_shape says. OK, or the failure:
 * ERR_BAD_REQUEST with a sentence when the current one is wrong or the new one is refused; *ret_field then
 * names which of the two. The change and a refusal are written to the audit log, and wrong current passwords
 * slow the account down. */
enum password_field { PASSWORD_FIELD_CURRENT = 0, PASSWORD_FIELD_NEW };
enum error_code sign_in_change_password(struct call *call, enum password_field *ret_field);

/* The session of the newcomer of a registration, inside its write transaction: opened, and written to the
 * audit log. */
enum storage_status sign_in_newcomer(struct db_conn *conn, struct call *call, const struct user *user,
                                     int64_t tenant_id, struct signed_in *ret);

/* Ends the session that the call's user asks with, and writes that to the audit log. OK, or the failure. */
enum error_code sign_out(struct call *call);

/* Checks the credentials, then that the user may enter the tenant, and opens a session. Where the user is no
 * member: 403 with the sentence `stranger`, or, when that is NULL, the same refusal as for a wrong password.
 */
enum error_code sign_in(struct call *call, struct str email, struct str password,
                        sign_in_tenant_fn find_tenant, const char *stranger, struct sign_in *ret);

#endif
