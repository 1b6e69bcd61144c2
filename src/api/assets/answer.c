#include "api/assets/answer.h"

void assets_page(struct call *call, cJSON *items, struct str next, int64_t total)
{
    cJSON *json = json_new_object();
    json_add_item(json, "items", items);
    json_add_str_or_null(json, "next", next);
    json_add_int(json, "total", total);
    reply_json(&call->reply, 200, json);
}
