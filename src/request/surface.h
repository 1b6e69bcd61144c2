/* A surface is a set of routes that share one envelope. api/<surface>/envelope.c fills this in. */
#ifndef TETHER_REQUEST_SURFACE_H
#define TETHER_REQUEST_SURFACE_H

#include "base/errors.h"
#include "request/field.h"
#include "request/reply.h"
#include "request/route.h"

struct call;
struct record_envelope;

/* Why a request failed, set once, where it is found (call_fail()). */
struct failure {
    enum error_code code;
    struct str detail; /* for the client, a sentence; at == NULL: the surface's wording for the code */
    struct violations violations;
    const char *required_permission; /* ERR_PERMISSION; else NULL */
    const char *status;              /* ERR_SUSPENDED: "suspended" */
    int64_t retry_after;             /* seconds; 0: what the code itself says */
    /* ERR_PLAN_LIMIT */
    const char *limit;
    int64_t used, max;
    struct str plan;
};

struct surface {
    const char *name; /* assets, crm, v1, spaces, system */
    /* Paths it answers for when no route matches: NULL-terminated. An entry that ends in '/' is a prefix,
     * another one stands for itself and everything below it. The longest match over all surfaces wins. */
    const char *const *prefixes;
    /* The HTTP status of a failure: mostly error_info()'s; v1, crm and spaces turn 400/422 as contract
     * section 1 says. */
    int (*status)(const struct failure *failure);
    /* The error body. The walk has set the status and common headers. */
    cJSON *(*error)(struct call *call, const struct failure *failure);
    /* What stands around an answer, by its form: rows in which `answer_item` stands for what the route tells.
     * NULL: the object itself, or an array of them. ANSWER_BARE has none. */
    const struct shape *success[ANSWER_FORM_COUNT];
    const struct record_envelope *records; /* what stands around records (api/record.h); NULL: it has none */
};

#endif
