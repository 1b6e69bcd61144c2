/* Hexadecimal, base64url, percent-decoding. */
#ifndef TETHER_BASE_ENCODE_H
#define TETHER_BASE_ENCODE_H

#include "base/arena.h"

/* Lower-case hexadecimal. */
struct str hex_encode(struct arena *arena, const void *data, size_t size);
/* Both cases. False for an odd length, another character, or more than `cap` bytes. */
bool hex_decode(struct str text, void *ret, size_t cap, size_t *ret_size);

/* base64 with padding (RFC 4648 section 4). */
struct str base64_encode(struct arena *arena, const void *data, size_t size);
/* base64url without padding (RFC 4648 section 5). */
struct str base64url_encode(struct arena *arena, const void *data, size_t size);
/* Strict: alphabet, length mod 4 ≠ 1, zero bits in the last character's unused part, no padding. */
bool base64url_decode(struct arena *arena, struct str text, struct str *ret);

/* base64 with padding (RFC 4648 section 4), as strict. */
bool base64_decode(struct arena *arena, struct str text, struct str *ret);

/* %XX decoding. plus_is_space: also '+' → ' ' (forms and queries). False for a broken escape. The result may
 * hold any byte, NUL included: check it with text_is_clean(). */
bool percent_decode(struct arena *arena, struct str text, bool plus_is_space, struct str *ret);

#endif
