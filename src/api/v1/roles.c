/* Roles and permissions: the system's roles beside the tenant's own, which are made and changed here. */
#include "api/member.h"
#include "api/tables.h"
#include "api/v1/answer.h"
#include "base/text.h"
#include "team/roles.h"

/* ---- a role in an answer ---- */

/* A role of either kind, as it is shown. */
struct shown {
    int64_t id;
    struct tenant_role role;
    struct str description;
    bool is_system;
    int64_t created_at, updated_at;
};

static void show_system(const struct call *call, const struct role *role, struct shown *ret)
{
    *ret = (struct shown){ .id = role->id, .description = str_of(role->help), .is_system = true };
    role_in_tenant(role, call->tenant.is_root, &ret->role);
}

static void show_custom(const struct call *call, const struct custom_role *role, struct shown *ret)
{
    *ret = (struct shown){
        .id = role->id,
        .description = role->description,
        .created_at = role->created_at,
        .updated_at = role->updated_at,
    };
    custom_role_in_tenant(role, call->tenant.is_root, &ret->role);
}

static cJSON *role_json(struct call *call, const struct shown *shown)
{
    cJSON *json = json_new_object();
    json_add_int(json, "id", shown->id);
    json_add_str(json, "slug", str_of(shown->role.slug));
    json_add_str(json, "name", str_of(shown->role.name));
    json_add_str(json, "description", shown->description);
    json_add_int(json, "rank", shown->role.rank);
    json_add_bool(json, "is_system", shown->is_system);
    json_add_bool(json, "assignable", access_may_give(&call->grant, &shown->role));
    json_add_time(json, "created_at", shown->created_at);
    json_add_time(json, "updated_at", shown->updated_at);
    return json;
}

static cJSON *role_detail_json(struct call *call, const struct shown *shown)
{
    cJSON *json = role_json(call, shown);
    v1_add_permissions(json, "permissions", shown->role.permissions);
    return json;
}

/* ---- reading ---- */

static enum error_code list_roles(struct call *call)
{
    size_t n;
    struct shown shown;
    struct custom_role *custom;
    cJSON *list = json_new_array();
    const struct role *system = role_table(&n);
    for (size_t i = 0; i < n; i++) {
        if (!role_is_given(&system[i], call->tenant.is_root))
            continue;
        show_system(call, &system[i], &shown);
        json_add_item(list, NULL, role_json(call, &shown));
    }
    enum storage_status status = custom_role_list(call->db, call->arena, call->tenant.id, &custom, &n);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    for (size_t i = 0; i < n; i++) {
        show_custom(call, &custom[i], &shown);
        json_add_item(list, NULL, role_json(call, &shown));
    }
    v1_list(call, list);
    return OK;
}

/* ROW, DONE or a failure. */
static enum storage_status find_shown(struct call *call, int64_t id, struct shown *ret)
{
    const struct role *system = role_by_id(id);
    struct custom_role custom;
    if (system) {
        show_system(call, system, ret);
        return role_is_given(system, call->tenant.is_root) ? STORAGE_ROW : STORAGE_DONE;
    }
    enum storage_status status = custom_role_by_id(call->db, call->arena, call->tenant.id, id, &custom);
    if (status == STORAGE_ROW)
        show_custom(call, &custom, ret);
    return status;
}

static enum error_code show_role(struct call *call)
{
    int64_t id;
    struct shown shown;
    struct role_use use = { 0 };
    if (!call_path_id(call, 0, &id))
        return ERR_NOT_FOUND;
    enum storage_status status = find_shown(call, id, &shown);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (status == STORAGE_ROW)
        status = role_count_use(call->db, call->tenant.id, str_of(shown.role.slug), call->now, &use);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *json = role_detail_json(call, &shown);
    json_add_int(json, "members_count", use.members);
    json_add_int(json, "pending_invitations_count", use.invitations);
    v1_object(call, 200, json);
    return OK;
}

/* What can stand in a role of this tenant. */
static perm_set available(const struct call *call)
{
    return permission_group(NULL) & ~role_reserved_permissions(call->tenant.is_root);
}

static cJSON *permission_json(const struct call *call, enum permission perm)
{
    const struct permission_info *info = permission_info(perm);
    cJSON *json = json_new_object();
    json_add_str(json, "name", str_of(info->name));
    json_add_str(json, "description", str_of(info->help));
    json_add_bool(json, "grantable", perm_set_has(call->grant.permissions, perm));
    return json;
}

static enum error_code list_permissions(struct call *call)
{
    const char *group = "";
    cJSON *list = json_new_array(), *members = NULL;
    perm_set shown = available(call);
    for (int perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        if (!perm_set_has(shown, (enum permission)perm))
            continue;
        if (strcmp(permission_info((enum permission)perm)->group, group) != 0) {
            cJSON *json = json_add_object(list, NULL);
            group = permission_info((enum permission)perm)->group;
            json_add_str(json, "group", str_of(group));
            members = json_add_array(json, "permissions");
        }
        json_add_item(members, NULL, permission_json(call, (enum permission)perm));
    }
    v1_list(call, list);
    return OK;
}

/* ---- making and changing ---- */

struct role_input {
    struct str name, slug, description;
    int64_t rank;
    struct field_list permissions;
};
#define COMMON_ROWS(required)                                                                                \
    FIELD(struct role_input, name, "name", FIELD_STR, .flags = (required), .max = ROLE_NAME_CAP - 1,         \
          .help = "For people", .example = "Front desk"),                                                    \
        FIELD(struct role_input, description, "description", FIELD_STR, .flags = FIELD_BLANK, .max = 500,    \
              .help = "What the role is for", .example = "Hands assets out and takes them back"),            \
        FIELD(struct role_input, rank, "rank", FIELD_INT, .min = 1, .max = CUSTOM_ROLE_MAX_RANK,             \
              .help = "Below the rank of whoever makes the role; a member's (30) if left out",               \
              .example = "20"),                                                                              \
        FIELD(struct role_input, permissions, "permissions", FIELD_STR_LIST, .flags = (required), .max = 64, \
              .help = "Names of permissions, none that the maker lacks", .example = "assets.view")
enum { ROW_NAME = 0, ROW_DESCRIPTION, ROW_RANK, ROW_PERMISSIONS, ROW_SLUG };
static const struct field create_fields[] = {
    COMMON_ROWS(FIELD_REQUIRED),
    FIELD(struct role_input, slug, "slug", FIELD_STR, .max = ROLE_SLUG_CAP - 1,
          .help = "For programs: letters, digits, _ and -; made from the name if left out",
          .example = "front_desk"),
};
static const struct field update_fields[] = { COMMON_ROWS(0) };
static const struct shape create_shape = SHAPE("RoleCreate", struct role_input, create_fields);
static const struct shape update_shape = SHAPE("RoleUpdate", struct role_input, update_fields);

static struct str read_name(struct call *call, struct str given)
{
    struct str name = str_trim(given);
    if (str_is_empty(name) || !text_is_line(name))
        call_violate(call, "name", VIOLATION_CUSTOM, "The name must be one line of text.");
    return name;
}

static struct str read_slug(struct call *call, const struct role_input *input)
{
    struct str slug = input->slug.at ? input->slug : custom_role_slug(call->arena, input->name);
    if (!custom_role_is_slug(slug))
        call_violate(call, "slug", VIOLATION_CUSTOM,
                     input->slug.at
                         ? "The slug must begin with a small letter or digit and hold small letters, "
                           "digits, _ and - only."
                         : "The slug field is required when the name has no letters to make one of.");
    return slug;
}

static perm_set read_permissions(struct call *call, const struct field_list *names)
{
    perm_set set = 0;
    for (size_t i = 0; i < names->n; i++) {
        enum permission perm = permission_by_name(names->at[i]);
        struct str field = arena_printf(call->arena, "permissions.%zu", i);
        if (perm_set_has(available(call), perm))
            set |= PERM_BIT(perm);
        else
            call_violate(call, field.at, VIOLATION_CUSTOM,
                         arena_printf(call->arena, "The selected %s is invalid.", field.at).at);
    }
    return set;
}

/* The failure of a call that breaks a rule of roles; OK when it breaks none. */
static enum error_code refuse(struct call *call, const struct role_deed *deed)
{
    switch (deed->verdict) {
    case ROLE_DONE:
        break;
    case ROLE_UNKNOWN:
        return call_fail(call, ERR_NOT_FOUND, NULL);
    case ROLE_IS_SYSTEM:
        return call_fail(call, ERR_FORBIDDEN, "System roles cannot be changed.");
    case ROLE_ABOVE:
        return call_fail(call, ERR_FORBIDDEN, "Only roles of a lower rank than yours can be changed.");
    case ROLE_RANK_ABOVE:
        return call_fail(call, ERR_FORBIDDEN, "The rank must be below your own.");
    case ROLE_PERMISSION_ABOVE:
        call_fail(call, ERR_PERMISSION, "You cannot give a permission that you lack.");
        call->failure.required_permission = permission_info(deed->permission)->name;
        return ERR_PERMISSION;
    case ROLE_SLUG_TAKEN:
        call_violate(call, call_has(call, ROW_SLUG) ? "slug" : "name", VIOLATION_CUSTOM,
                     "There is a role of this name already.");
        call->failure.code = ERR_CONFLICT;
        return ERR_CONFLICT;
    case ROLE_IN_USE:
        return call_fail(call, ERR_CONFLICT,
                         arena_printf(call->arena,
                                      "The role is in use: members %lld, pending invitations %lld.",
                                      (long long)deed->use.members, (long long)deed->use.invitations)
                             .at);
    }
    return OK;
}

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct role_deed *deed);

static enum error_code carry_out(struct call *call, deed_fn fn, struct role_deed *deed)
{
    if (call->failure.code != OK)
        return call->failure.code;
    deed->tenant = &call->tenant;
    deed->actor = call_team_actor(call);
    deed->now = call->now;
    enum storage_status status = fn(call->db, call->arena, deed);
    return status == STORAGE_OK ? refuse(call, deed) : call_fail_storage(call, status);
}

static enum error_code answer_role(struct call *call, int status, const struct custom_role *role)
{
    struct shown shown;
    show_custom(call, role, &shown);
    v1_object(call, status, role_detail_json(call, &shown));
    return OK;
}

static enum error_code create_role(struct call *call)
{
    const struct role_input *input = call->input;
    struct role_deed deed = { .role.description = input->description };
    deed.role.name = read_name(call, input->name);
    deed.role.slug = read_slug(call, input);
    deed.role.rank = call_has(call, ROW_RANK) ? (int)input->rank : role_default_rank(&call->grant);
    deed.role.permissions = read_permissions(call, &input->permissions);
    enum error_code code = carry_out(call, role_create, &deed);
    return code == OK ? answer_role(call, 201, &deed.role) : code;
}

static enum error_code update_role(struct call *call)
{
    static const enum role_part parts[] = {
        [ROW_NAME] = ROLE_NAME,
        [ROW_DESCRIPTION] = ROLE_DESCRIPTION,
        [ROW_RANK] = ROLE_RANK,
        [ROW_PERMISSIONS] = ROLE_PERMISSIONS,
    };
    const struct role_input *input = call->input;
    struct role_deed deed = { .role = { .description = input->description, .rank = (int)input->rank } };
    if (!call_path_id(call, 0, &deed.role.id))
        return ERR_NOT_FOUND;
    for (unsigned row = 0; row < sizeof(parts) / sizeof(parts[0]); row++)
        deed.parts |= call_has(call, row) ? parts[row] : 0;
    if (deed.parts & ROLE_NAME)
        deed.role.name = read_name(call, input->name);
    deed.role.permissions = read_permissions(call, &input->permissions);
    enum error_code code = carry_out(call, role_update, &deed);
    return code == OK ? answer_role(call, 200, &deed.role) : code;
}

static enum error_code delete_role(struct call *call)
{
    struct role_deed deed = { 0 };
    if (!call_path_id(call, 0, &deed.role.id))
        return ERR_NOT_FOUND;
    enum error_code code = carry_out(call, role_delete, &deed);
    if (code == OK)
        v1_message(call, "Role deleted.");
    return code;
}

/* ---- what is answered ---- */

#define ROLE_ANSWER_ROWS                                                                                     \
    ANSWER_FIELD("id", FIELD_ID, .help = "The role's id", .example = "12"),                                  \
        ANSWER_FIELD("slug", FIELD_STR, .help = "Its short name", .example = "auditor"),                     \
        ANSWER_FIELD("name", FIELD_STR, .help = "Its name for people", .example = "Auditor"),                \
        ANSWER_FIELD("description", FIELD_STR, .help = "What it is for",                                     \
                     .example = "Reads everything, changes nothing"),                                        \
        ANSWER_FIELD("rank", FIELD_INT, .help = "Nobody gives a role above their own rank",                  \
                     .example = "20"),                                                                       \
        ANSWER_FIELD("is_system", FIELD_BOOL, .help = "Whether it came with the server",                     \
                     .example = "false"),                                                                    \
        ANSWER_FIELD("assignable", FIELD_BOOL, .help = "Whether you may give it", .example = "true"),        \
        ANSWER_FIELD("created_at", FIELD_TIME, .flags = FIELD_NULLABLE,                                      \
                     .help = "null for those of the server", .example = "2026-11-27T10:00:00Z"),             \
        ANSWER_FIELD("updated_at", FIELD_TIME, .flags = FIELD_NULLABLE,                                      \
                     .help = "null for those of the server", .example = "2026-11-27T10:00:00Z")
static const struct field role_answer_rows[] = { ROLE_ANSWER_ROWS };
static const struct shape role_answer = ANSWER_SHAPE("Role", role_answer_rows);

static const struct field role_detail_answer_rows[] = {
    ROLE_ANSWER_ROWS,
    ANSWER_FIELD("permissions", FIELD_STR_LIST, .help = "What it lets its members do"),
    ANSWER_FIELD("members_count", FIELD_INT, .flags = FIELD_OPTIONAL,
                 .help = "How many members have it; only where one role is asked for", .example = "3"),
    ANSWER_FIELD("pending_invitations_count", FIELD_INT, .flags = FIELD_OPTIONAL,
                 .help = "How many invitations offer it; likewise", .example = "1"),
};
static const struct shape role_detail_answer = ANSWER_SHAPE("RoleDetail", role_detail_answer_rows);

static const struct field permission_row_rows[] = {
    ANSWER_FIELD("name", FIELD_STR, .help = "The permission's name", .example = "assets.view"),
    ANSWER_FIELD("description", FIELD_STR, .help = "What it lets one do", .example = "See assets"),
    ANSWER_FIELD("grantable", FIELD_BOOL, .help = "Whether you may give it", .example = "true"),
};
static const struct shape permission_row = ANSWER_SHAPE("Permission", permission_row_rows);

static const struct field permission_group_answer_rows[] = {
    ANSWER_FIELD("group", FIELD_STR, .help = "What it is about", .example = "assets"),
    ANSWER_FIELD("permissions", FIELD_OBJECT_LIST, .of = &permission_row),
};
static const struct shape permission_group_answer =
    ANSWER_SHAPE("PermissionGroup", permission_group_answer_rows);

static const struct route routes[] = {
    { .op = "v1_team_roles",
      .method = METHOD_GET,
      .path = "/api/v1/team/roles",
      .permission = PERM_TEAM_VIEW,
      .tenant = TENANT_BY_HEADER,
      .answer = &role_answer,
      .form = ANSWER_LIST,
      .handler = list_roles,
      .summary = "Lists the roles there are in the tenant" },
    { .op = "v1_team_role",
      .method = METHOD_GET,
      .path = "/api/v1/team/roles/{id}",
      .permission = PERM_TEAM_VIEW,
      .tenant = TENANT_BY_HEADER,
      .answer = &role_detail_answer,
      .handler = show_role,
      .summary = "Shows a role with its permissions" },
    { .op = "v1_team_role_create",
      .method = METHOD_POST,
      .path = "/api/v1/team/roles",
      .permission = PERM_TEAM_MANAGE_ROLES,
      .tenant = TENANT_BY_HEADER,
      .body = BODY_JSON,
      .input = &create_shape,
      .answer = &role_detail_answer,
      .success = 201,
      .fails = FAILS(ERR_CONFLICT, ERR_FORBIDDEN),
      .handler = create_role,
      .summary = "Makes a role of the tenant's own" },
    { .op = "v1_team_role_update",
      .method = METHOD_PATCH,
      .path = "/api/v1/team/roles/{id}",
      .permission = PERM_TEAM_MANAGE_ROLES,
      .tenant = TENANT_BY_HEADER,
      .body = BODY_JSON,
      .input = &update_shape,
      .answer = &role_detail_answer,
      .fails = FAILS(ERR_CONFLICT, ERR_FORBIDDEN),
      .handler = update_role,
      .summary = "Changes one of the tenant's own roles" },
    { .op = "v1_team_role_delete",
      .method = METHOD_DELETE,
      .path = "/api/v1/team/roles/{id}",
      .permission = PERM_TEAM_MANAGE_ROLES,
      .tenant = TENANT_BY_HEADER,
      .form = ANSWER_MESSAGE,
      .fails = FAILS(ERR_CONFLICT, ERR_FORBIDDEN),
      .handler = delete_role,
      .summary = "Deletes one of the tenant's own roles that nobody has" },
    { .op = "v1_team_permissions",
      .method = METHOD_GET,
      .path = "/api/v1/team/permissions",
      .permission = PERM_TEAM_MANAGE_ROLES,
      .tenant = TENANT_BY_HEADER,
      .answer = &permission_group_answer,
      .form = ANSWER_LIST,
      .handler = list_permissions,
      .summary = "Lists all permissions by group" },
};

const struct route_table v1_roles_routes = ROUTE_TABLE(&v1_surface, routes);
