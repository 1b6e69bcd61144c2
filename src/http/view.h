/* From the library's request to ours: a copy in the call's arena. Loop thread only. */
#ifndef TETHER_HTTP_VIEW_H
#define TETHER_HTTP_VIEW_H

#include "http/connection.h"
#include "request/call.h"

/* Fills call->request up to `is_tls` and `http_version`, with the verdicts malformed, headers_too_large,
 * head_is_cut and body_too_large; what a refused request carried is then left out. */
void view_fill(struct call *call, h2o_req_t *req, struct connection *connection, size_t max_body);

/* Whether the request names a host in :authority, or over HTTP/1 in Host. The library puts the sentinel
 * host's name where the peer named none. */
bool view_names_authority(const h2o_req_t *req);

/* A request target that both protocols accept: an absolute path of visible ASCII, or "*" for OPTIONS. */
bool view_target_is_sound(struct str method, struct str target);

#endif
