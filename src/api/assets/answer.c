#include "api/assets/answer.h"

#include "base/clock.h"

int64_t assets_limit(int64_t asked)
{
    return asked > 0 ? asked : ASSETS_LIMIT_DEFAULT;
}

enum error_code assets_read_cursor(struct call *call, struct str cursor, int64_t *ret)
{
    *ret = 0;
    if (!cursor.at || (str_to_int(cursor, ret) && *ret > 0))
        return OK;
    return call_fail_field(call, "cursor", VIOLATION_CUSTOM, NULL);
}

void assets_page(struct call *call, cJSON *items, struct str next, int64_t total)
{
    cJSON *json = json_new_object();
    json_add_item(json, "items", items);
    json_add_str_or_null(json, "next", next);
    json_add_int(json, "total", total);
    reply_json(&call->reply, 200, json);
}

void assets_detail(struct call *call, const char *text)
{
    cJSON *json = json_new_object();
    json_add_str(json, "detail", str_of(text));
    reply_json(&call->reply, 200, json);
}

void assets_add_time(struct call *call, cJSON *object, const char *name, int64_t epoch_us)
{
    json_add_str(object, name, clock_iso8601(call->arena, epoch_us));
}
