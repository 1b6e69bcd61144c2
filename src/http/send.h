/* Handing replies to libh2o. Loop thread only. */
#ifndef TETHER_HTTP_SEND_H
#define TETHER_HTTP_SEND_H

#include "http/libh2o.h"

#include "request/call.h"

/* Status, headers and body of a reply. close: an HTTP/1 connection ends with this. copy: the body is
 * copied into the library's pool, so that the reply may be freed; else it must live as long as the library's
 * request. */
void send_reply(h2o_req_t *req, const struct reply *reply, bool close, bool copy);

struct open_request;

/* The same without a body: it comes in pieces, the first with the head. taken: called when the client has
 * taken a piece, from inside the library. */
void send_head(struct open_request *open, const struct reply *reply, bool close,
               void (*taken)(struct open_request *open));
/* piece: not empty; lives until it is taken or the request is gone. */
void send_piece(h2o_req_t *req, struct str piece);
/* is_broken: so that the client knows that something is missing. */
void send_end(h2o_req_t *req, bool is_broken);

/* What the library answers by itself (400, 413, 417 before a handler runs) is said in our words instead. */
void send_register_error_filter(h2o_pathconf_t *path);

#endif
