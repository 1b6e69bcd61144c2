/* Replies: ours, and the library's own errors in our shape. */
#include "http/send.h"

#include "http/connection.h"
#include "http/internal.h"
#include "http/loop.h"
#include "http/view.h"

/* A slice of ours is one of the library's. */
_Static_assert(sizeof(struct str) == sizeof(h2o_iovec_t) &&
                   offsetof(struct str, at) == offsetof(h2o_iovec_t, base) &&
                   offsetof(struct str, len) == offsetof(h2o_iovec_t, len),
               "names are handed over as they are");

static h2o_generator_t reply_generator; /* marks answers as ours; nothing is ever pulled from it */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 206, "Partial Content" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 402, "Payment Required" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
    { 507, "Insufficient Storage" },
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Other";
}

static bool is_head(const h2o_req_t *req)
{
    return h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
}

static bool has_body(const struct reply *reply)
{
    return reply->content_type && reply->status != 204 && reply->status != 304;
}

/* The library writes the head within the first h2o_send(), so names and values stay where they are. */
static void put_headers(h2o_req_t *req, const struct reply *reply)
{
    h2o_headers_t *headers = &req->res.headers;
    h2o_vector_reserve(&req->pool, headers, reply->header_count + 1);
    headers->size = 0;
    if (has_body(reply))
        headers->entries[headers->size++] = (h2o_header_t){
            &H2O_TOKEN_CONTENT_TYPE->buf, NULL, { (char *)reply->content_type, strlen(reply->content_type) }
        };
    for (size_t i = 0; i < reply->header_count; i++) {
        const struct header *header = &reply->headers[i];
        headers->entries[headers->size++] = (h2o_header_t){ (h2o_iovec_t *)&header->name,
                                                            NULL,
                                                            { (char *)header->value.at, header->value.len } };
    }
}

/* body_size: SIZE_MAX when it is not known. */
static void start(h2o_req_t *req, const struct reply *reply, bool close, size_t body_size,
                  h2o_generator_t *generator)
{
    bool bodiless = reply->status == 204 || reply->status == 304;
    req->res.status = reply->status;
    req->res.reason = reason_of(reply->status);
    req->res.content_length = bodiless ? SIZE_MAX : body_size;
    if (close)
        req->http1_is_persistent = 0;
    put_headers(req, reply);
    h2o_start_response(req, generator);
}

void send_reply(h2o_req_t *req, const struct reply *reply, bool close, bool copy)
{
    size_t size = has_body(reply) ? reply->body.len : 0;
    start(req, reply, close, reply->stream.next ? SIZE_MAX : size, &reply_generator);
    if (size == 0 || is_head(req)) {
        h2o_send(req, NULL, 0, H2O_SEND_STATE_FINAL);
        return;
    }
    h2o_iovec_t body = { (char *)reply->body.at, reply->body.len };
    if (copy)
        body = h2o_strdup(&req->pool, body.base, body.len);
    h2o_send(req, &body, 1, H2O_SEND_STATE_FINAL);
}

/* ---- in pieces ---- */

/* In the pool of the library's request, which may ask for more until it ends. */
struct piece_generator {
    h2o_generator_t super;
    struct open_request *open;
    void (*taken)(struct open_request *open);
};

static void on_proceed(h2o_generator_t *self, h2o_req_t *req)
{
    struct piece_generator *generator = (struct piece_generator *)self;
    (void)req;
    generator->taken(generator->open);
}

void send_head(struct open_request *open, const struct reply *reply, bool close,
               void (*taken)(struct open_request *open))
{
    struct piece_generator *generator = h2o_mem_alloc_pool(&open->req->pool, sizeof *generator);
    *generator = (struct piece_generator){ { .proceed = on_proceed }, open, taken };
    start(open->req, reply, close, SIZE_MAX, &generator->super);
}

void send_piece(h2o_req_t *req, struct str piece)
{
    h2o_iovec_t body = { (char *)piece.at, piece.len };
    h2o_send(req, &body, 1, H2O_SEND_STATE_IN_PROGRESS);
}

void send_end(h2o_req_t *req, bool is_broken)
{
    h2o_send(req, NULL, 0, is_broken ? H2O_SEND_STATE_ERROR : H2O_SEND_STATE_FINAL);
}

static bool is_ours(const h2o_generator_t *generator)
{
    return generator == &reply_generator || (generator && generator->proceed == on_proceed);
}

/* ---- the library's own errors ---- */

struct error_stream {
    h2o_ostream_t super;
    h2o_iovec_t body;
};

static void send_error_body(h2o_ostream_t *self, h2o_req_t *req, h2o_iovec_t *bufs, size_t count,
                            h2o_send_state_t state)
{
    struct error_stream *stream = (struct error_stream *)self;
    if (count > 0)
        bufs = &stream->body;
    h2o_ostream_send_next(self, req, bufs, count > 0 ? 1 : 0, state);
}

static void free_refused(void *data)
{
    struct call **kept = data;
    call_free(kept);
}

/* Said as the surface of its path says it, with what every answer has. In the memory of the library's
 * request. */
static const struct reply *refuse(h2o_req_t *req, struct connection *connection)
{
    struct walk *walk = connection->loop->server->walk;
    struct call *call = call_new(walk), **kept = h2o_mem_alloc_shared(&req->pool, sizeof *kept, free_refused);
    *kept = call;
    call->t_received = loop_clock(connection->loop);
    connection_forget_raw_head(connection); /* this request was not counted: what is kept is another's */
    view_fill(call, req, connection, (size_t)walk_config(walk)->server.max_body);
    if (req->res.status == 413)
        walk_refuse(call, ERR_TOO_LARGE, "The body is too large.");
    else if (req->res.status == 417)
        walk_refuse(call, ERR_EXPECTATION, "The expectation cannot be met.");
    else
        walk_refuse(call, ERR_MALFORMED, "The request is malformed.");
    walk_log(walk, call, true);
    return &call->reply;
}

static void on_setup_stream(h2o_filter_t *filter, h2o_req_t *req, h2o_ostream_t **slot)
{
    (void)filter;
    struct connection *connection = connection_of(req);
    if (connection && !is_ours(req->_generator)) {
        const struct reply *reply = refuse(req, connection);
        struct error_stream *stream = (struct error_stream *)h2o_add_ostream(req, sizeof *stream, slot);
        stream->super.do_send = send_error_body;
        stream->body = h2o_iovec_init(reply->body.at, reply->body.len);
        slot = &stream->super.next;
        req->res.status = reply->status;
        req->res.reason = reason_of(reply->status);
        req->res.content_length = reply->body.len;
        put_headers(req, reply);
        if (req->version < 0x200)
            connection_linger(connection);
    }
    h2o_setup_next_ostream(req, slot);
}

void send_register_error_filter(h2o_pathconf_t *path)
{
    h2o_filter_t *filter = h2o_create_filter(path, sizeof *filter);
    filter->on_setup_ostream = on_setup_stream;
}
