#include "api/spaces/answer.h"

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
    enum error_code code = list_read_cursor(call, cursor, &place);
    limit = list_limit(limit);
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
    spaces_page(call, json, list_cursor(call, last));
    return OK;
}
