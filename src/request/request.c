/* Reading a request: methods, headers, media type. */
#include "request/request.h"

static const char *const method_names[METHOD_COUNT] = {
    [METHOD_GET] = "GET",     [METHOD_HEAD] = "HEAD",     [METHOD_POST] = "POST",       [METHOD_PUT] = "PUT",
    [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE", [METHOD_OPTIONS] = "OPTIONS",
};

enum http_method http_method_of(struct str name)
{
    for (int i = METHOD_UNKNOWN + 1; i < METHOD_COUNT; i++)
        if (str_equal(name, str_of(method_names[i])))
            return (enum http_method)i;
    return METHOD_UNKNOWN;
}

const char *http_method_name(enum http_method method)
{
    return method > METHOD_UNKNOWN && method < METHOD_COUNT ? method_names[method] : "UNKNOWN";
}

struct str request_header(const struct request *request, const char *name)
{
    struct str wanted = str_of(name);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct header *header = &request->headers[i];
        if (str_equal(header->name, wanted))
            return header->value.at ? header->value : STR("");
    }
    return STR_NONE;
}

size_t request_header_count(const struct request *request, const char *name)
{
    struct str wanted = str_of(name);
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += str_equal(request->headers[i].name, wanted);
    return count;
}

bool request_has_etag(const struct request *request, struct str etag)
{
    for (struct str one, rest = request_header(request, "if-none-match"); !str_is_empty(rest);) {
        str_split(rest, ',', &one, &rest);
        one = str_trim(one);
        if (str_starts_with(one, STR("W/")))
            one = str_sub(one, 2, one.len);
        if (str_equal(one, etag) || str_equal(one, STR("*")))
            return true;
    }
    return false;
}

struct str request_media_type(struct arena *arena, const struct request *request)
{
    struct str type, parameters;
    str_split(request_header(request, "content-type"), ';', &type, &parameters);
    return arena_lower(arena, str_trim(type));
}
