/* When API tokens were used last: noted in memory at each use, written down in batches (walk_write_down()).
 */
#ifndef TETHER_REQUEST_TOKEN_USE_H
#define TETHER_REQUEST_TOKEN_USE_H

#include "identity/api_token.h"
#include "request/call.h"

/* As this node knows or as it is written down; 0: not yet. */
int64_t token_used_at(const struct call *call, const struct api_token *token);

#endif
