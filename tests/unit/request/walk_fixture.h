/* A walk on a database of its own, with a few tenants and users, and route tables that have a row for every
 * rule. Handlers answer what the walk decided, so that tests can look at it. */
#ifndef TESTS_REQUEST_WALK_FIXTURE_H
#define TESTS_REQUEST_WALK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "kept_oracle.h"
#include "request/walk.h"

/* Tenants: msp (root), acme (also assets.acme.example), globex, frozen (suspended). root_domain is
 * msp.example. */
enum who {
    NOBODY = 0,
    SARA, /* superadmin of msp */
    ROLF, /* of msp, without a staff role */
    ANNA, /* owner of acme */
    BOB,  /* viewer of acme */
    SUE,  /* suspended member of acme */
    GINA, /* owner of globex */
    FRED, /* owner of frozen */
    DORA, /* member of acme and globex; her token is for globex */
    WHO_COUNT
};

struct ask {
    const char *method; /* NULL: GET */
    const char *target;
    const char *host; /* NULL: msp.example; "": none */
    enum who who;
    const char *type, *body;
    const char *headers[12]; /* "name: value" */
    const char *peer;        /* NULL: 192.0.2.1 */
    bool tls, malformed, headers_too_large, head_is_cut, body_too_large;
};

struct world {
    struct config *config;
    struct db *db;
    struct walk *walk;
    struct walk_worker *worker;
    struct kept_oracle oracle;
    struct call *call;  /* the last one asked; freed by the next */
    bool admitted_only; /* it was answered on the loop */
    enum lane lanes[2]; /* those it went through, in order */
    size_t lane_count;
    struct arena *arena;
    struct str tokens[WHO_COUNT];
    int64_t users[WHO_COUNT];
};
extern struct world world;

/* Builds the world with `yaml` appended to its configuration (NULL: nothing). Limits are off unless the text
 * turns them on. */
void world_new(const char *yaml);
void world_free(void);

/* Sends a request through the walk. Answers the status. */
int ask(struct ask ask);
#define ASK(...) ask((struct ask){ __VA_ARGS__ })

/* The same without sending it: the caller walks it and frees it. */
struct call *call_for(struct ask asked);

/* About the last answer. "" when there is none. */
const char *answer_header(const char *name);
size_t answer_header_count(const char *name);
const char *answer_text(const char *member); /* of the JSON body */
int64_t answer_int(const char *member);
const char *answer_body(void);

/* Failing the storage of the next request. */
void world_break_storage(enum storage_status status);
void world_mend_storage(void);
/* Nothing that the walk has kept is used any more. */
void world_forget(void);
/* Runs one statement, after which nothing that was kept is used. */
void world_exec(const char *sql, struct db_args args);

#endif
