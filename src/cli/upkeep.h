/* What the server does by itself, on a thread of its own. Every 15 seconds, and once more when it stops, it
 * writes down what requests have noted in memory (walk_write_down()). Every minute it tidies up: sessions that
 * ended a month ago, failed sign-ins whose time is over, windows of shared rate limits, tickets that were not
 * paid in time, pairings of displays that are over, imports that nobody has touched for a day. */
#ifndef TETHER_CLI_UPKEEP_H
#define TETHER_CLI_UPKEEP_H

#include "storage/db.h"

struct upkeep;
struct walk;

/* `db` and `walk` outlive it; walk NULL: there is nothing to write down. NULL: the thread cannot be started.
 */
struct upkeep *upkeep_start(struct db *db, struct walk *walk);
/* Within a few seconds. Accepts NULL in *upkeep. */
void upkeep_stop(struct upkeep **upkeep);

/* One round: a bounded piece of everything. OK with *ret_more (there may be more to do now), or a failure. */
enum storage_status upkeep_round(struct db_conn *conn, int64_t now, bool *ret_more);

#endif
