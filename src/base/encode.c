/* Hexadecimal and base64url through libsodium, whose decoders are strict and constant-time; percent-decoding.
 */
#include "base/encode.h"

#include <sodium.h>

struct str hex_encode(struct arena *arena, const void *data, size_t size)
{
    char *at = arena_alloc(arena, size * 2 + 1);
    sodium_bin2hex(at, size * 2 + 1, data, size);
    return (struct str){ at, size * 2 };
}

bool hex_decode(struct str text, void *ret, size_t cap, size_t *ret_size)
{
    *ret_size = 0;
    if (text.len == 0)
        return true;
    return sodium_hex2bin(ret, cap, text.at, text.len, NULL, ret_size, NULL) == 0;
}

static struct str encode_base64(struct arena *arena, const void *data, size_t size, int variant)
{
    size_t cap = sodium_base64_encoded_len(size, variant);
    char *at = arena_alloc(arena, cap);
    sodium_bin2base64(at, cap, data, size, variant);
    return (struct str){ at, cap - 1 };
}

struct str base64_encode(struct arena *arena, const void *data, size_t size)
{
    return encode_base64(arena, data, size, sodium_base64_VARIANT_ORIGINAL);
}

struct str base64url_encode(struct arena *arena, const void *data, size_t size)
{
    return encode_base64(arena, data, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* libsodium 1.0.18 takes some bytes above 0x7F for letters, which would give one value several texts. */
static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] > 0x7F)
            return false;
    return true;
}

static bool decode(struct arena *arena, struct str text, int variant, struct str *ret)
{
    if (!is_ascii(text))
        return false;
    size_t cap = text.len / 4 * 3 + 3, size = 0;
    unsigned char *at = arena_alloc(arena, cap + 1);
    if (text.len > 0 && sodium_base642bin(at, cap, text.at, text.len, NULL, &size, NULL, variant) != 0)
        return false;
    at[size] = '\0';
    *ret = (struct str){ (const char *)at, size };
    return true;
}

bool base64url_decode(struct arena *arena, struct str text, struct str *ret)
{
    return decode(arena, text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, ret);
}

bool base64_decode(struct arena *arena, struct str text, struct str *ret)
{
    return decode(arena, text, sodium_base64_VARIANT_ORIGINAL, ret);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that "%XX" at text.at[i] stands for; -1 for a broken escape. */
static int escaped_byte(struct str text, size_t i)
{
    if (text.len - i < 3)
        return -1;
    int high = hex_digit(text.at[i + 1]), low = hex_digit(text.at[i + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool percent_decode(struct arena *arena, struct str text, bool plus_is_space, struct str *ret)
{
    if (str_index(text, '%') == text.len && (!plus_is_space || str_index(text, '+') == text.len)) {
        *ret = arena_copy(arena, text);
        return true;
    }
    char *at = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '%') {
            int byte = escaped_byte(text, i);
            if (byte < 0)
                return false;
            c = (char)byte;
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        at[len++] = c;
    }
    *ret = (struct str){ at, len };
    return true;
}
