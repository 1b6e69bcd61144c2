/* Quoting for the log, apart from cJSON: into a caller's buffer, cut to fit, never failing. */
#include "base/eight.h"
#include "base/json.h"
#include "base/text.h"

struct quoted {
    char *to;
    size_t cap; /* one byte is kept for the closing quote */
    size_t len;
    bool full;
};

/* All of it or, from then on, nothing: a cut never splits an escape or a character. */
static void put(struct quoted *q, const char *at, size_t len)
{
    if (q->full || len > q->cap - q->len) {
        q->full = true;
        return;
    }
    memcpy(q->to + q->len, at, len);
    q->len += len;
}

static void put_control(struct quoted *q, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    const char text[6] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };
    put(q, text, sizeof(text));
}

/* A byte below 0x80 that does not stand for itself. */
static void put_ascii(struct quoted *q, char c)
{
    static const char shorts[][2] = {
        { '"', '"' }, { '\\', '\\' }, { '\n', 'n' }, { '\r', 'r' }, { '\t', 't' }
    };
    for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
        if (shorts[i][0] == c) {
            put(q, (const char[]){ '\\', shorts[i][1] }, 2);
            return;
        }
    }
    put_control(q, (unsigned char)c);
}

/* Bytes that stand for themselves. */
static const bool is_plain[256] = {
    [' ' ... '!'] = true,
    ['#' ... '['] = true,
    [']' ... '~'] = true,
};

/* Most texts stand for themselves. */
static bool eight_are_plain(const char *at)
{
    uint64_t eight = eight_at(at);
    return eight_are_printable(eight) && !eight_have(eight, '"') && !eight_have(eight, '\\');
}

/* The last eight are looked at together, whether or not some of them were looked at before. */
static bool all_plain(struct str text)
{
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= text.len; i += sizeof(uint64_t))
        if (!eight_are_plain(text.at + i))
            return false;
    if (i < text.len && text.len >= sizeof(uint64_t))
        return eight_are_plain(text.at + text.len - sizeof(uint64_t));
    while (i < text.len && is_plain[(unsigned char)text.at[i]])
        i++;
    return i == text.len;
}

static size_t quote_plain(char *to, struct str text)
{
    to[0] = to[text.len + 1] = '"';
    if (text.len > 0)
        memcpy(to + 1, text.at, text.len);
    return text.len + 2;
}

/* The run of characters at `from` that stand for themselves. */
static size_t put_plain(struct quoted *q, struct str text, size_t from)
{
    size_t to = from;
    while (to < text.len && is_plain[(unsigned char)text.at[to]])
        to++;
    size_t run = to - from, left = q->cap - q->len;
    if (run > left) {
        run = left;
        q->full = true;
    }
    memcpy(q->to + q->len, text.at + from, run);
    q->len += run;
    return to;
}

size_t json_quote(char *to, size_t cap, struct str text)
{
    if (cap < 2)
        return 0;
    if (text.len <= cap - 2 && all_plain(text))
        return quote_plain(to, text);
    struct quoted q = { .to = to, .cap = cap - 1 };
    put(&q, "\"", 1);
    for (size_t i = 0; i < text.len && !q.full;) {
        if (is_plain[(unsigned char)text.at[i]]) {
            i = put_plain(&q, text, i);
            continue;
        }
        size_t step = text_utf8_sequence(str_sub(text, i, 4));
        if (step == 1)
            put_ascii(&q, text.at[i]);
        else if (step == 0)
            put(&q, "\xEF\xBF\xBD", 3);
        else
            put(&q, text.at + i, step);
        i += step == 0 ? 1 : step;
    }
    to[q.len] = '"';
    return q.len + 1;
}
