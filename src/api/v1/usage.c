/* What of its plan the tenant has used. */
#include "api/tables.h"
#include "api/v1/answer.h"
#include "tenancy/plan_usage.h"

static enum error_code usage(struct call *call)
{
    struct plan_use uses[PLAN_USES];
    enum storage_status status = plan_usage(call->db, call->config, &call->tenant, uses);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *data = json_new_object();
    json_add_str(data, "plan", call->tenant.plan);
    cJSON *limits = json_add_array(data, "limits");
    for (size_t i = 0; i < PLAN_USES; i++) {
        cJSON *limit = json_add_object(limits, NULL);
        json_add_str(limit, "limit", str_of(uses[i].limit));
        json_add_int(limit, "used", uses[i].used);
        if (uses[i].max < 0)
            json_add_null(limit, "max");
        else
            json_add_int(limit, "max", uses[i].max);
    }
    v1_object(call, 200, data);
    return OK;
}

/* ---- what is answered ---- */

static const struct field plan_limit_rows[] = {
    ANSWER_FIELD("limit", FIELD_STR, .help = "What is limited", .example = "users"),
    ANSWER_FIELD("used", FIELD_INT, .help = "How many there are", .example = "3"),
    ANSWER_FIELD("max", FIELD_INT, .flags = FIELD_NULLABLE, .help = "How many there may be; null: any number",
                 .example = "5"),
};
static const struct shape plan_limit = ANSWER_SHAPE("V1PlanLimit", plan_limit_rows);

static const struct field v1_usage_answer_rows[] = {
    ANSWER_FIELD("plan", FIELD_STR, .help = "The plan the tenant is on", .example = "free"),
    ANSWER_FIELD("limits", FIELD_OBJECT_LIST, .of = &plan_limit),
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
