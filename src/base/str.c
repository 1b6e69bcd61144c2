/* String slices: the functions that are too long for the header. */
#include "base/str.h"

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool str_equal_nocase(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (fold(a.at[i]) != fold(b.at[i]))
            return false;
    return true;
}

bool str_starts_with(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_equal(str_sub(s, 0, prefix.len), prefix);
}

bool str_ends_with(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_equal(str_sub(s, s.len - suffix.len, suffix.len), suffix);
}

size_t str_index(struct str s, char c)
{
    const char *found = s.len > 0 ? memchr(s.at, c, s.len) : NULL;
    return found == NULL ? s.len : (size_t)(found - s.at);
}

bool str_split(struct str s, char c, struct str *ret_head, struct str *ret_tail)
{
    size_t at = str_index(s, c);
    *ret_head = str_sub(s, 0, at);
    *ret_tail = str_sub(s, at + 1, s.len);
    return at < s.len;
}

struct str str_sub(struct str s, size_t from, size_t len)
{
    if (from > s.len)
        from = s.len;
    if (len > s.len - from)
        len = s.len - from;
    return (struct str){ s.at == NULL ? NULL : s.at + from, len };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && is_blank(s.at[0]))
        s = str_sub(s, 1, s.len);
    while (s.len > 0 && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool str_to_int(struct str s, int64_t *ret)
{
    bool negative = s.len > 0 && s.at[0] == '-';
    struct str digits = str_sub(s, negative ? 1 : 0, s.len);
    if (digits.len == 0 || (digits.at[0] == '0' && s.len > 1))
        return false;
    int64_t value = 0; /* kept negative: that side reaches one further */
    for (size_t i = 0; i < digits.len; i++) {
        int digit = digits.at[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *ret = negative ? value : -value;
    return true;
}

/* From 00 to 99. */
static const char two_digits[] = "00010203040506070809101112131415161718192021222324"
                                 "25262728293031323334353637383940414243444546474849"
                                 "50515253545556575859606162636465666768697071727374"
                                 "75767778798081828384858687888990919293949596979899";

static size_t digits_of(uint64_t value)
{
    size_t n = 1;
    for (; value >= 10000; value /= 10000)
        n += 4;
    return n + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* From the last digit to the first, in place. */
size_t str_put_int(char to[STR_INT_CAP], int64_t value)
{
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    size_t len = digits_of(rest) + (value < 0);
    char *at = to + len;
    to[0] = '-'; /* or a digit, which is written over it */
    for (; rest >= 100; rest /= 100)
        memcpy(at -= 2, two_digits + 2 * (rest % 100), 2);
    if (rest >= 10)
        memcpy(at - 2, two_digits + 2 * rest, 2);
    else
        at[-1] = (char)('0' + rest);
    return len;
}
