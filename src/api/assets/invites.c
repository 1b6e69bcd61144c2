/* Invitations on the assets surface: inviting, what the account setup page shows, accepting. */
#include "api/assets/invites.h"

#include "access/custom_role.h"
#include "api/assets/me.h"
#include "api/assets/role_name.h"
#include "api/tables.h"

/* ---- inviting ---- */

struct invite_input {
    struct str email, role;
};
static const struct field invite_fields[] = {
    FIELD(struct invite_input, email, "email", FIELD_EMAIL, .flags = FIELD_REQUIRED, .max = 254,
          .help = "Whom to invite", .example = "jane@example.com"),
    FIELD(struct invite_input, role, "role", FIELD_STR, .flags = FIELD_REQUIRED, .max = 63,
          .help = "client_admin, client_manager, client_user, client_viewer, or a role's slug",
          .example = "client_user"),
};
static const struct shape invite_shape = SHAPE("AssetsInvite", struct invite_input, invite_fields);

enum error_code assets_invite(struct call *call, struct str email, struct str role, struct invite_deed *ret)
{
    enum error_code code = invite_begin(call, ret);
    if (code != OK)
        return code;
    ret->email = email;
    ret->role = assets_role_slug(role);
    enum storage_status status = invitation_send(call->db, call->arena, ret);
    return status == STORAGE_OK ? invite_refuse(call, ret, false) : call_fail_storage(call, status);
}

static enum error_code invite(struct call *call)
{
    const struct invite_input *input = call->input;
    struct invite_deed deed;
    enum error_code code = assets_invite(call, input->email, input->role, &deed);
    if (code != OK)
        return code;
    cJSON *json = json_new_object();
    json_add_int(json, "id", deed.invitation.id);
    json_add_str(json, "email", deed.invitation.email);
    json_add_str(json, "role", input->role);
    json_add_time(json, "expires_at", deed.invitation.expires_at);
    json_add_str(json, "link", deed.link);
    reply_json(&call->reply, 201, json);
    return OK;
}

/* ---- the link ---- */

static enum error_code validate(struct call *call)
{
    struct invitation invitation;
    struct tenant_role role;
    enum error_code code = invitation_open(call, call->params[0], &invitation);
    if (code != OK)
        return code;
    enum storage_status status =
        role_find(call->db, call->arena, call->tenant.id, call->tenant.is_root, invitation.role, &role);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return call_fail_storage(call, status);
    cJSON *json = json_new_object();
    json_add_str(json, "email", invitation.email);
    json_add_str(json, "tenant_name", call->tenant.name);
    json_add_str(json, "role", status == STORAGE_ROW ? str_of(role.assets_name) : invitation.role);
    json_add_time(json, "expires_at", invitation.expires_at);
    reply_json(&call->reply, 200, json);
    return OK;
}

static enum error_code accept_invite(struct call *call)
{
    struct accepted accepted;
    enum error_code code = invitation_accept_call(call, &accepted);
    if (code != OK)
        return code;
    cJSON *json = json_new_object();
    json_add_str(json, "access_token", accepted.opened.token);
    json_add_str(json, "token_type", STR("bearer"));
    reply_json(&call->reply, 200, json);
    return OK;
}

/* ---- what is answered ---- */

static const struct field assets_invited_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The invitation's id", .example = "4"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "Who is invited", .example = "jane@acme.example"),
    ANSWER_FIELD("role", FIELD_STR, .help = "The role they will have", .example = "client_user"),
    ANSWER_FIELD("expires_at", FIELD_TIME, .help = "Until when it holds", .example = "2026-12-04T10:00:00Z"),
    ANSWER_FIELD("link", FIELD_STR, .help = "For whoever hands it over by hand; shown this once",
                 .example = "http://acme.localhost:8080/panel/#/invite/tti_…"),
};
static const struct shape assets_invited_answer = ANSWER_SHAPE("AssetsInvited", assets_invited_answer_rows);

static const struct field assets_invite_answer_rows[] = {
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "Who is invited", .example = "jane@acme.example"),
    ANSWER_FIELD("tenant_name", FIELD_STR, .help = "To which organisation", .example = "Acme Ltd"),
    ANSWER_FIELD("role", FIELD_STR, .help = "In which role", .example = "client_user"),
    ANSWER_FIELD("expires_at", FIELD_TIME, .help = "Until when it holds", .example = "2026-12-04T10:00:00Z"),
};
static const struct shape assets_invite_answer = ANSWER_SHAPE("AssetsInvitation", assets_invite_answer_rows);

static const struct route routes[] = {
    { .op = "assets_invite",
      .method = METHOD_POST,
      .path = "/api/invites",
      .permission = PERM_USERS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .body = BODY_JSON,
      .input = &invite_shape,
      .answer = &assets_invited_answer,
      .success = 201,
      .handler = invite,
      .summary = "Invites somebody; answers the link as well" },
    { .op = "assets_invite_validate",
      .method = METHOD_GET,
      .path = "/api/invites/validate/{token}",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST,
      .answer = &assets_invite_answer,
      .handler = validate,
      .summary = "What an invitation's link leads to, for the account setup page; changes nothing" },
    { .op = "assets_invite_accept",
      .method = METHOD_POST,
      .path = "/api/invites/accept",
      .need = NEED_OPTIONAL,
      .tenant = TENANT_BY_HOST,
      .lane = LANE_PASSWORD,
      .rate = RATE_REGISTER,
      .body = BODY_JSON,
      .input = &accept_shape,
      .answer = &assets_token_answer,
      .handler = accept_invite,
      .summary = "Accepts an invitation: creates the user or joins the existing one, and signs in" },
};

const struct route_table assets_invites_routes = ROUTE_TABLE(&assets_surface, routes);
