/* tether user add: a user in a tenant, new or known elsewhere already. */
#include "cli/accounts.h"
#include "cli/commands.h"
#include "cli/store.h"
#include "cli/terminal.h"
#include "identity/password.h"

static int take_foreign_hash(struct str hash, struct str *ret)
{
    /* Anything that crypt(3) writes is fine; a locked account's "*" or "!" would never match and is refused.
     */
    bool fits = hash.len > 0 && hash.len < PASSWORD_HASH_CAP && !memchr("*!", hash.at[0], 2) &&
                str_index(hash, ' ') == hash.len && str_index(hash, ':') == hash.len;
    if (!fits)
        return cli_fail("--password-hash is not a hash as crypt(3) writes it.");
    *ret = hash;
    return CLI_OK;
}

static int take_password(struct cli *cli, struct str *ret_hash)
{
    if (cli_value(cli, "password-hash"))
        return take_foreign_hash(cli_text(cli, "password-hash"), ret_hash);
    struct str password;
    int code = terminal_new_password(cli, &password);
    return code == CLI_OK ? account_hash(cli, password, ret_hash) : code;
}

/* Fills what is to be written; asks for a password only when the address is new. */
static int prepare(struct cli *cli, const struct tenant *tenant, struct account_user *ret)
{
    ret->email = str_trim(cli_text(cli, "email"));
    ret->name = str_trim(cli_text(cli, "name"));
    int code = account_check_email(ret->email);
    if (code == CLI_OK)
        code = account_check_role(cli_text(cli, "role"), tenant->is_root, &ret->role);
    if (code == CLI_OK)
        code = account_find_user(cli, ret->email, &ret->existing);
    if (code != CLI_OK || ret->existing)
        return code;
    code = account_check_name(ret->name, "--name");
    return code == CLI_OK ? take_password(cli, &ret->password_hash) : code;
}

static int run(struct cli *cli)
{
    struct tenant tenant;
    struct account_user user = { .existing = 0 };
    int64_t id = 0;
    int code = store_open(cli, STORE_INITIALISED);
    if (code == CLI_OK)
        code = account_find_tenant(cli, cli_text(cli, "tenant"), &tenant);
    if (code == CLI_OK)
        code = prepare(cli, &tenant, &user);
    if (code == CLI_OK)
        code = account_add_user(cli, &tenant, &user, &id);
    if (code != CLI_OK)
        return code;
    if (user.existing)
        fprintf(stderr,
                "tether: %.*s was known already and joins %.*s with the name and password they have.\n",
                STR_ARG(user.email), STR_ARG(tenant.slug));
    printf("%lld\n", (long long)id);
    return CLI_OK;
}

static const struct cli_option options[] = {
    { "tenant", "SLUG", CLI_REQUIRED, "the tenant to join" },
    { "email", "ADDRESS", CLI_REQUIRED, "the address to sign in with" },
    { "name", "NAME", CLI_REQUIRED, "the name for people" },
    { "role", "ROLE", CLI_REQUIRED,
      "owner, admin, department_head, member or viewer; in root: superadmin or staff" },
    { "password-hash", "HASH", 0, "a crypt(3) hash from another system, instead of a password" },
};

const struct cli_command user_add_command = {
    .name = "user add",
    CLI_OPTIONS(options),
    .summary =
        "Create a user, or let a known one join a tenant; prints the id (password: TETHER_PASSWORD or stdin)",
    .run = run,
};
