/* The assets surface's authentication: form login, who am I, change of password. */
#include "api/assets/me.h"
#include "api/sign_in.h"
#include "api/tables.h"

struct login_input {
    struct str username, password;
    struct str grant_type, scope, client_id, client_secret;
};
static const struct field login_fields[] = {
    FIELD(struct login_input, username, "username", FIELD_STR, .flags = FIELD_REQUIRED, .max = 254,
          .help = "The account's email address", .example = "admin@example.com"),
    FIELD(struct login_input, password, "password", FIELD_SECRET, .flags = FIELD_REQUIRED,
          .help = "The account's password", .example = "correct horse battery"),
    /* OAuth 2 password clients (Swagger UI among them) send these along. */
    FIELD(struct login_input, grant_type, "grant_type", FIELD_STR, .max = 100,
          .help = "For OAuth 2 clients; has no effect", .example = "password"),
    FIELD(struct login_input, scope, "scope", FIELD_STR, .max = 1000,
          .help = "For OAuth 2 clients; has no effect", .example = ""),
    FIELD(struct login_input, client_id, "client_id", FIELD_STR, .max = 1000,
          .help = "For OAuth 2 clients; has no effect", .example = ""),
    FIELD(struct login_input, client_secret, "client_secret", FIELD_SECRET,
          .help = "For OAuth 2 clients; has no effect", .example = ""),
};
static const struct shape login_shape = SHAPE("AssetsLogin", struct login_input, login_fields);

static enum error_code login(struct call *call)
{
    const struct login_input *input = call->input;
    struct sign_in who;
    enum error_code code = assets_sign_in(call, input->username, input->password, &who);
    if (code != OK)
        return code;
    cJSON *json = json_new_object();
    json_add_str(json, "access_token", who.opened.token);
    json_add_str(json, "token_type", STR("bearer"));
    reply_json(&call->reply, 200, json);
    return OK;
}

static enum error_code change_password(struct call *call)
{
    enum password_field field;
    enum error_code code = sign_in_change_password(call, &field);
    if (code != OK)
        return code;
    cJSON *json = json_new_object();
    json_add_str(json, "detail", STR("Password changed"));
    reply_json(&call->reply, 200, json);
    return OK;
}

static const struct route routes[] = {
    { .op = "assets_login",
      .method = METHOD_POST,
      .path = "/api/auth/login",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST,
      .lane = LANE_PASSWORD,
      .rate = RATE_LOGIN,
      .body = BODY_FORM,
      .input = &login_shape,
      .answer = &assets_token_answer,
      .fails = FAILS(ERR_NOT_A_MEMBER),
      .handler = login,
      .summary = "Signs in with a form; answers a bearer token" },
    { .op = "assets_me",
      .method = METHOD_GET,
      .path = "/api/auth/me",
      .need = NEED_MEMBER,
      .tenant = TENANT_BY_HOST,
      .answer = &assets_me_answer,
      .warm = true,
      .kept = true,
      .handler = assets_me,
      .summary = "Who the token's user is here, in which role, with which permissions" },
    { .op = "assets_change_password",
      .method = METHOD_POST,
      .path = "/api/auth/change-password",
      .need = NEED_SESSION,
      .tenant = TENANT_BY_HOST,
      .lane = LANE_PASSWORD,
      .body = BODY_JSON,
      .input = &change_password_shape,
      .form = ANSWER_MESSAGE,
      .fails = FAILS(ERR_BAD_REQUEST),
      .handler = change_password,
      .summary = "Changes one's own password; ends one's other sessions" },
};

const struct route_table assets_auth_routes = ROUTE_TABLE(&assets_surface, routes);
