/* Plan limits: what a tenant has used up, counted in the transaction that uses it.
 *
 * The counter is raised by one statement that also holds the condition, so two transactions that both see the
 * last free place cannot both take it: the second waits for the first and then judges the raised counter. */
#include "tenancy/plan_usage.h"

#include <stddef.h>
#include <stdlib.h>

/* Where a plan, and a tenant with limits of its own, keep the limit of a kind. */
static const struct plan_kind {
    const char *name;
    size_t in_plan, in_tenant;
} plan_kinds[] = {
    { "assets", offsetof(struct plan, assets), offsetof(struct tenant, limits.assets) },
    { "users", offsetof(struct plan, users), offsetof(struct tenant, limits.users) },
};

_Static_assert(sizeof plan_kinds / sizeof plan_kinds[0] == PLAN_USES, "plan_usage() fills one per kind");

/* A kind that is none is a bug of the caller's: silently it would be a limit that never bites. */
static const struct plan_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof plan_kinds / sizeof plan_kinds[0]; i++) {
        if (strcmp(plan_kinds[i].name, name) == 0)
            return &plan_kinds[i];
    }
    abort();
}

/* What the plan says of a kind; INT64_MAX where no limit applies. */
static int64_t limit_in_plan(const struct config *config, const struct plan *plan,
                             const struct plan_kind *row)
{
    int64_t limit = -1;
    if (plan && config->mode == MODE_SAAS)
        memcpy(&limit, (const char *)plan + row->in_plan, sizeof limit);
    return limit < 0 ? INT64_MAX : limit;
}

/* The limit in force; INT64_MAX where there is none. */
static int64_t limit_of(const struct config *config, const struct tenant *tenant, const char *kind)
{
    const struct plan_kind *row = find_kind(kind);
    if (config->mode != MODE_SAAS || tenant->is_root)
        return INT64_MAX;
    struct tenant_limit own;
    memcpy(&own, (const char *)tenant + row->in_tenant, sizeof own);
    if (own.is_set)
        return own.max;
    return limit_in_plan(config, config_plan(config, tenant->plan), row);
}

enum storage_status plan_used(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 tenant_id ? "SELECT used FROM tenant_usage WHERE tenant_id = $1 AND kind = $2"
                           : "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM tenant_usage "
                             "WHERE tenant_id > $1 AND kind = $2",
                 DB_ARGS(db_int(tenant_id), db_text(str_of(kind))));
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return status;
    *ret = status == STORAGE_ROW ? db_col_int(&rows, 0) : 0;
    return STORAGE_ROW;
}

enum storage_status plan_room(struct db_conn *conn, const struct config *config, const struct tenant *tenant,
                              const char *kind, struct plan_refusal *ret, int64_t *ret_room)
{
    int64_t max = limit_of(config, tenant, kind), used = 0;
    enum storage_status status = plan_used(conn, tenant->id, kind, &used);
    if (status != STORAGE_ROW)
        return status;
    *ret = (struct plan_refusal){ .limit = kind, .used = used, .max = max, .plan = tenant->plan };
    *ret_room = max == INT64_MAX ? max : max - used;
    return STORAGE_OK;
}

enum storage_status plan_take(struct db_conn *conn, const struct config *config, const struct tenant *tenant,
                              const char *kind, int64_t n, struct plan_refusal *ret)
{
    int64_t max = limit_of(config, tenant, kind), changes = 0, room;
    enum storage_status status =
        db_exec(conn,
                "INSERT INTO tenant_usage (tenant_id, kind, used) "
                "SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS BIGINT) "
                "WHERE CAST($3 AS BIGINT) <= CAST($4 AS BIGINT) "
                "ON CONFLICT (tenant_id, kind) DO UPDATE SET used = tenant_usage.used + excluded.used "
                "WHERE tenant_usage.used + excluded.used <= CAST($4 AS BIGINT)",
                DB_ARGS(db_int(tenant->id), db_text(str_of(kind)), db_int(n), db_int(max)), &changes);
    if (status != STORAGE_OK || changes > 0)
        return status;
    status = plan_room(conn, config, tenant, kind, ret, &room);
    return status == STORAGE_OK ? STORAGE_DONE : status;
}

enum storage_status plan_release(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t n)
{
    return db_exec(conn, "UPDATE tenant_usage SET used = used - $3 WHERE tenant_id = $1 AND kind = $2",
                   DB_ARGS(db_int(tenant_id), db_text(str_of(kind)), db_int(n)), NULL);
}

enum storage_status plan_count(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t n)
{
    return db_exec(conn,
                   "INSERT INTO tenant_usage (tenant_id, kind, used) VALUES ($1, $2, $3) "
                   "ON CONFLICT (tenant_id, kind) DO UPDATE SET used = tenant_usage.used + $3",
                   DB_ARGS(db_int(tenant_id), db_text(str_of(kind)), db_int(n)), NULL);
}

enum storage_status plan_usage(struct db_conn *conn, const struct config *config, const struct tenant *tenant,
                               struct plan_use ret[PLAN_USES])
{
    for (size_t i = 0; i < PLAN_USES; i++) {
        int64_t max = limit_of(config, tenant, plan_kinds[i].name);
        ret[i] = (struct plan_use){ .limit = plan_kinds[i].name, .max = max == INT64_MAX ? -1 : max };
        enum storage_status status = plan_used(conn, tenant->id, plan_kinds[i].name, &ret[i].used);
        if (status != STORAGE_ROW)
            return status;
    }
    return STORAGE_OK;
}

void plan_limits(const struct config *config, const struct plan *plan, struct plan_limit ret[PLAN_USES])
{
    for (size_t i = 0; i < PLAN_USES; i++) {
        int64_t max = limit_in_plan(config, plan, &plan_kinds[i]);
        ret[i] = (struct plan_limit){ .limit = plan_kinds[i].name, .max = max == INT64_MAX ? -1 : max };
    }
}

enum storage_status plan_used_by_all(struct db_conn *conn, const char *kind, int64_t *ret)
{
    DB_ROWS(rows);
    /* PostgreSQL adds BIGINTs up to a NUMERIC. */
    enum storage_status status = db_first(
        conn, &rows, "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM tenant_usage WHERE kind = $1",
        DB_ARGS(db_text(str_of(find_kind(kind)->name))));
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}
