/* Who belongs to a department: what a department head sees goes by it. */
#include "api/record.h"
#include "api/tables.h"
#include "base/clock.h"
#include "records/department_members.h"

#define LIMIT_DEFAULT 50

struct list_query {
    struct str cursor;
    int64_t limit;
};
static const struct field list_fields[] = {
    FIELD(struct list_query, limit, "limit", FIELD_INT, .min = 1, .max = RECORD_LIMIT_MAX,
          .help = "How many at most; 50 if left out", .example = "50"),
    FIELD(struct list_query, cursor, "cursor", FIELD_STR, .max = 24, .help = "nextCursor of the page before",
          .example = "65f2a1b00000000000000007"),
};
static const struct shape list_shape = SHAPE("DepartmentMembersQuery", struct list_query, list_fields);

static const struct field member_rows[] = {
    ANSWER_FIELD("id", FIELD_CRM_ID, .help = "The user's"),
    ANSWER_FIELD("fullName", FIELD_STR, .help = "The user's name", .example = "Jane Smith"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "The user's address", .example = "jane@example.com"),
    ANSWER_FIELD("accessRole", FIELD_STR, .help = "What the user is in the organization",
                 .example = "SALES_REP"),
    ANSWER_FIELD("joinedAt", FIELD_TIME, .help = "Since when they belong to the department",
                 .example = "2026-11-27T09:30:00Z"),
};
static const struct shape member_answer = ANSWER_SHAPE("DepartmentMember", member_rows);

/* The department that the path names, for the caller. */
static enum error_code find_department(struct call *call, const struct record_caller *caller,
                                       struct record **ret)
{
    int64_t id, seconds;
    enum error_code code = record_path_id(call, &record_department, 0, &id, &seconds);
    if (code != OK)
        return code;
    enum storage_status status = record_find(call->db, &record_department, caller, id, ret);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return call_fail_storage(call, status);
    bool is_it = status == STORAGE_ROW && crm_id_matches(seconds, (*ret)->created_at);
    return is_it ? OK : call_fail(call, ERR_NOT_FOUND, NULL);
}

static const char *access_role(struct str slug)
{
    const struct role *role = role_by_slug(slug);
    return role ? role->crm_name : "SALES_REP"; /* custom roles rank somewhere below; crm knows four words */
}

static cJSON *member_json(struct call *call, const struct department_member *member)
{
    cJSON *json = json_new_object();
    json_add_str(json, "id", crm_id(call->arena, member->created_at, member->user_id));
    json_add_str(json, "fullName", member->name);
    json_add_str(json, "email", member->email);
    json_add_str(json, "accessRole", str_of(access_role(member->role)));
    json_add_str(json, "joinedAt", clock_iso8601(call->arena, member->joined_at));
    return json;
}

/* The last user of the page before. */
static enum error_code read_cursor(struct call *call, struct str cursor, int64_t *ret)
{
    int64_t seconds;
    *ret = 0;
    if (!cursor.at || crm_id_parse(cursor, &seconds, ret))
        return OK;
    return call_fail_field(call, "cursor", VIOLATION_CUSTOM, "The cursor is none that this list gave.");
}

static enum error_code list(struct call *call)
{
    const struct list_query *query = call->query_input;
    struct record_caller caller = record_caller_of(call);
    int64_t above, limit = query->limit ? query->limit : LIMIT_DEFAULT;
    struct record *department;
    struct department_member *members;
    size_t n;
    enum error_code code = read_cursor(call, query->cursor, &above);
    if (code == OK)
        code = find_department(call, &caller, &department);
    if (code != OK)
        return code;
    enum storage_status status =
        department_members(call->db, &caller, department->id, above, limit + 1, &members, &n);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    bool has_more = (int64_t)n > limit;
    cJSON *json = json_new_object(), *data = json_add_array(json, "data");
    for (size_t i = 0; i < n - has_more; i++)
        json_add_item(data, NULL, member_json(call, &members[i]));
    const struct department_member *last = has_more ? &members[n - 2] : NULL;
    json_add_str_or_null(json, "nextCursor",
                         last ? crm_id(call->arena, last->created_at, last->user_id) : STR_NONE);
    reply_json(&call->reply, 200, json);
    return OK;
}

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct department_deed *deed);

static enum error_code carry_out(struct call *call, deed_fn fn)
{
    struct record_caller caller = record_caller_of(call);
    struct department_deed deed = { .caller = &caller };
    struct record *department;
    int64_t seconds;
    enum error_code code = find_department(call, &caller, &department);
    if (code != OK)
        return code;
    if (!crm_id_parse(call->params[1], &seconds, &deed.user_id))
        return call_fail(call, ERR_NOT_FOUND, NULL);
    deed.department = department;
    deed.department_name = record_name(&record_department, department);
    json_use_arena(call->arena);
    enum storage_status status = fn(call->db, &deed);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    reply_empty(&call->reply, 204);
    return OK;
}

static enum error_code put(struct call *call)
{
    return carry_out(call, department_put);
}

static enum error_code take(struct call *call)
{
    return carry_out(call, department_take);
}

static const struct route routes[] = {
    { .op = "crm_department_member_list",
      .method = METHOD_GET,
      .path = "/api/departments/{id}/members",
      .permission = PERM_DEPARTMENTS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .query = &list_shape,
      .answer = &member_answer,
      .form = ANSWER_PAGE,
      .handler = list,
      .summary = "Lists the members of a department" },
    { .op = "crm_department_member_put",
      .method = METHOD_PUT,
      .path = "/api/departments/{id}/members/{user_id}",
      .permission = PERM_DEPARTMENTS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .success = 204,
      .handler = put,
      .summary = "Puts a member into a department, and out of any other" },
    { .op = "crm_department_member_take",
      .method = METHOD_DELETE,
      .path = "/api/departments/{id}/members/{user_id}",
      .permission = PERM_DEPARTMENTS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .success = 204,
      .handler = take,
      .summary = "Takes a member out of a department" },
};

const struct route_table crm_department_members_routes = ROUTE_TABLE(&crm_surface, routes);
