/* Comings and refusals by day, for a chart. */
#include "access/audit_log.h"
#include "api/tables.h"
#include "api/v1/answer.h"
#include "base/clock.h"

#define USUAL_DAYS 14
#define MOST_DAYS  90

struct activity_query {
    int64_t days;
};
static const struct field activity_fields[] = {
    FIELD(struct activity_query, days, "days", FIELD_INT, .min = 1, .max = MOST_DAYS,
          .help = "How many days, today included; 14 if left out", .example = "14"),
};
static const struct shape activity_shape = SHAPE("V1ActivityQuery", struct activity_query, activity_fields);

static enum error_code activity(struct call *call)
{
    const struct activity_query *query = call->query_input;
    int64_t n = query->days ? query->days : USUAL_DAYS;
    int64_t from = (call->now / CLOCK_DAY - n + 1) * CLOCK_DAY;
    struct audit_day days[MOST_DAYS];
    enum storage_status status = audit_activity(call->db, call->arena, call->tenant.id, from, n, days);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *list = json_new_array();
    for (int64_t i = 0; i < n; i++) {
        cJSON *json = json_add_object(list, NULL);
        json_add_str(json, "date", str_sub(clock_iso8601(call->arena, from + i * CLOCK_DAY), 0, 10));
        json_add_int(json, "sign_ins", days[i].sign_ins);
        json_add_int(json, "refusals", days[i].refusals);
    }
    v1_list(call, list);
    return OK;
}

/* ---- what is answered ---- */

static const struct field v1_activity_answer_rows[] = {
    ANSWER_FIELD("date", FIELD_DATE, .help = "The day, in UTC", .example = "2026-11-27"),
    ANSWER_FIELD("sign_ins", FIELD_INT, .help = "How many sessions were opened", .example = "12"),
    ANSWER_FIELD("refusals", FIELD_INT, .help = "How many sign-ins were refused", .example = "1"),
};
static const struct shape v1_activity_answer = ANSWER_SHAPE("V1ActivityDay", v1_activity_answer_rows);

static const struct route routes[] = {
    { .op = "v1_activity",
      .method = METHOD_GET,
      .path = "/api/v1/activity",
      .permission = PERM_AUDIT_VIEW,
      .tenant = TENANT_BY_HEADER,
      .query = &activity_shape,
      .answer = &v1_activity_answer,
      .form = ANSWER_LIST,
      .handler = activity,
      .summary = "Sign-ins and refusals by day" },
};

const struct route_table v1_activity_routes = ROUTE_TABLE(&v1_surface, routes);
