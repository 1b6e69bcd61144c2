/* A small world to ask: an operator, customers, people in every role, and the whole walk in front of it.
 *
 *   tenant  msp (operator) · acme · bolt · shut (suspended)
 *   people  super@msp.example and staff@msp.example of msp; owner@, admin@, head@, rep@, viewer@ and gone@
 * (suspended) acme.example of acme; rep@bolt.example of bolt; both@example.com of bolt, then acme;
 *           rep@shut.example of shut; nobody@example.com of none. Everybody's password is PASSWORD.
 *
 * Ids are fixed by creation order and times, so that crm ids are constants. */
#ifndef API_FIXTURE_H
#define API_FIXTURE_H

#include "../request/kept_oracle.h"
#include "request/walk.h"
#include "tenancy_fixture.h"

#define PASSWORD "correct horse battery"

/* crm ids: 1700000000 seconds (0x6553f100), and the integer id. */
#define CRM_ID(hex16) "6553f100" hex16
#define MSP_ID        CRM_ID("0000000000000001")
#define ACME_ID       CRM_ID("0000000000000002")
#define BOLT_ID       CRM_ID("0000000000000003")
#define SHUT_ID       CRM_ID("0000000000000004")

struct world {
    struct fixture *fixture;
    struct config *config;
    struct walk *walk;
    struct walk_worker *worker;
    struct kept_oracle oracle;
    struct call *last; /* the answer to the latest ask() */
};

/* yaml: added to the configuration; "" for none. Rate limits are off unless it says otherwise. */
struct world *world_new(const char *yaml);
void world_free(struct world **world);

struct ask {
    const char *method; /* NULL: GET */
    const char *target;
    const char *host; /* NULL: localhost */
    const char *form; /* a body of the one kind … */
    const char *json; /* … or the other */
    const char *type; /* a content type other than that kind's */
    const char *token;
    const char *header[2]; /* one more; the name in lower case */
    const char *address;   /* NULL: 127.0.0.1 */
};

/* What is answered lives until the next ask. */
const struct reply *ask(struct world *world, struct ask ask);
#define ASK(world, ...) ask((world), (struct ask){ __VA_ARGS__ })

/* Fails the test with what came instead. */
void assert_reply(const struct reply *reply, int status, const char *body);
void assert_status(const struct reply *reply, int status);
/* That status, and `text` somewhere in the body. */
void assert_holds(const struct reply *reply, int status, const char *text);
/* As assert_reply(), after every token in the body was replaced by "T". */
void assert_reply_with_token(struct world *world, const struct reply *reply, int status, const char *body);
/* NULL when there is none. */
const char *header_of(const struct reply *reply, const char *name);

/* The text of a string member, in the fixture's arena; `path` is "token" or "user.id". */
const char *member_of(struct world *world, const struct reply *reply, const char *path);

/* Text in the fixture's arena. */
const char *printed(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Signs in over crm with `json`'s e-mail and PASSWORD on that host; the token. */
const char *token_for(struct world *world, const char *email, const char *host);

/* Rows that a query counts. */
int64_t count_of(struct world *world, const char *sql, struct db_args args);
void world_exec(struct world *world, const char *sql);

#endif
