/* What of its plan the tenant has used. */
#include "api/plan_use.h"
#include "api/tables.h"
#include "api/v1/answer.h"

static enum error_code usage(struct call *call)
{
    cJSON *data = json_new_object();
    json_add_str(data, "plan", call->tenant.plan);
    enum error_code code = plan_use_add(call, &call->tenant, data, "limits");
    if (code == OK)
        v1_object(call, 200, data);
    return code;
}

/* ---- what is answered ---- */

static const struct field v1_usage_answer_rows[] = {
    ANSWER_FIELD("plan", FIELD_STR, .help = "The plan the tenant is on", .example = "free"),
    ANSWER_FIELD("limits", FIELD_OBJECT_LIST, .of = &plan_use_answer),
};
static const struct shape v1_usage_answer = ANSWER_SHAPE("V1Usage", v1_usage_answer_rows);

static const struct route routes[] = {
    { .op = "v1_usage",
      .method = METHOD_GET,
      .path = "/api/v1/usage",
      .permission = PERM_SETTINGS_MANAGE,
      .tenant = TENANT_BY_HEADER,
      .answer = &v1_usage_answer,
      .handler = usage,
      .summary = "The tenant's plan, every limit, and how much of it is used" },
};

const struct route_table v1_usage_routes = ROUTE_TABLE(&v1_surface, routes);
