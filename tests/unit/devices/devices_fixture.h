/* Two tenants, and their deeds on devices. */
#ifndef DEVICES_FIXTURE_H
#define DEVICES_FIXTURE_H

#include "unit.h"

#include "devices/pairing.h"
#include "devices/token.h"
#include "tenancy_fixture.h"

#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

struct screens {
    struct fixture *fixture;
    struct db_conn *conn;
    struct arena *arena;
    struct tenant acme, bolt;
    struct str secret;
};

struct screens *screens_new(void);
void screens_free(struct screens **screens);

/* A deed of user 5 in that tenant at that time, from 192.0.2.1. */
#define DEED(whose, at, ...)                                                                                 \
    ((struct device_deed){ .tenant = (whose),                                                                \
                           .actor = { .kind = AUDIT_USER, .id = 5, .name = STR("sue@acme.example") },        \
                           .user_id = 5,                                                                     \
                           .address = STR("192.0.2.1"),                                                      \
                           .now = (at),                                                                      \
                           __VA_ARGS__ })

/* OK, or the test fails. */
struct pairing screens_begin(struct screens *screens, int64_t tenant_id, const char *origin, int64_t now);
struct pairing_answer screens_poll(struct screens *screens, struct str poll_token, int64_t now);
/* Whether the token is somebody's. */
bool screens_knows(struct screens *screens, struct str token, int64_t now, struct device *ret);
/* A device of acme whose token is in use; the token. */
struct str screens_paired(struct screens *screens, const char *name, struct device *ret);

int64_t screens_count(struct screens *screens, const char *sql);
/* The newest row of a tenant's audit log: "action actor_kind:id name -> target:id before after". */
const char *screens_newest_deed(struct screens *screens, const struct tenant *tenant);

#endif
