/* The tenant's users: list, create or invite, change, deactivate, remove. */
#include "api/assets/answer.h"
#include "api/assets/invites.h"
#include "api/assets/role_name.h"
#include "api/member.h"
#include "api/newcomer.h"
#include "api/tables.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/password.h"

static const char *const status_words[] = { "active", "suspended", NULL };

/* role: this surface's name; role_slug: which role it is exactly; both null for a role that is gone. */
static cJSON *user_json(const struct member *member)
{
    cJSON *json = json_new_object();
    json_add_int(json, "id", member->user_id);
    json_add_str(json, "name", member->name);
    json_add_str(json, "email", member->email);
    json_add_str_or_null(json, "role", member->has_role ? str_of(member->role.assets_name) : STR_NONE);
    json_add_str_or_null(json, "role_slug", member->has_role ? member->slug : STR_NONE);
    json_add_str_or_null(json, "role_name", member->has_role ? str_of(member->role.name) : STR_NONE);
    json_add_str(json, "status", str_of(status_words[member->status == MEMBERSHIP_SUSPENDED]));
    json_add_time(json, "joined_at", member->joined_at);
    return json;
}

/* ---- the list ---- */

struct list_query {
    struct str q, cursor, role, status;
    struct field_list sort;
    int64_t limit;
};
static const struct field list_fields[] = {
    ASSETS_LIST_ROWS(struct list_query, "Beginnings of words in the name or the address", MEMBER_SORTS,
                     "By joined_at if left out, a search by the word found"),
    FIELD(struct list_query, role, "role", FIELD_STR, .max = 63,
          .help = "client_admin, client_manager, client_user, client_viewer, or a role's slug",
          .example = "client_user"),
    FIELD(struct list_query, status, "status", FIELD_ENUM, .words = status_words,
          .help = "Only active or only deactivated users", .example = "active"),
};
static const struct shape list_shape = SHAPE("UsersQuery", struct list_query, list_fields);

static enum error_code read_query(struct call *call, struct member_query *ret)
{
    const struct list_query *asked = call->query_input;
    *ret = (struct member_query){ .search = asked->q, .limit = list_limit(asked->limit) };
    if (asked->status.at)
        ret->filter = str_equal(asked->status, STR("active")) ? MEMBERS_ACTIVE : MEMBERS_SUSPENDED;
    enum error_code code = assets_role_filter(call, asked->role, &ret->role);
    ret->sort = (struct member_sort){ asked->sort.at, asked->sort.n, asked->cursor };
    if (asked->sort.n > 0)
        return code;
    return code == OK ? member_cursor_read(call, asked->cursor, asked->q.at != NULL, &ret->after) : code;
}

static struct str next_of(struct call *call, const struct member_page *page)
{
    if (page->next.at || !page->has_more)
        return page->next;
    return member_cursor_write(call, &page->last);
}

static enum error_code list(struct call *call)
{
    struct member_query query;
    struct member_page page;
    int64_t total = 0;
    enum error_code code = read_query(call, &query);
    if (code != OK)
        return code;
    enum storage_status status = member_list(call->db, call->arena, &call->tenant, &query, &page);
    if (status == STORAGE_DONE)
        return assets_list_refuse(call, page.wrong);
    if (status == STORAGE_OK)
        status = member_count(call->db, call->arena, &call->tenant, &query, &total);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *items = json_new_array();
    for (size_t i = 0; i < page.n; i++)
        json_add_item(items, NULL, user_json(&page.at[i]));
    assets_page(call, items, next_of(call, &page), total);
    return OK;
}

/* ---- one ---- */

static enum error_code get(struct call *call)
{
    int64_t id;
    struct member member;
    if (!call_path_id(call, 0, &id))
        return ERR_NOT_FOUND;
    enum storage_status status = member_by_id(call->db, call->arena, &call->tenant, id, &member);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (status != STORAGE_ROW)
        return call_fail_storage(call, status);
    reply_json(&call->reply, 200, user_json(&member));
    return OK;
}

/* ---- creating and inviting ---- */

struct user_input {
    struct str name, email, role, status, password;
};
#define NAME_ROW                                                                                             \
    FIELD(struct user_input, name, "name", FIELD_STR, .max = 200, .help = "The user's name",                 \
          .example = "Jane Smith")
#define EMAIL_ROW(flags_)                                                                                    \
    FIELD(struct user_input, email, "email", FIELD_EMAIL, .flags = (flags_), .max = 254,                     \
          .help = "The address to sign in with", .example = "jane@acme.example")
#define ROLE_ROW(flags_)                                                                                     \
    FIELD(struct user_input, role, "role", FIELD_STR, .flags = (flags_), .max = 63,                          \
          .help = "client_admin, client_manager, client_user, client_viewer, or a role's slug",              \
          .example = "client_user")
static const struct field new_fields[] = {
    NAME_ROW,
    EMAIL_ROW(FIELD_REQUIRED),
    ROLE_ROW(FIELD_REQUIRED),
    FIELD(struct user_input, password, "password", FIELD_SECRET,
          .help = "With one the user is created, without one they are invited",
          .example = "correct horse battery"),
};
static const struct shape new_shape = SHAPE("NewUser", struct user_input, new_fields);

/* Somebody who has not joined yet has no id. */
static enum error_code invite(struct call *call)
{
    const struct user_input *input = call->input;
    struct invite_deed deed;
    enum error_code code = assets_invite(call, input->email, input->role, &deed);
    if (code != OK)
        return code;
    cJSON *json = json_new_object();
    json_add_null(json, "id");
    json_add_str(json, "email", deed.invitation.email);
    json_add_str(json, "role_slug", deed.invitation.role);
    json_add_str(json, "status", STR("invited"));
    json_add_int(json, "invitation_id", deed.invitation.id);
    json_add_str(json, "invitation_link", deed.link);
    json_add_time(json, "expires_at", deed.invitation.expires_at);
    reply_json(&call->reply, 201, json);
    return OK;
}

static enum error_code refuse(struct call *call, const struct member_deed *deed)
{
    return member_refuse(call, deed, ERR_CONFLICT);
}

static enum error_code store_newcomer(struct call *call, const struct user *user)
{
    const struct user_input *input = call->input;
    struct member_deed deed = {
        .config = call->config,
        .tenant = &call->tenant,
        .actor = call_team_actor(call),
        .user = user,
        .role = assets_role_slug(input->role),
        .now = call->now,
    };
    enum storage_status status = member_create(call->db, call->arena, &deed);
    enum error_code code = status == STORAGE_OK ? refuse(call, &deed) : call_fail_storage(call, status);
    if (code == ERR_CONFLICT)
        return call_fail(call, ERR_CONFLICT,
                         "This address has an account already; leave the password out to invite them.");
    if (code == OK)
        reply_json(&call->reply, 201, user_json(&deed.member));
    return code;
}

static enum error_code create_user(struct call *call)
{
    const struct user_input *input = call->input;
    char hash[PASSWORD_HASH_CAP];
    arena_wipe_on_free(call->arena);
    enum error_code code = newcomer_check(call, input->name, input->password);
    if (code != OK)
        return code;
    if (!password_hash(call->config, input->password, hash))
        return call_fail(call, ERR_OVERLOAD, NULL);
    const struct user user = { .email = input->email,
                               .name = str_trim(input->name),
                               .password_hash = str_of(hash) };
    code = store_newcomer(call, &user);
    secret_wipe(hash, sizeof hash);
    return code;
}

static enum error_code create(struct call *call)
{
    const struct user_input *input = call->input;
    return input->password.at ? create_user(call) : invite(call);
}

/* ---- changing ---- */

static const struct field change_fields[] = {
    NAME_ROW,
    EMAIL_ROW(0),
    ROLE_ROW(0),
    FIELD(struct user_input, status, "status", FIELD_ENUM, .words = status_words,
          .help = "suspended deactivates the user in this tenant", .example = "suspended"),
};
static const unsigned change_parts[] = { MEMBER_NAME, MEMBER_EMAIL, MEMBER_ROLE, MEMBER_STATUS };
static const struct shape change_shape = SHAPE("UserChange", struct user_input, change_fields);

static struct member_deed deed_of(struct call *call)
{
    return (struct member_deed){
        .tenant = &call->tenant,
        .actor = call_team_actor(call),
        .now = call->now,
    };
}

static enum error_code change(struct call *call)
{
    const struct user_input *input = call->input;
    struct member_deed deed = deed_of(call);
    if (!call_path_id(call, 0, &deed.user_id))
        return ERR_NOT_FOUND;
    if (input->name.at && !text_is_line(str_trim(input->name)))
        return call_fail_field(call, "name", VIOLATION_CUSTOM, "A name must not hold control characters.");
    for (size_t i = 0; i < sizeof change_parts / sizeof change_parts[0]; i++)
        deed.parts |= call_has(call, (unsigned)i) ? change_parts[i] : 0;
    deed.name = str_trim(input->name);
    deed.email = input->email;
    deed.role = assets_role_slug(input->role);
    deed.status = str_equal(input->status, STR("suspended")) ? MEMBERSHIP_SUSPENDED : MEMBERSHIP_ACTIVE;
    enum storage_status status = member_edit(call->db, call->arena, &deed);
    enum error_code code = status == STORAGE_OK ? refuse(call, &deed) : call_fail_storage(call, status);
    if (code == OK)
        reply_json(&call->reply, 200, user_json(&deed.member));
    return code;
}

static enum error_code remove_(struct call *call)
{
    struct member_deed deed = deed_of(call);
    if (!call_path_id(call, 0, &deed.user_id))
        return ERR_NOT_FOUND;
    enum storage_status status = member_remove(call->db, call->arena, &deed);
    enum error_code code = status == STORAGE_OK ? refuse(call, &deed) : call_fail_storage(call, status);
    if (code == OK)
        reply_empty(&call->reply, 204);
    return code;
}

/* ---- what is answered ---- */

static const char *const user_answer_status_words[] = { "active", "suspended", NULL };
static const struct field user_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The user's id", .example = "7"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Their name", .example = "Sarah Chen"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "Their address", .example = "sarah.chen@acme.example"),
    ANSWER_FIELD("role", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "Their role in the words of this surface; null when it is gone",
                 .example = "client_admin"),
    ANSWER_FIELD("role_slug", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its short name",
                 .example = "admin"),
    ANSWER_FIELD("role_name", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its name for people",
                 .example = "Administrator"),
    ANSWER_FIELD("status", FIELD_ENUM, .words = user_answer_status_words,
                 .help = "Whether the membership is suspended", .example = "active"),
    ANSWER_FIELD("joined_at", FIELD_TIME, .help = "Since when they belong to the tenant",
                 .example = "2026-11-01T09:30:00Z"),
};
static const struct shape user_answer = ANSWER_SHAPE("User", user_answer_rows);

static const char *const user_made_answer_status_words[] = { "active", "suspended", "invited", NULL };
static const struct field user_made_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .flags = FIELD_NULLABLE,
                 .help = "The user's id; null while they are invited", .example = "7"),
    ANSWER_FIELD("name", FIELD_STR, .flags = FIELD_OPTIONAL, .help = "Their name", .example = "Sarah Chen"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "Their address", .example = "sarah.chen@acme.example"),
    ANSWER_FIELD("role", FIELD_STR, .flags = FIELD_NULLABLE | FIELD_OPTIONAL,
                 .help = "Their role in the words of this surface", .example = "client_admin"),
    ANSWER_FIELD("role_slug", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its short name",
                 .example = "admin"),
    ANSWER_FIELD("role_name", FIELD_STR, .flags = FIELD_NULLABLE | FIELD_OPTIONAL,
                 .help = "Its name for people", .example = "Administrator"),
    ANSWER_FIELD("status", FIELD_ENUM, .words = user_made_answer_status_words,
                 .help = "Whether they are in already", .example = "invited"),
    ANSWER_FIELD("joined_at", FIELD_TIME, .flags = FIELD_OPTIONAL,
                 .help = "Since when they belong to the tenant", .example = "2026-11-01T09:30:00Z"),
    ANSWER_FIELD("invitation_id", FIELD_ID, .flags = FIELD_OPTIONAL, .help = "The invitation's id",
                 .example = "4"),
    ANSWER_FIELD("invitation_link", FIELD_STR, .flags = FIELD_OPTIONAL,
                 .help = "For whoever hands it over by hand; shown this once",
                 .example = "http://acme.localhost:8080/panel/#/invite/tti_…"),
    ANSWER_FIELD("expires_at", FIELD_TIME, .flags = FIELD_OPTIONAL, .help = "Until when the invitation holds",
                 .example = "2026-12-04T10:00:00Z"),
};
static const struct shape user_made_answer = ANSWER_SHAPE("UserMade", user_made_answer_rows);

static const struct route routes[] = {
    { .op = "assets_users",
      .method = METHOD_GET,
      .path = "/api/users",
      .permission = PERM_USERS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .query = &list_shape,
      .answer = &user_answer,
      .form = ANSWER_PAGE,
      .handler = list,
      .summary = "Lists and searches the tenant's users" },
    { .op = "assets_user_create",
      .method = METHOD_POST,
      .path = "/api/users",
      .permission = PERM_USERS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .lane = LANE_PASSWORD,
      .body = BODY_JSON,
      .input = &new_shape,
      .answer = &user_made_answer,
      .success = 201,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_FORBIDDEN, ERR_CONFLICT, ERR_PLAN_LIMIT),
      .handler = create,
      .summary = "Creates a user with a password, or invites one without" },
    { .op = "assets_user",
      .method = METHOD_GET,
      .path = "/api/users/{id}",
      .permission = PERM_USERS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .answer = &user_answer,
      .handler = get,
      .summary = "A user of the tenant" },
    { .op = "assets_user_change",
      .method = METHOD_PATCH,
      .path = "/api/users/{id}",
      .permission = PERM_USERS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .body = BODY_JSON,
      .input = &change_shape,
      .answer = &user_answer,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_FORBIDDEN, ERR_CONFLICT),
      .handler = change,
      .summary = "Changes a user's name, address and role; deactivates and reactivates them" },
    { .op = "assets_user_remove",
      .method = METHOD_DELETE,
      .path = "/api/users/{id}",
      .permission = PERM_USERS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .success = 204,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_FORBIDDEN),
      .handler = remove_,
      .summary = "Removes a user from the tenant; their account stays" },
};

const struct route_table assets_users_routes = ROUTE_TABLE(&assets_surface, routes);
