/* The walk: the order of checks of contract section 1, one short function per step, driven by the route's
 * row.
 *
 * The transport calls, per request: call_new() and fills call->request; walk_admit() on its event loop;
 * unless that answered, walk_run() on a worker of the lane named, and again in the lane that names, if it
 * does; then sends call->reply; then walk_log(); then call_free(). */
#ifndef TETHER_REQUEST_WALK_H
#define TETHER_REQUEST_WALK_H

#include "request/call.h"

struct walk;

/* Compiles the tables into a router; refuses a broken table (duplicate op, duplicate method+path+body, a
 * route without permission, a bad path, …) with a sentence in error (cap bytes). `config` is borrowed until
 * walk_reload(). */
struct walk *walk_new(const struct config *config, struct db *db, const struct route_table *const *tables,
                      size_t n, char *error, size_t cap);
void walk_free(struct walk **walk);
/* Any thread: requests that come from now on see `config`, which now belongs to the walk; the old one stays
 * valid until walk_free(), since requests under way may read it. */
void walk_reload(struct walk *walk, struct config *config);
/* The configuration in force. */
const struct config *walk_config(const struct walk *walk);

/* Any thread. A call in an arena of its own. */
struct call *call_new(struct walk *walk);
/* The same for who knows the time already, microseconds: monotonic, and what is added for that of the epoch. */
struct call *call_new_at(struct walk *walk, int64_t monotonic_us, int64_t to_epoch_us);
void call_free(struct call **call);

/* Event loop; never blocks. Request id, client address, route, size and type, per-address limit. True:
 * call->reply is complete, send it. False: *ret_lane says where walk_run() belongs.
 *
 * Who may not enter is turned away here as far as what is kept decides it (request/authority.h): a request
 * without a token for a route that needs one, any request for the password lane, any request of an address
 * that is used up. What that cannot decide goes to the general lane: the password lane, small and slow, is
 * only for calls that have passed every check before their body. */
bool walk_admit(struct walk *walk, struct call *call, enum lane *ret_lane);

/* Of a call that goes to a worker: it will be done in some microseconds, so that an answer which is done
 * already may wait for it. */
bool walk_is_quick(const struct call *call);

/* Writes down what requests have noted in memory: when devices were seen and API tokens used. Not often, and
 * as the last thing before walk_free(). One thread at a time. False: not all could be written; it stays
 * noted. */
bool walk_write_down(struct walk *walk, struct db_conn *conn);

/* What a worker thread of that lane needs: a database connection. */
struct walk_worker;
struct walk_worker *walk_worker_new(struct walk *walk, enum lane lane);
void walk_worker_free(struct walk_worker **worker);

/* Worker thread; blocks. Tenant, principal, membership, permission, body, handler. True: call->reply is
 * complete. False: the call may go on, but in another lane: give it to a worker of *ret_lane, where
 * walk_run() asks again whether it still may and goes on. That happens once per call at most. taken_us: when
 * the worker took it, monotonic; its deadline runs from there. */
bool walk_run(struct walk_worker *worker, struct call *call, int64_t taken_us, enum lane *ret_lane);

/* Worker thread; blocks. The next piece of call->reply.stream; an empty one is the end. False: the body must
 * break off; why is in the log. */
bool walk_stream(struct walk_worker *worker, struct call *call, struct arena *piece, struct str *ret);

/* Event loop, instead of walk_admit(): what the transport does not take by itself, for its framing
 * (ERR_MALFORMED), its size or what it expects. Completes call->reply, as that of walk_admit() would be: what
 * comes first in its order, such as an unknown path, is what is said. Nothing is counted. */
void walk_refuse(struct call *call, enum error_code code, const char *detail);

/* Any thread that owns the call: fills call->reply with the 503 of a full lane (Retry-After: 1). */
void walk_refuse_overload(struct walk *walk, struct call *call);

/* Event loop, after the reply was handed to the transport: access log line and metrics. sent is false when
 * the client had left. */
void walk_log(struct walk *walk, struct call *call, bool sent);

/* /readyz and start-up: whether storage answers and has this program's schema. */
enum storage_status walk_ready(struct walk_worker *worker);
/* The same for a handler: on its call's connection. INVALID: another schema than this program's. */
enum storage_status walk_ready_in(struct call *call);

/* For `tether routes`, OpenAPI and tests: every row with its surface, in table order. */
typedef void (*walk_route_fn)(void *context, const struct surface *surface, const struct route *route);
void walk_each_route(const struct walk *walk, walk_route_fn fn, void *context);

#endif
