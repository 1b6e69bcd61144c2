/* tether token add, list, revoke: API tokens without the panel. */
#include "access/custom_role.h"
#include "base/clock.h"
#include "cli/accounts.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/store.h"
#include "team/api_keys.h"

#define LIST_PIECE 200

/* ---- what was typed ---- */

static int read_scopes(const struct cli *cli, perm_set *ret)
{
    struct str word, rest = cli_text(cli, "scopes");
    *ret = 0;
    for (bool more = true; more;) {
        more = str_split(rest, ',', &word, &rest);
        enum permission permission = permission_by_name(str_trim(word));
        if (permission == PERM_NONE)
            return cli_fail("There is no scope %.*s; scopes are the names of permissions.", STR_ARG(word));
        *ret |= PERM_BIT(permission);
    }
    return CLI_OK;
}

/* A day begins at midnight UTC. */
static int read_expiry(const struct cli *cli, int64_t *ret)
{
    struct str text = cli_text(cli, "expires");
    *ret = 0;
    if (!text.at)
        return CLI_OK;
    if (!clock_parse_iso8601(text, ret) &&
        !clock_parse_iso8601(arena_join(cli->arena, text, STR("T00:00:00Z")), ret))
        return cli_fail("--expires is a time like 2030-01-31 or 2030-01-31T12:00:00Z.");
    return *ret > clock_now() ? CLI_OK : cli_fail("--expires is over already.");
}

static int find_owner(struct cli *cli, int64_t *ret)
{
    struct str email = cli_text(cli, "user");
    int code = account_find_user(cli, email, ret);
    if (code == CLI_OK && !*ret)
        return cli_fail("There is no user %.*s.", STR_ARG(email));
    return code;
}

/* ---- deeds ---- */

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed);

static int refuse(const struct cli *cli, const struct api_key_deed *deed)
{
    switch (deed->verdict) {
    case API_KEY_DONE:
        return CLI_OK;
    case API_KEY_UNKNOWN:
        return cli_fail("Tenant %.*s has no token %lld; see: tether token list", STR_ARG(deed->tenant->slug),
                        (long long)deed->token.id);
    case API_KEY_SCOPE_ABOVE:
        return cli_fail("%s lacks the permission %s, and a token may do no more than its owner.",
                        cli_value(cli, "user"), permission_info(deed->scope)->name);
    case API_KEY_NOT_A_MEMBER:
        return cli_fail("%s is no active member of tenant %.*s.", cli_value(cli, "user"),
                        STR_ARG(deed->tenant->slug));
    case API_KEY_NOT_OWN:
    case API_KEY_LOOSER: /* nobody comes with a token here */
        break;
    }
    return cli_fail("Only its owner can give a token another secret.");
}

/* Whoever may run this program on the database may do everything; only the owner's permissions bind. */
static int carry_out(struct cli *cli, deed_fn fn, struct api_key_deed *deed, const char *doing)
{
    const struct access_grant everything = { .verdict = ACCESS_OK, .permissions = ~(perm_set)0 };
    deed->actor = (struct team_actor){ .grant = &everything, .audit = cli_actor(cli) };
    deed->actor_scopes = everything.permissions;
    deed->now = clock_now();
    enum storage_status status = fn(cli->conn, cli->arena, deed);
    return status == STORAGE_OK ? refuse(cli, deed) : store_fail(cli, status, doing);
}

static int open_tenant(struct cli *cli, struct tenant *ret)
{
    int code = store_open(cli, STORE_INITIALISED);
    return code == CLI_OK ? account_find_tenant(cli, cli_text(cli, "tenant"), ret) : code;
}

static int add(struct cli *cli)
{
    struct tenant tenant;
    struct api_key_deed deed = { .tenant = &tenant };
    int code = open_tenant(cli, &tenant);
    if (code == CLI_OK)
        code = find_owner(cli, &deed.token.user_id);
    if (code == CLI_OK)
        code = account_check_name(cli_text(cli, "name"), "--name");
    if (code == CLI_OK)
        code = read_scopes(cli, &deed.scopes);
    if (code == CLI_OK)
        code = read_expiry(cli, &deed.token.expires_at);
    if (code != CLI_OK)
        return code;
    deed.token.name = str_trim(cli_text(cli, "name"));
    deed.token.addresses = STR("");
    code = carry_out(cli, api_key_create, &deed, "make the token");
    if (code != CLI_OK)
        return code;
    fprintf(stderr, "tether: This is token %lld of %s. It is shown this once.\n", (long long)deed.token.id,
            cli_value(cli, "user"));
    printf("%.*s\n", STR_ARG(deed.secret));
    return CLI_OK;
}

static int revoke(struct cli *cli)
{
    struct tenant tenant;
    struct api_key_deed deed = { .tenant = &tenant };
    if (!str_to_int(cli_text(cli, "id"), &deed.token.id))
        return cli_misuse("--id is the number that token list shows.");
    int code = open_tenant(cli, &tenant);
    return code == CLI_OK ? carry_out(cli, api_key_revoke, &deed, "revoke the token") : code;
}

/* ---- listing ---- */

static struct str day_of(struct arena *arena, int64_t at)
{
    return at ? str_sub(clock_iso8601(arena, at), 0, 10) : STR("never");
}

static void print_token(struct cli *cli, const struct api_token *token)
{
    printf("%6lld  %-14s %-10.*s %-10.*s %-28s %-24s %s\n", (long long)token->id, token->prefix.at,
           STR_ARG(day_of(cli->arena, token->expires_at)), STR_ARG(day_of(cli->arena, token->last_used_at)),
           token->owner_email.at, token->name.at, token->scopes.at);
}

static int list(struct cli *cli)
{
    struct tenant tenant;
    struct api_token *tokens;
    int64_t below = 0;
    size_t n = 0;
    int code = open_tenant(cli, &tenant);
    if (code != CLI_OK)
        return code;
    printf("%6s  %-14s %-10s %-10s %-28s %-24s %s\n", "id", "begins", "expires", "last used", "owner", "name",
           "scopes");
    do {
        enum storage_status status =
            api_token_list(cli->conn, cli->arena, tenant.id, below, LIST_PIECE, &tokens, &n);
        if (status != STORAGE_OK)
            return store_fail(cli, status, "list the tokens");
        for (size_t i = 0; i < n; i++)
            print_token(cli, &tokens[i]);
        below = n ? tokens[n - 1].id : 0;
    } while (n == LIST_PIECE);
    return CLI_OK;
}

/* ---- rows ---- */

#define TENANT_OPTION                                                                                        \
    {                                                                                                        \
        "tenant", "SLUG", CLI_REQUIRED, "the tenant it is for"                                               \
    }

static const struct cli_option add_options[] = {
    TENANT_OPTION,
    { "user", "ADDRESS", CLI_REQUIRED, "whose it is: a member of the tenant" },
    { "name", "NAME", CLI_REQUIRED, "what it is for" },
    { "scopes", "NAMES", CLI_REQUIRED, "permissions that its owner has, with commas: assets.view,team.view" },
    { "expires", "TIME", 0, "when it ends, as 2030-01-31 (never)" },
};
static const struct cli_option list_options[] = { TENANT_OPTION };
static const struct cli_option revoke_options[] = {
    TENANT_OPTION,
    { "id", "ID", CLI_REQUIRED, "which, as token list shows it" },
};

const struct cli_command token_add_command = {
    .name = "token add",
    CLI_OPTIONS(add_options),
    .summary = "Make an API token; prints it, this once",
    .run = add,
};

const struct cli_command token_list_command = {
    .name = "token list",
    CLI_OPTIONS(list_options),
    .only_reads = true,
    .summary = "List a tenant's API tokens, without their secrets",
    .run = list,
};

const struct cli_command token_revoke_command = {
    .name = "token revoke",
    CLI_OPTIONS(revoke_options),
    .summary = "Revoke an API token",
    .run = revoke,
};
