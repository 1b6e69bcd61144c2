/* What the server tidies up by itself: sessions that ended a month ago, failed sign-ins whose time is over,
 * windows of shared rate limits, tickets that were not paid in time. A thread of its own, a minute between rounds. */
#ifndef TETHER_CLI_UPKEEP_H
#define TETHER_CLI_UPKEEP_H

#include "storage/db.h"

struct upkeep;

/* `db` outlives it. NULL: the thread cannot be started. */
struct upkeep *upkeep_start(struct db *db);
/* Within a few seconds. Accepts NULL in *upkeep. */
void upkeep_stop(struct upkeep **upkeep);

/* One round: a bounded piece of everything. OK with *ret_more (there may be more to do now), or a failure. */
enum storage_status upkeep_round(struct db_conn *conn, int64_t now, bool *ret_more);

#endif
