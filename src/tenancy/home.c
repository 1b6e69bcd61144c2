#include "tenancy/home.h"

static struct str home_of_config(const struct config *config, struct arena *arena,
                                 const struct tenant *tenant)
{
    for (size_t i = 0; i < config->tenancy.domain_count; i++) {
        if (str_equal(config->tenancy.domains[i].slug, tenant->slug))
            return config->tenancy.domains[i].host;
    }
    if (tenant->is_root)
        return config->tenancy.root_domain;
    return arena_printf(arena, "%.*s.%.*s", STR_ARG(tenant->slug), STR_ARG(config->tenancy.root_domain));
}

enum storage_status tenant_home(struct db_conn *conn, const struct config *config, struct arena *arena,
                                const struct tenant *tenant, struct str *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows, "SELECT host FROM tenant_domains WHERE tenant_id = $1 ORDER BY created_at, host LIMIT 1",
        DB_ARGS(db_int(tenant->id)));
    if (status == STORAGE_ROW)
        *ret = db_col_text(&rows, 0, arena);
    else if (status == STORAGE_DONE)
        *ret = home_of_config(config, arena, tenant);
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}
