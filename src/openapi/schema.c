/* Field rows as JSON Schema. */
#include "openapi/parts.h"

static const struct type_words {
    const char *type, *format;
} types[] = {
    [FIELD_STR] = { "string", NULL },
    [FIELD_SECRET] = { "string", "password" },
    [FIELD_EMAIL] = { "string", "email" },
    [FIELD_INT] = { "integer", "int64" },
    [FIELD_BOOL] = { "boolean", NULL },
    [FIELD_TIME] = { "string", "date-time" },
    [FIELD_ENUM] = { "string", NULL },
    [FIELD_STR_LIST] = { "array", NULL },
    [FIELD_OBJECT] = { "object", NULL },
    [FIELD_ID] = { "integer", "int64" },
    [FIELD_CRM_ID] = { "string", NULL },
    [FIELD_DATE] = { "string", "date" },
    [FIELD_MONEY] = { "number", NULL },
    [FIELD_NUMBER] = { "number", NULL },
    [FIELD_OBJECT_LIST] = { "array", NULL },
    [FIELD_MAP] = { "object", NULL },
    [FIELD_ANY] = { NULL, NULL },
};

static void add_type(cJSON *schema, const struct field *field)
{
    const struct type_words *words = &types[field->type];
    if (!words->type)
        return;
    if (field->flags & FIELD_NULLABLE) {
        cJSON *either = json_add_array(schema, "type");
        json_add_str(either, NULL, str_of(words->type));
        json_add_str(either, NULL, STR("null"));
    } else {
        json_add_str(schema, "type", str_of(words->type));
    }
    if (words->format)
        json_add_str(schema, "format", str_of(words->format));
}

static void add_words(cJSON *schema, const struct field *field)
{
    cJSON *words = json_add_array(schema, "enum");
    for (const char *const *word = field->words; *word; word++)
        json_add_str(words, NULL, str_of(*word));
    if (field->flags & FIELD_NULLABLE)
        json_add_null(words, NULL);
}

/* Forms and queries leave out by an empty value, too. */
static bool may_be_empty(const struct field *field, enum body_kind body)
{
    return body == BODY_FORM && !(field->flags & FIELD_REQUIRED);
}

/* Rows count bytes and JSON Schema counts characters, of up to four bytes each: a text within the row's
 * bounds is always within these. */
static void add_lengths(cJSON *schema, const struct field *field, enum body_kind body)
{
    int64_t least = (field->min + 3) / 4;
    if (least == 0 && !(field->flags & FIELD_BLANK))
        least = 1;
    if (least > 0 && !may_be_empty(field, body))
        json_add_int(schema, "minLength", least);
    json_add_int(schema, "maxLength", field_max(field));
}

static void add_values(cJSON *schema, const struct field *field)
{
    if (field->min == 0 && field->max == 0)
        return;
    json_add_int(schema, "minimum", field->min);
    if (field_max(field) != INT64_MAX)
        json_add_int(schema, "maximum", field_max(field));
}

/* Rows count hundredths. */
static void add_amounts(cJSON *schema, const struct field *field)
{
    if (field->min != 0 || field->max != 0)
        json_add_int(schema, "minimum", field->min / 100);
    json_add_int(schema, "maximum", field_max(field) / 100);
}

static void add_items(cJSON *schema, const struct field *field)
{
    json_add_str(json_add_object(schema, "items"), "type", STR("string"));
    if (field->min > 0)
        json_add_int(schema, "minItems", field->min);
    json_add_int(schema, "maxItems", field_max(field));
}

static void add_bounds(cJSON *schema, const struct field *field, enum body_kind body)
{
    switch (field->type) {
    case FIELD_STR:
    case FIELD_SECRET:
    case FIELD_EMAIL:
        add_lengths(schema, field, body);
        return;
    case FIELD_INT:
        add_values(schema, field);
        return;
    case FIELD_ENUM:
        add_words(schema, field);
        return;
    case FIELD_STR_LIST:
        add_items(schema, field);
        return;
    case FIELD_MONEY:
        add_amounts(schema, field);
        return;
    case FIELD_ID:
        json_add_int(schema, "minimum", 1);
        return;
    case FIELD_CRM_ID:
        json_add_str(schema, "pattern", STR("^[0-9a-f]{24}$"));
        return;
    default:
        return;
    }
}

/* A row's example is text; it is given as the type the row has. */
static void add_example(cJSON *schema, const struct field *field)
{
    struct str example = str_of(field->example);
    int64_t number;
    cJSON *examples = json_new_array();
    switch (field->type) {
    case FIELD_INT:
    case FIELD_ID:
        if (!str_to_int(example, &number))
            return;
        json_add_int(examples, NULL, number);
        break;
    case FIELD_MONEY:
        json_add_text(examples, NULL, field->example);
        break;
    case FIELD_BOOL:
        json_add_bool(examples, NULL, str_equal(example, STR("true")));
        break;
    case FIELD_STR_LIST:
    case FIELD_OBJECT:
    case FIELD_OBJECT_LIST:
    case FIELD_MAP:
    case FIELD_ANY:
    case FIELD_NUMBER:
        return;
    default:
        json_add_str(examples, NULL, example);
    }
    json_add_item(schema, "examples", examples);
}

cJSON *schema_of_field(const struct field *field, enum body_kind body)
{
    if (field->type == FIELD_OBJECT && field->of && !(field->flags & FIELD_NULLABLE))
        return schema_of_shape(field->of, body);
    cJSON *schema = json_new_object();
    add_type(schema, field);
    if (field->help)
        json_add_str(schema, "description", str_of(field->help));
    add_bounds(schema, field, body);
    if (field->example)
        add_example(schema, field);
    return schema;
}

static void add_required(cJSON *schema, const struct shape *shape)
{
    cJSON *required = json_new_array();
    for (size_t i = 0; i < shape->n; i++)
        if (shape->fields[i].flags & FIELD_REQUIRED)
            json_add_str(required, NULL, str_of(shape->fields[i].name));
    if (cJSON_GetArraySize(required) > 0)
        json_add_item(schema, "required", required);
}

cJSON *schema_of_shape(const struct shape *shape, enum body_kind body)
{
    cJSON *schema = json_new_object();
    json_add_str(schema, "type", STR("object"));
    add_required(schema, shape);
    cJSON *properties = json_add_object(schema, "properties");
    for (size_t i = 0; i < shape->n; i++)
        json_add_item(properties, shape->fields[i].name, schema_of_field(&shape->fields[i], body));
    json_add_bool(schema, "additionalProperties", false);
    return schema;
}

/* ---- answers ---- */

/* The rows' own, or of what stands in the envelope. */
static cJSON *schema_of_inner(struct arena *arena, const struct shape *of, const struct shape *item)
{
    if (of == &answer_item)
        of = item;
    if (of && of->name)
        return schema_ref(arena, str_of(of->name));
    cJSON *schema = of ? schema_of_answer(arena, of, item) : json_new_object();
    if (!of)
        json_add_str(schema, "type", STR("object"));
    return schema;
}

static cJSON *or_null(cJSON *schema)
{
    cJSON *either = json_new_object(), *any = json_add_array(either, "anyOf");
    json_add_item(any, NULL, schema);
    json_add_str(json_add_object(any, NULL), "type", STR("null"));
    return either;
}

static cJSON *text_values(void)
{
    cJSON *schema = json_new_object();
    json_add_str(schema, "type", STR("string"));
    return schema;
}

static void add_inner(struct arena *arena, cJSON *schema, const struct field *field, const struct shape *item)
{
    switch (field->type) {
    case FIELD_OBJECT_LIST:
        json_add_item(schema, "items", schema_of_inner(arena, field->of, item));
        return;
    case FIELD_STR_LIST:
        json_add_item(schema, "items", text_values());
        return;
    case FIELD_MAP:
        json_add_item(schema, "additionalProperties",
                      field->of ? schema_of_inner(arena, field->of, item) : text_values());
        return;
    case FIELD_ENUM:
        add_words(schema, field);
        return;
    case FIELD_CRM_ID:
        json_add_str(schema, "pattern", STR("^[0-9a-f]{24}$"));
        return;
    default:
        return;
    }
}

static cJSON *schema_of_told(struct arena *arena, const struct field *field, const struct shape *item)
{
    if (field->type == FIELD_OBJECT && field->of) {
        cJSON *inner = schema_of_inner(arena, field->of, item);
        return field->flags & FIELD_NULLABLE ? or_null(inner) : inner;
    }
    cJSON *schema = json_new_object();
    add_type(schema, field);
    if (field->help)
        json_add_str(schema, "description", str_of(field->help));
    add_inner(arena, schema, field, item);
    if (field->example)
        add_example(schema, field);
    return schema;
}

cJSON *schema_of_answer(struct arena *arena, const struct shape *shape, const struct shape *item)
{
    cJSON *schema = json_new_object();
    json_add_str(schema, "type", STR("object"));
    if (shape->n == 0)
        return schema;
    cJSON *required = json_new_array(), *properties = json_new_object();
    for (size_t i = 0; i < shape->n; i++) {
        const struct field *field = &shape->fields[i];
        json_add_item(properties, field->name, schema_of_told(arena, field, item));
        if (!(field->flags & FIELD_OPTIONAL))
            json_add_str(required, NULL, str_of(field->name));
    }
    if (cJSON_GetArraySize(required) > 0)
        json_add_item(schema, "required", required);
    json_add_item(schema, "properties", properties);
    return schema;
}

cJSON *schema_ref(struct arena *arena, struct str name)
{
    cJSON *ref = json_new_object();
    json_add_str(ref, "$ref", arena_printf(arena, "#/components/schemas/%.*s", STR_ARG(name)));
    return ref;
}
