/* tether tenant add, tether tenant list. */
#include "base/text.h"
#include "cli/accounts.h"
#include "cli/commands.h"
#include "cli/store.h"
#include "tenancy/host.h"

#define DEFAULT_PLAN   "free"
#define LOGO_MAX_BYTES 500

static bool is_colour(struct str s)
{
    if (s.len != 7 || s.at[0] != '#')
        return false;
    for (size_t i = 1; i < s.len; i++) {
        if (!strchr("0123456789abcdefABCDEF", s.at[i]))
            return false;
    }
    return true;
}

static bool is_web_address(struct str s)
{
    return s.len <= LOGO_MAX_BYTES &&
           (str_starts_with(s, STR("https://")) || str_starts_with(s, STR("http://")));
}

static int check_row(const struct cli *cli, const struct tenant_new *row)
{
    if (!text_is_slug(row->slug))
        return cli_fail(
            "--slug is 1 to 63 lower-case letters, digits and hyphens, without a hyphen at its ends.");
    if (!config_plan(cli->config, row->plan) && cli_value(cli, "plan"))
        return cli_fail("The configuration has no plan %.*s.", STR_ARG(row->plan));
    if (row->logo_url.at && !is_web_address(row->logo_url))
        return cli_fail("--logo-url is an http:// or https:// address of at most %d bytes.", LOGO_MAX_BYTES);
    if (row->accent_colour.at && !is_colour(row->accent_colour))
        return cli_fail("--accent-colour is written #1f6feb.");
    return account_check_name(row->name, "--name");
}

static int take_domains(struct cli *cli, struct account_tenant *ret)
{
    size_t cursor = 0;
    const char *given;
    while ((given = cli_next_value(cli, "domain", &cursor)) != NULL) {
        struct str host;
        if (!host_canonical(cli->arena, str_of(given), &host) || !text_is_host(host))
            return cli_fail("%s is not a domain name.", given);
        if (ret->domain_count == ACCOUNT_MAX_DOMAINS)
            return cli_fail("At most %d domains can be given at once.", ACCOUNT_MAX_DOMAINS);
        ret->domains[ret->domain_count++] = host;
    }
    return CLI_OK;
}

static int add(struct cli *cli)
{
    int code = store_open(cli, STORE_INITIALISED);
    if (code != CLI_OK)
        return code;
    struct account_tenant tenant = { .row = {
                                         .slug = cli_text(cli, "slug"),
                                         .name = cli_text(cli, "name"),
                                         .plan = cli_value(cli, "plan") ? cli_text(cli, "plan")
                                                                        : STR(DEFAULT_PLAN),
                                         .logo_url = cli_text(cli, "logo-url"),
                                         .accent_colour = cli_text(cli, "accent-colour"),
                                     } };
    code = check_row(cli, &tenant.row);
    if (code == CLI_OK)
        code = take_domains(cli, &tenant);
    int64_t id;
    if (code == CLI_OK)
        code = account_add_tenant(cli, &tenant, &id);
    if (code == CLI_OK)
        printf("%lld\n", (long long)id);
    return code;
}

static int list(struct cli *cli)
{
    int code = store_open(cli, STORE_INITIALISED);
    if (code != CLI_OK)
        return code;
    DB_ROWS(rows);
    enum storage_status status = db_query(
        cli->conn, &rows, "SELECT id, slug, plan, status, name FROM tenants ORDER BY id", DB_NO_ARGS);
    if (status == STORAGE_OK) {
        printf("%6s  %-24s %-12s %-10s %s\n", "id", "slug", "plan", "status", "name");
        while ((status = db_next(&rows)) == STORAGE_ROW) {
            printf("%6lld", (long long)db_col_int(&rows, 0));
            printf("  %-24s", db_col_text(&rows, 1, cli->arena).at);
            printf(" %-12s", db_col_text(&rows, 2, cli->arena).at);
            printf(" %-10s", db_col_text(&rows, 3, cli->arena).at);
            printf(" %s\n", db_col_text(&rows, 4, cli->arena).at);
        }
    }
    return status == STORAGE_DONE ? CLI_OK : store_fail(cli, status, "list the tenants");
}

static const struct cli_option add_options[] = {
    { "slug", "SLUG", CLI_REQUIRED, "its short name, and its host below the root domain" },
    { "name", "NAME", CLI_REQUIRED, "its name for people" },
    { "domain", "HOST", CLI_REPEATED, "a domain of its own" },
    { "plan", "PLAN", 0, "one of the configuration's plans (" DEFAULT_PLAN ")" },
    { "logo-url", "URL", 0, "its logo" },
    { "accent-colour", "COLOUR", 0, "its colour, as #1f6feb" },
};

const struct cli_command tenant_add_command = {
    .name = "tenant add",
    CLI_OPTIONS(add_options),
    .summary = "Create a tenant; prints its id",
    .run = add,
};

const struct cli_command tenant_list_command = {
    .name = "tenant list",
    .only_reads = true,
    .summary = "List the tenants",
    .run = list,
};
