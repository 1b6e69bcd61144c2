/* tether version. */
#include "cli/commands.h"

static int run(struct cli *cli)
{
    (void)cli;
    puts("tether " TETHER_VERSION);
    return CLI_OK;
}

const struct cli_command version_command = {
    .name = "version",
    .without_config = true,
    .summary = "Print the version",
    .run = run,
};
