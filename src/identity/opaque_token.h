/* Opaque tokens: PREFIX_ + 256 random bits + checksum, base62. API tokens are "tth_", device tokens "ttd_",
 * invitations "tti_". Stored only as SHA-256. A mistyped one fails the checksum before any look-up. */
#ifndef TETHER_IDENTITY_OPAQUE_TOKEN_H
#define TETHER_IDENTITY_OPAQUE_TOKEN_H

#include "base/arena.h"

enum opaque_kind { OPAQUE_NONE = 0, OPAQUE_API, OPAQUE_DEVICE, OPAQUE_INVITATION };

/* A new token's text (in the arena, which should wipe on free) and the hash to store. */
struct str opaque_token_new(struct arena *arena, enum opaque_kind kind, uint8_t ret_hash[32]);
/* The kind by prefix when form and checksum hold, with its hash; OPAQUE_NONE otherwise. */
enum opaque_kind opaque_token_read(struct str token, uint8_t ret_hash[32]);
/* Whether text looks like one of ours by prefix alone. */
bool opaque_token_has_prefix(struct str token);

#endif
