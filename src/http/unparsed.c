/* Which heads are beyond parsing, and what stands for what they lack. */
#include "http/unparsed.h"

#include "http/libh2o.h"

#define EMPTY_LINES_MAX 4 /* bytes of nothing but line ends that the library forgives */

static bool is_empty(struct str input)
{
    for (size_t i = 0; i < input.len; i++) {
        if (input.at[i] != '\r' && input.at[i] != '\n')
            return false;
    }
    return input.len <= EMPTY_LINES_MAX;
}

bool unparsed_is_refused(int status, struct str input, bool http2)
{
    if (status == PARSE_INCOMPLETE)
        return input.len >= H2O_MAX_REQLEN;
    return status == PARSE_FAILED && !is_empty(input) &&
           !(http2 && str_starts_with(input, STR("PRI * HTTP/2")));
}

static int version_of(int minor)
{
    if (minor < 0)
        return 0;
    return minor == 0 ? 0x100 : 0x101;
}

struct unparsed unparsed_judge(int status, size_t fields, size_t room, int minor)
{
    bool is_too_large = status == PARSE_INCOMPLETE || fields == room;
    return (struct unparsed){ .fault = is_too_large ? UNPARSED_TOO_LARGE : UNPARSED_WRONG,
                              .version = version_of(minor) };
}

void unparsed_name(const char **method, size_t *method_len, const char **target, size_t *target_len)
{
    if (*method_len > 0 && *target_len > 0)
        return;
    *method = "-";
    *target = "*";
    *method_len = *target_len = 1;
}
