/* Filling a reply. What a handler hands over here goes onto the wire, so a value that could split a header
 * stops the program instead. */
#include "request/reply.h"

static bool name_is_plain(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return name.len > 0;
}

static bool value_is_plain(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

void reply_header(struct reply *reply, const char *name, struct str value)
{
    struct str slice = str_of(name);
    if (reply->header_count >= REPLY_MAX_HEADERS || !name_is_plain(slice) || !value_is_plain(value))
        abort();
    reply->headers[reply->header_count++] = (struct header){ slice, value };
}

bool reply_has_header(const struct reply *reply, const char *name)
{
    struct str wanted = str_of(name);
    for (size_t i = 0; i < reply->header_count; i++)
        if (str_equal(reply->headers[i].name, wanted))
            return true;
    return false;
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

void reply_empty(struct reply *reply, int status)
{
    reply_text(reply, status, NULL, STR_NONE);
}
