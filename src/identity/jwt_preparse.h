/* What stands before libjwt: only text that is a JWS in compact form, strictly, gets further. Private to
 * identity/. */
#ifndef TETHER_IDENTITY_JWT_PREPARSE_H
#define TETHER_IDENTITY_JWT_PREPARSE_H

#include "base/arena.h"

/* The three segments, decoded. Their bytes are a stranger's. */
struct jwt_parts {
    struct str header;
    struct str payload;
    struct str signature;
};

/* True when the token is at most ACCESS_TOKEN_MAX_BYTES of exactly three non-empty segments, each in
 * canonical base64url without padding, the last one `signature_bytes` long when decoded. */
bool jwt_preparse(struct arena *arena, struct str token, size_t signature_bytes, struct jwt_parts *ret);

#endif
