/* Routes are rows. They stand at the bottom of the file that holds their handlers; api/routes.c lists the
 * tables. */
#ifndef TETHER_REQUEST_ROUTE_H
#define TETHER_REQUEST_ROUTE_H

#include "access/permission.h"
#include "access/rate_limit.h"
#include "base/errors.h"
#include "request/field.h"

struct call;
struct record_kind;

/* The zero value is the strict one: a row that says nothing needs a permission. */
enum route_need {
    NEED_PERMISSION = 0, /* signed in, a member of the tenant, with the row's permission */
    NEED_MEMBER,   /* signed in and an active member; no permission in particular ("self" with a tenant) */
    NEED_SELF,     /* signed in; any valid token; no membership asked */
    NEED_SESSION,  /* as NEED_MEMBER, and a user's session, not an API token */
    NEED_DEVICE,   /* a device, by its token in the path's first parameter or in the header */
    NEED_OPTIONAL, /* public; a token is verified when there is one, and a bad one is 401 */
    NEED_PUBLIC    /* no token is looked at */
};

/* How the tenant of a request is found (contract section 2). */
enum tenant_rule {
    TENANT_BY_HOST = 0,        /* assets: Host, ?tenant= for staff */
    TENANT_BY_TOKEN,           /* crm: the token's tenant; a tenant's own host must agree */
    TENANT_BY_HEADER,          /* v1: X-Tenant */
    TENANT_BY_HEADER_OR_TOKEN, /* v1, about oneself: X-Tenant, else the token's tenant */
    TENANT_ROOT,               /* the operator's, at the root domain alone; elsewhere there is no such path */
    TENANT_BY_HOST_OR_QUERY,   /* spaces, public: Host; at the root domain ?tenant=, for anybody */
    TENANT_BY_HOST_OR_TOKEN,   /* forward: a tenant's own host, else ?tenant=, else the token's tenant; any
                                  host will do, since it is another program's */
    TENANT_NONE                /* health, metrics */
};

enum lane { LANE_GENERAL = 0, LANE_PASSWORD, LANE_INLINE /* answered on the loop: must not block */ };

enum body_kind {
    BODY_NONE = 0,
    BODY_JSON,
    BODY_FORM,
    BODY_REPORT, /* JSON that browsers send by themselves, under a media type of its own */

    /* Without rows: what came is the handler's to read. */
    BODY_CSV,
    BODY_BYTES,
    BODY_KIND_COUNT
};
/* "application/json"; "" for BODY_NONE. */
const char *body_media_type(enum body_kind body);
static inline bool body_has_rows(enum body_kind body)
{
    return body != BODY_NONE && body != BODY_CSV && body != BODY_BYTES;
}

/* How a route's answer stands in its surface's envelope (surface.h). */
enum answer_form {
    ANSWER_OBJECT = 0, /* one object, of the rows */
    ANSWER_LIST,       /* all objects there are, of the rows each */
    ANSWER_PAGE,       /* some of them, and a cursor */
    ANSWER_MESSAGE,    /* a sentence of the surface: a deed without an object */
    ANSWER_BARE,       /* one object, of the rows, without the envelope */
    ANSWER_NONE,       /* the status and headers say it all, though it is not 204 */
    ANSWER_FORM_COUNT
};

struct route {
    const char *op; /* operationId; the key in logs, metrics, audit */
    enum http_method method;
    const char *path; /* "/api/assets/{id}"; a parameter is a whole segment; at most 4; "/panel/" is another
                         path than "/panel" */
    enum route_need need;
    enum permission permission; /* for NEED_PERMISSION */
    enum tenant_rule tenant;
    enum lane lane;
    enum rate_class rate;
    enum body_kind body;              /* two rows may share method and path when their body kinds differ */
    const struct shape *input;        /* the body's rows; NULL where it has none */
    const struct shape *query;        /* NULL: an unknown query parameter other than `tenant` is ignored */
    const struct record_kind *record; /* what the handlers of api/record.h serve; else NULL */
    const struct shape *answer;       /* the rows of the object, or of each item */
    enum answer_form form;
    const char *media; /* beside JSON, or without rows instead of it: "image/png, image/svg+xml" */
    int success;       /* 200 when 0 */
    bool conditional;  /* the answer bears an ETag, and is 304 for whoever has it */
    /* How the handler itself refuses, beside what the walk does before it (src/openapi/responses.c lists
     * that): FAILS(ERR_CONFLICT, ERR_PLAN_LIMIT). */
    const enum error_code *fails;
    /* The handler asks no storage: when all the walk needs is kept (authority.h), the request is answered on
     * the loop, without the way over a worker. */
    bool warm;
    /* A warm row whose handler reads nothing but the call (no clock, no counter, none of the headers that
     * answers_ignore() names): asked the same again, with nothing changed that the walk looked up, it answers
     * the same. Such answers are kept, ready to send (kept_answers.h). */
    bool kept;
    /* The handler reads one thing by its key, or little more, and writes nothing: an answer that is done may
     * wait for it, so that one wake-up serves both (http/lane.h). */
    bool quick;
    bool own_origin; /* only for pages of this very origin (cookie.h), whatever token comes along */
    /* For proxies that ask about a request of their own: the row answers for every method, and for every path
     * below its own. What stands there is not looked at, nor is its query. */
    bool wide;
    /* The token may also come as the secret of HTTP Basic (RFC 6749 section 2.3.1), as OAuth clients send it.
     */
    bool client_secret;
    bool page; /* for people and their browsers: no part of the API, and not in its OpenAPI document */
    /* What has to hold of a request before its query and body are looked at: that it is signed. Fails the call,
     * or is OK; NULL: nothing. */
    enum error_code (*admits)(struct call *call);
    /* Of a JSON body that is refused: adds what is wrong between those of its fields that are sound; NULL:
     * nothing. call->input, present and null are as far as they could be read. */
    void (*tell_more)(struct call *call, struct violations *violations);
    enum error_code (*handler)(struct call *call);
    const char *summary; /* one line, for docs and `tether routes` */
};

#define FAILS(...) ((const enum error_code[]){ __VA_ARGS__, OK })

struct route_table {
    const struct surface *surface;
    const struct route *routes;
    size_t n;
};
#define ROUTE_TABLE(surface_, rows_)                                                                         \
    {                                                                                                        \
        .surface = (surface_), .routes = (rows_), .n = sizeof(rows_) / sizeof((rows_)[0])                    \
    }

#endif
