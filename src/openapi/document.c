/* The document: what holds for the whole API, the paths, the components. */
#include "openapi/document.h"

#include "openapi/parts.h"

/* ---- the rows ---- */

static void count_row(void *context, const struct surface *surface, const struct route *route)
{
    (void)surface;
    *(size_t *)context += !route->page;
}

static void keep_row(void *context, const struct surface *surface, const struct route *route)
{
    struct api_rows *rows = context;
    if (!route->page)
        rows->at[rows->n++] = (struct api_row){ surface, route };
}

static struct api_rows rows_of(struct arena *arena, const struct walk *walk)
{
    size_t n = 0;
    walk_each_route(walk, count_row, &n);
    struct api_rows rows = { ARENA_ARRAY(arena, struct api_row, n + 1), 0 };
    walk_each_route(walk, keep_row, &rows);
    return rows;
}

/* ---- head ---- */

static void add_info(cJSON *document)
{
    cJSON *info = json_add_object(document, "info");
    json_add_str(info, "title", STR("Tether"));
    json_add_str(info, "version", STR(TETHER_VERSION));
    json_add_str(info, "description",
                 STR("Users, tenants, roles and tokens behind four surfaces. A token obtained on one works "
                     "on every other. Every surface answers application/problem+json when Accept asks for "
                     "it by name."));
    json_add_str(json_add_object(info, "contact"), "name", STR("The maintainers of Tether"));
    cJSON *license = json_add_object(info, "license");
    json_add_str(license, "name", STR("Apache License 2.0"));
    json_add_str(license, "identifier", STR("Apache-2.0"));
    json_add_str(json_add_object(json_add_array(document, "servers"), NULL), "url", STR("/"));
}

/* ---- tags: a surface's subjects ---- */

/* "team" of /api/v1/team/members/{id}; the second word where the first one only says for whom. */
static struct str subject_of(const char *path)
{
    static const char *const wrappers[] = { "", "api", "v1", "public", "settings" };
    struct str step = STR_NONE, rest = str_of(path);
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
        struct str next, after;
        str_split(rest, '/', &next, &after);
        if (!str_equal(next, str_of(wrappers[i])) || str_is_empty(after))
            continue;
        step = next;
        rest = after;
    }
    str_split(rest, '/', &step, &rest);
    return step;
}

/* The server's own routes, and those for other programs, are few. */
struct str tag_of(struct arena *arena, const struct api_row *row)
{
    const char *surface = row->surface->name;
    bool is_one = strcmp(surface, "system") == 0 || strcmp(surface, "oauth") == 0;
    return is_one ? str_of(surface)
                  : arena_printf(arena, "%s: %.*s", surface, STR_ARG(subject_of(row->route->path)));
}

static bool has_text(const cJSON *list, struct str text)
{
    const cJSON *item;
    cJSON_ArrayForEach (item, list)
        if (str_equal(json_as_str(item), text))
            return true;
    return false;
}

static cJSON *group_of(cJSON *groups, const char *name)
{
    cJSON *group;
    cJSON_ArrayForEach (group, groups)
        if (str_equal(json_as_str(cJSON_GetObjectItemCaseSensitive(group, "name")), str_of(name)))
            return cJSON_GetObjectItemCaseSensitive(group, "tags");
    group = json_add_object(groups, NULL);
    json_add_str(group, "name", str_of(name));
    return json_add_array(group, "tags");
}

/* Each tag once, and, for readers that know x-tagGroups, those of a surface together. */
static void add_tags(struct arena *arena, cJSON *document, const struct api_rows *rows)
{
    cJSON *tags = json_add_array(document, "tags"), *groups = json_add_array(document, "x-tagGroups");
    for (size_t i = 0; i < rows->n; i++) {
        struct str name = tag_of(arena, &rows->at[i]);
        cJSON *group = group_of(groups, rows->at[i].surface->name);
        if (has_text(group, name))
            continue;
        json_add_str(group, NULL, name);
        cJSON *tag = json_add_object(tags, NULL);
        json_add_str(tag, "name", name);
        json_add_str(tag, "description", arena_printf(arena, "On the %s surface", rows->at[i].surface->name));
    }
}

/* ---- paths ---- */

static bool share_operation(const struct route *a, const struct route *b)
{
    return a->method == b->method && strcmp(a->path, b->path) == 0;
}

/* The rows of row i's operation; none when an earlier row brought them in. */
static struct api_rows operation_rows(struct arena *arena, const struct api_rows *rows, size_t i)
{
    struct api_rows ret = { ARENA_ARRAY(arena, struct api_row, rows->n), 0 };
    for (size_t r = 0; r < rows->n; r++) {
        if (!share_operation(rows->at[r].route, rows->at[i].route))
            continue;
        if (r < i)
            return (struct api_rows){ 0 };
        ret.at[ret.n++] = rows->at[r];
    }
    return ret;
}

static void add_paths(struct arena *arena, cJSON *document, const struct api_rows *rows, cJSON *shared)
{
    cJSON *paths = json_add_object(document, "paths");
    for (size_t i = 0; i < rows->n; i++) {
        const struct route *route = rows->at[i].route;
        struct api_rows own = operation_rows(arena, rows, i);
        if (own.n == 0)
            continue;
        cJSON *path = cJSON_GetObjectItemCaseSensitive(paths, route->path);
        if (!path)
            path = json_add_object(paths, route->path);
        struct str method = arena_lower(arena, str_of(http_method_name(route->method)));
        json_add_item(path, method.at, operation_of(arena, &own, shared));
    }
}

/* ---- components ---- */

static void add_answer(struct arena *arena, cJSON *schemas, const struct shape *shape)
{
    if (!shape || shape == &answer_item)
        return;
    if (shape->name && cJSON_GetObjectItemCaseSensitive(schemas, shape->name))
        return;
    if (shape->name)
        json_add_item(schemas, shape->name, schema_of_answer(arena, shape, NULL));
    for (size_t i = 0; i < shape->n; i++)
        add_answer(arena, schemas, shape->fields[i].of);
}

static void add_answers(struct arena *arena, cJSON *schemas, const struct api_row *row)
{
    add_answer(arena, schemas, row->route->answer);
    add_answer(arena, schemas, row->surface->success[row->route->form]);
}

static void add_schemas(struct arena *arena, cJSON *schemas, const struct api_rows *rows)
{
    json_add_item(schemas, "Problem", problem_schema());
    for (size_t i = 0; i < rows->n; i++) {
        const struct surface *surface = rows->at[i].surface;
        struct str name = envelope_name(arena, surface);
        if (!cJSON_GetObjectItemCaseSensitive(schemas, name.at))
            json_add_item(schemas, name.at, envelope_schema(arena, surface));
    }
    for (size_t i = 0; i < rows->n; i++) {
        const struct route *route = rows->at[i].route;
        if (route->input && !cJSON_GetObjectItemCaseSensitive(schemas, route->input->name))
            json_add_item(schemas, route->input->name, schema_of_shape(route->input, route->body));
        add_answers(arena, schemas, &rows->at[i]);
    }
}

static cJSON *add_scheme(cJSON *schemes, const char *name, const char *type, const char *help)
{
    cJSON *scheme = json_add_object(schemes, name);
    json_add_str(scheme, "type", str_of(type));
    json_add_str(scheme, "description", str_of(help));
    return scheme;
}

static void add_http(cJSON *schemes, const char *name, const char *kind, const char *format, const char *help)
{
    cJSON *scheme = add_scheme(schemes, name, "http", help);
    json_add_str(scheme, "scheme", str_of(kind));
    if (format)
        json_add_str(scheme, "bearerFormat", str_of(format));
}

static void add_schemes(cJSON *schemes)
{
    cJSON *password = add_scheme(schemes, "password", "oauth2", "A user's address and password");
    cJSON *flow = json_add_object(json_add_object(password, "flows"), "password");
    json_add_str(flow, "tokenUrl", STR("/api/auth/login"));
    json_add_object(flow, "scopes");
    add_http(schemes, "bearer", "bearer", "JWT or tth_…", "The token of any login, or an API token");
    add_http(schemes, "device", "bearer", "ttd_…", "The token of a device");
    add_http(schemes, "clientSecret", "basic", NULL, "An API token as the secret, whatever the name");
    cJSON *session = add_scheme(schemes, "session", "apiKey",
                                "The panel's session, for pages of this server's own; over TLS the cookie is "
                                "called __Host-tether");
    json_add_str(session, "in", STR("cookie"));
    json_add_str(session, "name", STR("tether"));
}

static void add_components(struct arena *arena, cJSON *document, const struct api_rows *rows,
                           cJSON *responses)
{
    cJSON *components = json_add_object(document, "components");
    add_schemas(arena, json_add_object(components, "schemas"), rows);
    json_add_item(components, "responses", responses);
    headers_add(json_add_object(components, "headers"));
    add_schemes(json_add_object(components, "securitySchemes"));
}

static cJSON *document_of(struct arena *arena, const struct walk *walk)
{
    struct api_rows rows = rows_of(arena, walk);
    cJSON *document = json_new_object();
    json_add_str(document, "openapi", STR("3.1.0"));
    add_info(document);
    add_tags(arena, document, &rows);
    cJSON *responses = json_new_object();
    add_paths(arena, document, &rows, responses);
    add_components(arena, document, &rows, responses);
    return document;
}

/* The tree has an arena of its own: no budget bounds it, since no stranger decides its size, and it goes at
 * once. */
struct str openapi_document(struct arena *arena, const struct walk *walk)
{
    struct arena *own = arena_new(SIZE_MAX);
    struct arena *before = json_use_arena(own);
    struct str text = arena_copy(arena, json_print(own, document_of(own, walk)));
    json_use_arena(before);
    arena_free(&own);
    return text;
}
