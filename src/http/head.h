/* The heads of answers over HTTP/2: a function that libh2o calls instead of its own; see guard.h. */
#ifndef TETHER_HTTP_HEAD_H
#define TETHER_HTTP_HEAD_H

#include "http/libh2o.h"

/* Appends the HEADERS frame of an answer, and CONTINUATION frames when it does not fit into one, to *buf.
 * table: the library's own record of the peer's table; ours stands in the connection (hpack.h). */
void h2o_hpack_flatten_response(h2o_buffer_t **buf, void *table, uint32_t stream_id, size_t max_frame_size,
                                h2o_res_t *res, h2o_timestamp_t *ts, const h2o_iovec_t *server_name,
                                size_t content_length);

#endif
