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

/* What an API token adds to its owner. */
struct principal_token {
    int64_t id; /* 0: none */
    struct str name;
    struct str scopes;    /* names of permissions, one space between: read on the way, see call->scopes */
    struct str addresses; /* from where it may be used: api_token.h */
    int64_t rate_limit;   /* requests per minute; 0: none of its own */
};

struct principal {
    enum principal_kind kind;
    int64_t user_id; /* an API token's owner */
    int64_t user_created_at;
    int64_t session_id;
    int64_t token_tenant_id; /* the tenant the token was issued for */
    int64_t issued_at;       /* when the token was */
    struct str email, name;
    struct principal_token token;
};

/* For how long what was found out may be kept: until the stamp or the time is over. */
struct principal_lease {
    struct db_stamp user; /* taken before anything of the user was read */
    int64_t expires_at;   /* epoch microseconds */
    /* For TOKEN_INVALID: how long there is no API token of that secret. Value 0: it is not that. */
    struct db_stamp unknown;
};

/* OK: *ret_verdict says the rest; *ret and *ret_lease are filled for TOKEN_VALID. A revoked session or token
 * is TOKEN_INVALID. A failure: the database could not tell (503). token: without "Bearer ". */
enum storage_status principal_authenticate(struct db_conn *conn, const struct config *config,
                                           struct arena *arena, struct str token, int64_t now,
                                           enum token_verdict *ret_verdict, struct principal *ret,
                                           struct principal_lease *ret_lease);

#endif
