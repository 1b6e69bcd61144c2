/* Signing in and changing a password: the flows around password, user and session. Run in the password lane.
 */
#ifndef TETHER_IDENTITY_SIGN_IN_H
#define TETHER_IDENTITY_SIGN_IN_H

#include "identity/access_token.h"
#include "identity/password.h"
#include "identity/session.h"

enum credentials_verdict {
    CREDENTIALS_OK = 0,
    CREDENTIALS_WRONG, /* unknown address, wrong password, disabled user: not told apart, same time */
    CREDENTIALS_FAILED /* no memory for hashing */
};
/* Verifies e-mail and password; rehashes what is outdated (a failure of that is logged and does no harm). No
 * transaction is open while hashing. Anything but OK is a storage failure. */
enum storage_status credentials_check(struct db_conn *conn, const struct config *config, struct arena *arena,
                                      struct str email, struct str password,
                                      enum credentials_verdict *ret_verdict, struct user *ret_user);

struct signed_in {
    struct session session;
    struct str token; /* the access token */
};
/* Opens a session (its own transaction) and issues its token. */
enum storage_status session_open(struct db_conn *conn, const struct config *config, struct arena *arena,
                                 int64_t user_id, int64_t tenant_id, struct str address,
                                 struct str user_agent, struct signed_in *ret);
/* The same inside the caller's write transaction. */
enum storage_status session_open_in(struct db_conn *conn, const struct config *config, struct arena *arena,
                                    int64_t user_id, int64_t tenant_id, struct str address,
                                    struct str user_agent, int64_t now, struct signed_in *ret);

enum password_change {
    PASSWORD_CHANGED = 0,
    PASSWORD_CURRENT_WRONG,
    PASSWORD_NEW_REFUSED,
    PASSWORD_CHANGE_FAILED
};
/* Checks the current password, stores the new one and revokes the user's other sessions, in one transaction;
 * `also` (NULL: nothing) runs at its end, as db_transaction() says. *ret_why says why for
 * PASSWORD_NEW_REFUSED (also when the new one equals the current). */
enum storage_status password_change(struct db_conn *conn, const struct config *config, struct arena *arena,
                                    int64_t user_id, int64_t session_id, struct str current, struct str next,
                                    db_tx_fn also, void *context, enum password_change *ret,
                                    const char **ret_why);

#endif
