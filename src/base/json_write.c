#include "base/json_write.h"

#include "base/eight.h"

/* Bytes that stand for themselves. */
static const bool is_plain[256] = {
    [' ' ... '!'] = true,
    ['#' ... '['] = true,
    [']' ... 0xFF] = true,
};

#define ESCAPE_MAX 6
_Static_assert(ESCAPE_MAX == JSON_PUT_MAX(1) - 2, "and two quotes");

static char *put_escape(char *to, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", by[] = "\"\\bfnrt", digits[] = "0123456789abcdef";
    const char *found = memchr(from, c, sizeof(from) - 1);
    *to++ = '\\';
    if (found) {
        *to++ = by[found - from];
        return to;
    }
    const char code[] = { 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15] };
    memcpy(to, code, sizeof(code));
    return to + sizeof(code);
}

static void write_escaped(struct buf *out, char c)
{
    char escape[ESCAPE_MAX];
    buf_add(out, str_from(escape, (size_t)(put_escape(escape, c) - escape)));
}

/* Whether one of eight bytes is a quote, a backslash or below a space. */
static bool has_special(uint64_t eight)
{
    return eight_have_below(eight, ' ') || eight_have(eight, '"') || eight_have(eight, '\\');
}

/* How many bytes at the beginning stand for themselves. */
static size_t plain_run(struct str text)
{
    size_t i = 0;
    while (i + sizeof(uint64_t) <= text.len && !has_special(eight_at(text.at + i)))
        i += sizeof(uint64_t);
    while (i < text.len && is_plain[(unsigned char)text.at[i]])
        i++;
    return i;
}

char *json_put_str(char *to, struct str text)
{
    *to++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        size_t plain = plain_run(str_sub(text, i, text.len));
        memcpy(to, text.at + i, plain);
        to += plain;
        i += plain;
        if (i < text.len)
            to = put_escape(to, text.at[i]);
    }
    *to++ = '"';
    return to;
}

/* Most texts. */
static void write_plain(struct buf *out, struct str text)
{
    char *to = buf_room(out, text.len + 2);
    if (!to)
        return;
    to[0] = '"';
    if (text.len > 0)
        memcpy(to + 1, text.at, text.len);
    to[text.len + 1] = '"';
    buf_wrote(out, text.len + 2);
}

void json_write_str(struct buf *out, struct str text)
{
    size_t from = 0, plain = plain_run(text);
    if (plain == text.len) {
        write_plain(out, text);
        return;
    }
    buf_add_char(out, '"');
    for (size_t i = plain; i < text.len; i++) {
        if (is_plain[(unsigned char)text.at[i]])
            continue;
        buf_add(out, str_sub(text, from, i - from));
        write_escaped(out, text.at[i]);
        from = i + 1;
    }
    buf_add(out, str_sub(text, from, text.len - from));
    buf_add_char(out, '"');
}

void json_write_int(struct buf *out, int64_t value)
{
    char digits[STR_INT_CAP];
    buf_add(out, str_from(digits, str_put_int(digits, value)));
}
