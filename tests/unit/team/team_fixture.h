/* The operator msp, the customers acme and bolt, and people who join them as a test says. */
#ifndef TEAM_FIXTURE_H
#define TEAM_FIXTURE_H

#include "team/members.h"
#include "team/roles.h"
#include "tenancy_fixture.h"

struct team {
    struct fixture *fixture;
    struct tenant msp, acme, bolt;
};

struct team *team_new(void);
void team_free(struct team **team);

/* A new user, who has no membership yet. */
int64_t team_user(struct team *team, const char *email, const char *name);
void team_join(struct team *team, const struct tenant *tenant, int64_t user_id, const char *role);
/* Both at once. */
int64_t team_member(struct team *team, const struct tenant *tenant, const char *email, const char *role);

/* A role of the tenant's own, without asking anybody; its id. */
int64_t team_role(struct team *team, const struct tenant *tenant, const char *slug, int rank,
                  const char *permissions);

/* What somebody may do there now. */
struct access_grant team_grant(struct team *team, const struct tenant *tenant, int64_t user_id);

/* The only number that a query answers; args may be DB_NO_ARGS. */
int64_t team_count(struct team *team, const char *sql, struct db_args args);
/* The newest row of a tenant's audit log, "action target before after", in the fixture's arena. */
const char *team_newest_deed(struct team *team, const struct tenant *tenant);

#endif
