/* The plans a tenant may be put on, for the operator's staff: as the configuration has them. */
#include "api/assets/answer.h"
#include "api/plan_use.h"
#include "api/tables.h"

static enum error_code list(struct call *call)
{
    const struct config *config = call->config;
    cJSON *items = json_new_array();
    for (size_t i = 0; i < config->plan_count; i++) {
        cJSON *plan = json_add_object(items, NULL);
        json_add_str(plan, "name", config->plans[i].name);
        plan_limits_add(config, &config->plans[i], plan, "limits");
    }
    assets_page(call, items, STR_NONE, (int64_t)config->plan_count);
    return OK;
}

/* ---- what is answered ---- */

static const struct field plan_rows[] = {
    ANSWER_FIELD("name", FIELD_STR, .help = "What a tenant's plan is called", .example = "pro"),
    ANSWER_FIELD("limits", FIELD_OBJECT_LIST, .of = &plan_limit_answer),
};
static const struct shape plan_answer = ANSWER_SHAPE("Plan", plan_rows);

static const struct route routes[] = {
    { .op = "assets_plans",
      .method = METHOD_GET,
      .path = "/api/plans",
      .permission = PERM_TENANTS_MANAGE,
      .tenant = TENANT_ROOT,
      .answer = &plan_answer,
      .form = ANSWER_PAGE,
      .handler = list,
      .summary = "The plans a tenant may be on, and what each allows" },
};

const struct route_table assets_plans_routes = ROUTE_TABLE(&assets_surface, routes);
