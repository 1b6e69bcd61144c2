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

enum unparsed_fault {
    UNPARSED_NONE, /* the library parsed it */
    UNPARSED_WRONG,
    UNPARSED_TOO_LARGE, /* it filled all room for fields, or does not end within the longest head */
};

/* What is known of a connection's last head. Zeroed until the parser gives up on one; then the guard (guard.c)
 * writes it, and nobody else. Nothing comes after that on the connection, so it is never taken back. */
struct unparsed {
    enum unparsed_fault fault;
    int version; /* that it names itself, as h2o_req_t has it; 0: it names none that could be read */
};

/* Whether what it said of `input` becomes a request. Not what may be the preface of HTTP/2, nor an empty line
 * at which the library closes without a word. */
bool unparsed_is_refused(int status, struct str input, bool http2);
/* Judges one that becomes so. fields: how many were parsed, of the `room` there was; minor: of the version, as the
 * parser left it. */
struct unparsed unparsed_judge(int status, size_t fields, size_t room, int minor);
/* Puts a word in the place of what it found no method or target in. */
void unparsed_name(const char **method, size_t *method_len, const char **target, size_t *target_len);

#endif
