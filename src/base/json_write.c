#include "base/json_write.h"

/* Bytes that stand for themselves. */
static const bool is_plain[256] = {
    [' ' ... '!'] = true,
    ['#' ... '['] = true,
    [']' ... 0xFF] = true,
};

static void write_escaped(struct buf *out, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", digits[] = "0123456789abcdef";
    const char *found = memchr(from, c, sizeof(from) - 1);
    if (found)
        buf_add(out, str_from((const char[]){ '\\', to[found - from] }, 2));
    else
        buf_add(out, str_from((const char[]){ '\\', 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15] }, 6));
}

void json_write_str(struct buf *out, struct str text)
{
    size_t from = 0;
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
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
