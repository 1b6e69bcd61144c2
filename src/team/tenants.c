/* One way for all deeds: read the tenant, judge, change, write it down. What differs stands in the table of
 * deeds. */
#include "team/tenants.h"

#include "access/audit_log.h"
#include "base/encode.h"
#include "base/json.h"
#include "tenancy/host.h"

struct work {
    struct db_conn *conn;
    struct arena *arena;
    struct tenant_deed *deed;
    struct tenant before;
    enum storage_status (*fn)(struct work *work);
};

/* OK: done and written down. DONE: refused, deed->verdict says why; or nothing was to be done. */
typedef enum storage_status (*deed_fn)(struct work *work);

static enum storage_status refuse(struct work *work, enum tenant_verdict verdict)
{
    work->deed->verdict = verdict;
    return STORAGE_DONE;
}

static enum storage_status write_down(struct work *work, int64_t log_of, const char *action,
                                      struct str before, struct str after)
{
    const struct tenant_deed *deed = work->deed;
    struct audit_event event = { .tenant_id = log_of,
                                 .action = action,
                                 .target_kind = "tenant",
                                 .target_id = work->before.id,
                                 .target_name = work->before.name,
                                 .before = before,
                                 .after = after };
    return audit_append(work->conn, work->arena, &deed->actor, &event, deed->now);
}

/* ---- changing ---- */

static void add_limit(cJSON *json, const char *name, struct tenant_limit limit)
{
    if (limit.is_set)
        json_add_int(json, name, limit.max);
    else
        json_add_null(json, name);
}

/* All that can be changed but the status, whose changes are deeds by name. */
static struct str describe(struct arena *arena, const struct tenant *tenant)
{
    cJSON *json = json_new_object();
    json_add_str(json, "name", tenant->name);
    json_add_str(json, "plan", tenant->plan);
    json_add_str_or_null(json, "logo_url", tenant->logo_url);
    json_add_str_or_null(json, "accent_colour", tenant->accent_colour);
    json_add_str_or_null(json, "registration",
                         tenant->has_registration ? registration_word(tenant->registration) : STR_NONE);
    add_limit(json, "max_assets", tenant->limits.assets);
    add_limit(json, "max_users", tenant->limits.users);
    return json_print(arena, json);
}

static void take_parts(const struct tenant_deed *deed, struct tenant *to)
{
    const struct tenant *next = &deed->next;
    if (deed->parts & TENANT_NAME)
        to->name = next->name;
    if (deed->parts & TENANT_PLAN)
        to->plan = next->plan;
    if (deed->parts & TENANT_STATUS)
        to->status = next->status;
    if (deed->parts & TENANT_LOGO)
        to->logo_url = next->logo_url;
    if (deed->parts & TENANT_COLOUR)
        to->accent_colour = next->accent_colour;
    if (deed->parts & TENANT_MAX_ASSETS)
        to->limits.assets = next->limits.assets;
    if (deed->parts & TENANT_MAX_USERS)
        to->limits.users = next->limits.users;
    if (deed->parts & TENANT_REGISTRATION) {
        to->has_registration = next->has_registration;
        to->registration = next->registration;
    }
}

static enum storage_status judge_change(struct work *work)
{
    const struct tenant *after = &work->deed->tenant;
    bool has_new_plan = !str_equal(after->plan, work->before.plan);
    if (work->before.is_root && after->status == TENANT_SUSPENDED)
        return refuse(work, TENANT_IS_ROOT);
    if (has_new_plan && !config_plan(work->deed->config, after->plan))
        return refuse(work, TENANT_NO_SUCH_PLAN);
    return STORAGE_OK;
}

static enum storage_status write_status(struct work *work)
{
    enum tenant_status status = work->deed->tenant.status;
    if (status == work->before.status)
        return STORAGE_OK;
    return write_down(work, work->before.id,
                      status == TENANT_SUSPENDED ? "tenant.suspended" : "tenant.reactivated", STR_NONE,
                      STR_NONE);
}

static enum storage_status change(struct work *work)
{
    struct tenant *after = &work->deed->tenant;
    take_parts(work->deed, after);
    struct str was = describe(work->arena, &work->before), is = describe(work->arena, after);
    bool has_new_row = !str_equal(was, is);
    if (!has_new_row && after->status == work->before.status)
        return STORAGE_DONE;
    enum storage_status status = judge_change(work);
    if (status == STORAGE_OK)
        status = tenant_write(work->conn, after, work->deed->now);
    if (status == STORAGE_OK && has_new_row)
        status = write_down(work, work->before.id, "tenant.updated", was, is);
    return status == STORAGE_OK ? write_status(work) : status;
}

/* ---- deleting ---- */

/* What is left of it: whoever kept an export of its log can still show that it is whole. */
static enum storage_status describe_remains(struct work *work, struct str *ret)
{
    int64_t seq = 0;
    struct str hash = STR_NONE;
    enum storage_status status = audit_end(work->conn, work->arena, work->before.id, &seq, &hash);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return status;
    cJSON *json = json_new_object();
    json_add_str(json, "slug", work->before.slug);
    json_add_str(json, "plan", work->before.plan);
    json_add_int(json, "audit_rows", seq);
    json_add_str_or_null(json, "audit_hash", hash.at ? hex_encode(work->arena, hash.at, hash.len) : STR_NONE);
    *ret = json_print(work->arena, json);
    return STORAGE_OK;
}

static enum storage_status remove_(struct work *work)
{
    struct tenant root;
    struct str remains;
    if (work->before.is_root)
        return refuse(work, TENANT_IS_ROOT);
    enum storage_status status = describe_remains(work, &remains);
    if (status == STORAGE_OK)
        status = tenant_delete(work->conn, work->before.id);
    if (status == STORAGE_OK)
        status = tenant_root(work->conn, work->arena, &root);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    return write_down(work, root.id, "tenant.deleted", remains, STR_NONE);
}

/* ---- domains ---- */

static struct str describe_domain(struct work *work)
{
    cJSON *json = json_new_object();
    json_add_str(json, "host", work->deed->host);
    return json_print(work->arena, json);
}

static enum storage_status register_domain(struct work *work)
{
    struct domain_entry *entries;
    size_t n;
    struct tenant_domain domain = { work->before.id, work->before.slug, work->deed->host };
    enum storage_status status = tenant_domains(work->conn, work->arena, work->before.id, &entries, &n);
    if (status != STORAGE_OK)
        return status;
    if (n >= TENANT_MAX_DOMAINS)
        return refuse(work, TENANT_DOMAINS_FULL);
    status = tenant_add_domain(work->conn, work->deed->config, &domain);
    if (status == STORAGE_CONFLICT)
        return refuse(work, TENANT_DOMAIN_TAKEN);
    if (status == STORAGE_DONE)
        return refuse(work, TENANT_DOMAIN_OTHERS);
    return status == STORAGE_OK
               ? write_down(work, work->before.id, "domain.registered", STR_NONE, describe_domain(work))
               : status;
}

static enum storage_status release_domain(struct work *work)
{
    enum storage_status status = tenant_remove_domain(work->conn, work->before.id, work->deed->host);
    if (status == STORAGE_DONE)
        return refuse(work, TENANT_DOMAIN_UNKNOWN);
    return status == STORAGE_OK
               ? write_down(work, work->before.id, "domain.released", describe_domain(work), STR_NONE)
               : status;
}

/* ---- all deeds ---- */

static enum storage_status run(struct db_conn *conn, void *context)
{
    struct work *work = context;
    work->conn = conn;
    work->deed->verdict = TENANT_DONE;
    enum storage_status status = tenant_by_id(conn, work->arena, work->deed->tenant_id, &work->before);
    if (status == STORAGE_DONE)
        return refuse(work, TENANT_UNKNOWN);
    if (status != STORAGE_ROW)
        return status;
    work->deed->tenant = work->before;
    return work->fn(work);
}

static enum storage_status carry_out(struct db_conn *conn, struct arena *arena, struct tenant_deed *deed,
                                     deed_fn fn)
{
    struct work work = { .arena = arena, .deed = deed, .fn = fn };
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, run, &work);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status tenant_change(struct db_conn *conn, struct arena *arena, struct tenant_deed *deed)
{
    return carry_out(conn, arena, deed, change);
}

enum storage_status tenant_remove(struct db_conn *conn, struct arena *arena, struct tenant_deed *deed)
{
    return carry_out(conn, arena, deed, remove_);
}

enum storage_status tenant_domain_register(struct db_conn *conn, struct arena *arena,
                                           struct tenant_deed *deed)
{
    return carry_out(conn, arena, deed, register_domain);
}

enum storage_status tenant_domain_release(struct db_conn *conn, struct arena *arena, struct tenant_deed *deed)
{
    return carry_out(conn, arena, deed, release_domain);
}
