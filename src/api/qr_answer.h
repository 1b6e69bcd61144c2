/* A QR code as the answer: of an asset's label, of a ticket. Private to api/. */
#ifndef TETHER_API_QR_ANSWER_H
#define TETHER_API_QR_ANSWER_H

#include "request/call.h"

#define QR_MEDIA "image/png, image/svg+xml"

/* ?format=png|svg, ?size=: the query of a route that answers with qr_answer(). */
extern const struct shape qr_query_shape;

/* Answers the code of `link` as the query asks; 422 for a size that is too small for it. The same question
 * always gives the same bytes, so the answer bears an ETag. */
enum error_code qr_answer(struct call *call, struct str link);

#endif
