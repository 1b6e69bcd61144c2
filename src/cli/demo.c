/* tether demo: a small world to try things in. Running it again adds what is missing and prints the same
 * list; --reset makes it anew.
 *
 * The passwords stand in this file, so everybody knows them: it refuses to touch a database in which somebody
 * keeps tenants of their own. */
#include "base/clock.h"
#include "cli/accounts.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/demo_world.h"
#include "cli/store.h"
#include "cli/terminal.h"
#include "team/tenants.h"

struct demo_tenant {
    const char *slug, *name, *plan, *domain, *logo_url, *accent_colour;
};

static const struct demo_tenant demo_tenants[] = {
    { "acme", "Acme Corporation", "pro", "assets.acme.example", "https://assets.acme.example/logo.svg",
      "#d9480f" },
    { "globex", "Globex", "free", "tether.globex.example", "https://tether.globex.example/logo.svg",
      "#0b7285" },
};

#define STAFF_PASSWORD  "harbour-lantern-41"
#define ACME_PASSWORD   "orchard-kettle-72"
#define GLOBEX_PASSWORD "copper-meadow-58"

struct demo_user {
    const char *tenant, *email, *name, *role;
    const char *password; /* NULL: the address stands further up, with its password */
};

static const struct demo_user demo_users[] = {
    { "root", "morgan.reyes@msp.example", "Morgan Reyes", "superadmin", STAFF_PASSWORD },
    { "root", "dana.kim@msp.example", "Dana Kim", "staff", STAFF_PASSWORD },
    { "acme", "olivia.grant@acme.example", "Olivia Grant", "owner", ACME_PASSWORD },
    { "acme", "sarah.chen@acme.example", "Sarah Chen", "admin", ACME_PASSWORD },
    { "acme", "tom.becker@acme.example", "Tom Becker", "department_head", ACME_PASSWORD },
    { "acme", "lena.ortiz@acme.example", "Lena Ortiz", "member", ACME_PASSWORD },
    { "acme", "paul.novak@acme.example", "Paul Novak", "viewer", ACME_PASSWORD },
    { "globex", "hank.scott@globex.example", "Hank Scott", "owner", GLOBEX_PASSWORD },
    { "globex", "mei.tanaka@globex.example", "Mei Tanaka", "admin", GLOBEX_PASSWORD },
    { "globex", "ravi.patel@globex.example", "Ravi Patel", "member", GLOBEX_PASSWORD },
    { "globex", "lena.ortiz@acme.example", "Lena Ortiz", "viewer", NULL }, /* works for both */
};

static const struct demo_world demo_worlds[] = {
    { "acme",
      "Chicago",
      "acme.example",
      { "sarah.chen@acme.example", "tom.becker@acme.example", "lena.ortiz@acme.example" },
      64,
      260,
      90 },
    { "globex",
      "Springfield",
      "globex.example",
      { "mei.tanaka@globex.example", "hank.scott@globex.example", "ravi.patel@globex.example" },
      18,
      46, /* of the 50 that its plan allows in SaaS mode */
      24 },
};

#define DEMO_TENANTS (sizeof(demo_tenants) / sizeof(demo_tenants[0]))
#define DEMO_USERS   (sizeof(demo_users) / sizeof(demo_users[0]))

/* Whether a tenant belongs to somebody else than the demo. */
static int check_no_stranger(void *context, const struct tenant *tenant)
{
    (void)context;
    for (size_t i = 0; i < DEMO_TENANTS; i++) {
        if (str_equal(tenant->slug, str_of(demo_tenants[i].slug)))
            return CLI_OK;
    }
    return tenant->is_root
               ? CLI_OK
               : cli_fail("This database holds tenants of its own (%.*s); demo data are for an empty one.",
                          STR_ARG(tenant->slug));
}

static void progress(const char *what, size_t done, size_t of)
{
    if (terminal_is_watched())
        fprintf(stderr, "\rdemo %s: %zu of %zu%s", what, done, of, done == of ? "\n" : "");
}

static int add_tenant(struct cli *cli, const struct demo_tenant *demo)
{
    struct tenant found;
    enum storage_status status = tenant_by_slug(cli->conn, cli->arena, str_of(demo->slug), &found);
    if (status == STORAGE_ROW)
        return CLI_OK;
    if (status != STORAGE_DONE)
        return store_fail(cli, status, "look the tenant up");
    struct str domain = str_of(demo->domain);
    struct founding founding = {
        .row = { .slug = str_of(demo->slug),
                 .name = str_of(demo->name),
                 .plan = str_of(demo->plan),
                 .logo_url = str_of(demo->logo_url),
                 .accent_colour = str_of(demo->accent_colour) },
        .domains = &domain,
        .domain_count = 1,
    };
    return account_found(cli, &founding);
}

static int is_member(struct cli *cli, const struct tenant *tenant, int64_t user_id, bool *ret)
{
    struct membership found;
    enum storage_status status = membership_find(cli->conn, cli->arena, tenant->id, user_id, &found);
    *ret = status == STORAGE_ROW;
    if (status == STORAGE_ROW || status == STORAGE_DONE)
        return CLI_OK;
    return store_fail(cli, status, "look the member up");
}

static int add_user(struct cli *cli, const struct demo_user *demo)
{
    struct tenant tenant;
    struct account_user user = { .email = str_of(demo->email), .name = str_of(demo->name) };
    bool member = false;
    int64_t id;
    int code = account_find_tenant(cli, str_of(demo->tenant), &tenant);
    if (code == CLI_OK)
        code = account_check_role(str_of(demo->role), tenant.is_root, &user.role);
    if (code == CLI_OK)
        code = account_find_user(cli, user.email, &user.existing);
    if (code == CLI_OK && user.existing)
        code = is_member(cli, &tenant, user.existing, &member);
    if (code != CLI_OK || member)
        return code;
    if (!user.existing)
        code = account_hash(cli, str_of(demo->password), &user.password_hash);
    return code == CLI_OK ? account_add_user(cli, &tenant, &user, &id) : code;
}

/* ---- starting over ---- */

static int drop_tenant(struct cli *cli, const struct demo_tenant *demo)
{
    struct tenant tenant;
    enum storage_status status = tenant_by_slug(cli->conn, cli->arena, str_of(demo->slug), &tenant);
    if (status == STORAGE_DONE)
        return CLI_OK;
    struct tenant_deed deed = {
        .config = cli->config, .actor = cli_actor(cli), .tenant_id = tenant.id, .now = clock_now()
    };
    if (status == STORAGE_ROW)
        status = tenant_remove(cli->conn, cli->arena, &deed);
    return status == STORAGE_OK ? CLI_OK : store_fail(cli, status, "delete the demo's tenant");
}

struct dropping {
    struct cli *cli;
    const struct demo_user *demo;
};

/* A member of the operator's gives the seat back; no other tenant is left. */
static enum storage_status release_seat(struct db_conn *conn, struct dropping *dropping,
                                        const struct user *user)
{
    struct tenant root;
    struct membership membership;
    struct cli *cli = dropping->cli;
    struct audit_actor actor = cli_actor(cli);
    enum storage_status status = tenant_root(conn, cli->arena, &root);
    if (status == STORAGE_ROW)
        status = membership_find(conn, cli->arena, root.id, user->id, &membership);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    struct audit_event event = { .tenant_id = root.id,
                                 .action = "member.removed",
                                 .target_kind = "user",
                                 .target_id = user->id,
                                 .target_name = user->email };
    status = plan_release(conn, root.id, "users", 1);
    return status == STORAGE_OK ? audit_append(conn, cli->arena, &actor, &event, clock_now()) : status;
}

static enum storage_status delete_user(struct db_conn *conn, void *context)
{
    struct dropping *dropping = context;
    struct user user;
    enum storage_status status =
        user_by_email(conn, dropping->cli->arena, str_of(dropping->demo->email), &user);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    status = release_seat(conn, dropping, &user);
    return status == STORAGE_OK ? user_delete(conn, user.id) : status;
}

static int drop_user(struct cli *cli, const struct demo_user *demo)
{
    struct dropping dropping = { cli, demo };
    enum storage_status status = db_transaction(cli->conn, STORAGE_WRITE, delete_user, &dropping);
    return status == STORAGE_OK ? CLI_OK : store_fail(cli, status, "delete the demo's user");
}

static int drop_all(struct cli *cli)
{
    int code = CLI_OK;
    for (size_t i = 0; code == CLI_OK && i < DEMO_TENANTS; i++)
        code = drop_tenant(cli, &demo_tenants[i]);
    for (size_t i = 0; code == CLI_OK && i < DEMO_USERS; i++)
        code = drop_user(cli, &demo_users[i]);
    return code;
}

static void print_world(void)
{
    printf("%-8s %-16s %-28s %s\n", "tenant", "role", "address", "password");
    for (size_t i = 0; i < DEMO_USERS; i++) {
        const struct demo_user *user = &demo_users[i];
        printf("%-8s %-16s %-28s %s\n", user->tenant, user->role, user->email,
               user->password ? user->password : "(the same as above)");
    }
    puts("\nDomains:");
    for (size_t i = 0; i < DEMO_TENANTS; i++)
        printf("%-8s %s\n", demo_tenants[i].slug, demo_tenants[i].domain);
    puts("\nEverybody knows these passwords: never let strangers reach this server.");
}

static int run(struct cli *cli)
{
    int code = store_open(cli, STORE_INITIALISED);
    if (code == CLI_OK)
        code = account_each_tenant(cli, check_no_stranger, NULL);
    if (code == CLI_OK && cli_value(cli, "reset"))
        code = drop_all(cli);
    for (size_t i = 0; code == CLI_OK && i < DEMO_TENANTS; i++) {
        code = add_tenant(cli, &demo_tenants[i]);
        progress("tenants", i + 1, DEMO_TENANTS);
    }
    for (size_t i = 0; code == CLI_OK && i < DEMO_USERS; i++) {
        code = add_user(cli, &demo_users[i]);
        progress("users", i + 1, DEMO_USERS);
    }
    for (size_t i = 0; code == CLI_OK && i < DEMO_TENANTS; i++)
        code = demo_world_load(cli, &demo_worlds[i], progress);
    if (code == CLI_OK)
        print_world();
    return code;
}

static const struct cli_option options[] = {
    { "reset", NULL, 0, "first delete what an earlier demo made, and what was done to it" },
};

const struct cli_command demo_command = {
    .name = "demo",
    CLI_OPTIONS(options),
    .summary = "Load demo tenants with users, assets, customers and rooms; prints addresses and passwords",
    .run = run,
};
