/* Header blocks over HTTP/2 that come again. A client's requests are often the same to the byte, and decoding one
 * costs more than all the rest of a kept answer. What a block means depends on its bytes and on the connection's
 * table alone, so the fields of the last block are kept until the table changes. Loop thread only. */
#ifndef TETHER_HTTP_BLOCK_H
#define TETHER_HTTP_BLOCK_H

#include "http/libh2o.h"

#include "base/str.h"

struct block;

/* Whether a block leaves the table as it is: it inserts nothing and changes no size (RFC 7541 section 6). False
 * for one that is cut short. */
bool block_spares_table(const uint8_t *at, size_t len);

/* Fills a request's line and fields, as the library did when the block came first. False: it is not that block.
 * headers of *req are empty. */
bool block_recall(const struct block *block, const uint8_t *at, size_t len, h2o_req_t *req,
                  int *pseudo_headers);
/* Keeps what the library has just made of a block that spares the table; *block is replaced. Not for requests
 * that announce a body. */
void block_keep(struct block **block, const uint8_t *at, size_t len, const h2o_req_t *req,
                int pseudo_headers);
/* Wipes: it holds tokens. */
void block_forget(struct block **block);

#endif
