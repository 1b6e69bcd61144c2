/* Copying requests. Host comes from one place only: over HTTP/1 the one Host field, over HTTP/2 :authority,
 * or a `host` field that stands alone or says the same. */
#include "http/view.h"

#include "base/text.h"
#include "http/limits.h"
#include "http/rawhead.h"

bool view_target_is_sound(struct str method, struct str target)
{
    for (size_t i = 0; i < target.len; i++) {
        if (target.at[i] <= ' ' || target.at[i] > '~')
            return false;
    }
    if (str_equal(target, STR("*")))
        return str_equal(method, STR("OPTIONS"));
    return target.len > 0 && target.at[0] == '/';
}

static bool is_host_field(const h2o_header_t *header)
{
    return header->name == &H2O_TOKEN_HOST->buf;
}

bool view_names_authority(const h2o_req_t *req)
{
    return req->input.authority.base != req->hostconf->authority.hostport.base;
}

/* False when the request names more than one host. */
static bool find_host(const h2o_req_t *req, struct str *ret)
{
    bool named = view_names_authority(req);
    *ret = named ? str_trim(from_iovec(req->input.authority)) : STR_NONE;
    for (size_t i = 0; i < req->headers.size; i++) {
        const h2o_header_t *header = &req->headers.entries[i];
        if (!is_host_field(header))
            continue;
        struct str host = str_trim(from_iovec(header->value));
        if (named && !str_equal_nocase(host, *ret))
            return false;
        named = true;
        *ret = host;
    }
    return true;
}

struct size {
    size_t fields, bytes;
};

static struct size header_size(const h2o_req_t *req)
{
    struct size size = { .fields = req->headers.size };
    for (size_t i = 0; i < req->headers.size; i++)
        size.bytes += req->headers.entries[i].name->len + req->headers.entries[i].value.len;
    return size;
}

static bool check_raw_head(struct connection *connection, struct size *ret)
{
    struct rawhead head;
    bool ok = connection_raw_head(connection, &head);
    *ret = (struct size){ .fields = head.fields, .bytes = head.bytes };
    return ok;
}

static char *put(char *to, struct str from, struct str *ret)
{
    if (from.len > 0)
        memcpy(to, from.at, from.len);
    *ret = str_from(to, from.len);
    return to + from.len + 1; /* the arena's memory is zeroed: NUL-terminated */
}

static void copy_headers(struct call *call, const h2o_req_t *req, size_t bytes)
{
    size_t n = req->headers.size;
    struct header *headers = ARENA_ARRAY(call->arena, struct header, n + 1);
    char *to = arena_alloc(call->arena, bytes + 2 * n + 1);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const h2o_header_t *from = &req->headers.entries[i];
        if (is_host_field(from))
            continue;
        to = put(to, from_iovec(*from->name), &headers[kept].name);
        to = put(to, str_trim(from_iovec(from->value)), &headers[kept].value);
        kept++;
    }
    call->request.headers = headers;
    call->request.header_count = kept;
}

static void split_target(struct request *request)
{
    size_t question = str_index(request->target, '?');
    request->path = str_sub(request->target, 0, question);
    request->query = str_sub(request->target, question + 1, request->target.len);
}

static void copy_body(struct call *call, const h2o_req_t *req, size_t max_body)
{
    struct str body = from_iovec(req->entity);
    call->request.body_too_large = body.len > max_body;
    if (!call->request.body_too_large && body.len > 0)
        call->request.body = arena_copy(call->arena, body);
}

static void copy_line(struct call *call, const h2o_req_t *req, struct str host)
{
    struct request *request = &call->request;
    struct str method = from_iovec(req->input.method), target = from_iovec(req->input.path);
    char *to = arena_alloc(call->arena, method.len + target.len + host.len + 3);
    to = put(to, method, &request->method_name);
    to = put(to, target, &request->target);
    put(to, host, &request->host);
    request->method = http_method_of(request->method_name);
    split_target(request);
}

void view_fill(struct call *call, h2o_req_t *req, struct connection *connection, size_t max_body)
{
    struct request *request = &call->request;
    struct size size = header_size(req), raw = size;
    struct str host;
    bool sound = find_host(req, &host);
    if (req->version < 0x200)
        sound = check_raw_head(connection, &raw) && sound;
    sound = sound && text_is_token(from_iovec(req->input.method)) &&
            view_target_is_sound(from_iovec(req->input.method), from_iovec(req->input.path));
    request->malformed = !sound;
    request->headers_too_large = raw.fields > REQUEST_MAX_HEADERS || raw.bytes > REQUEST_MAX_HEADER_BYTES;
    request->head_is_cut = connection->unparsed.fault == UNPARSED_TOO_LARGE;
    request->peer_address = arena_copy(call->arena, str_of(connection->address));
    request->port = connection->port;
    request->is_tls = connection->tls != NULL;
    request->http_version =
        connection->unparsed.fault == UNPARSED_NONE ? req->version : connection->unparsed.version;
    copy_line(call, req, sound ? host : STR_NONE);
    if (request->malformed || request->headers_too_large)
        return;
    copy_headers(call, req, size.bytes);
    copy_body(call, req, max_body);
}
