/* What the handlers around a tenant's team share. Private to api/v1/. */
#ifndef TETHER_API_V1_TEAM_H
#define TETHER_API_V1_TEAM_H

#include "request/call.h"
#include "team/team.h"

/* Who acts, in the tenant of the call. Borrows the call's grant. */
struct team_actor v1_team_actor(const struct call *call);

#endif
