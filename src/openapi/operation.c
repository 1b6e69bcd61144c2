/* One operation: the rows of one method and path. */
#include "openapi/parts.h"

/* ---- parameters ---- */

static bool is_listed(const cJSON *parameters, const char *in, struct str name)
{
    const cJSON *known;
    cJSON_ArrayForEach (known, parameters) {
        struct str its_name = json_as_str(cJSON_GetObjectItemCaseSensitive(known, "name"));
        struct str its_in = json_as_str(cJSON_GetObjectItemCaseSensitive(known, "in"));
        if (str_equal(its_name, name) && str_equal(its_in, str_of(in)))
            return true;
    }
    return false;
}

static void add_parameter(cJSON *parameters, const char *in, struct str name, bool required, const char *help,
                          cJSON *schema)
{
    if (is_listed(parameters, in, name))
        return;
    cJSON *parameter = json_add_object(parameters, NULL);
    json_add_str(parameter, "name", name);
    json_add_str(parameter, "in", str_of(in));
    json_add_bool(parameter, "required", required);
    if (help)
        json_add_str(parameter, "description", str_of(help));
    if (str_equal(str_of(in), STR("query")))
        json_add_bool(parameter, "explode", false); /* a list is one value, split at commas */
    json_add_item(parameter, "schema", schema);
}

static cJSON *text_schema(void)
{
    cJSON *schema = json_new_object();
    json_add_str(schema, "type", STR("string"));
    return schema;
}

/* What stands in a path. Those that are ids look as they do on the surface. */
static const struct field path_rows[] = {
    { .name = "id", .type = FIELD_ID, .help = "Its id", .example = "7" },
    { .name = "ticket_id", .type = FIELD_ID, .help = "The registration's or purchase's id", .example = "12" },
    { .name = "user_id", .type = FIELD_ID, .help = "The user's id", .example = "7" },
    { .name = "n", .type = FIELD_INT, .help = "Which part of the file, from 1", .example = "1" },
    { .name = "slug", .type = FIELD_STR, .max = 63, .help = "The tenant's slug", .example = "acme" },
    { .name = "host", .type = FIELD_STR, .max = 253, .help = "The domain", .example = "assets.acme.example" },
    { .name = "kind", .type = FIELD_STR, .max = 63, .help = "Which mail", .example = "invitation" },
    { .name = "token",
      .type = FIELD_STR,
      .max = 200,
      .help = "What the invitation's link ends in",
      .example = "tti_C9q5trxKRAW6Yqo07l85eLMp6zhsqQnBODibWld7NpA7Fsacz" },
    { .name = "poll_token",
      .type = FIELD_STR,
      .max = 200,
      .help = "What the answer to the pairing told",
      .example = "ttp_C9q5trxKRAW6Yqo07l85eLMp6zhsqQnBODibWld7NpA7Fsacz" },
    { .name = "device_token",
      .type = FIELD_STR,
      .max = 200,
      .help = "The display's own token",
      .example = "ttd_C9q5trxKRAW6Yqo07l85eLMp6zhsqQnBODibWld7NpA7Fsacz" },
    { .name = "code",
      .type = FIELD_STR,
      .max = 200,
      .help = "The ticket's code, as printed",
      .example = "T4K7-XM2P-9QRS-TVWX-YZ01" },
};

static const struct field *path_row(struct str name)
{
    for (size_t i = 0; i < sizeof path_rows / sizeof path_rows[0]; i++)
        if (str_equal(name, str_of(path_rows[i].name)))
            return &path_rows[i];
    return NULL;
}

static bool has_crm_ids(const struct surface *surface)
{
    return str_equal(str_of(surface->name), STR("crm"));
}

static void add_path_parameter(cJSON *parameters, const struct surface *surface, struct str name)
{
    const struct field *known = path_row(name);
    struct field row = known ? *known : (struct field){ .type = FIELD_STR };
    if (row.type == FIELD_ID && has_crm_ids(surface)) {
        row.type = FIELD_CRM_ID;
        row.example = "507f1f77bcf86cd799439011";
    }
    add_parameter(parameters, "path", name, true, row.help, schema_of_field(&row, BODY_NONE));
}

static void add_path_parameters(cJSON *parameters, const struct api_row *row)
{
    struct str rest = str_of(row->route->path), literal, name;
    while (str_split(rest, '{', &literal, &rest)) {
        str_split(rest, '}', &name, &rest);
        add_path_parameter(parameters, row->surface, name);
    }
}

static void add_query_parameters(cJSON *parameters, const struct route *route)
{
    for (size_t i = 0; route->query && i < route->query->n; i++) {
        const struct field *field = &route->query->fields[i];
        add_parameter(parameters, "query", str_of(field->name), field->flags & FIELD_REQUIRED, field->help,
                      schema_of_field(field, BODY_NONE));
    }
}

static void add_slug(cJSON *parameters, const char *in, struct str name, const char *help)
{
    struct field row = *path_row(STR("slug"));
    row.help = help;
    add_parameter(parameters, in, name, false, help, schema_of_field(&row, BODY_NONE));
}

static void add_tenant_parameter(cJSON *parameters, const struct route *route)
{
    if (route->tenant == TENANT_BY_HEADER || route->tenant == TENANT_BY_HEADER_OR_TOKEN)
        add_slug(parameters, "header", STR("X-Tenant"),
                 "The tenant's slug; not needed on a tenant's own host");
    if (route->tenant == TENANT_BY_HOST && route_wants_token(route))
        add_slug(parameters, "query", STR("tenant"), "The tenant's slug, for staff at the root domain");
    if (route->tenant == TENANT_BY_HOST_OR_QUERY)
        add_slug(parameters, "query", STR("tenant"), "The tenant's slug, at the root domain");
}

static void add_parameters(cJSON *operation, const struct api_rows *rows)
{
    cJSON *parameters = json_new_array();
    for (size_t i = 0; i < rows->n; i++) {
        add_path_parameters(parameters, &rows->at[i]);
        add_query_parameters(parameters, rows->at[i].route);
        add_tenant_parameter(parameters, rows->at[i].route);
    }
    if (cJSON_GetArraySize(parameters) > 0)
        json_add_item(operation, "parameters", parameters);
}

/* ---- body ---- */

static bool any_required(const struct shape *shape)
{
    for (size_t i = 0; i < shape->n; i++)
        if (shape->fields[i].flags & FIELD_REQUIRED)
            return true;
    return false;
}

/* A body without rows is text to the document. */
static void add_schema(struct arena *arena, cJSON *type, const struct route *route)
{
    json_add_item(type, "schema",
                  route->input ? schema_ref(arena, str_of(route->input->name)) : text_schema());
    if (route->input)
        json_add_item(type, "example", example_of_input(arena, route->input));
    else
        json_add_str(type, "example", STR("tag,name\nAST-000042,MacBook Pro 14\n"));
}

/* Each content names its row, which the operation as a whole cannot. */
static void add_body(struct arena *arena, cJSON *operation, const struct api_rows *rows)
{
    cJSON *content = json_new_object();
    bool required = false;
    for (size_t i = 0; i < rows->n; i++) {
        const struct route *route = rows->at[i].route;
        if (route->body == BODY_NONE)
            continue;
        cJSON *type = json_add_object(content, body_media_type(route->body));
        add_schema(arena, type, route);
        json_add_str(type, "x-operation", str_of(route->op));
        /* A JSON body is an object, even when none of its members has to be there. */
        required |= route->body != BODY_FORM || !route->input || any_required(route->input);
    }
    if (!content->child)
        return;
    cJSON *body = json_add_object(operation, "requestBody");
    json_add_bool(body, "required", required);
    json_add_item(body, "content", content);
}

/* ---- security ---- */

static void add_way(cJSON *security, const char *scheme)
{
    json_add_array(json_add_object(security, NULL), scheme);
}

/* Any one of them will do; an empty one: none is needed. */
static void add_security(cJSON *operation, const struct api_rows *rows)
{
    bool may_have = false, may_lack = false;
    for (size_t i = 0; i < rows->n; i++) {
        may_have |= rows->at[i].route->need != NEED_PUBLIC;
        may_lack |= !route_wants_token(rows->at[i].route);
    }
    cJSON *security = json_add_array(operation, "security");
    if (may_lack)
        json_add_bool(operation, "x-public", true);
    if (!may_have)
        return;
    if (rows->at[0].route->need == NEED_DEVICE) {
        add_way(security, "device");
    } else {
        add_way(security, "password");
        add_way(security, "bearer");
        add_way(security, "session");
    }
    if (rows->at[0].route->client_secret)
        add_way(security, "clientSecret");
    if (may_lack)
        json_add_object(security, NULL);
}

/* Who may, in a sentence. */
static struct str who_may(struct arena *arena, const struct route *route)
{
    switch (route->need) {
    case NEED_PERMISSION:
        return arena_printf(arena, "Needs the permission `%s`.", permission_info(route->permission)->name);
    case NEED_MEMBER:
        return STR("Needs a token of an active member of the tenant.");
    case NEED_SELF:
        return STR("Needs a token; any valid one will do.");
    case NEED_SESSION:
        return STR("Needs a user's session; an API token will not do.");
    case NEED_DEVICE:
        return STR("Needs the token of a device.");
    case NEED_OPTIONAL:
        return STR("Public; a token that is sent along has to be good.");
    case NEED_PUBLIC:
        break;
    }
    return STR("Public: no token is looked at.");
}

static void add_permission(cJSON *operation, const struct api_rows *rows)
{
    const struct route *route = rows->at[0].route;
    if (route->need == NEED_PERMISSION)
        json_add_str(operation, "x-permission", str_of(permission_info(route->permission)->name));
}

/* ---- the whole ---- */

static void add_names(struct arena *arena, cJSON *operation, const struct api_rows *rows)
{
    const struct route *first = rows->at[0].route;
    json_add_str(operation, "operationId", str_of(first->op));
    json_add_str(operation, "summary", str_of(first->summary));
    cJSON *tags = json_add_array(operation, "tags");
    for (size_t i = 0; i < rows->n; i++)
        if (i == 0 || rows->at[i].surface != rows->at[0].surface)
            json_add_str(tags, NULL, tag_of(arena, &rows->at[i]));
}

static void add_description(struct arena *arena, cJSON *operation, const struct api_rows *rows)
{
    struct str text = who_may(arena, rows->at[0].route);
    if (rows->n > 1)
        text = arena_join(arena, text, STR(" The content type chooses."));
    for (size_t i = 0; rows->n > 1 && i < rows->n; i++) {
        const struct api_row *row = &rows->at[i];
        text = arena_printf(arena, "%.*s\n\n`%s` (%s): %s.", STR_ARG(text), body_media_type(row->route->body),
                            row->surface->name, row->route->summary);
    }
    json_add_str(operation, "description", text);
}

cJSON *operation_of(struct arena *arena, const struct api_rows *rows, cJSON *shared)
{
    cJSON *operation = json_new_object();
    add_names(arena, operation, rows);
    add_description(arena, operation, rows);
    add_security(operation, rows);
    add_permission(operation, rows);
    add_parameters(operation, rows);
    add_body(arena, operation, rows);
    json_add_item(operation, "responses", responses_of(arena, rows, shared));
    return operation;
}
