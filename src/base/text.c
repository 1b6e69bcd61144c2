/* UTF-8 is judged byte by byte after table 3-7 of the Unicode standard: the first byte gives the length and
 * the range of the second, every further byte is 80–BF. */
#include "base/text.h"

#include "base/eight.h"

struct lead {
    unsigned char first, last;            /* lead bytes */
    unsigned char second_min, second_max; /* what may follow */
    unsigned char length;
};

static const struct lead leads[] = {
    { 0x00, 0x7F, 0x00, 0x00, 1 }, { 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 },
    { 0xE1, 0xEC, 0x80, 0xBF, 3 }, { 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 },
    { 0xF0, 0xF0, 0x90, 0xBF, 4 }, { 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};

static const struct lead *lead_of(unsigned char byte)
{
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    return NULL;
}

size_t text_utf8_sequence(struct str s)
{
    if (s.len == 0)
        return 0;
    const unsigned char *at = (const unsigned char *)s.at;
    const struct lead *lead = lead_of(at[0]);
    if (lead == NULL || lead->length > s.len)
        return 0;
    if (lead->length > 1 && (at[1] < lead->second_min || at[1] > lead->second_max))
        return 0;
    for (size_t i = 2; i < lead->length; i++)
        if (at[i] < 0x80 || at[i] > 0xBF)
            return 0;
    return lead->length;
}

size_t text_utf8_prefix(struct str s)
{
    size_t i = 0;
    while (i < s.len) {
        size_t step = (unsigned char)s.at[i] < 0x80 ? 1 : text_utf8_sequence(str_sub(s, i, s.len));
        if (step == 0)
            break;
        i += step;
    }
    return i;
}

bool text_is_utf8(struct str s)
{
    return text_utf8_prefix(s) == s.len;
}

bool text_is_clean(struct str s)
{
    return str_index(s, '\0') == s.len && text_is_utf8(s);
}

/* U+0080–U+009F are C2 80 – C2 9F. */
static bool is_control(struct str s, size_t i)
{
    unsigned char c = (unsigned char)s.at[i];
    if (c == 0xC2 && i + 1 < s.len)
        return (unsigned char)s.at[i + 1] < 0xA0;
    return c < 0x20 || c == 0x7F;
}

bool text_is_printable(struct str s)
{
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= s.len; i += sizeof(uint64_t))
        if (!eight_are_printable(eight_at(s.at + i)))
            return false;
    while (i < s.len && s.at[i] >= ' ' && s.at[i] <= '~')
        i++;
    return i == s.len;
}

bool text_is_line(struct str s)
{
    if (text_is_printable(s))
        return true;
    for (size_t i = 0; i < s.len; i++)
        if (is_control(s, i))
            return false;
    return text_is_utf8(s);
}

size_t text_length(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char)s.at[i] & 0xC0) != 0x80)
            count++;
    return count;
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* `upper`: capital letters count too. */
static bool is_label(struct str s, bool upper)
{
    if (s.len == 0 || s.len > 63 || s.at[0] == '-' || s.at[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!is_lower_or_digit(c) && c != '-' && !(upper && c >= 'A' && c <= 'Z'))
            return false;
    }
    return true;
}

static bool is_dns_name(struct str s, bool upper)
{
    if (s.len == 0 || s.len > 253)
        return false;
    struct str label, rest = s;
    bool more;
    do {
        more = str_split(rest, '.', &label, &rest);
        if (!is_label(label, upper))
            return false;
    } while (more);
    return true;
}

/* Everything that would need quotes or could end the address inside a mail header is refused. */
static bool is_local_part(struct str s)
{
    if (s.len == 0 || s.len > 64 || !text_is_line(s))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (strchr(" \"(),:;<>@[\\]", s.at[i]) != NULL)
            return false;
    return true;
}

bool text_is_email(struct str s)
{
    struct str local, domain;
    return s.len <= 254 && str_split(s, '@', &local, &domain) && is_local_part(local) &&
           is_dns_name(domain, true);
}

struct str text_normal_email(struct arena *arena, struct str email)
{
    return arena_lower(arena, email);
}

bool text_is_slug(struct str s)
{
    return is_label(s, false);
}

bool text_is_host(struct str s)
{
    return is_dns_name(s, false);
}

enum { IN_TOKEN = 1, IN_TOKEN68 = 2 };

/* Where a byte may stand. */
static const unsigned char allowed[256] = {
    ['!'] = IN_TOKEN,
    ['#' ... '\''] = IN_TOKEN,
    ['*'] = IN_TOKEN,
    ['+'] = IN_TOKEN | IN_TOKEN68,
    ['-' ... '.'] = IN_TOKEN | IN_TOKEN68,
    ['/'] = IN_TOKEN68,
    ['0' ... '9'] = IN_TOKEN | IN_TOKEN68,
    ['='] = IN_TOKEN68,
    ['A' ... 'Z'] = IN_TOKEN | IN_TOKEN68,
    ['^'] = IN_TOKEN,
    ['_'] = IN_TOKEN | IN_TOKEN68,
    ['`'] = IN_TOKEN,
    ['a' ... 'z'] = IN_TOKEN | IN_TOKEN68,
    ['|'] = IN_TOKEN,
    ['~'] = IN_TOKEN | IN_TOKEN68,
};

static bool is_made_of(struct str s, unsigned char where)
{
    unsigned char all = s.len > 0 ? where : 0;
#pragma GCC unroll 8
    for (size_t i = 0; i < s.len; i++)
        all &= allowed[(unsigned char)s.at[i]];
    return all == where;
}

bool text_is_token(struct str s)
{
    return is_made_of(s, IN_TOKEN);
}

bool text_is_token68(struct str s)
{
    return is_made_of(s, IN_TOKEN68);
}
