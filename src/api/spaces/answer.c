#include "api/spaces/answer.h"

#include "base/clock.h"

#define DEFAULT_LIMIT 50

static cJSON *success(cJSON *data)
{
    cJSON *json = json_new_object();
    json_add_bool(json, "success", true);
    json_add_item(json, "data", data);
    return json;
}

void spaces_answer(struct call *call, int status, cJSON *data)
{
    reply_json(&call->reply, status, success(data));
}

int64_t spaces_limit(int64_t asked)
{
    return asked > 0 ? asked : DEFAULT_LIMIT;
}

enum error_code spaces_read_cursor(struct call *call, struct str cursor, int64_t *ret)
{
    *ret = 0;
    if (!cursor.at || (str_to_int(cursor, ret) && *ret > 0))
        return OK;
    return call_fail_field(call, "cursor", VIOLATION_CUSTOM, NULL);
}

void spaces_page_before(struct call *call, cJSON *list, struct str next)
{
    cJSON *json = success(list);
    json_add_str_or_null(json, "next", next);
    reply_json(&call->reply, 200, json);
}

void spaces_page(struct call *call, cJSON *list, int64_t next)
{
    spaces_page_before(call, list, next ? arena_printf(call->arena, "%lld", (long long)next) : STR_NONE);
}

void spaces_add_time(struct call *call, cJSON *object, const char *name, int64_t epoch_us)
{
    json_add_str_or_null(object, name, epoch_us ? clock_iso8601(call->arena, epoch_us) : STR_NONE);
}

bool spaces_path_id(struct call *call, size_t param, int64_t *ret)
{
    if (str_to_int(call->params[param], ret) && *ret > 0)
        return true;
    call_fail(call, ERR_NOT_FOUND, NULL);
    return false;
}
