/* tether check-config: reads the configuration as serve would, and touches nothing. */
#include "cli/caution.h"
#include "cli/commands.h"
#include "cli/store.h"

static int run(struct cli *cli)
{
    int code = store_open(cli, STORE_CONFIG);
    if (code == CLI_OK)
        caution_print(cli->config);
    if (code == CLI_OK)
        puts("OK");
    return code;
}

const struct cli_command check_config_command = {
    .name = "check-config",
    .summary = "Check the configuration; prints OK, or file, line and what is wrong",
    .run = run,
};
