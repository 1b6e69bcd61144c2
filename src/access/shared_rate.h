/* Fixed-window rate limits that all nodes of one database share (contract section 6): as rate_limit.h,
 * counted in the table rate_windows. Exact under concurrency, and a write transaction per take: for the few
 * classes whose requests cost far more than that. */
#ifndef TETHER_ACCESS_SHARED_RATE_H
#define TETHER_ACCESS_SHARED_RATE_H

#include "access/rate_limit.h"
#include "storage/db.h"

/* Whether requests of the class are worth it. */
bool shared_rate_has(enum rate_class class);

/* As rate_take(), in a transaction of its own. class: one that shared_rate_has(). OK with *ret, or a failure
 * and nothing is known to be counted. */
enum storage_status shared_rate_take(struct db_conn *conn, const struct config *config, struct arena *arena,
                                     enum rate_class class, struct str key, int64_t now,
                                     struct rate_state *ret);

/* Inside a write transaction: counts one for `bucket` (constant words and a key; they begin with no class's
 * name) against a limit that is none of the configuration's. OK; DONE when it is used up; or a failure.
 * *ret_end: when the window ends. */
enum storage_status shared_rate_count(struct db_conn *conn, struct str bucket, const struct rate *rate,
                                      int64_t now, int64_t *ret_end);
/* Inside a write transaction: takes one back that shared_rate_count() has counted. */
enum storage_status shared_rate_uncount(struct db_conn *conn, struct str bucket);

/* Inside a write transaction: takes away up to `limit` windows that are long over. *ret: how many. */
enum storage_status shared_rate_sweep(struct db_conn *conn, int64_t now, int64_t limit, int64_t *ret);

#endif
