/* The assets surface: reports. */
#include "api/tables.h"
#include "records/report.h"
#include "request/call.h"

static void add_cost(struct call *call, cJSON *object, const char *name, const struct report_group *group)
{
    int64_t units = group->units + group->hundredths / 100;
    json_add_text(
        object, name,
        arena_printf(call->arena, "%lld.%02d", (long long)units, (int)(group->hundredths % 100)).at);
}

static void add_id(cJSON *object, const char *name, int64_t id)
{
    if (id)
        json_add_int(object, name, id);
    else
        json_add_null(object, name);
}

static void add_groups(cJSON *json, const char *name, const struct report_groups *groups)
{
    cJSON *list = json_add_array(json, name);
    for (size_t i = 0; i < groups->n; i++) {
        const struct report_group *group = &groups->at[i];
        cJSON *item = json_add_object(list, NULL);
        add_id(item, "id", group->id);
        add_id(item, "tenant_id", group->tenant_id);
        json_add_str_or_null(item, "name", group->name);
        json_add_int(item, "count", group->count);
    }
}

static void add_statuses(cJSON *json, const struct report_groups *groups)
{
    cJSON *counts = json_add_object(json, "by_status");
    for (size_t i = 0; i < groups->n; i++)
        json_add_int(counts, groups->at[i].name.at, groups->at[i].count);
}

static void add_value(struct call *call, cJSON *json, const struct report_groups *groups)
{
    cJSON *list = json_add_array(json, "value");
    for (size_t i = 0; i < groups->n; i++) {
        cJSON *item = json_add_object(list, NULL);
        json_add_str_or_null(item, "currency", groups->at[i].name);
        add_cost(call, item, "total", &groups->at[i]);
        json_add_int(item, "count", groups->at[i].count);
    }
}

static enum error_code summary(struct call *call)
{
    struct report report;
    int64_t tenant_id = call->root_scope ? 0 : call->tenant.id;
    enum storage_status status = report_summary(call->db, call->arena, tenant_id, call->now, &report);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *json = json_new_object();
    json_add_int(json, "total", report.total);
    json_add_int(json, "overdue", report.overdue);
    add_statuses(json, &report.by_status);
    add_groups(json, "by_category", &report.by_category);
    add_groups(json, "by_location", &report.by_location);
    add_value(call, json, &report.value);
    reply_json(&call->reply, 200, json);
    return OK;
}

/* ---- rows ---- */

static const struct field group_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .flags = FIELD_NULLABLE, .help = "null: assets without one", .example = "1"),
    ANSWER_FIELD("tenant_id", FIELD_INT, .flags = FIELD_NULLABLE,
                 .help = "Whose it is: staff at the root domain see all tenants'", .example = "5"),
    ANSWER_FIELD("name", FIELD_STR, .flags = FIELD_NULLABLE, .help = "What it is called",
                 .example = "Laptops"),
    ANSWER_FIELD("count", FIELD_INT, .help = "How many assets", .example = "120"),
};
static const struct shape group_answer = ANSWER_SHAPE("ReportGroup", group_rows);

static const struct field value_rows[] = {
    ANSWER_FIELD("currency", FIELD_STR, .flags = FIELD_NULLABLE, .help = "null: of costs without one",
                 .example = "EUR"),
    ANSWER_FIELD("total", FIELD_MONEY, .help = "What they cost together", .example = "248000.00"),
    ANSWER_FIELD("count", FIELD_INT, .help = "How many assets have a cost", .example = "118"),
};
static const struct shape value_answer = ANSWER_SHAPE("ReportValue", value_rows);

/* As asset.c has the statuses. */
static const struct field status_rows[] = {
#define STATUS(name_)                                                                                        \
    ANSWER_FIELD(name_, FIELD_INT, .flags = FIELD_OPTIONAL, .help = "How many", .example = "90")
    STATUS("available"), STATUS("checked_out"), STATUS("maintenance"), STATUS("lost"), STATUS("retired"),
};
static const struct shape status_answer = ANSWER_SHAPE("ReportStatuses", status_rows);

static const struct field summary_rows[] = {
    ANSWER_FIELD("total", FIELD_INT, .help = "All assets", .example = "120"),
    ANSWER_FIELD("overdue", FIELD_INT, .help = "Out, and due before now", .example = "2"),
    ANSWER_FIELD("by_status", FIELD_OBJECT, .of = &status_answer,
                 .help = "A status without assets is left out"),
    ANSWER_FIELD("by_category", FIELD_OBJECT_LIST, .of = &group_answer, .help = "The 200 largest"),
    ANSWER_FIELD("by_location", FIELD_OBJECT_LIST, .of = &group_answer, .help = "The 200 largest"),
    ANSWER_FIELD("value", FIELD_OBJECT_LIST, .of = &value_answer,
                 .help = "By currency, without what is lost or retired"),
};
static const struct shape summary_answer = ANSWER_SHAPE("ReportSummary", summary_rows);

static const struct route routes[] = {
    { .op = "assets_report_summary",
      .method = METHOD_GET,
      .path = "/api/reports/summary",
      .permission = PERM_REPORTS_VIEW,
      .tenant = TENANT_BY_HOST,
      .answer = &summary_answer,
      .handler = summary,
      .summary = "Counts the assets by status, category and location, their value and what is overdue" },
};

const struct route_table assets_reports_routes = ROUTE_TABLE(&assets_surface, routes);
