/* A request as the rest of the house sees it: copied out of the transport, owned by the arena of its call. */
#ifndef TETHER_REQUEST_REQUEST_H
#define TETHER_REQUEST_REQUEST_H

#include "base/arena.h"

enum http_method {
    METHOD_UNKNOWN = 0,
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_COUNT
};
/* Case-sensitive, as RFC 9110 says. */
enum http_method http_method_of(struct str name);
const char *http_method_name(enum http_method method);

struct header {
    struct str name; /* lower case */
    struct str value;
};

#define REQUEST_MAX_HEADERS      64
#define REQUEST_MAX_HEADER_BYTES 16384
#define REQUEST_MAX_TARGET       8192

struct request {
    enum http_method method;
    struct str method_name; /* as received, of whatever bytes; for the log */
    struct str target;      /* raw path with query, as received */
    struct str path;        /* raw, up to '?' */
    struct str query;       /* raw, after '?'; empty if none */
    const struct header *headers;
    size_t header_count;
    struct str host; /* as received: the one Host or :authority; empty when there was none */
    struct str body;
    bool body_too_large;     /* the transport stopped reading: 413 */
    bool headers_too_large;  /* 431 */
    bool head_is_cut;        /* the transport did not read it to its end: 431 before anything else */
    bool malformed;          /* ambiguous framing or Host: 400, and the connection closes */
    struct str peer_address; /* of the connection: "127.0.0.1", "::1", "unix" */
    uint16_t port;           /* of the listener; 0: a unix socket */
    bool is_tls;
    int http_version; /* 0x100, 0x101, 0x200; 0: the request names none that could be read */

    /* Filled by the walk's first steps. */
    struct str id;             /* request id, 32 hex digits */
    struct str client_address; /* behind trusted proxies the client's own, else peer_address */
    struct str client_host;    /* canonical; X-Forwarded-Host only from trusted proxies */
    bool client_is_tls;
};

/* The first header of that (lower-case) name; at == NULL when absent. */
struct str request_header(const struct request *request, const char *name);
/* How many headers of that name. */
size_t request_header_count(const struct request *request, const char *name);
/* Whether If-None-Match names the tag (with its quotes), or any: then the answer is 304 (RFC 9110 section
 * 13.1.2). Compared weakly, as that field is: a proxy may have marked the tag. */
bool request_has_etag(const struct request *request, struct str etag);
/* The media type of Content-Type in lower case without parameters; empty when absent. */
struct str request_media_type(struct arena *arena, const struct request *request);

/* A decoded query or form. */
struct param {
    struct str name, value;
};
struct params {
    struct param *at;
    size_t n;
};
/* Strict application/x-www-form-urlencoded: percent-encoding, clean text, at most 256 pairs, no name twice.
 * False with *ret_why (constant text, or in the arena) filled. */
bool params_decode(struct arena *arena, struct str text, struct params *ret, struct str *ret_why);
/* at == NULL when absent. */
struct str params_get(const struct params *params, const char *name);

#endif
