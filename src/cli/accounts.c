#include "cli/accounts.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/actor.h"
#include "cli/store.h"
#include "identity/password.h"
#include "identity/user.h"
#include "team/members.h"
#include "tenancy/host.h"
#include "tenancy/tenant_list.h"

#define NAME_MAX_BYTES 200

int account_refuse_domain(const struct cli *cli, struct str slug, struct str host)
{
    struct str root = cli->config->tenancy.root_domain;
    if (host_is_of_root(cli->config, host))
        return cli_fail(
            "The domain %.*s cannot be a tenant's own: it is at or below tenancy.root_domain, %.*s.",
            STR_ARG(host), STR_ARG(root));
    return cli_fail("The domain %.*s cannot be for %.*s: tenancy.domains gives it to another tenant.",
                    STR_ARG(host), STR_ARG(slug));
}

int account_found(struct cli *cli, struct founding *founding)
{
    founding->config = cli->config;
    founding->actor = cli_actor(cli);
    founding->now = clock_now();
    struct str slug = founding->row.slug;
    enum storage_status status = tenant_found(cli->conn, cli->arena, founding);
    if (status != STORAGE_OK)
        return store_fail(cli, status, "create the tenant");
    switch (founding->verdict) {
    case FOUNDED:
        break;
    case FOUNDING_SLUG_TAKEN:
        return cli_fail("There is a tenant %.*s already.", STR_ARG(slug));
    case FOUNDING_DOMAIN_TAKEN:
        return cli_fail("The domain %.*s belongs to a tenant already.", STR_ARG(founding->domain));
    case FOUNDING_DOMAIN_OTHERS:
        return account_refuse_domain(cli, slug, founding->domain);
    case FOUNDING_ADDRESS_TAKEN:
    case FOUNDING_OWNER_OUTDATED:
        return cli_fail("The address %.*s was taken a moment ago.", STR_ARG(founding->owner->email));
    case FOUNDING_PLAN_FULL:
        return cli_fail("The plan %.*s allows no users.", STR_ARG(founding->refusal.plan));
    }
    return CLI_OK;
}

int account_add_user(struct cli *cli, const struct tenant *tenant, const struct account_user *user,
                     int64_t *ret_id)
{
    const struct user joins = {
        .id = user->existing, .email = user->email, .name = user->name, .password_hash = user->password_hash
    };
    struct member_deed deed = { .config = cli->config,
                                .tenant = tenant,
                                .actor = { .audit = cli_actor(cli) },
                                .user = &joins,
                                .role = str_of(user->role->slug),
                                .now = clock_now() };
    enum storage_status status = member_create(cli->conn, cli->arena, &deed);
    if (status != STORAGE_OK)
        return store_fail(cli, status, "create the user");
    if (deed.verdict == MEMBER_PLAN_FULL)
        return cli_fail("The plan %.*s of tenant %.*s allows %lld users, and it has %lld.",
                        STR_ARG(deed.refusal.plan), STR_ARG(tenant->slug), (long long)deed.refusal.max,
                        (long long)deed.refusal.used);
    if (deed.verdict == MEMBER_ADDRESS_TAKEN)
        return cli_fail("The address %.*s was taken a moment ago; try again.", STR_ARG(user->email));
    if (deed.verdict != MEMBER_DONE)
        return cli_fail("%.*s is a member of tenant %.*s already.", STR_ARG(user->email),
                        STR_ARG(tenant->slug));
    *ret_id = deed.user_id;
    return CLI_OK;
}

int account_find_user(struct cli *cli, struct str email, int64_t *ret_id)
{
    struct user user;
    enum storage_status status = user_by_email(cli->conn, cli->arena, email, &user);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return store_fail(cli, status, "look the address up");
    *ret_id = status == STORAGE_ROW ? user.id : 0;
    return CLI_OK;
}

int account_find_tenant(struct cli *cli, struct str slug, struct tenant *ret)
{
    enum storage_status status = tenant_by_slug(cli->conn, cli->arena, slug, ret);
    if (status == STORAGE_ROW)
        return CLI_OK;
    if (status == STORAGE_DONE)
        return cli_fail("There is no tenant %.*s; see: tether tenant list", STR_ARG(slug));
    return store_fail(cli, status, "look the tenant up");
}

#define TENANTS_AT_ONCE 200

static enum storage_status each_of_page(struct cli *cli, account_tenant_fn fn, void *context,
                                        struct buf *cursor, int *worst)
{
    struct tenant_page page;
    struct arena *arena = arena_new(0);
    const struct tenant_query query = { .cursor = cursor->len ? buf_str(cursor) : STR_NONE,
                                        .limit = TENANTS_AT_ONCE };
    enum storage_status status = tenant_list(cli->conn, arena, &query, &page);
    for (size_t i = 0; status == STORAGE_OK && i < page.n; i++) {
        int code = fn(context, &page.at[i]);
        *worst = code != CLI_OK ? code : *worst;
    }
    cursor->len = 0;
    if (status == STORAGE_OK && page.next.at)
        buf_add(cursor, page.next);
    arena_free(&arena);
    return status;
}

int account_each_tenant(struct cli *cli, account_tenant_fn fn, void *context)
{
    int worst = CLI_OK;
    struct buf cursor;
    struct arena *arena = arena_new(0);
    enum storage_status status;
    buf_init(&cursor, arena, CURSOR_TEXT_MAX);
    do
        status = each_of_page(cli, fn, context, &cursor, &worst);
    while (status == STORAGE_OK && cursor.len > 0);
    arena_free(&arena);
    return status == STORAGE_OK ? worst : store_fail(cli, status, "list the tenants");
}

static void say_roles(bool in_root)
{
    size_t n;
    const struct role *roles = role_table(&n);
    const char *before = " ";
    fputs("tether: The roles there are:", stderr);
    for (size_t i = 0; i < n; i++) {
        if (roles[i].root_only == in_root) {
            fprintf(stderr, "%s%s", before, roles[i].slug);
            before = ", ";
        }
    }
    fputc('\n', stderr);
}

int account_check_role(struct str slug, bool in_root, const struct role **ret)
{
    const struct role *role = role_by_slug(slug);
    int code = CLI_OK;
    if (!role)
        code = cli_fail("There is no role %.*s.", STR_ARG(slug));
    else if (role->root_only && !in_root)
        code = cli_fail("The role %s exists in the root tenant only.", role->slug);
    else if (!role->root_only && in_root)
        code = cli_fail("The root tenant has staff, and %s is a customer's role.", role->slug);
    if (code != CLI_OK)
        say_roles(in_root);
    *ret = role;
    return code;
}

int account_check_email(struct str email)
{
    return text_is_email(email) ? CLI_OK : cli_fail("%.*s is not an e-mail address.", STR_ARG(email));
}

int account_check_name(struct str name, const char *what)
{
    if (str_is_empty(str_trim(name)))
        return cli_fail("%s is empty.", what);
    return name.len <= NAME_MAX_BYTES ? CLI_OK
                                      : cli_fail("%s is longer than %d bytes.", what, NAME_MAX_BYTES);
}

int account_hash(struct cli *cli, struct str password, struct str *ret)
{
    char hash[PASSWORD_HASH_CAP];
    if (!password_hash(cli->config, password, hash))
        return cli_fail("There is not enough memory to hash the password.");
    *ret = arena_copy(cli->arena, str_of(hash));
    return CLI_OK;
}
