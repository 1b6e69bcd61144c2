/* The team: who belongs to the tenant, in which role; giving roles, suspending, removing. */
#include "api/member.h"
#include "api/tables.h"
#include "api/v1/answer.h"

#define DEFAULT_PER_PAGE 25
#define MAX_PER_PAGE     100

static cJSON *member_json(const struct member *member)
{
    bool is_active = member->status == MEMBERSHIP_ACTIVE;
    cJSON *json = json_new_object();
    json_add_int(json, "id", member->user_id);
    json_add_str(json, "name", member->name);
    json_add_str(json, "email", member->email);
    json_add_str(json, "role", member->slug);
    json_add_str_or_null(json, "role_name", member->has_role ? str_of(member->role.name) : STR_NONE);
    json_add_str(json, "status", is_active ? STR("active") : STR("suspended"));
    json_add_time(json, "joined_at", member->joined_at);
    return json;
}

/* ---- the list ---- */

struct list_query {
    struct str q, role, status, cursor;
    int64_t per_page;
};
static const char *const status_words[] = { "active", "suspended", NULL };
static const struct field list_fields[] = {
    FIELD(struct list_query, q, "q", FIELD_STR, .max = 100,
          .help = "Beginnings of words in the name or the address", .example = "sarah ch"),
    FIELD(struct list_query, role, "role", FIELD_STR, .max = 63, .help = "Only members of that role",
          .example = "admin"),
    FIELD(struct list_query, status, "status", FIELD_ENUM, .words = status_words,
          .help = "Only active or only suspended members", .example = "active"),
    FIELD(struct list_query, cursor, "cursor", FIELD_STR, .max = 200,
          .help = "meta.next_cursor of the page before", .example = "MTI6dDE3MDAwMDAwMDAwMDAwMDA"),
    FIELD(struct list_query, per_page, "per_page", FIELD_INT, .min = 1, .max = MAX_PER_PAGE,
          .help = "How many at most; 25 if left out", .example = "25"),
};
static const struct shape list_shape = SHAPE("TeamQuery", struct list_query, list_fields);

static enum member_filter filter_of(struct str status)
{
    if (!status.at)
        return MEMBERS_ALL;
    return str_equal(status, STR("active")) ? MEMBERS_ACTIVE : MEMBERS_SUSPENDED;
}

static enum error_code team_list(struct call *call)
{
    const struct list_query *asked = call->query_input;
    struct member_query query = {
        .search = asked->q,
        .role = asked->role,
        .filter = filter_of(asked->status),
        .limit = asked->per_page ? asked->per_page : DEFAULT_PER_PAGE,
    };
    struct member_page page;
    enum error_code code = member_cursor_read(call, asked->cursor, asked->q.at != NULL, &query.after);
    if (code != OK)
        return code;
    enum storage_status status = member_list(call->db, call->arena, &call->tenant, &query, &page);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *list = json_new_array();
    for (size_t i = 0; i < page.n; i++)
        json_add_item(list, NULL, member_json(&page.at[i]));
    v1_page(call, list, page.has_more ? member_cursor_write(call, &page.last) : STR_NONE, query.limit);
    return OK;
}

/* ---- deeds ---- */

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct member_deed *deed);

static enum error_code carry_out(struct call *call, deed_fn fn, struct str role, struct member *ret)
{
    struct member_deed deed = {
        .tenant = &call->tenant, .actor = call_team_actor(call), .role = role, .now = call->now
    };
    if (!call_path_id(call, 0, &deed.user_id))
        return ERR_NOT_FOUND;
    enum storage_status status = fn(call->db, call->arena, &deed);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    *ret = deed.member;
    return member_refuse(call, &deed, ERR_BAD_REQUEST);
}

static enum error_code carry_out_and_show(struct call *call, deed_fn fn, struct str role)
{
    struct member member;
    enum error_code code = carry_out(call, fn, role, &member);
    if (code == OK)
        v1_object(call, 200, member_json(&member));
    return code;
}

struct role_input {
    struct str role;
};
static const struct field role_fields[] = {
    FIELD(struct role_input, role, "role", FIELD_STR, .flags = FIELD_REQUIRED, .max = 63,
          .help = "The slug of a system role or of one of the tenant's own", .example = "admin"),
};
static const struct shape role_shape = SHAPE("TeamMemberRole", struct role_input, role_fields);

static enum error_code team_set_role(struct call *call)
{
    const struct role_input *input = call->input;
    return carry_out_and_show(call, member_set_role, input->role);
}

static enum error_code team_suspend(struct call *call)
{
    return carry_out_and_show(call, member_suspend, STR_NONE);
}

static enum error_code team_reactivate(struct call *call)
{
    return carry_out_and_show(call, member_reactivate, STR_NONE);
}

static enum error_code team_remove(struct call *call)
{
    struct member member;
    enum error_code code = carry_out(call, member_remove, STR_NONE, &member);
    if (code == OK)
        v1_message(call, "Member removed.");
    return code;
}

/* ---- what is answered ---- */

static const struct field team_member_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The user's id", .example = "7"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Their name", .example = "Sarah Chen"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "Their address", .example = "sarah.chen@acme.example"),
    ANSWER_FIELD("role", FIELD_STR, .help = "Their role's short name", .example = "admin"),
    ANSWER_FIELD("role_name", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "Its name for people; null when the role is gone", .example = "Administrator"),
    ANSWER_FIELD("status", FIELD_ENUM, .words = status_words, .help = "Whether the membership is suspended",
                 .example = "active"),
    ANSWER_FIELD("joined_at", FIELD_TIME, .flags = FIELD_NULLABLE,
                 .help = "Since when they belong to the tenant", .example = "2026-11-01T09:30:00Z"),
};
static const struct shape team_member_answer = ANSWER_SHAPE("TeamMember", team_member_answer_rows);

static const struct route routes[] = {
    { .op = "v1_team_list",
      .method = METHOD_GET,
      .path = "/api/v1/team",
      .permission = PERM_TEAM_VIEW,
      .tenant = TENANT_BY_HEADER,
      .query = &list_shape,
      .answer = &team_member_answer,
      .form = ANSWER_PAGE,
      .handler = team_list,
      .summary = "Lists and searches the team's members" },
    { .op = "v1_team_set_role",
      .method = METHOD_PATCH,
      .path = "/api/v1/team/members/{id}/role",
      .permission = PERM_TEAM_MANAGE_ROLES,
      .tenant = TENANT_BY_HEADER,
      .body = BODY_JSON,
      .input = &role_shape,
      .answer = &team_member_answer,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_FORBIDDEN, ERR_CONFLICT),
      .handler = team_set_role,
      .summary = "Gives a member another role" },
    { .op = "v1_team_suspend",
      .method = METHOD_POST,
      .path = "/api/v1/team/members/{id}/suspend",
      .permission = PERM_TEAM_REMOVE,
      .tenant = TENANT_BY_HEADER,
      .answer = &team_member_answer,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_FORBIDDEN, ERR_CONFLICT),
      .handler = team_suspend,
      .summary = "Suspends a member" },
    { .op = "v1_team_reactivate",
      .method = METHOD_POST,
      .path = "/api/v1/team/members/{id}/reactivate",
      .permission = PERM_TEAM_EDIT,
      .tenant = TENANT_BY_HEADER,
      .answer = &team_member_answer,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_FORBIDDEN, ERR_CONFLICT),
      .handler = team_reactivate,
      .summary = "Reactivates a suspended member" },
    { .op = "v1_team_remove",
      .method = METHOD_DELETE,
      .path = "/api/v1/team/members/{id}",
      .permission = PERM_TEAM_REMOVE,
      .tenant = TENANT_BY_HEADER,
      .form = ANSWER_MESSAGE,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_FORBIDDEN, ERR_CONFLICT),
      .handler = team_remove,
      .summary = "Removes a member from the team" },
};

const struct route_table v1_team_routes = ROUTE_TABLE(&v1_surface, routes);
