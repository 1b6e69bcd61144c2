/* Whether a signature is ours, fast enough for an event loop. Private to identity/. */
#ifndef TETHER_IDENTITY_SIGNATURE_H
#define TETHER_IDENTITY_SIGNATURE_H

#include "base/str.h"

/* The HMAC-SHA-256 of data in base64url, without padding and without a NUL. False: it cannot be computed. Any
 * thread. */
#define SIGNATURE_TEXT_LEN 43
bool signature_text(struct str key, struct str data, char ret[SIGNATURE_TEXT_LEN]);

#endif
