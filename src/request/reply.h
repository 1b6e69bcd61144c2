/* What a handler fills. The transport sends status, headers and body as they stand. */
#ifndef TETHER_REQUEST_REPLY_H
#define TETHER_REQUEST_REPLY_H

#include "base/errors.h"
#include "base/json.h"
#include "request/request.h"

#define REPLY_MAX_HEADERS 32

struct call;

/* The next piece of a body that is too large to hold: in `piece`, an arena of its own that goes when the
 * client has taken it. Runs on a worker, with call->db and a deadline; it may be another worker each time. An
 * empty piece is the end. Not OK: the body breaks off where the client sees it (RFC 9112 section 8, RFC 9113
 * section 8.1). */
typedef enum error_code (*reply_piece_fn)(struct call *call, void *state, struct arena *piece,
                                          struct str *ret);

struct reply_stream {
    reply_piece_fn next; /* NULL: the body is whole */
    void *state;         /* in the call's arena, which does not shrink meanwhile */
    uint64_t sent;       /* bytes so far */
};

struct reply {
    int status;               /* 0: nothing was said yet */
    const char *content_type; /* NULL: no body */
    struct str body;          /* in the call's arena or constant */
    cJSON *json;              /* when set, printed into body by the walk before the call leaves the worker */
    struct reply_stream stream; /* when set, what follows the head instead of a body */
    struct header headers[REPLY_MAX_HEADERS];
    size_t header_count;
    bool close; /* close the connection after this */
};

/* Adds one. name: constant, lower case. Values live in the arena or are constant. An upper-case name, a
 * control character in a value and more headers than fit are bugs and abort. */
void reply_header(struct reply *reply, const char *name, struct str value);
/* Adds a constant one, unless one of its name was added. */
void reply_default(struct reply *reply, const struct header *header);
/* Whether a header of that (lower-case) name was added. */
bool reply_has_header(const struct reply *reply, const char *name);
/* 200 (or another status) with a JSON body. */
void reply_json(struct reply *reply, int status, cJSON *json);
void reply_text(struct reply *reply, int status, const char *content_type, struct str body);
/* A body in pieces, each made when the client has taken the one before: constant memory, and no worker waits
 * for a slow reader. HEAD makes none. */
void reply_in_pieces(struct reply *reply, int status, const char *content_type, reply_piece_fn next,
                     void *state);
/* No body: 204, 304. */
void reply_empty(struct reply *reply, int status);

#endif
