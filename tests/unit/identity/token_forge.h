/* Makes tokens by hand, right and wrong ones, without the code under test. */
#ifndef TETHER_TOKEN_FORGE_H
#define TETHER_TOKEN_FORGE_H

#include "identity/access_token.h"

#define FORGE_KEY  "a-key-of-exactly-thirty-two-byte"
#define FORGE_NOW  INT64_C(1800000000) /* seconds */
#define FORGE_JTI  "0123456789abcdef0123456789abcdef"
#define FORGE_HEAD "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

/* issuer "tether", FORGE_KEY. */
struct config forge_config(void);

/* The right payload, with `claim` set to the JSON text `json` (added when it is no usual claim), or left out
 * for NULL. */
struct str forge_payload(struct arena *arena, const char *claim, const char *json);

/* header and payload signed with HS256, whatever the header says. */
struct str forge_signed(struct arena *arena, struct str header, struct str payload, struct str key);

/* "header.payload.signature" of texts that are encoded already. */
struct str forge_join(struct arena *arena, struct str header, struct str payload, struct str signature);

#endif
