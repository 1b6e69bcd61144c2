/* The scratch database on PostgreSQL that TETHER_TEST_POSTGRES names by its conninfo (with-postgres.sh), and that
 * the fixtures of a program use one after the other. */
#ifndef POSTGRES_SCRATCH_H
#define POSTGRES_SCRATCH_H

#include "storage/db.h"

/* NULL: the tests run on SQLite. */
const char *postgres_scratch(void);

/* The schema in it, and no rows, whatever was there. The first time the schema is made anew; from then on, which
 * is far quicker, what the tests left is deleted: by the cluster's superuser, whom foreign keys let pass.
 * `conn` is to that database. Fails the test. */
void postgres_scratch_empty(struct db_conn *conn);

#endif
