/* Heads over HTTP/1 that the library's parser gives up on. By itself the library answers them with a bare
 * "Bad Request", past everything of ours; here they become requests that are refused like any other. */
#ifndef TETHER_HTTP_UNPARSED_H
#define TETHER_HTTP_UNPARSED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* What the library's parser returns besides lengths. */
#define PARSE_FAILED     (-1)
#define PARSE_INCOMPLETE (-2)

/* Whether what it said of `input` becomes a request. Not what may be the preface of HTTP/2, nor an empty line
 * at which the library closes without a word. */
bool unparsed_is_refused(int status, struct str input, bool http2);
/* Whether what is refused so is too large: it has filled the room that the library has for fields, or did not
 * end within its longest head. fields: how many were parsed. */
bool unparsed_is_too_large(int status, size_t fields, size_t room);
/* The version that it names itself, as h2o_req_t has it; 0: it names none that could be read. minor: as the
 * parser left it. */
int unparsed_version(int minor);
/* Puts a word in the place of what it found no method or target in. */
void unparsed_name(const char **method, size_t *method_len, const char **target, size_t *target_len);

#endif
