#include "api/plan_use.h"

#include "tenancy/plan_usage.h"

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
        if (uses[i].max < 0)
            json_add_null(use, "max");
        else
            json_add_int(use, "max", uses[i].max);
    }
    return OK;
}

static const struct field rows[] = {
    ANSWER_FIELD("limit", FIELD_STR, .help = "What is limited", .example = "users"),
    ANSWER_FIELD("used", FIELD_INT, .help = "How many there are", .example = "3"),
    ANSWER_FIELD("max", FIELD_INT, .flags = FIELD_NULLABLE, .help = "How many there may be; null: any number",
                 .example = "5"),
};
const struct shape plan_use_answer = ANSWER_SHAPE("PlanUse", rows);
