/* The configuration and the database of one run, and the sentences for what can be wrong with them. */
#ifndef TETHER_CLI_STORE_H
#define TETHER_CLI_STORE_H

#include "cli/command.h"

/* What a sub-command needs before it starts; each level includes the ones before it. */
enum store_level {
    STORE_CONFIG = 0, /* cli->config */
    STORE_DATABASE,   /* cli->db and cli->conn; the database answers; the schema may be any */
    STORE_SCHEMA,     /* the schema is this program's */
    STORE_INITIALISED /* and there is a root tenant */
};
/* CLI_OK, or CLI_FAILED with a sentence on stderr. store_close() runs in any case, by cli_main(). */
int store_open(struct cli *cli, enum store_level level);
void store_close(struct cli *cli);

/* The driver named by the configuration, with its settings. only_reads: do not ask to own the data, where a
 * driver has owners. A failure has text for people in *error. */
enum storage_status store_open_db(const struct config *config, bool only_reads, struct arena *arena,
                                  struct db **ret, struct storage_error *error);

/* Whether the schema is this program's and a root tenant is there. OK; DONE with a sentence in `text` that
 * names the command to run; or the failure that kept it from being known. */
enum storage_status store_check_schema(struct db_conn *conn, const struct db *db, struct arena *arena,
                                       const char *config_path, bool needs_root, char *text, size_t cap);

/* Says on stderr that `doing` ("create the tenant") failed, and why; returns CLI_FAILED. */
int store_fail(struct cli *cli, enum storage_status status, const char *doing);

#endif
