/* The head of an HTTP/1 request as it was on the wire, judged for ambiguity. The library's parser is lenient,
 * and hides Host, Content-Length and Transfer-Encoding from its users. */
#ifndef TETHER_HTTP_RAWHEAD_H
#define TETHER_HTTP_RAWHEAD_H

#include "base/str.h"

struct rawhead {
    size_t fields;
    size_t bytes; /* names and values */
};

/* input: begins with the request's head; what follows it is not looked at. False when two readers could
 * disagree about where the request ends or which host it is for: RFC 9112
 * sections 2.2, 3.2, 5.1, 5.2, 6.1, 6.3. */
bool rawhead_check(struct str input, struct rawhead *ret);

#endif
