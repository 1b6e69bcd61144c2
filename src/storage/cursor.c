#include "storage/cursor.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/random.h"
#include "base/text.h"

#define CHECK_BYTES 8
#define CURSOR_MAX  8192

/* ---- writing ---- */

static void put_number(struct buf *out, int64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_char(out, (char)((uint64_t)value >> shift & 0xFF));
}

static void put_values(struct buf *out, const struct cursor *cursor)
{
    put_number(out, cursor->id);
    put_number(out, cursor->total);
    for (size_t i = 0; i < cursor->n; i++) {
        const struct cursor_value *value = &cursor->values[i];
        put_number(out, cursor->is_text[i] ? (int64_t)value->text.len : value->number);
        if (cursor->is_text[i])
            buf_add(out, value->text);
    }
}

static struct str checksum(struct arena *arena, struct str context, struct str values)
{
    uint8_t hash[32];
    struct str whole = arena_join(arena, context, values);
    sha256(whole.at, whole.len, hash);
    return str_from(arena_memdup(arena, hash, CHECK_BYTES), CHECK_BYTES);
}

struct str cursor_write(struct arena *arena, struct str context, const struct cursor *cursor)
{
    struct buf values;
    buf_init(&values, arena, CURSOR_MAX);
    put_values(&values, cursor);
    struct str text = buf_str(&values);
    struct str whole = arena_join(arena, checksum(arena, context, text), text);
    return base64url_encode(arena, whole.at, whole.len);
}

/* ---- reading ---- */

static bool take_number(struct str *from, int64_t *ret)
{
    uint64_t value = 0;
    if (from->len < 8)
        return false;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | (unsigned char)from->at[i];
    *from = str_sub(*from, 8, from->len);
    *ret = (int64_t)value;
    return true;
}

static bool take_value(struct str *from, bool is_text, struct cursor_value *ret)
{
    if (!take_number(from, &ret->number))
        return false;
    if (!is_text)
        return true;
    if (ret->number < 0 || (uint64_t)ret->number > from->len)
        return false;
    ret->text = str_sub(*from, 0, (size_t)ret->number);
    *from = str_sub(*from, (size_t)ret->number, from->len);
    return text_is_clean(ret->text);
}

bool cursor_read(struct arena *arena, struct str context, struct str text, const bool *is_text, size_t n,
                 struct cursor *ret)
{
    struct str whole;
    if (!base64url_decode(arena, text, &whole) || whole.len < CHECK_BYTES)
        return false;
    struct str rest = str_sub(whole, CHECK_BYTES, whole.len);
    if (!str_equal(checksum(arena, context, rest), str_sub(whole, 0, CHECK_BYTES)))
        return false;
    if (!take_number(&rest, &ret->id) || !take_number(&rest, &ret->total) || ret->id <= 0 || ret->total < -1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!take_value(&rest, is_text[i], &ret->values[i]))
            return false;
    return rest.len == 0;
}
