/* The counter of the demo page; in demo mode only. */
#include "api/tables.h"
#include "request/call.h"
#include "tenancy/plan_usage.h"

/* At the root domain those of all tenants. */
static enum storage_status count_assets(struct call *call, int64_t *ret)
{
    struct plan_use uses[PLAN_USES];
    if (call->tenant.is_root)
        return plan_used_by_all(call->db, "assets", ret);
    enum storage_status status = plan_usage(call->db, call->config, &call->tenant, uses);
    for (size_t i = 0; status == STORAGE_OK && i < PLAN_USES; i++) {
        if (strcmp(uses[i].limit, "assets") == 0)
            *ret = uses[i].used;
    }
    return status;
}

static enum error_code stats(struct call *call)
{
    int64_t count = 0;
    if (!call->config->demo)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    enum storage_status status = count_assets(call, &count);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *json = json_new_object();
    json_add_int(json, "asset_count", count);
    reply_json(&call->reply, 200, json);
    return OK;
}

static const struct field stats_rows[] = {
    ANSWER_FIELD("asset_count", FIELD_INT, .help = "The tenant's assets; at the root domain everybody's",
                 .example = "306"),
};
static const struct shape stats_answer = ANSWER_SHAPE("DemoStats", stats_rows);

static const struct route routes[] = {
    { .op = "assets_demo_stats",
      .method = METHOD_GET,
      .path = "/api/demo/stats",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST,
      .answer = &stats_answer,
      .handler = stats,
      .summary = "How many assets there are, for the demo page (demo mode only)" },
};

const struct route_table assets_demo_stats_routes = ROUTE_TABLE(&assets_surface, routes);
