/* What a handler fills. The transport sends status, headers and body as they stand. */
#ifndef TETHER_REQUEST_REPLY_H
#define TETHER_REQUEST_REPLY_H

#include "base/json.h"
#include "request/request.h"

#define REPLY_MAX_HEADERS 24

struct reply {
    int status;               /* 0: nothing was said yet */
    const char *content_type; /* NULL: no body */
    struct str body;          /* in the call's arena or constant */
    cJSON *json;              /* when set, printed into body by the walk before the call leaves the worker */
    struct header headers[REPLY_MAX_HEADERS];
    size_t header_count;
    bool close; /* close the connection after this */
};

/* Values live in the arena or are constant; CR, LF and NUL in a value are a bug and abort. Adding more than fits aborts. */
void reply_header(struct reply *reply, const char *name, struct str value);
/* 200 (or another status) with a JSON body. */
void reply_json(struct reply *reply, int status, cJSON *json);
void reply_text(struct reply *reply, int status, const char *content_type, struct str body);
void reply_empty(struct reply *reply, int status);

#endif
