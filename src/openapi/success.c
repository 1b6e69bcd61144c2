/* What an operation answers when all is well: its row in the envelope of its surface. */
#include "openapi/parts.h"

static const char *word_of(int status)
{
    switch (status) {
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "Done; there is nothing to tell";
    case 304:
        return "What If-None-Match names is still so";
    default:
        return "Done";
    }
}

static bool has_json(const struct route *route)
{
    return route->answer || route->form == ANSWER_MESSAGE;
}

static const struct shape *envelope_of(const struct api_row *row)
{
    return row->route->form == ANSWER_BARE ? NULL : row->surface->success[row->route->form];
}

/* The row's answer in its surface's envelope. */
static cJSON *schema_of_success(struct arena *arena, const struct api_row *row)
{
    const struct route *route = row->route;
    const struct shape *envelope = envelope_of(row);
    if (envelope && envelope->name)
        return schema_ref(arena, str_of(envelope->name));
    if (envelope)
        return schema_of_answer(arena, envelope, route->answer);
    cJSON *item = schema_ref(arena, str_of(route->answer->name));
    if (route->form != ANSWER_LIST && route->form != ANSWER_PAGE)
        return item;
    cJSON *list = json_new_object();
    json_add_str(list, "type", STR("array"));
    json_add_item(list, "items", item);
    return list;
}

static cJSON *example_of_success(struct arena *arena, const struct api_row *row)
{
    const struct route *route = row->route;
    const struct shape *envelope = envelope_of(row);
    if (envelope)
        return example_of_answer(arena, envelope, route->answer);
    cJSON *item = example_of_answer(arena, route->answer, NULL);
    if (route->form != ANSWER_LIST && route->form != ANSWER_PAGE)
        return item;
    cJSON *list = json_new_array();
    json_add_item(list, NULL, item);
    return list;
}

static void add_media(struct arena *arena, cJSON *content, const char *media)
{
    struct str one, rest = str_of(media);
    for (bool more = true; more;) {
        more = str_split(rest, ',', &one, &rest);
        json_add_object(content, arena_cstr(arena, str_trim(one)));
    }
}

/* Several rows of an operation may end in one status with different answers. */
static void add_success_schema(cJSON *content, cJSON *schema, cJSON *example)
{
    cJSON *json = cJSON_GetObjectItemCaseSensitive(content, "application/json");
    if (!json) {
        json = json_add_object(content, "application/json");
        json_add_item(json, "schema", schema);
        json_add_item(json, "example", example);
        return;
    }
    cJSON *before = cJSON_DetachItemFromObjectCaseSensitive(json, "schema");
    cJSON *any = cJSON_GetObjectItemCaseSensitive(before, "anyOf");
    if (!any) {
        cJSON *either = json_new_object();
        any = json_add_array(either, "anyOf");
        json_add_item(any, NULL, before);
        before = either;
    }
    json_add_item(any, NULL, schema);
    json_add_item(json, "schema", before);
}

static cJSON *response_at(struct arena *arena, cJSON *responses, const struct route *route, int status)
{
    const char *key = arena_printf(arena, "%d", status).at;
    cJSON *response = cJSON_GetObjectItemCaseSensitive(responses, key);
    if (response)
        return response;
    response = json_add_object(responses, key);
    json_add_str(response, "description", str_of(word_of(status)));
    headers_refer(arena, response, route, status);
    return response;
}

void success_add(struct arena *arena, cJSON *responses, const struct api_row *row)
{
    const struct route *route = row->route;
    cJSON *response = response_at(arena, responses, route, route->success ? route->success : 200);
    if (route->conditional)
        response_at(arena, responses, route, 304);
    if (!has_json(route) && !route->media)
        return;
    cJSON *content = cJSON_GetObjectItemCaseSensitive(response, "content");
    if (!content)
        content = json_add_object(response, "content");
    if (has_json(route))
        add_success_schema(content, schema_of_success(arena, row), example_of_success(arena, row));
    if (route->media)
        add_media(arena, content, route->media);
}
