/* Who a call's deeds are written down as. */
#ifndef TETHER_REQUEST_ACTOR_H
#define TETHER_REQUEST_ACTOR_H

#include "access/audit.h"
#include "request/call.h"

/* The bearer of the call's token, with address and request id; anonymous when nobody is signed in. */
struct audit_actor call_actor(const struct call *call);

/* The same for somebody who signs in, registers or accepts by this very call, as that user. */
struct audit_actor call_actor_as(const struct call *call, int64_t user_id, struct str email);

/* Nobody known, who claims to be `claimed`. Kept only when it has the form of an address: people type
 * passwords into the wrong field. */
struct audit_actor call_actor_unknown(const struct call *call, struct str claimed);

#endif
