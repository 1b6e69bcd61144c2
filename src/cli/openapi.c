/* tether openapi: the API as an OpenAPI document, from the tables the server runs on. */
#include "openapi/document.h"

#include "api/routes.h"
#include "cli/commands.h"
#include "cli/store.h"

static int print(struct str document)
{
    if (fwrite(document.at, 1, document.len, stdout) != document.len || putchar('\n') == EOF ||
        fflush(stdout))
        return cli_fail("The document cannot be written.");
    return CLI_OK;
}

static int run(struct cli *cli)
{
    int code = store_open(cli, STORE_CONFIG);
    if (code != CLI_OK)
        return code;
    char error[600];
    struct walk *walk =
        walk_new(cli->config, NULL, api_route_tables, api_route_table_count, error, sizeof(error));
    if (!walk)
        return cli_fail("%s", error);
    code = print(openapi_document(cli->arena, walk));
    walk_free(&walk);
    return code;
}

const struct cli_command openapi_command = {
    .name = "openapi",
    .summary = "Print the API as an OpenAPI document",
    .run = run,
};
