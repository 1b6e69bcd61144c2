/* The headers of responses: one row each, as a component, and which response bears it. */
#include "openapi/parts.h"

struct header_row {
    const char *name;
    enum field_type type;
    const char *help;
    bool (*applies)(const struct route *route, int status);
};

static bool is_any(const struct route *route, int status)
{
    (void)route;
    (void)status;
    return true;
}

static bool is_counted(const struct route *route, int status)
{
    (void)status;
    return route->rate != RATE_UNLIMITED;
}

static bool has_etag(const struct route *route, int status)
{
    return route->conditional && status < 400;
}

static bool asks_for_token(const struct route *route, int status)
{
    (void)route;
    return status == 401;
}

static bool asks_to_wait(const struct route *route, int status)
{
    (void)route;
    return status == 429 || status == 503;
}

static const struct header_row header_rows[] = {
    { "X-Request-Id", FIELD_STR, "Names the request, here and in the server's log", is_any },
    { "X-RateLimit-Limit", FIELD_INT, "How many requests a window has", is_counted },
    { "X-RateLimit-Remaining", FIELD_INT, "How many of them are left", is_counted },
    { "X-RateLimit-Reset", FIELD_INT, "When the window ends, in epoch seconds", is_counted },
    { "ETag", FIELD_STR, "For If-None-Match of the next request", has_etag },
    { "WWW-Authenticate", FIELD_STR, "How to authenticate (RFC 6750)", asks_for_token },
    { "Retry-After", FIELD_INT, "Seconds to wait before the next try", asks_to_wait },
};

void headers_add(cJSON *headers)
{
    for (size_t i = 0; i < sizeof header_rows / sizeof header_rows[0]; i++) {
        const struct header_row *row = &header_rows[i];
        cJSON *header = json_add_object(headers, row->name);
        json_add_str(header, "description", str_of(row->help));
        json_add_item(header, "schema", schema_of_field(&(struct field){ .type = row->type }, BODY_NONE));
    }
}

void headers_refer(struct arena *arena, cJSON *response, const struct route *route, int status)
{
    cJSON *headers = json_add_object(response, "headers");
    for (size_t i = 0; i < sizeof header_rows / sizeof header_rows[0]; i++) {
        const struct header_row *row = &header_rows[i];
        if (row->applies(route, status))
            json_add_str(json_add_object(headers, row->name), "$ref",
                         arena_printf(arena, "#/components/headers/%s", row->name));
    }
}
