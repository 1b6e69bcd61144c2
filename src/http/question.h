/* What a request asks, as one key: two requests with the same key get the same answer as long as nothing has
 * changed that it rests on. Loop thread only. */
#ifndef TETHER_HTTP_QUESTION_H
#define TETHER_HTTP_QUESTION_H

#include "http/connection.h"

/* False for requests whose answers are never kept: others than GET and HEAD, with a body, or with a head that
 * is large or that the view (view.h) would not take as it is. */
bool question_read(h2o_req_t *req, struct connection *connection, struct kept_question *ret);

#endif
