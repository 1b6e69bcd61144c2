/* What a handler fills. The transport sends status, headers and body as they stand. */
#ifndef TETHER_REQUEST_REPLY_H
#define TETHER_REQUEST_REPLY_H

#include "base/json.h"
#include "request/request.h"

#define REPLY_MAX_HEADERS 32

struct reply {
    int status;               /* 0: nothing was said yet */
    const char *content_type; /* NULL: no body */
    struct str body;          /* in the call's arena or constant */
    cJSON *json;              /* when set, printed into body by the walk before the call leaves the worker */
    struct header headers[REPLY_MAX_HEADERS];
    size_t header_count;
    bool close; /* close the connection after this */
};

/* Adds one. name: constant, lower case. Values live in the arena or are constant. An upper-case name, a
 * control character in a value and more headers than fit are bugs and abort. */
void reply_header(struct reply *reply, const char *name, struct str value);
/* Whether a header of that (lower-case) name was added. */
bool reply_has_header(const struct reply *reply, const char *name);
/* 200 (or another status) with a JSON body. */
void reply_json(struct reply *reply, int status, cJSON *json);
void reply_text(struct reply *reply, int status, const char *content_type, struct str body);
/* No body: 204, 304. */
void reply_empty(struct reply *reply, int status);

#endif
