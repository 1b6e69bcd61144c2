/* One request on its way through the house: what it asked, who asks, what is answered. Allocated in its own
 * arena, owned by one thread at a time. */
#ifndef TETHER_REQUEST_CALL_H
#define TETHER_REQUEST_CALL_H

#include "access/membership.h"
#include "access/rate_limit.h"
#include "identity/principal.h"
#include "request/basis.h"
#include "request/reply.h"
#include "request/route.h"
#include "request/surface.h"
#include "tenancy/host.h"

#define CALL_MAX_PARAMS 4

struct device;
struct recent;
struct walk;
struct route_entry;

struct call {
    struct arena *arena;
    struct request request;
    struct reply reply;
    struct failure failure;

    /* Set by the walk before the handler runs. */
    struct walk *walk;
    const struct config *config;        /* the one in force when the request came */
    struct db_conn *db;                 /* the worker's */
    int64_t now;                        /* epoch microseconds, one value for the whole request */
    const struct surface *surface;      /* of the path; NULL: not needed yet */
    const struct route *route;          /* NULL: none matched */
    struct str params[CALL_MAX_PARAMS]; /* path parameters in order, decoded */
    enum host_scope host_scope;         /* what the Host alone says */
    struct tenant host_tenant;          /* of the Host; id 0 unless found */
    struct tenant tenant;               /* of the request; the root tenant in root scope; id 0: none */
    bool root_scope; /* assets: staff at the root domain without ?tenant= see all tenants */
    struct principal principal;
    const struct device *device; /* NEED_DEVICE: who asks, as far as it is kept (request/device.h) */
    perm_set scopes;             /* what the principal's token lets through; everything for a session */
    struct access_grant grant;   /* role and permissions in `tenant`, narrowed to the scopes */
    struct rate_state rate;
    struct params query; /* decoded query */
    void *query_input;   /* the struct of the route's query shape; NULL without one */
    uint64_t query_present;
    void *input;            /* the route's input struct */
    uint64_t present, null; /* its rows that were there; that were null */

    /* For the access log, monotonic microseconds. t_started: when a worker took it last; 0: none has. */
    int64_t t_received, t_started, t_done;
    int64_t to_epoch_us; /* from these to `now` and its like */

    /* The walk's own notes; nobody else reads them. */
    struct {
        const struct route_entry *entries; /* of the matched path */
        size_t param_count;
        bool has_secret;    /* one of `entries` has a parameter that is a secret */
        bool rate_known;    /* `rate` is what this request counted for */
        bool rate_shared;   /* and it counted for what all nodes share */
        bool query_read;    /* `query` is decoded */
        bool query_valid;   /* and passed its rows */
        bool is_nobodys;    /* the token was refused as forged, or as looked for in vain */
        bool cold;          /* a warm walk met something that has to be read */
        bool by_cookie;     /* the token came in the panel's cookie */
        bool entered;       /* it passed every check before its body, and may have waited since */
        struct basis basis; /* what was used of what is kept */
        struct {
            struct recent *in; /* NULL: nowhere */
            int64_t group, id;
        } noted;               /* walk_note() */
        struct rate_ask asked; /* what `rate` is the answer to */
        uint8_t hits;          /* look-ups of authority that met something kept */
        uint8_t misses;        /* that had to read */
    } own;
};

/* Sets the failure and returns the code, for `return call_fail(call, ERR_NOT_FOUND, "…");`. detail: constant
 * text or in the arena; NULL: the surface's own wording. */
enum error_code call_fail(struct call *call, enum error_code code, const char *detail);
/* ERR_VALIDATION with one violation. text NULL: the kind's standard sentence. */
enum error_code call_fail_field(struct call *call, const char *field, enum violation_kind kind,
                                const char *text);
/* Adds a violation to a call that fails with ERR_VALIDATION, so that a form shows all of them at once; text
 * as above, in the arena or constant. */
void call_violate(struct call *call, const char *field, enum violation_kind kind, const char *text);
/* ERR_PERMISSION, naming the permission that is missing. */
enum error_code call_fail_permission(struct call *call, enum permission permission);
/* The failure for a storage status that nobody expected here: BUSY, GONE → ERR_STORAGE_AWAY, UNCERTAIN →
 * ERR_OUTCOME_UNKNOWN, FULL → ERR_STORAGE_FULL, REFERENCE → ERR_TENANT_UNKNOWN when the tenant that the walk
 * found was deleted before the write, else ERR_CONFLICT; all others ERR_INTERNAL. Logs the driver's text with
 * the request id, once. Outside of transactions. */
enum error_code call_fail_storage(struct call *call, enum storage_status status);

/* A path parameter that is an id. False with a 404 set: what is no number names nothing. */
bool call_path_id(struct call *call, size_t param, int64_t *ret);

static inline bool call_has(const struct call *call, unsigned row)
{
    return (call->present >> row & 1) != 0;
}

#endif
