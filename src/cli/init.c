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

struct work {
    struct cli *cli;
    struct tenant_new root;
    struct account_user superadmin;
    int64_t now, tenant_id, user_id;
};

/* The first two rows of the root tenant's audit log. */
static enum storage_status audit_all(struct db_conn *conn, const struct work *work)
{
    const struct account_tenant tenant = { .row = work->root };
    enum storage_status status = account_audit_tenant(conn, work->cli, &tenant, work->tenant_id);
    return status == STORAGE_OK
               ? account_audit_user(conn, work->cli, work->tenant_id, &work->superadmin, work->user_id)
               : status;
}

/* Tenant, user and membership stand or fall together, so a run that was cut off can simply be repeated. */
static enum storage_status insert_all(struct db_conn *conn, void *context)
{
    struct work *work = context;
    const struct account_user *user = &work->superadmin;
    enum storage_status status = tenant_insert(conn, &work->root, &work->tenant_id);
    if (status == STORAGE_OK)
        status = user_insert(conn, user->email, user->name, user->password_hash, work->now, &work->user_id);
    if (status == STORAGE_OK)
        status = membership_insert(conn, work->tenant_id, work->user_id, str_of(user->role->slug), work->now);
    if (status != STORAGE_OK)
        return status;
    struct tenant root = {
        .id = work->tenant_id, .slug = work->root.slug, .plan = work->root.plan, .is_root = true
    };
    struct plan_refusal refusal;
    status = plan_take(conn, work->cli->config, &root, "users", 1, &refusal);
    return status == STORAGE_OK ? audit_all(conn, work) : status;
}

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

static int prepare_superadmin(struct cli *cli, struct account_user *ret)
{
    struct str password;
    int code = account_check_role(STR("superadmin"), true, &ret->role);
    if (code == CLI_OK)
        code = terminal_new_password(cli, &password);
    return code == CLI_OK ? account_hash(cli, password, &ret->password_hash) : code;
}

static int create(struct cli *cli, struct work *work)
{
    enum storage_status status = db_transaction(cli->conn, STORAGE_WRITE, insert_all, work);
    if (status == STORAGE_CONFLICT)
        return cli_fail("Somebody else set this database up just now.");
    if (status != STORAGE_OK)
        return store_fail(cli, status, "create the root tenant");
    printf("Created the root tenant %.*s (id %lld) and its superadmin %.*s (id %lld).\n",
           STR_ARG(work->root.slug), (long long)work->tenant_id, STR_ARG(work->superadmin.email),
           (long long)work->user_id);
    return CLI_OK;
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
    struct work work = {
        .cli = cli,
        .root = { .slug = STR("root"), .name = name, .plan = STR(ROOT_PLAN), .is_root = true },
        .superadmin = { .email = email, .name = STR("Administrator") },
        .now = clock_now(),
    };
    code = prepare_database(cli);
    if (code == CLI_OK)
        code = prepare_superadmin(cli, &work.superadmin);
    return code == CLI_OK ? create(cli, &work) : code;
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
