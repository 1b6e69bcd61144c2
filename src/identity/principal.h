/* Who asks: the verified bearer of a token. */
#ifndef TETHER_IDENTITY_PRINCIPAL_H
#define TETHER_IDENTITY_PRINCIPAL_H

#include "identity/access_token.h"
#include "identity/session.h"
#include "storage/changes.h"

enum principal_kind {
    PRINCIPAL_NONE = 0,
    PRINCIPAL_USER /* a user's session */,
    PRINCIPAL_API_TOKEN,
    PRINCIPAL_DEVICE
};

struct principal {
    enum principal_kind kind;
    int64_t user_id;
    int64_t user_created_at;
    int64_t session_id;
    int64_t token_tenant_id; /* the tenant the token was issued for */
    struct str email, name;
};

/* For how long what was found out may be kept: until the stamp or the time is over. */
struct principal_lease {
    struct db_stamp user; /* taken before anything of the user was read */
    int64_t expires_at;   /* epoch microseconds */
};

/* OK: *ret_verdict says the rest; *ret and *ret_lease are filled for TOKEN_VALID. A revoked session is
 * TOKEN_INVALID. A failure: the database could not tell (503). token: without "Bearer ". */
enum storage_status principal_authenticate(struct db_conn *conn, const struct config *config,
                                           struct arena *arena, struct str token, int64_t now,
                                           enum token_verdict *ret_verdict, struct principal *ret,
                                           struct principal_lease *ret_lease);

#endif
