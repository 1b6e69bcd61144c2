#include "api/assets/answer.h"

#include <string.h>

void assets_page(struct call *call, cJSON *items, struct str next, int64_t total)
{
    cJSON *json = json_new_object();
    json_add_item(json, "items", items);
    json_add_str_or_null(json, "next", next);
    json_add_int(json, "total", total);
    reply_json(&call->reply, 200, json);
}

enum error_code assets_list_refuse(struct call *call, const char *field)
{
    bool is_sort = strcmp(field, "sort") == 0;
    return call_fail_field(call, field, VIOLATION_CUSTOM,
                           is_sort ? "The sort field names something that cannot be sorted by." : NULL);
}
