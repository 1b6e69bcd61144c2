/* tether init: the schema, the root tenant and the first superadmin, in an empty database. */
#include "base/clock.h"
#include "cli/accounts.h"
#include "cli/commands.h"
#include "cli/migrate.h"
#include "cli/store.h"
#include "cli/terminal.h"
#include "identity/user.h"

/* A plan that no configuration names sets no limits: the operator's own staff is not metered. */
#define ROOT_PLAN "operator"

/* Refuses a second run; says who is root already. */
static int check_empty(struct cli *cli)
{
    struct tenant root;
    enum storage_status status = tenant_root(cli->conn, cli->arena, &root);
    if (status == STORAGE_DONE)
        return CLI_OK;
    if (status == STORAGE_ROW)
        return cli_fail("This database is set up already: its root tenant is %.*s.", STR_ARG(root.slug));
    return store_fail(cli, status, "read the root tenant");
}

static int prepare_database(struct cli *cli)
{
    int code = store_open(cli, STORE_DATABASE);
    if (code != CLI_OK)
        return code;
    int from, to;
    code = migrate_schema(cli, &from, &to);
    return code == CLI_OK ? check_empty(cli) : code;
}

static int prepare_superadmin(struct cli *cli, struct user *ret)
{
    struct str password;
    int code = terminal_new_password(cli, &password);
    return code == CLI_OK ? account_hash(cli, password, &ret->password_hash) : code;
}

/* Tenant, user and membership stand or fall together, so a run that was cut off can simply be repeated. */
static int create(struct cli *cli, struct str name, const struct user *superadmin)
{
    struct founding founding = {
        .row = { .slug = STR("root"), .name = name, .plan = STR(ROOT_PLAN), .is_root = true },
        .owner = superadmin,
    };
    int code = account_found(cli, &founding);
    if (code == CLI_OK)
        printf("Created the root tenant %.*s (id %lld) and its superadmin %.*s (id %lld).\n",
               STR_ARG(founding.tenant.slug), (long long)founding.tenant.id, STR_ARG(superadmin->email),
               (long long)founding.owner_id);
    return code;
}

static int run(struct cli *cli)
{
    struct str name = cli_value(cli, "name") ? cli_text(cli, "name") : STR("Root");
    struct str email = str_trim(cli_text(cli, "email"));
    int code = account_check_email(email);
    if (code == CLI_OK)
        code = account_check_name(name, "--name");
    if (code != CLI_OK)
        return code;
    struct user superadmin = { .email = email, .name = STR("Administrator") };
    code = prepare_database(cli);
    if (code == CLI_OK)
        code = prepare_superadmin(cli, &superadmin);
    return code == CLI_OK ? create(cli, name, &superadmin) : code;
}

static const struct cli_option options[] = {
    { "email", "ADDRESS", CLI_REQUIRED, "the first superadmin's address" },
    { "name", "NAME", 0, "the operator's name, shown as the root tenant's (Root)" },
};

const struct cli_command init_command = {
    .name = "init",
    CLI_OPTIONS(options),
    .summary =
        "Create the schema, the root tenant and the first superadmin (password: TETHER_PASSWORD or stdin)",
    .run = run,
};
