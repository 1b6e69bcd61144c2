/* Opaque tokens: PREFIX_ + 256 random bits + checksum, base62. API tokens are "tth_", device tokens "ttd_",
 * invitations "tti_", what fetches a device's token "ttp_". Stored only as SHA-256. A mistyped one fails the
 * checksum before any look-up. */
#ifndef TETHER_IDENTITY_OPAQUE_TOKEN_H
#define TETHER_IDENTITY_OPAQUE_TOKEN_H

#include "base/arena.h"

enum opaque_kind { OPAQUE_NONE = 0, OPAQUE_API, OPAQUE_DEVICE, OPAQUE_INVITATION, OPAQUE_PAIRING };

/* A new token's text (in the arena, which should wipe on free) and the hash to store. */
struct str opaque_token_new(struct arena *arena, enum opaque_kind kind, uint8_t ret_hash[32]);
/* The token that follows from a secret of at least 256 random bits, always the same: for whoever has to be
 * able to give it out again and stores only hashes. purpose: told apart from what else follows from the
 * secret. */
struct str opaque_token_derive(struct arena *arena, enum opaque_kind kind, struct str secret,
                               struct str purpose, uint8_t ret_hash[32]);
/* The kind by prefix when form and checksum hold, with its hash; OPAQUE_NONE otherwise. */
enum opaque_kind opaque_token_read(struct str token, uint8_t ret_hash[32]);
/* Whether text looks like one of ours by prefix alone. */
bool opaque_token_has_prefix(struct str token);

#endif
