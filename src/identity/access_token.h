/* Access tokens: JWT, HS256. The only place that knows libjwt. RFC 7519, RFC 8725; security notes in the .c.
 */
#ifndef TETHER_IDENTITY_ACCESS_TOKEN_H
#define TETHER_IDENTITY_ACCESS_TOKEN_H

#include "config/config.h"

#define ACCESS_TOKEN_MAX_BYTES 4096

struct access_claims {
    int64_t user_id;               /* sub, as a decimal string in the token */
    int64_t session_id;            /* sid, likewise */
    int64_t tenant_id;             /* tid, likewise */
    int64_t issued_at, expires_at; /* iat, exp: epoch seconds */
    struct str jti;
};

enum token_verdict { TOKEN_VALID = 0, TOKEN_INVALID, TOKEN_EXPIRED };

/* Signs with tokens.secret_key. The result is in the arena. Empty on failure (no memory). */
struct str access_token_issue(const struct config *config, struct arena *arena,
                              const struct access_claims *claims);
/* Checks form, header, signature (current key, then previous ones), issuer and every claim's type, then the
 * time: `now` epoch microseconds, 60 s leeway for iat in the future, none for exp. EXPIRED only for a token
 * that is right otherwise. *ret is filled for VALID. */
enum token_verdict access_token_verify(const struct config *config, struct arena *arena, struct str token,
                                       int64_t now, struct access_claims *ret);
/* True only for what access_token_verify() calls INVALID by its form or its signature alone; quick, and without
 * memory of its own: for the event loop. False says nothing. */
bool access_token_is_forged(const struct config *config, struct str token);

#endif
