/* cJSON takes what RFC 8259 forbids (trailing bytes, "01", raw control characters, duplicate names, invalid
 * UTF-8) and cuts strings at \u0000. This pass reads the text once and refuses all of that, so that cJSON
 * only ever sees texts on which every JSON reader agrees. Recursion is bounded by JSON_MAX_DEPTH. */
#include "base/json_scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* cJSON copies a number into a buffer of 64 bytes. */
#define MAX_NUMBER 63

struct name {
    struct str text; /* decoded */
    size_t offset;
};

struct scan {
    struct arena *arena;
    struct str text;
    size_t at;
    struct json_error *error;
    /* Names of the objects that are open, outermost first. */
    struct name *names;
    size_t name_count, name_cap;
};

static bool scan_value(struct scan *s, int depth);

__attribute__((format(printf, 3, 4))) static bool refuse(struct scan *s, size_t offset, const char *format,
                                                         ...)
{
    va_list args;
    va_start(args, format);
    s->error->offset = offset;
    vsnprintf(s->error->text, sizeof(s->error->text), format, args);
    va_end(args);
    return false;
}

/* The byte at the cursor; -1 at the end (no byte is NUL: that is checked first). */
static int peek(const struct scan *s)
{
    return s->at < s->text.len ? (unsigned char)s->text.at[s->at] : -1;
}

static bool take(struct scan *s, char c)
{
    if (peek(s) != c)
        return false;
    s->at++;
    return true;
}

static void skip_space(struct scan *s)
{
    for (int c; (c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r';)
        s->at++;
}

static bool refuse_here(struct scan *s, const char *expected)
{
    int c = peek(s);
    if (c < 0)
        return refuse(s, s->at, "the text ends where %s was expected", expected);
    if (c > 0x20 && c < 0x7F)
        return refuse(s, s->at, "found '%c', expected %s", c, expected);
    return refuse(s, s->at, "found byte 0x%02x, expected %s", (unsigned)c, expected);
}

static bool take_hex4(struct scan *s, unsigned *ret)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(s);
        if (c >= '0' && c <= '9')
            value = value * 16 + (unsigned)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value = value * 16 + (unsigned)((c | 0x20) - 'a' + 10);
        else
            return refuse_here(s, "four hexadecimal digits after \\u");
        s->at++;
    }
    *ret = value;
    return true;
}

/* Behind "\u": a whole character, with its second half when it is a surrogate. */
static bool take_unicode(struct scan *s, unsigned *ret)
{
    size_t start = s->at - 2;
    unsigned low;
    if (!take_hex4(s, ret))
        return false;
    if (*ret == 0)
        return refuse(s, start, "\\u0000 is not accepted");
    if (*ret < 0xD800 || *ret > 0xDFFF)
        return true;
    if (*ret > 0xDBFF || !take(s, '\\') || !take(s, 'u'))
        return refuse(s, start, "half a surrogate pair");
    if (!take_hex4(s, &low))
        return false;
    if (low < 0xDC00 || low > 0xDFFF)
        return refuse(s, start, "half a surrogate pair");
    *ret = 0x10000 + ((*ret - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

/* Behind a backslash. */
static bool take_escape(struct scan *s, unsigned *ret)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = peek(s);
    const char *known = c > 0 ? strchr(from, c) : NULL;
    if (c != 'u' && known == NULL)
        return refuse_here(s, "one of \"\\/bfnrtu after a backslash");
    s->at++;
    if (c == 'u')
        return take_unicode(s, ret);
    *ret = (unsigned char)to[known - from];
    return true;
}

/* A string at the cursor; *ret_raw is what stands between the quotes. */
static bool scan_string(struct scan *s, struct str *ret_raw, bool *ret_has_escape)
{
    *ret_has_escape = false;
    size_t start = ++s->at;
    for (int c; (c = peek(s)) != '"'; s->at += c != '\\') {
        unsigned code;
        if (c < 0)
            return refuse(s, s->at, "the text ends inside a string");
        if (c < 0x20)
            return refuse(s, s->at, "a raw control character (0x%02x) in a string", (unsigned)c);
        if (c != '\\')
            continue;
        *ret_has_escape = true;
        s->at++;
        if (!take_escape(s, &code))
            return false;
    }
    *ret_raw = str_sub(s->text, start, s->at - start);
    s->at++;
    return true;
}

static size_t put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3F));
    to[0] = (char)(marks[length] | code);
    return length;
}

/* The name without its escapes, so that "\u0061" and "a" are seen to be the same. `raw` was scanned before.
 */
static bool decode_name(struct scan *s, struct str raw, struct str *ret)
{
    char *to = arena_try_alloc(s->arena, raw.len + 1);
    if (to == NULL)
        return refuse(s, s->at, "the text needs too much memory");
    struct scan inner = { .text = raw, .error = s->error };
    size_t len = 0;
    while (inner.at < raw.len) {
        unsigned code;
        if (!take(&inner, '\\')) {
            to[len++] = raw.at[inner.at++];
            continue;
        }
        if (!take_escape(&inner, &code))
            return false;
        len += put_utf8(to + len, code);
    }
    *ret = (struct str){ to, len };
    return true;
}

static bool remember_name(struct scan *s, struct name name)
{
    if (s->name_count == s->name_cap) {
        size_t cap = s->name_cap == 0 ? 32 : s->name_cap * 2;
        struct name *grown = arena_try_alloc(s->arena, cap * sizeof(*grown));
        if (grown == NULL)
            return refuse(s, s->at, "the text needs too much memory");
        if (s->name_count > 0)
            memcpy(grown, s->names, s->name_count * sizeof(*grown));
        s->names = grown;
        s->name_cap = cap;
    }
    s->names[s->name_count++] = name;
    return true;
}

/* By text, then by place: of two equal names the later one stands behind. */
static int compare_names(const void *left, const void *right)
{
    const struct name *a = left, *b = right;
    size_t common = a->text.len < b->text.len ? a->text.len : b->text.len;
    int order = common == 0 ? 0 : memcmp(a->text.at, b->text.at, common);
    if (order != 0)
        return order;
    if (a->text.len != b->text.len)
        return a->text.len < b->text.len ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* The names from `first` on belong to the object that just ended. Sorted, so that many names stay cheap. */
static bool check_names(struct scan *s, size_t first)
{
    size_t count = s->name_count - first;
    struct name *names = s->names + first;
    s->name_count = first;
    if (count < 2)
        return true;
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 1; i < count; i++) {
        if (!str_equal(names[i - 1].text, names[i].text))
            continue;
        struct str shown = str_sub(names[i].text, 0, 60);
        shown.len = text_utf8_prefix(shown); /* the cut may have split a character */
        return refuse(s, names[i].offset, "the member \"%.*s\" appears twice", STR_ARG(shown));
    }
    return true;
}

static bool scan_name(struct scan *s)
{
    struct name name = { .offset = s->at };
    bool has_escape;
    if (peek(s) != '"')
        return refuse_here(s, "a member name in quotes");
    if (!scan_string(s, &name.text, &has_escape))
        return false;
    if (has_escape && !decode_name(s, name.text, &name.text))
        return false;
    return remember_name(s, name);
}

static bool scan_member(struct scan *s, int depth)
{
    if (!scan_name(s))
        return false;
    skip_space(s);
    if (!take(s, ':'))
        return refuse_here(s, "':' after a member name");
    return scan_value(s, depth);
}

static bool scan_object(struct scan *s, int depth)
{
    size_t first = s->name_count;
    s->at++;
    skip_space(s);
    if (take(s, '}'))
        return true;
    do {
        skip_space(s);
        if (!scan_member(s, depth))
            return false;
        skip_space(s);
    } while (take(s, ','));
    if (!take(s, '}'))
        return refuse_here(s, "',' or '}' in an object");
    return check_names(s, first);
}

static bool scan_array(struct scan *s, int depth)
{
    s->at++;
    skip_space(s);
    if (take(s, ']'))
        return true;
    do {
        if (!scan_value(s, depth))
            return false;
        skip_space(s);
    } while (take(s, ','));
    return take(s, ']') || refuse_here(s, "',' or ']' in an array");
}

static bool take_digits(struct scan *s)
{
    if (peek(s) < '0' || peek(s) > '9')
        return refuse_here(s, "a digit");
    while (peek(s) >= '0' && peek(s) <= '9')
        s->at++;
    return true;
}

static bool is_finite(struct str number)
{
    char text[MAX_NUMBER + 1];
    memcpy(text, number.at, number.len);
    text[number.len] = '\0';
    return isfinite(strtod(text, NULL));
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool scan_number(struct scan *s)
{
    size_t start = s->at;
    take(s, '-');
    if (!take(s, '0') && !take_digits(s))
        return false;
    if (peek(s) >= '0' && peek(s) <= '9')
        return refuse(s, start, "a number with a leading zero");
    if (take(s, '.') && !take_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            take(s, '-');
        if (!take_digits(s))
            return false;
    }
    struct str number = str_sub(s->text, start, s->at - start);
    if (number.len > MAX_NUMBER)
        return refuse(s, start, "a number of more than %d characters", MAX_NUMBER);
    return is_finite(number) || refuse(s, start, "a number out of range");
}

static bool scan_word(struct scan *s)
{
    static const struct str words[] = { { "true", 4 }, { "false", 5 }, { "null", 4 } };
    struct str rest = str_sub(s->text, s->at, s->text.len);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_starts_with(rest, words[i])) {
            s->at += words[i].len;
            return true;
        }
    }
    return refuse_here(s, "a JSON value");
}

/* depth: of the containers around this value. */
static bool scan_value(struct scan *s, int depth)
{
    skip_space(s);
    int c = peek(s);
    if ((c == '{' || c == '[') && depth == JSON_MAX_DEPTH)
        return refuse(s, s->at, "nested more than %d deep", JSON_MAX_DEPTH);
    if (c == '{')
        return scan_object(s, depth + 1);
    if (c == '[')
        return scan_array(s, depth + 1);
    if (c == '"')
        return scan_string(s, &(struct str){ 0 }, &(bool){ false });
    if (c == '-' || (c >= '0' && c <= '9'))
        return scan_number(s);
    return scan_word(s);
}

/* What concerns the bytes, whatever the grammar. */
static bool check_bytes(struct scan *s)
{
    size_t zero = str_index(s->text, '\0'), bad = text_utf8_prefix(s->text);
    if (str_starts_with(s->text, STR("\xEF\xBB\xBF")))
        return refuse(s, 0, "a byte order mark before the JSON text");
    if (zero < s->text.len)
        return refuse(s, zero, "a NUL byte");
    if (bad < s->text.len)
        return refuse(s, bad, "not UTF-8");
    return true;
}

bool json_scan(struct arena *arena, struct str text, struct json_error *ret_error)
{
    struct scan s = { .arena = arena, .text = text, .error = ret_error };
    if (!check_bytes(&s) || !scan_value(&s, 0))
        return false;
    skip_space(&s);
    return s.at == text.len || refuse(&s, s.at, "something follows the JSON value");
}
