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

void spaces_page(struct call *call, cJSON *list, struct str next)
{
    cJSON *json = success(list);
    json_add_str_or_null(json, "next", next);
    reply_json(&call->reply, 200, json);
}

/* One more than is shown was read: it says that there is another page. */
enum error_code spaces_list(struct call *call, struct str cursor, int64_t limit,
                            const struct spaces_list *list)
{
    int64_t place = 0;
    void *things = NULL;
    size_t n = 0;
    enum error_code code = spaces_read_cursor(call, cursor, &place);
    limit = spaces_limit(limit);
    if (code != OK)
        return code;
    enum storage_status status = list->read(call, place, limit + 1, &things, &n);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    size_t shown = n > (size_t)limit ? (size_t)limit : n;
    const char *at = things;
    cJSON *json = json_new_array();
    for (size_t i = 0; i < shown; i++)
        json_add_item(json, NULL, list->show(call, at + i * list->size));
    int64_t last = n > shown ? *(const int64_t *)(const void *)(at + (shown - 1) * list->size) : 0;
    spaces_page(call, json, last ? arena_printf(call->arena, "%lld", (long long)last) : STR_NONE);
    return OK;
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
