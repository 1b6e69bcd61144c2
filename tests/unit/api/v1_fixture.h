/* Asking the v1 surface: one request header beside the token is X-Tenant. */
#ifndef V1_FIXTURE_H
#define V1_FIXTURE_H

#include "api_fixture.h"

#define V1_TIME "2023-11-14T22:13:20.123456Z" /* when people and tenants of the world were created */

#define UNAUTHENTICATED "{\"message\":\"Unauthenticated.\"}"
#define NOT_FOUND       "{\"message\":\"Not found\"}"
#define WRONG           "{\"message\":\"These credentials do not match our records.\"}"
#define INVALID(errors) "{\"message\":\"The given data was invalid\",\"errors\":{" errors "}}"

#define V1_USER(id, name, email) "{\"id\":" id ",\"name\":\"" name "\",\"email\":\"" email "\"}"
#define V1_TENANT(id, slug, name)                                                                            \
    "{\"id\":" id ",\"slug\":\"" slug "\",\"name\":\"" name "\",\"plan\":\"free\",\"status\":\"active\"}"

/* A request in tenant `slug` (NULL: none named). */
#define V1(world, slug, ...)                                                                                 \
    ask((world), (struct ask){ .header = { (slug) ? "x-tenant" : NULL, (slug) }, __VA_ARGS__ })

/* Signs in with PASSWORD; the token. */
const char *v1_token(struct world *world, const char *slug, const char *email);
/* A time of the database as answers show it, in the fixture's arena. */
const char *v1_time_of(struct world *world, const char *sql, struct db_args args);
/* The newest row of the audit log that a test cares for: "action kind:id:name -> kind:id:name after". */
const char *v1_audited(struct world *world, int64_t tenant_id);

#endif
