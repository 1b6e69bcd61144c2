/* tether audit verify, tether audit trim. */
#include "access/audit_log.h"
#include "base/clock.h"
#include "base/encode.h"
#include "cli/accounts.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/store.h"

/* The one named, or all. */
static int each_tenant(struct cli *cli, account_tenant_fn fn, void *context)
{
    struct tenant tenant;
    int code = store_open(cli, STORE_INITIALISED);
    if (code != CLI_OK)
        return code;
    if (!cli_value(cli, "tenant"))
        return account_each_tenant(cli, fn, context);
    code = account_find_tenant(cli, cli_text(cli, "tenant"), &tenant);
    return code == CLI_OK ? fn(context, &tenant) : code;
}

/* ---- verify ---- */

static int check_tenant(struct cli *cli, const struct tenant *tenant, struct audit_verdict *ret)
{
    enum storage_status status = audit_verify(cli->conn, tenant->id, ret);
    if (status != STORAGE_OK)
        return store_fail(cli, status, "read the audit log");
    if (ret->flaw == AUDIT_SOUND)
        return CLI_OK;
    return cli_fail("The audit log of %.*s is not sound: %s, number %lld.", STR_ARG(tenant->slug),
                    audit_flaw_name(ret->flaw), (long long)ret->seq);
}

static void print_sound(struct cli *cli, const struct tenant *tenant, const struct audit_verdict *verdict)
{
    if (verdict->seq == 0) {
        printf("%.*s: no rows\n", STR_ARG(tenant->slug));
        return;
    }
    printf("%.*s: %lld rows, %lld to %lld, sound; head %s\n", STR_ARG(tenant->slug), (long long)verdict->rows,
           (long long)verdict->first_seq, (long long)verdict->seq,
           hex_encode(cli->arena, verdict->head, sizeof verdict->head).at);
}

static int verify_tenant(void *context, const struct tenant *tenant)
{
    struct cli *cli = context;
    struct audit_verdict verdict;
    int code = check_tenant(cli, tenant, &verdict);
    if (code == CLI_OK)
        print_sound(cli, tenant, &verdict);
    return code;
}

static int verify(struct cli *cli)
{
    return each_tenant(cli, verify_tenant, cli);
}

/* ---- trim ---- */

/* "2026-01-01" is its first moment, UTC. */
static int read_time(const struct cli *cli, int64_t *ret)
{
    const char *given = cli_value(cli, "before");
    struct str time = strchr(given, 'T') ? str_of(given) : arena_printf(cli->arena, "%sT00:00:00Z", given);
    if (!clock_parse_iso8601(time, ret))
        return cli_fail("--before is a day such as 2026-01-01 or a time such as 2026-01-01T06:00:00Z.");
    return *ret <= clock_now() ? CLI_OK : cli_fail("--before lies in the future.");
}

struct trimming {
    struct cli *cli;
    int64_t before;
};

static int trim_tenant(void *context, const struct tenant *tenant)
{
    const struct trimming *trimming = context;
    struct cli *cli = trimming->cli;
    struct audit_verdict verdict;
    struct audit_actor actor = cli_actor(cli);
    int64_t rows = 0, last = 0;
    int code = check_tenant(cli, tenant, &verdict);
    if (code != CLI_OK)
        return code;
    enum storage_status status =
        audit_trim(cli->conn, &actor, tenant->id, trimming->before, clock_now(), &rows, &last);
    if (status != STORAGE_OK)
        return store_fail(cli, status, "trim the audit log");
    printf("%.*s: %lld rows let go", STR_ARG(tenant->slug), (long long)rows);
    if (rows > 0)
        printf(", up to number %lld", (long long)last);
    putchar('\n');
    return CLI_OK;
}

static int trim(struct cli *cli)
{
    struct trimming trimming = { .cli = cli };
    int code = read_time(cli, &trimming.before);
    return code == CLI_OK ? each_tenant(cli, trim_tenant, &trimming) : code;
}

static const struct cli_option verify_options[] = {
    { "tenant", "SLUG", 0, "of this tenant only" },
};

const struct cli_command audit_verify_command = {
    .name = "audit verify",
    CLI_OPTIONS(verify_options),
    .summary = "Check the audit logs for changed and missing rows",
    .run = verify,
};

static const struct cli_option trim_options[] = {
    { "before", "TIME", CLI_REQUIRED, "let go what is older than this day or time" },
    { "tenant", "SLUG", 0, "of this tenant only" },
};

const struct cli_command audit_trim_command = {
    .name = "audit trim",
    CLI_OPTIONS(trim_options),
    .summary = "Let old rows of the audit logs go; what stays can still be verified",
    .run = trim,
};
