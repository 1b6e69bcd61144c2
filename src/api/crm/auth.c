/* The crm surface's login and its check of a token. */
#include "api/crm/organization.h"
#include "api/crm/user.h"
#include "api/sign_in.h"
#include "api/tables.h"

struct login_input {
    struct str email, password, organization_id;
};
static const struct field login_fields[] = {
    FIELD(struct login_input, email, "email", FIELD_STR, .flags = FIELD_REQUIRED, .max = 254,
          .help = "The account's email address", .example = "user@example.com"),
    FIELD(struct login_input, password, "password", FIELD_SECRET, .flags = FIELD_REQUIRED,
          .help = "The account's password", .example = "your-password"),
    FIELD(struct login_input, organization_id, "organizationId", FIELD_STR, .flags = FIELD_NULLABLE,
          .help = "The organization to sign in to; the user's first one if left out",
          .example = "507f1f77bcf86cd799439012"),
};
static const struct shape login_shape = SHAPE("CrmLogin", struct login_input, login_fields);

/* The user's own first organization. */
static enum error_code first_organization(struct call *call, const struct user *user, struct tenant *ret)
{
    struct membership first;
    enum storage_status status = membership_first(call->db, call->arena, user->id, &first);
    if (status == STORAGE_ROW)
        status = tenant_by_id(call->db, call->arena, first.tenant_id, ret);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_A_MEMBER, "You are not an active member of any organization");
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

static enum error_code login_organization(struct call *call, const struct user *user, struct tenant *ret)
{
    const struct login_input *input = call->input;
    enum error_code code = organization_named(call, input->organization_id, ret);
    if (code != OK || ret->id != 0)
        return code;
    return first_organization(call, user, ret);
}

static enum error_code login(struct call *call)
{
    const struct login_input *input = call->input;
    struct sign_in who;
    enum error_code code = sign_in(call, input->email, input->password, login_organization, NULL, &who);
    if (code != OK)
        return code;
    reply_json(
        &call->reply, 200,
        crm_session_json(call->arena, who.opened.token, &who.user, &who.tenant, who.grant.role.crm_name));
    return OK;
}

static enum error_code verify_token(struct call *call)
{
    cJSON *json = json_new_object();
    json_add_str(json, "message", STR("Token is good"));
    reply_json(&call->reply, 200, json);
    return OK;
}

static const struct route routes[] = {
    { .op = "crm_login",
      .method = METHOD_POST,
      .path = "/api/auth/login",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_TOKEN,
      .lane = LANE_PASSWORD,
      .rate = RATE_LOGIN,
      .body = BODY_JSON,
      .input = &login_shape,
      .answer = &crm_session_answer,
      .fails = FAILS(ERR_NOT_A_MEMBER, ERR_FORBIDDEN, ERR_BAD_REQUEST, ERR_NOT_FOUND),
      .handler = login,
      .summary = "Signs in with JSON; answers a bearer token and the user" },
    { .op = "crm_verify_token",
      .method = METHOD_GET,
      .path = "/api/auth/verify-token",
      .need = NEED_SELF,
      .tenant = TENANT_BY_TOKEN,
      .form = ANSWER_MESSAGE,
      .warm = true,
      .kept = true,
      .handler = verify_token,
      .summary = "Says whether the token is good" },
};

const struct route_table crm_auth_routes = ROUTE_TABLE(&crm_surface, routes);
