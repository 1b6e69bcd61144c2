/* A raw request path in decoded segments. Done by ourselves on the bytes as received, before any library has
 * normalised them, so that both protocols decide alike and no proxy in front sees another path than we do. */
#include "base/encode.h"
#include "base/text.h"
#include "request/router.h"

/* No request target holds controls, space, bytes above ASCII, a fragment, and the characters RFC 3986
 * excludes.
 */
static const bool is_path_byte[256] = {
    ['!'] = true, ['$' ... ';'] = true, ['='] = true, ['@' ... '['] = true,
    [']'] = true, ['_'] = true,         ['~'] = true, ['a' ... 'z'] = true,
};

static bool is_dots(struct str segment)
{
    return str_equal(segment, STR(".")) || str_equal(segment, STR(".."));
}

static enum path_verdict decode_segment(struct arena *arena, struct str raw, struct str *ret)
{
    bool all = true, is_escaped = false;
    for (size_t i = 0; i < raw.len; i++) {
        all &= is_path_byte[(unsigned char)raw.at[i]];
        is_escaped |= raw.at[i] == '%';
    }
    if (!all || !percent_decode(arena, raw, false, ret))
        return PATH_BROKEN;
    if (!is_escaped) /* none of those bytes is any that is looked for below */
        return ret->len > 0 && !is_dots(*ret) ? PATH_FOUND : PATH_UNKNOWN;
    bool plain = ret->len > 0 && text_is_line(*ret) && !is_dots(*ret) && !memchr(ret->at, '/', ret->len) &&
                 !memchr(ret->at, '\\', ret->len);
    return plain ? PATH_FOUND : PATH_UNKNOWN;
}

enum path_verdict path_decode(struct arena *arena, struct str raw, struct path *ret)
{
    *ret = (struct path){ 0 };
    if (raw.len == 0 || raw.at[0] != '/')
        return PATH_BROKEN;
    enum path_verdict verdict = PATH_FOUND;
    struct str rest = str_sub(raw, 1, raw.len);
    for (bool more = rest.len > 0; more;) {
        struct str segment, decoded;
        more = str_split(rest, '/', &segment, &rest);
        if (!more && str_is_empty(segment) && ret->n > 0 && ret->n < ROUTER_MAX_SEGMENTS) {
            ret->segments[ret->n++] = segment; /* "/panel/" */
            break;
        }
        enum path_verdict one = decode_segment(arena, segment, &decoded);
        if (one == PATH_BROKEN)
            return PATH_BROKEN;
        if (one == PATH_UNKNOWN || ret->n == ROUTER_MAX_SEGMENTS)
            verdict = PATH_UNKNOWN;
        else
            ret->segments[ret->n++] = decoded;
    }
    return verdict;
}
