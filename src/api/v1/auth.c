/* The v1 surface's authentication: sign in and out, who am I, where do I belong, change of password. */
#include "access/belonging.h"
#include "api/sign_in.h"
#include "api/tables.h"
#include "api/v1/answer.h"
#include "api/v1/session.h"
#include "request/actor.h"

/* ---- sign in ---- */

struct login_input {
    struct str email, password;
};
static const struct field login_fields[] = {
    FIELD(struct login_input, email, "email", FIELD_EMAIL, .flags = FIELD_REQUIRED, .max = 254,
          .help = "The account's email address", .example = "owner@acme.example"),
    FIELD(struct login_input, password, "password", FIELD_SECRET, .flags = FIELD_REQUIRED,
          .help = "The account's password", .example = "correct horse battery"),
};
static const struct shape login_shape = SHAPE("V1Login", struct login_input, login_fields);

static enum error_code login(struct call *call)
{
    const struct login_input *input = call->input;
    struct sign_in who;
    enum error_code code = sign_in(call, input->email, input->password, sign_in_tenant_of_call, NULL, &who);
    if (code != OK)
        return code;
    v1_object(call, 200, v1_session_json(&who.opened, &who.user, &who.tenant));
    return OK;
}

/* ---- sign out ---- */

static enum error_code logout(struct call *call)
{
    enum error_code code = v1_need_session(call);
    if (code == OK)
        code = sign_out(call);
    if (code != OK)
        return code;
    v1_message(call, "Signed out.");
    return OK;
}

/* ---- who am I ---- */

static enum error_code me(struct call *call)
{
    const struct principal *principal = &call->principal;
    cJSON *data = json_new_object();
    v1_add_user(data, "user", principal->user_id, principal->name, principal->email);
    v1_add_tenant(data, "tenant", &call->tenant);
    v1_add_role(data, "role", &call->grant.role);
    v1_add_permissions(data, "permissions", call->grant.permissions);
    v1_object(call, 200, data);
    return OK;
}

struct belonging_list {
    struct call *call;
    cJSON *json;
};

/* An API token is of one tenant: whoever it was given to learns of no other. */
static bool is_told(const struct call *call, const struct belonging *belonging)
{
    return call->principal.kind == PRINCIPAL_USER || belonging->tenant_id == call->principal.token_tenant_id;
}

static void add_belonging(void *context, const struct belonging *belonging)
{
    const struct belonging_list *list = context;
    if (!is_told(list->call, belonging))
        return;
    bool tenant_is_active = belonging->tenant_status == TENANT_ACTIVE;
    bool is_active = belonging->status == MEMBERSHIP_ACTIVE;
    cJSON *json = json_add_object(list->json, NULL);
    json_add_int(json, "id", belonging->tenant_id);
    json_add_str(json, "slug", belonging->slug);
    json_add_str(json, "name", belonging->name);
    json_add_str(json, "plan", belonging->plan);
    json_add_str(json, "role", belonging->role);
    json_add_str(json, "status", is_active ? STR("active") : STR("suspended"));
    json_add_str(json, "tenant_status", tenant_is_active ? STR("active") : STR("suspended"));
    json_add_time(json, "joined_at", belonging->joined_at);
    json_add_bool(json, "current", belonging->tenant_id == list->call->principal.token_tenant_id);
}

static enum error_code tenants(struct call *call)
{
    struct belonging_list list = { call, json_new_array() };
    enum storage_status status =
        belonging_list(call->db, call->arena, call->principal.user_id, add_belonging, &list);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    v1_list(call, list.json);
    return OK;
}

/* ---- change of password ---- */

static enum error_code change_password(struct call *call)
{
    enum password_field field = PASSWORD_FIELD_CURRENT;
    enum error_code code = v1_need_session(call);
    if (code == OK)
        code = sign_in_change_password(call, &field);
    if (code == ERR_BAD_REQUEST) {
        bool is_current = field == PASSWORD_FIELD_CURRENT;
        return call_fail_field(call, is_current ? "current_password" : "new_password", VIOLATION_CUSTOM,
                               is_current ? "The current password is incorrect." : call->failure.detail.at);
    }
    if (code != OK)
        return code;
    v1_message(call, "Password changed.");
    return OK;
}

/* ---- what is answered ---- */

static const struct field v1_me_answer_rows[] = {
    ANSWER_FIELD("user", FIELD_OBJECT, .of = &v1_user),
    ANSWER_FIELD("tenant", FIELD_OBJECT, .of = &v1_tenant),
    ANSWER_FIELD("role", FIELD_OBJECT, .of = &v1_role),
    ANSWER_FIELD("permissions", FIELD_STR_LIST, .help = "All that one may do here"),
};
static const struct shape v1_me_answer = ANSWER_SHAPE("V1Me", v1_me_answer_rows);

static const char *const v1_belonging_answer_status_words[] = { "active", "suspended", NULL };
static const char *const v1_belonging_answer_tenant_status_words[] = { "active", "suspended", NULL };
static const struct field v1_belonging_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The tenant's id", .example = "2"),
    ANSWER_FIELD("slug", FIELD_STR, .help = "Its short name, for X-Tenant", .example = "acme"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Its name for people", .example = "Acme Ltd"),
    ANSWER_FIELD("plan", FIELD_STR, .help = "The plan it is on", .example = "pro"),
    ANSWER_FIELD("role", FIELD_STR, .help = "One's role there", .example = "admin"),
    ANSWER_FIELD("status", FIELD_ENUM, .words = v1_belonging_answer_status_words,
                 .help = "Whether one's membership is suspended", .example = "active"),
    ANSWER_FIELD("tenant_status", FIELD_ENUM, .words = v1_belonging_answer_tenant_status_words,
                 .help = "Whether the tenant is", .example = "active"),
    ANSWER_FIELD("joined_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "Since when one belongs to it",
                 .example = "2026-11-01T09:30:00Z"),
    ANSWER_FIELD("current", FIELD_BOOL, .help = "Whether the token was issued for it", .example = "true"),
};
static const struct shape v1_belonging_answer = ANSWER_SHAPE("V1Belonging", v1_belonging_answer_rows);

static const struct route routes[] = {
    { .op = "v1_login",
      .method = METHOD_POST,
      .path = "/api/v1/auth/login",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HEADER,
      .lane = LANE_PASSWORD,
      .rate = RATE_LOGIN,
      .body = BODY_JSON,
      .input = &login_shape,
      .answer = &v1_session_answer,
      .fails = FAILS(ERR_NOT_FOUND),
      .handler = login,
      .summary = "Authenticates a user with the tenant of X-Tenant" },
    { .op = "v1_logout",
      .method = METHOD_POST,
      .path = "/api/v1/auth/logout",
      .need = NEED_SELF,
      .tenant = TENANT_BY_HEADER,
      .form = ANSWER_MESSAGE,
      .fails = FAILS(ERR_FORBIDDEN),
      .handler = logout,
      .summary = "Revokes the current access token, at once" },
    { .op = "v1_me",
      .method = METHOD_GET,
      .path = "/api/v1/auth/me",
      .need = NEED_MEMBER,
      .tenant = TENANT_BY_HEADER_OR_TOKEN,
      .answer = &v1_me_answer,
      .warm = true,
      .kept = true,
      .handler = me,
      .summary = "The current user, their role and all their permissions in the tenant" },
    { .op = "v1_tenants",
      .method = METHOD_GET,
      .path = "/api/v1/auth/tenants",
      .need = NEED_SELF,
      .tenant = TENANT_BY_HEADER,
      .answer = &v1_belonging_answer,
      .form = ANSWER_LIST,
      .handler = tenants,
      .summary = "All tenants the user belongs to, with role and status" },
    { .op = "v1_change_password",
      .method = METHOD_POST,
      .path = "/api/v1/auth/change-password",
      .need = NEED_SELF,
      .tenant = TENANT_BY_HEADER,
      .lane = LANE_PASSWORD,
      .body = BODY_JSON,
      .input = &change_password_shape,
      .form = ANSWER_MESSAGE,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_FORBIDDEN),
      .handler = change_password,
      .summary = "Changes one's own password; ends one's other sessions" },
};

const struct route_table v1_auth_routes = ROUTE_TABLE(&v1_surface, routes);
