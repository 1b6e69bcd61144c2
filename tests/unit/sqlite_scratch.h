/* An empty SQLite database of ":memory:" that unit tests use, with the schema in it. */
#ifndef SQLITE_SCRATCH_H
#define SQLITE_SCRATCH_H

#include "storage/db.h"

/* Migrates the first one of the program, and copies what came of it to those after it: the migrations cost more than most
 * tests do. Fails the test. */
void sqlite_scratch_migrate(struct db_conn *conn);

#endif
