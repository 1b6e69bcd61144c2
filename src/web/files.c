#include "web/files.h"

static const struct web_file *find(const struct web_folder *folder, struct str name)
{
    for (size_t i = 0; i < *folder->count; i++)
        if (str_equal(str_of(folder->files[i].name), name))
            return &folder->files[i];
    return NULL;
}

/* Whether a comma-separated field names `word`, and does not take it back with a weight of zero. */
static bool field_names(struct str field, struct str word)
{
    for (struct str one, name, parameters, rest = field; !str_is_empty(rest);) {
        str_split(rest, ',', &one, &rest);
        str_split(one, ';', &name, &parameters);
        struct str weight = str_trim(parameters);
        bool is_refused = str_starts_with(weight, STR("q=0")) && !str_starts_with(weight, STR("q=0."));
        if (str_equal_nocase(str_trim(name), word) && !is_refused)
            return true;
    }
    return false;
}

static void answer_body(struct call *call, const struct web_file *file)
{
    bool is_packed =
        file->packed && field_names(request_header(&call->request, "accept-encoding"), STR("gzip"));
    const unsigned char *bytes = is_packed ? file->packed : file->plain;
    size_t size = is_packed ? file->packed_size : file->plain_size;
    reply_text(&call->reply, 200, file->type, str_from((const char *)bytes, size));
    if (is_packed)
        reply_header(&call->reply, "content-encoding", STR("gzip"));
}

enum error_code web_answer_file(struct call *call, const struct web_file *file, const char *policy)
{
    if (request_has_etag(&call->request, str_of(file->etag)))
        reply_empty(&call->reply, 304);
    else
        answer_body(call, file);
    reply_header(&call->reply, "etag", str_of(file->etag));
    reply_header(&call->reply, "vary", STR("Accept-Encoding"));
    reply_header(&call->reply, "cache-control", STR("no-cache"));
    reply_header(&call->reply, "content-security-policy", str_of(policy));
    reply_header(&call->reply, "cross-origin-opener-policy", STR("same-origin"));
    return OK;
}

enum error_code web_answer(struct call *call, const struct web_folder *folder, struct str name)
{
    const struct web_file *file = find(folder, name);
    return file ? web_answer_file(call, file, folder->policy) : call_fail(call, ERR_ROUTE_UNKNOWN, NULL);
}
