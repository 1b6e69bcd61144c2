/* The thread that runs imports which came in parts, one after the other. */
#ifndef TETHER_RECORDS_RUNNER_H
#define TETHER_RECORDS_RUNNER_H

#include "base/clock.h"
#include "records/upload.h"
#include "request/walk.h"

/* How long after its node is gone an import is begun again. Renewed several times in that time. */
#define IMPORT_LEASE_US (30 * CLOCK_SECOND)

struct import_runner;
/* By the walk's configuration, as it is when an import begins. NULL when the thread cannot be started. Stop
 * with import_runner_stop(): what runs is given back. */
struct import_runner *import_runner_start(const struct walk *walk, struct db *db);
void import_runner_stop(struct import_runner **runner);

/* How far this process is with an import: rows. False: it does not run it. Any thread. */
bool import_progress(int64_t id, int64_t *ret_checked, int64_t *ret_written);

/* One step, for tests: ROW when an import was run, DONE when none waits, or a failure. */
enum storage_status import_run_one(const struct config *config, struct db *db, struct db_conn *conn,
                                   int64_t now);

#endif
