/* tether backup PATH: a consistent copy of the live data. */
#include <unistd.h>

#include "cli/commands.h"
#include "cli/store.h"

static int run(struct cli *cli)
{
    int code = store_open(cli, STORE_SCHEMA);
    if (code != CLI_OK)
        return code;
    if (!db_driver(cli->db)->backup)
        return cli_fail("The driver %s has backup tools of its own: use those of the database.",
                        db_driver(cli->db)->name);
    if (access(cli->operand, F_OK) == 0)
        return cli_fail("%s exists already; a backup never overwrites.", cli->operand);
    struct storage_error error = { STORAGE_OK, "" };
    if (db_backup(cli->conn, cli->operand, &error) != STORAGE_OK)
        return cli_fail("The backup failed: %s.", error.text);
    printf("Wrote %s.\n", cli->operand);
    return CLI_OK;
}

const struct cli_command backup_command = {
    .name = "backup",
    .operand = "PATH",
    .only_reads = true,
    .summary = "Write a consistent copy of the database to a new file, while the server runs or not",
    .run = run,
};
