/* tether tenant add, list, suspend, activate, delete; tether tenant domain add, remove. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/accounts.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/store.h"
#include "team/tenants.h"
#include "tenancy/branding.h"
#include "tenancy/host.h"
#include "tenancy/tenant_list.h"

static int check_row(const struct cli *cli, const struct tenant_new *row)
{
    if (!text_is_slug(row->slug))
        return cli_fail(
            "--slug is 1 to 63 lower-case letters, digits and hyphens, without a hyphen at its ends.");
    if (!config_plan(cli->config, row->plan) && cli_value(cli, "plan"))
        return cli_fail("The configuration has no plan %.*s.", STR_ARG(row->plan));
    if (row->logo_url.at && !branding_is_logo(row->logo_url))
        return cli_fail("--logo-url is " BRANDING_LOGO_RULE ".");
    if (row->accent_colour.at && !branding_is_colour(row->accent_colour))
        return cli_fail("--accent-colour is written #1f6feb.");
    if (row->accent_colour.at && !branding_carries_white(row->accent_colour))
        return cli_fail("--accent-colour is too light: white text on it could not be read.");
    return account_check_name(row->name, "--name");
}

/* ---- adding ---- */

static int take_domain(struct cli *cli, const char *given, struct str *ret)
{
    return host_is_domain(cli->arena, str_of(given), ret) ? CLI_OK
                                                          : cli_fail("%s is not a domain name.", given);
}

static int take_domains(struct cli *cli, struct str domains[ACCOUNT_MAX_DOMAINS], size_t *ret_n)
{
    size_t cursor = 0;
    const char *given;
    int code = CLI_OK;
    while (code == CLI_OK && (given = cli_next_value(cli, "domain", &cursor)) != NULL) {
        if (*ret_n == ACCOUNT_MAX_DOMAINS)
            return cli_fail("At most %d domains can be given at once.", ACCOUNT_MAX_DOMAINS);
        code = take_domain(cli, given, &domains[(*ret_n)++]);
    }
    return code;
}

static int add(struct cli *cli)
{
    int code = store_open(cli, STORE_INITIALISED);
    if (code != CLI_OK)
        return code;
    struct str domains[ACCOUNT_MAX_DOMAINS];
    struct founding founding = {
        .row = { .slug = cli_text(cli, "slug"),
                 .name = cli_text(cli, "name"),
                 .plan = cli_value(cli, "plan") ? cli_text(cli, "plan") : STR(FOUNDING_PLAN),
                 .logo_url = cli_text(cli, "logo-url"),
                 .accent_colour = cli_text(cli, "accent-colour") },
        .domains = domains,
    };
    code = check_row(cli, &founding.row);
    if (code == CLI_OK)
        code = take_domains(cli, domains, &founding.domain_count);
    if (code == CLI_OK)
        code = account_found(cli, &founding);
    if (code == CLI_OK)
        printf("%lld\n", (long long)founding.tenant.id);
    return code;
}

/* ---- listing ---- */

static int print_tenant(void *context, const struct tenant *tenant)
{
    (void)context;
    printf("%6lld  %-24s %-12s %-10s %s\n", (long long)tenant->id, tenant->slug.at, tenant->plan.at,
           tenant_status_word(tenant->status).at, tenant->name.at);
    return CLI_OK;
}

static int list(struct cli *cli)
{
    int code = store_open(cli, STORE_INITIALISED);
    if (code != CLI_OK)
        return code;
    printf("%6s  %-24s %-12s %-10s %s\n", "id", "slug", "plan", "status", "name");
    return account_each_tenant(cli, print_tenant, NULL);
}

/* ---- deeds on one ---- */

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct tenant_deed *deed);

static int refuse(const struct cli *cli, const struct tenant *tenant, const struct tenant_deed *deed)
{
    switch (deed->verdict) {
    case TENANT_DONE:
        break;
    case TENANT_UNKNOWN:
        return cli_fail("The tenant %.*s was deleted a moment ago.", STR_ARG(tenant->slug));
    case TENANT_IS_ROOT:
        return cli_fail("%.*s is the operator's own tenant: it is neither suspended nor deleted.",
                        STR_ARG(tenant->slug));
    case TENANT_NO_SUCH_PLAN:
        return cli_fail("The configuration has no such plan.");
    case TENANT_DOMAIN_TAKEN:
        return cli_fail("The domain %.*s belongs to a tenant already.", STR_ARG(deed->host));
    case TENANT_DOMAIN_OTHERS:
        return account_refuse_domain(cli, tenant->slug, deed->host);
    case TENANT_DOMAIN_UNKNOWN:
        return cli_fail("%.*s has no domain %.*s that was registered.", STR_ARG(tenant->slug),
                        STR_ARG(deed->host));
    case TENANT_DOMAINS_FULL:
        return cli_fail("A tenant has at most %d domains.", TENANT_MAX_DOMAINS);
    }
    return CLI_OK;
}

static int carry_out(struct cli *cli, deed_fn fn, struct tenant_deed *deed)
{
    struct tenant tenant;
    int code = store_open(cli, STORE_INITIALISED);
    if (code == CLI_OK)
        code = account_find_tenant(cli, cli_text(cli, "slug"), &tenant);
    if (code == CLI_OK && cli_value(cli, "domain"))
        code = take_domain(cli, cli_value(cli, "domain"), &deed->host);
    if (code != CLI_OK)
        return code;
    deed->config = cli->config;
    deed->actor = cli_actor(cli);
    deed->tenant_id = tenant.id;
    deed->now = clock_now();
    enum storage_status status = fn(cli->conn, cli->arena, deed);
    return status == STORAGE_OK ? refuse(cli, &tenant, deed) : store_fail(cli, status, "change the tenant");
}

static int suspend(struct cli *cli)
{
    struct tenant_deed deed = { .parts = TENANT_STATUS, .next = { .status = TENANT_SUSPENDED } };
    return carry_out(cli, tenant_change, &deed);
}

static int activate(struct cli *cli)
{
    struct tenant_deed deed = { .parts = TENANT_STATUS, .next = { .status = TENANT_ACTIVE } };
    return carry_out(cli, tenant_change, &deed);
}

static int delete_(struct cli *cli)
{
    struct tenant_deed deed = { 0 };
    if (!str_equal(cli_text(cli, "slug"), cli_text(cli, "confirm")))
        return cli_fail("--confirm repeats the slug: everything of the tenant is deleted for good.");
    return carry_out(cli, tenant_remove, &deed);
}

static int domain_add(struct cli *cli)
{
    struct tenant_deed deed = { 0 };
    return carry_out(cli, tenant_domain_register, &deed);
}

static int domain_remove(struct cli *cli)
{
    struct tenant_deed deed = { 0 };
    return carry_out(cli, tenant_domain_release, &deed);
}

/* ---- rows ---- */

static const struct cli_option add_options[] = {
    { "slug", "SLUG", CLI_REQUIRED, "its short name, and its host below the root domain" },
    { "name", "NAME", CLI_REQUIRED, "its name for people" },
    { "domain", "HOST", CLI_REPEATED, "a domain of its own" },
    { "plan", "PLAN", 0, "one of the configuration's plans (" FOUNDING_PLAN ")" },
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

#define SLUG_OPTION                                                                                          \
    {                                                                                                        \
        "slug", "SLUG", CLI_REQUIRED, "which tenant"                                                         \
    }
#define DOMAIN_OPTION                                                                                        \
    {                                                                                                        \
        "domain", "HOST", CLI_REQUIRED, "the domain"                                                         \
    }

static const struct cli_option slug_options[] = { SLUG_OPTION };
static const struct cli_option domain_options[] = { SLUG_OPTION, DOMAIN_OPTION };
static const struct cli_option delete_options[] = {
    SLUG_OPTION,
    { "confirm", "SLUG", CLI_REQUIRED, "the slug once more" },
};

const struct cli_command tenant_suspend_command = {
    .name = "tenant suspend",
    CLI_OPTIONS(slug_options),
    .summary = "Suspend a tenant: only staff may still enter it",
    .run = suspend,
};

const struct cli_command tenant_activate_command = {
    .name = "tenant activate",
    CLI_OPTIONS(slug_options),
    .summary = "Let the members of a suspended tenant in again",
    .run = activate,
};

const struct cli_command tenant_delete_command = {
    .name = "tenant delete",
    CLI_OPTIONS(delete_options),
    .summary = "Delete a tenant with everything that is its own; its users stay",
    .run = delete_,
};

const struct cli_command tenant_domain_add_command = {
    .name = "tenant domain add",
    CLI_OPTIONS(domain_options),
    .summary = "Register a domain for a tenant",
    .run = domain_add,
};

const struct cli_command tenant_domain_remove_command = {
    .name = "tenant domain remove",
    CLI_OPTIONS(domain_options),
    .summary = "Release a domain of a tenant",
    .run = domain_remove,
};
