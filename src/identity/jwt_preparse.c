/* The strict pre-parser. libjwt 1.10 writes past its buffer for an empty segment, puts every segment on the
 * stack and skips characters that are not base64; none of that is reachable once a token has passed here, and
 * one token has exactly one spelling. */
#include "identity/jwt_preparse.h"

#include "base/encode.h"
#include "identity/access_token.h"

static bool decode_segment(struct arena *arena, struct str segment, struct str *ret)
{
    return !str_is_empty(segment) && base64url_decode(arena, segment, ret);
}

bool jwt_preparse(struct arena *arena, struct str token, size_t signature_bytes, struct jwt_parts *ret)
{
    struct str header, payload, signature, rest;
    if (token.len > ACCESS_TOKEN_MAX_BYTES)
        return false;
    if (!str_split(token, '.', &header, &rest) || !str_split(rest, '.', &payload, &signature))
        return false;
    /* A fourth segment leaves a '.' in the third, which is not in the alphabet. */
    if (!decode_segment(arena, header, &ret->header) || !decode_segment(arena, payload, &ret->payload) ||
        !decode_segment(arena, signature, &ret->signature))
        return false;
    return ret->signature.len == signature_bytes;
}
