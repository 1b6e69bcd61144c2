/* Authority, kept: which tenant a host or slug means, who bears a token, what they may do there.
 *
 * The walk asks here instead of the database. What is not kept, or no longer holds, is read and kept.
 * Everything kept bears the stamps of what it rests on (storage/changes.h), taken before it was read and
 * compared at each use, so a revocation, suspension, role change or new domain acts on the next request;
 * after a minute it is read again in any case. docs/authority-cache.md says more.
 *
 * Without a connection (call->db == NULL: a warm walk on the event loop) a miss sets call->own.cold and
 * answers STORAGE_GONE: the walk then starts over on a worker. */
#ifndef TETHER_REQUEST_AUTHORITY_H
#define TETHER_REQUEST_AUTHORITY_H

#include "request/call.h"

struct authority;

/* Knows nothing yet; one per walk, for all its threads. */
struct authority *authority_new(void);
void authority_free(struct authority **authority);

/* As host_resolve(). */
enum storage_status authority_host(struct call *call, struct str host, enum host_scope *ret_scope,
                                   struct tenant *ret);
/* As tenant_by_slug() and tenant_by_id(). */
enum storage_status authority_tenant_by_slug(struct call *call, struct str slug, struct tenant *ret);
enum storage_status authority_tenant_by_id(struct call *call, int64_t id, struct tenant *ret);
/* The token's bearer if it is kept and holds, and call->scopes. False: ask authority_authenticate(). */
bool authority_knows(struct call *call, struct str token, struct principal *ret);
/* Whether the token was looked for in vain, and nobody can have been given it since. */
bool authority_knows_absent(struct call *call, struct str token);
/* The same without a call; now: epoch microseconds. */
bool authority_is_absent(const struct walk *walk, struct str token, int64_t now);
/* As principal_authenticate(), and call->scopes; keeps whom it finds. */
enum storage_status authority_authenticate(struct call *call, struct str token,
                                           enum token_verdict *ret_verdict, struct principal *ret);
/* As access_decide() for the principal of the call. */
enum storage_status authority_decide(struct call *call, const struct tenant *tenant,
                                     struct access_grant *ret);

/* Adds what the call's look-ups have met since the last time to the metrics. */
void authority_count(struct call *call);

#endif
