/* Filling a reply. What a handler hands over here goes onto the wire, so a value that could split a header
 * stops the program instead. */
#include "request/reply.h"

#include "base/text.h"

enum { IN_NAME = 1, IN_VALUE = 2 };

/* Where a byte may stand. */
static const unsigned char allowed[256] = {
    ['\t'] = IN_VALUE,
    [' ' ... ','] = IN_VALUE,
    ['-'] = IN_NAME | IN_VALUE,
    ['.' ... '/'] = IN_VALUE,
    ['0' ... '9'] = IN_NAME | IN_VALUE,
    [':' ... '`'] = IN_VALUE,
    ['a' ... 'z'] = IN_NAME | IN_VALUE,
    ['{' ... '~'] = IN_VALUE,
    [0x80 ... 0xFF] = IN_VALUE,
};

static bool is_made_of(struct str text, unsigned char where)
{
    unsigned char all = where;
#pragma GCC unroll 8
    for (size_t i = 0; i < text.len; i++)
        all &= allowed[(unsigned char)text.at[i]];
    return all == where;
}

static bool is_sound_value(struct str value)
{
    return text_is_printable(value) || is_made_of(value, IN_VALUE);
}

void reply_header(struct reply *reply, const char *name, struct str value)
{
    struct str slice = str_of(name);
    if (reply->header_count >= REPLY_MAX_HEADERS || slice.len == 0 || !is_made_of(slice, IN_NAME) ||
        !is_sound_value(value))
        abort();
    reply->headers[reply->header_count++] = (struct header){ slice, value };
}

static bool has(const struct reply *reply, struct str name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (str_equal(reply->headers[i].name, name))
            return true;
    return false;
}

bool reply_has_header(const struct reply *reply, const char *name)
{
    return has(reply, str_of(name));
}

void reply_default(struct reply *reply, const struct header *header)
{
    if (has(reply, header->name))
        return;
    if (reply->header_count >= REPLY_MAX_HEADERS)
        abort();
    reply->headers[reply->header_count++] = *header;
}

void reply_json(struct reply *reply, int status, cJSON *json)
{
    reply->status = status;
    reply->content_type = "application/json";
    reply->body = STR_NONE;
    reply->json = json;
}

void reply_text(struct reply *reply, int status, const char *content_type, struct str body)
{
    reply->status = status;
    reply->content_type = content_type;
    reply->body = body;
    reply->json = NULL;
}

void reply_in_pieces(struct reply *reply, int status, const char *content_type, reply_piece_fn next,
                     void *state)
{
    reply_text(reply, status, content_type, STR_NONE);
    reply->stream = (struct reply_stream){ .next = next, .state = state };
}

void reply_empty(struct reply *reply, int status)
{
    reply_text(reply, status, NULL, STR_NONE);
}
