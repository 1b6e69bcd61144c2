/* The surfaces' errors. A surface is asked what it says to each failure, and the schema is read off the
 * answers, so that it cannot tell anything else than the server does. */
#include "openapi/parts.h"
#include "request/call.h"

struct str envelope_name(struct arena *arena, const struct surface *surface)
{
    char first = surface->name[0];
    if (first >= 'a' && first <= 'z')
        first = (char)(first - 'a' + 'A');
    return arena_printf(arena, "%c%sError", first, surface->name + 1);
}

/* ---- examples ---- */

static struct failure sample_of(enum error_code code)
{
    static struct violation violation = { "name",
                                          VIOLATION_REQUIRED,
                                          { "The name field is required.",
                                            sizeof("The name field is required.") - 1 },
                                          0 };
    static struct violation error = { "name",
                                      VIOLATION_REQUIRED,
                                      { "The name field is required.",
                                        sizeof("The name field is required.") - 1 },
                                      3 };
    struct failure failure = { .code = code };
    switch (code) {
    case ERR_VALIDATION:
        failure.violations = (struct violations){ &violation, 1, 1 };
        break;
    case ERR_IMPORT:
        failure.violations = (struct violations){ &error, 1, 1 };
        break;
    case ERR_PERMISSION:
        failure.required_permission = permission_info(PERM_ASSETS_VIEW)->name;
        break;
    case ERR_SUSPENDED:
        failure.status = "suspended";
        break;
    case ERR_PLAN_LIMIT:
        failure.limit = "users";
        failure.used = failure.max = 5;
        failure.plan = STR("free");
        break;
    default:
        break;
    }
    return failure;
}

cJSON *envelope_example(struct arena *arena, const struct surface *surface, const struct route *route,
                        enum error_code code)
{
    struct call call = { .arena = arena, .surface = surface, .route = route };
    call.failure = sample_of(code);
    return surface->error(&call, &call.failure);
}

/* ---- their schema ---- */

static const char *type_of(const cJSON *value)
{
    if (cJSON_IsObject(value))
        return "object";
    if (cJSON_IsArray(value))
        return "array";
    if (cJSON_IsBool(value))
        return "boolean";
    return cJSON_IsString(value) ? "string" : "integer";
}

static cJSON *schema_of_value(const cJSON *value);

/* What is wrong with one line of a file: its members are always called so. */
static cJSON *schema_of_item(const cJSON *item)
{
    cJSON *schema = json_new_object();
    json_add_str(schema, "type", STR("object"));
    cJSON *properties = json_add_object(schema, "properties");
    const cJSON *member;
    cJSON_ArrayForEach (member, item)
        json_add_item(properties, member->string, schema_of_value(member));
    return schema;
}

/* Inside an envelope an object has a member per field of the request, so that its members' names are data. */
static cJSON *schema_of_value(const cJSON *value)
{
    cJSON *schema = json_new_object();
    json_add_str(schema, "type", str_of(type_of(value)));
    if (value->child && cJSON_IsObject(value))
        json_add_item(schema, "additionalProperties", schema_of_value(value->child));
    if (value->child && cJSON_IsArray(value))
        json_add_item(schema, "items",
                      cJSON_IsObject(value->child) ? schema_of_item(value->child)
                                                   : schema_of_value(value->child));
    return schema;
}

/* An empty object says less than one with members that comes later. */
static void learn(cJSON *properties, const cJSON *sample)
{
    const cJSON *member;
    cJSON_ArrayForEach (member, sample) {
        const cJSON *known = cJSON_GetObjectItemCaseSensitive(properties, member->string);
        if (!known)
            json_add_item(properties, member->string, schema_of_value(member));
        else if (member->child && !cJSON_GetObjectItemCaseSensitive(known, "additionalProperties"))
            cJSON_ReplaceItemInObjectCaseSensitive(properties, member->string, schema_of_value(member));
    }
}

static bool is_in_all(cJSON *const *samples, const char *name)
{
    for (int code = OK + 1; code < ERROR_CODE_COUNT; code++)
        if (!cJSON_GetObjectItemCaseSensitive(samples[code], name))
            return false;
    return true;
}

cJSON *envelope_schema(struct arena *arena, const struct surface *surface)
{
    cJSON *samples[ERROR_CODE_COUNT] = { NULL };
    cJSON *schema = json_new_object();
    json_add_str(schema, "type", STR("object"));
    cJSON *required = json_add_array(schema, "required");
    cJSON *properties = json_add_object(schema, "properties");
    for (int code = OK + 1; code < ERROR_CODE_COUNT; code++) {
        samples[code] = envelope_example(arena, surface, NULL, (enum error_code)code);
        learn(properties, samples[code]);
    }
    const cJSON *member;
    cJSON_ArrayForEach (member, properties)
        if (is_in_all(samples, member->string))
            json_add_str(required, NULL, str_of(member->string));
    return schema;
}

/* ---- application/problem+json ---- */

static const struct field violation_fields[] = {
    { .name = "line", .type = FIELD_INT, .min = 1, .max = INT64_MAX, .help = "Of a file: which line" },
    { .name = "field", .type = FIELD_STR, .help = "Which field it is about" },
    { .name = "detail", .type = FIELD_STR, .flags = FIELD_REQUIRED, .help = "What is wrong with it" },
};
static const struct shape violation_shape = { .fields = violation_fields,
                                              .n = sizeof violation_fields / sizeof violation_fields[0] };

static const struct field problem_fields[] = {
    { .name = "type",
      .type = FIELD_STR,
      .flags = FIELD_REQUIRED,
      .help = "What went wrong, for programs",
      .example = "urn:tether:error:validation" },
    { .name = "title",
      .type = FIELD_STR,
      .flags = FIELD_REQUIRED,
      .help = "The same for people",
      .example = "The given data was invalid" },
    { .name = "status",
      .type = FIELD_INT,
      .flags = FIELD_REQUIRED,
      .min = 400,
      .max = 599,
      .help = "The HTTP status",
      .example = "422" },
    { .name = "detail",
      .type = FIELD_STR,
      .help = "What went wrong this time",
      .example = "The name field is required." },
    { .name = "instance",
      .type = FIELD_STR,
      .flags = FIELD_REQUIRED,
      .help = "The request's id",
      .example = "026193bb318997fe1400df7fc2ac0993" },
    { .name = "required_permission", .type = FIELD_STR, .help = "The permission that is missing" },
    { .name = "limit", .type = FIELD_STR, .help = "The plan's limit that is reached" },
    { .name = "used", .type = FIELD_INT, .help = "How much of it is used" },
    { .name = "max", .type = FIELD_INT, .help = "How much there is" },
    { .name = "plan", .type = FIELD_STR, .help = "The plan" },
};
static const struct shape problem_shape = { .fields = problem_fields,
                                            .n = sizeof problem_fields / sizeof problem_fields[0] };

cJSON *problem_schema(void)
{
    cJSON *schema = schema_of_shape(&problem_shape, BODY_JSON);
    cJSON *errors = json_add_object(cJSON_GetObjectItemCaseSensitive(schema, "properties"), "errors");
    json_add_str(errors, "type", STR("array"));
    json_add_item(errors, "items", schema_of_shape(&violation_shape, BODY_JSON));
    return schema;
}
