/* Password hashes that came from other systems: crypt(3) formats, verified by libxcrypt. Private to
 * identity/. */
#ifndef TETHER_IDENTITY_CRYPT_HASH_H
#define TETHER_IDENTITY_CRYPT_HASH_H

#include "base/str.h"

enum crypt_verdict {
    CRYPT_MISMATCH = 0,
    CRYPT_MATCH,
    CRYPT_UNUSABLE, /* no format that is known here, or one whose cost is absurd; nothing was computed */
    CRYPT_FAILED    /* no memory */
};
/* Blocks for as long as the hash's own parameters ask, a few seconds at most. */
enum crypt_verdict crypt_hash_verify(struct str password, const char *stored);

#endif
