#include "api/plan_use.h"

#include "tenancy/plan_usage.h"

static void add_max(cJSON *object, int64_t max)
{
    if (max < 0)
        json_add_null(object, "max");
    else
        json_add_int(object, "max", max);
}

enum error_code plan_use_add(struct call *call, const struct tenant *tenant, cJSON *object, const char *name)
{
    struct plan_use uses[PLAN_USES];
    enum storage_status status = plan_usage(call->db, call->config, tenant, uses);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *list = json_add_array(object, name);
    for (size_t i = 0; i < PLAN_USES; i++) {
        cJSON *use = json_add_object(list, NULL);
        json_add_str(use, "limit", str_of(uses[i].limit));
        json_add_int(use, "used", uses[i].used);
        add_max(use, uses[i].max);
    }
    return OK;
}

void plan_limits_add(const struct config *config, const struct plan *plan, cJSON *object, const char *name)
{
    struct plan_limit limits[PLAN_USES];
    plan_limits(config, plan, limits);
    cJSON *list = json_add_array(object, name);
    for (size_t i = 0; i < PLAN_USES; i++) {
        cJSON *limit = json_add_object(list, NULL);
        json_add_str(limit, "limit", str_of(limits[i].limit));
        add_max(limit, limits[i].max);
    }
}

#define LIMIT_ROW ANSWER_FIELD("limit", FIELD_STR, .help = "What is limited", .example = "users")
#define MAX_ROW                                                                                              \
    ANSWER_FIELD("max", FIELD_INT, .flags = FIELD_NULLABLE,                                                  \
                 .help = "How many there may be; null: any number", .example = "5")

static const struct field limit_rows[] = { LIMIT_ROW, MAX_ROW };
const struct shape plan_limit_answer = ANSWER_SHAPE("PlanLimit", limit_rows);

static const struct field use_rows[] = {
    LIMIT_ROW,
    ANSWER_FIELD("used", FIELD_INT, .help = "How many there are", .example = "3"),
    MAX_ROW,
};
const struct shape plan_use_answer = ANSWER_SHAPE("PlanUse", use_rows);
