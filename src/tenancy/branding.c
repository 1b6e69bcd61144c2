#include "tenancy/branding.h"

#include <math.h>

#include "base/text.h"

#define LEAST_CONTRAST 3.0

/* Characters that end an attribute, an address or a CSS url() early. */
static bool holds_none_of(struct str s, const char *chars)
{
    for (size_t i = 0; i < s.len; i++) {
        if (strchr(chars, s.at[i]))
            return false;
    }
    return true;
}

bool branding_is_logo(struct str s)
{
    struct str host = str_sub(s, strlen("https://"), s.len);
    bool is_web = str_starts_with(s, STR("https://")) && !str_is_empty(host) && host.at[0] != '/';
    bool is_path = str_starts_with(s, STR("/")) && !str_starts_with(s, STR("//"));
    return (is_web || is_path) && s.len <= BRANDING_LOGO_MAX_BYTES && text_is_line(s) &&
           holds_none_of(s, " \"'<>\\()`");
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool branding_is_colour(struct str s)
{
    if (s.len != 7 || s.at[0] != '#')
        return false;
    for (size_t i = 1; i < s.len; i++) {
        if (digit_of(s.at[i]) < 0)
            return false;
    }
    return true;
}

/* Of sRGB, as WCAG 2 has it. */
static double linear(int value)
{
    double part = value / 255.0;
    return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

static double luminance(struct str colour)
{
    static const double weights[] = { 0.2126, 0.7152, 0.0722 };
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += weights[i] * linear(digit_of(colour.at[1 + 2 * i]) * 16 + digit_of(colour.at[2 + 2 * i]));
    return sum;
}

bool branding_carries_white(struct str colour)
{
    return 1.05 / (luminance(colour) + 0.05) >= LEAST_CONTRAST;
}
