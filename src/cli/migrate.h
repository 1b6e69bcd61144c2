/* Bringing the schema up to this program's, with progress for whoever watches. */
#ifndef TETHER_CLI_MIGRATE_H
#define TETHER_CLI_MIGRATE_H

#include "cli/command.h"

/* The database is open. CLI_OK with the versions as found and left, or CLI_FAILED with a sentence on stderr.
 */
int migrate_schema(struct cli *cli, int *ret_from, int *ret_to);

#endif
