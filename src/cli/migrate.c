/* tether migrate: applies the migrations that are missing. */
#include "cli/migrate.h"

#include "cli/commands.h"
#include "cli/store.h"
#include "cli/terminal.h"

static void show_step(void *context, int version, const char *name)
{
    const int *newest = context;
    fprintf(stderr, "migration %d of %d: %s\n", version, *newest, name);
}

int migrate_schema(struct cli *cli, int *ret_from, int *ret_to)
{
    int newest = db_schema_newest(cli->db);
    enum storage_status status =
        db_migrate(cli->conn, terminal_is_watched() ? show_step : NULL, &newest, ret_from, ret_to);
    return status == STORAGE_OK ? CLI_OK : store_fail(cli, status, "migrate the database");
}

static int run(struct cli *cli)
{
    int code = store_open(cli, STORE_DATABASE);
    if (code != CLI_OK)
        return code;
    int from, to;
    code = migrate_schema(cli, &from, &to);
    if (code != CLI_OK)
        return code;
    if (from == to)
        printf("The schema is up to date (version %d).\n", to);
    else
        printf("Migrated the schema from version %d to %d.\n", from, to);
    return CLI_OK;
}

const struct cli_command migrate_command = {
    .name = "migrate",
    .summary = "Bring the database's schema up to date",
    .run = run,
};
