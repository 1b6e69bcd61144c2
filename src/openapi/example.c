/* Examples, made of the rows'. */
#include "openapi/parts.h"

static cJSON *inner_example(struct arena *arena, const struct shape *of, const struct shape *item)
{
    return of == &answer_item ? example_of_answer(arena, item, NULL) : example_of_answer(arena, of, item);
}

static cJSON *list_of(cJSON *one)
{
    cJSON *list = json_new_array();
    if (one)
        json_add_item(list, NULL, one);
    return list;
}

/* Text that is JSON, as rows of objects and numbers give their examples. */
static cJSON *parsed(struct arena *arena, const char *text)
{
    struct json_error error;
    cJSON *json;
    return text && json_parse(arena, str_of(text), &json, &error) ? json : NULL;
}

static cJSON *text_example(const char *text)
{
    cJSON *holder = json_new_object();
    json_add_str(holder, "text", str_of(text));
    return cJSON_DetachItemFromObjectCaseSensitive(holder, "text");
}

/* A list's example is its items, split at commas. */
static cJSON *texts_example(const char *text)
{
    cJSON *list = json_new_array();
    struct str one, rest = str_of(text);
    for (bool more = text != NULL; more;) {
        more = str_split(rest, ',', &one, &rest);
        if (!str_is_empty(one))
            json_add_str(list, NULL, str_trim(one));
    }
    return list;
}

/* What rows without an example of their own look like. */
static const char *const typical[] = {
    [FIELD_STR] = "text",
    [FIELD_SECRET] = "correct horse battery",
    [FIELD_EMAIL] = "jane@example.com",
    [FIELD_INT] = "1",
    [FIELD_BOOL] = "true",
    [FIELD_TIME] = "2026-11-27T10:00:00Z",
    [FIELD_DATE] = "2026-11-27",
    [FIELD_ID] = "7",
    [FIELD_CRM_ID] = "507f1f77bcf86cd799439011",
    [FIELD_MONEY] = "12.5",
    [FIELD_NUMBER] = "12.5",
    [FIELD_MAP] = "{}",
    [FIELD_ANY] = "{}",
};

static cJSON *example_of_text(struct arena *arena, const struct field *field, const char *text)
{
    switch (field->type) {
    case FIELD_STR_LIST:
        return text[0] == '[' ? parsed(arena, text) : texts_example(text);
    case FIELD_INT:
    case FIELD_ID:
    case FIELD_BOOL:
    case FIELD_NUMBER:
    case FIELD_MONEY:
    case FIELD_OBJECT:
    case FIELD_OBJECT_LIST:
    case FIELD_MAP:
    case FIELD_ANY:
        return parsed(arena, text);
    default:
        return text_example(text);
    }
}

static cJSON *example_of_field(struct arena *arena, const struct field *field, const struct shape *item)
{
    if (field->example)
        return example_of_text(arena, field, field->example);
    switch (field->type) {
    case FIELD_OBJECT:
        return field->of ? inner_example(arena, field->of, item) : json_new_object();
    case FIELD_OBJECT_LIST:
        return list_of(inner_example(arena, field->of, item));
    case FIELD_STR_LIST:
        return json_new_array();
    case FIELD_ENUM:
        return text_example(field->words[0]);
    default:
        return example_of_text(arena, field, typical[field->type]);
    }
}

/* What may be left out is, unless its row has something to show. */
cJSON *example_of_input(struct arena *arena, const struct shape *shape)
{
    cJSON *example = json_new_object();
    for (size_t i = 0; i < shape->n; i++) {
        const struct field *field = &shape->fields[i];
        bool is_shown = field->flags & FIELD_REQUIRED || (field->example && field->example[0]);
        cJSON *value = is_shown ? example_of_field(arena, field, NULL) : NULL;
        if (value)
            json_add_item(example, field->name, value);
    }
    return example;
}

cJSON *example_of_answer(struct arena *arena, const struct shape *shape, const struct shape *item)
{
    cJSON *example = json_new_object();
    for (size_t i = 0; shape && i < shape->n; i++) {
        const struct field *field = &shape->fields[i];
        cJSON *value = example_of_field(arena, field, item);
        if (value)
            json_add_item(example, field->name, value);
    }
    return example;
}
