/* Judging raw heads: one strict pass over the lines. */
#include "http/rawhead.h"

#include "base/text.h"

/* The head's fields that may stand once, and what was seen of them. */
struct seen {
    bool host, content_length, transfer_encoding, http_1_0;
};

/* The next line without its CRLF; false for a line that ends in anything else, or never. */
static bool next_line(struct str *rest, struct str *ret)
{
    size_t end = str_index(*rest, '\n');
    if (end == rest->len || end == 0 || rest->at[end - 1] != '\r')
        return false;
    *ret = str_sub(*rest, 0, end - 1);
    *rest = str_sub(*rest, end + 1, rest->len);
    return true;
}

static bool is_request_line(struct str line, struct seen *seen)
{
    struct str method, target, version;
    if (!str_split(line, ' ', &method, &line) || !str_split(line, ' ', &target, &version))
        return false;
    seen->http_1_0 = str_equal(version, STR("HTTP/1.0"));
    for (size_t i = 0; i < target.len; i++) {
        if ((unsigned char)target.at[i] <= ' ' || target.at[i] == 0x7f)
            return false;
    }
    return text_is_token(method) && target.len > 0 && (seen->http_1_0 || str_equal(version, STR("HTTP/1.1")));
}

static bool is_field_value(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_length(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return false;
    }
    return value.len > 0;
}

/* Marks `flag`; false when it was marked before. */
static bool is_first(bool *flag)
{
    bool first = !*flag;
    *flag = true;
    return first;
}

static bool is_framing_sound(struct str name, struct str value, struct seen *seen)
{
    if (str_equal_nocase(name, STR("host")))
        return is_first(&seen->host);
    if (str_equal_nocase(name, STR("content-length")))
        return is_first(&seen->content_length) && is_length(value);
    if (str_equal_nocase(name, STR("transfer-encoding")))
        return is_first(&seen->transfer_encoding) && str_equal_nocase(value, STR("chunked"));
    return true;
}

/* A folded line begins with a space, a name with a space before the colon ends with one: neither is a token.
 */
static bool is_field(struct str line, struct seen *seen, struct rawhead *head)
{
    struct str name, value;
    if (!str_split(line, ':', &name, &value) || !text_is_token(name))
        return false;
    value = str_trim(value);
    head->fields++;
    head->bytes += name.len + value.len;
    return is_field_value(value) && is_framing_sound(name, value, seen);
}

bool rawhead_check(struct str input, struct rawhead *ret)
{
    struct seen seen = { 0 };
    struct str line;
    *ret = (struct rawhead){ 0 };
    if (!next_line(&input, &line))
        return false;
    if (line.len == 0 && !next_line(&input, &line)) /* one empty line may stand before a request */
        return false;
    if (!is_request_line(line, &seen))
        return false;
    while (next_line(&input, &line)) {
        if (line.len == 0)
            return !seen.transfer_encoding || (!seen.content_length && !seen.http_1_0);
        if (!is_field(line, &seen, ret))
            return false;
    }
    return false;
}
