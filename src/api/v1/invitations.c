/* Inviting people to the team, and accepting: the v1 surface. */
#include "api/invitation.h"
#include "api/tables.h"
#include "api/v1/answer.h"
#include "api/v1/session.h"

static cJSON *invitation_json(const struct invitation *invitation)
{
    cJSON *json = json_new_object();
    json_add_int(json, "id", invitation->id);
    json_add_str(json, "email", invitation->email);
    json_add_str(json, "role", invitation->role);
    json_add_str(json, "status", str_of(invitation_state_name(invitation->state)));
    if (invitation->inviter_id)
        v1_add_user(json, "invited_by", invitation->inviter_id, invitation->inviter_name,
                    invitation->inviter_email);
    else
        json_add_null(json, "invited_by");
    json_add_time(json, "created_at", invitation->created_at);
    json_add_time(json, "expires_at", invitation->expires_at);
    return json;
}

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct invite_deed *deed);

static enum error_code carry_out(struct call *call, deed_fn fn, struct invite_deed *deed)
{
    enum storage_status status = fn(call->db, call->arena, deed);
    return status == STORAGE_OK ? invite_refuse(call, deed, true) : call_fail_storage(call, status);
}

/* The link goes to the one who invites, too: mail may not arrive, or not be set up. */
static void show_link(struct call *call, int status, const struct invite_deed *deed)
{
    cJSON *json = invitation_json(&deed->invitation);
    json_add_str(json, "link", deed->link);
    v1_object(call, status, json);
}

/* ---- deeds ---- */

struct invite_input {
    struct str email, role;
};
static const struct field invite_fields[] = {
    FIELD(struct invite_input, email, "email", FIELD_EMAIL, .flags = FIELD_REQUIRED, .max = 254,
          .help = "Whom to invite", .example = "jane@example.com"),
    FIELD(struct invite_input, role, "role", FIELD_STR, .flags = FIELD_REQUIRED, .max = 63,
          .help = "The slug of a system role or of one of the tenant's own", .example = "member"),
};
static const struct shape invite_shape = SHAPE("TeamInvite", struct invite_input, invite_fields);

static enum error_code invite(struct call *call)
{
    const struct invite_input *input = call->input;
    struct invite_deed deed;
    enum error_code code = invite_begin(call, &deed);
    if (code != OK)
        return code;
    deed.email = input->email;
    deed.role = input->role;
    code = carry_out(call, invitation_send, &deed);
    if (code == OK)
        show_link(call, 201, &deed);
    return code;
}

static enum error_code change(struct call *call, deed_fn fn, struct invite_deed *deed)
{
    enum error_code code = invite_begin(call, deed);
    if (code != OK)
        return code;
    return call_path_id(call, 0, &deed->id) ? carry_out(call, fn, deed) : ERR_NOT_FOUND;
}

static enum error_code resend(struct call *call)
{
    struct invite_deed deed;
    enum error_code code = change(call, invitation_resend, &deed);
    if (code == OK)
        show_link(call, 200, &deed);
    return code;
}

static enum error_code cancel(struct call *call)
{
    struct invite_deed deed;
    enum error_code code = change(call, invitation_cancel, &deed);
    if (code == OK)
        v1_message(call, "Invitation cancelled.");
    return code;
}

/* ---- the list ---- */

struct page_query {
    struct str cursor;
    int64_t per_page;
};
static const struct field page_fields[] = { V1_PAGE_ROWS(struct page_query) };
static const struct shape page_shape = SHAPE("InvitationsQuery", struct page_query, page_fields);

static enum error_code list(struct call *call)
{
    const struct page_query *query = call->query_input;
    int64_t before = 0, per_page = list_limit(query->per_page);
    struct invitation *found;
    size_t n;
    enum error_code code = list_read_cursor(call, query->cursor, &before);
    if (code != OK)
        return code;
    enum storage_status status =
        invitation_list(call->db, call->arena, call->tenant.id, before, per_page + 1, call->now, &found, &n);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    size_t shown = n > (size_t)per_page ? (size_t)per_page : n;
    cJSON *json = json_new_array();
    for (size_t i = 0; i < shown; i++)
        json_add_item(json, NULL, invitation_json(&found[i]));
    v1_page(call, json, n > shown ? list_cursor(call, found[shown - 1].id) : STR_NONE, per_page);
    return OK;
}

/* ---- accepting ---- */

static enum error_code accept_invitation(struct call *call)
{
    struct accepted accepted;
    enum error_code code = invitation_accept_call(call, &accepted);
    if (code == OK)
        v1_object(call, 200, v1_session_json(&accepted.opened, &accepted.user, &call->tenant));
    return code;
}

/* ---- what is answered ---- */

static const struct field invitation_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The invitation's id", .example = "4"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "Who is invited", .example = "jane@acme.example"),
    ANSWER_FIELD("role", FIELD_STR, .help = "The role they will have", .example = "member"),
    ANSWER_FIELD("status", FIELD_STR, .help = "pending, accepted, cancelled, expired or superseded",
                 .example = "pending"),
    ANSWER_FIELD("invited_by", FIELD_OBJECT, .flags = FIELD_NULLABLE, .of = &v1_user),
    ANSWER_FIELD("created_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "When it was made",
                 .example = "2026-11-27T10:00:00Z"),
    ANSWER_FIELD("expires_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "Until when it holds",
                 .example = "2026-12-04T10:00:00Z"),
};
static const struct shape invitation_answer = ANSWER_SHAPE("Invitation", invitation_answer_rows);

static const struct field invitation_with_link_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The invitation's id", .example = "4"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "Who is invited", .example = "jane@acme.example"),
    ANSWER_FIELD("role", FIELD_STR, .help = "The role they will have", .example = "member"),
    ANSWER_FIELD("status", FIELD_STR, .help = "pending, accepted, cancelled, expired or superseded",
                 .example = "pending"),
    ANSWER_FIELD("invited_by", FIELD_OBJECT, .flags = FIELD_NULLABLE, .of = &v1_user),
    ANSWER_FIELD("created_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "When it was made",
                 .example = "2026-11-27T10:00:00Z"),
    ANSWER_FIELD("expires_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "Until when it holds",
                 .example = "2026-12-04T10:00:00Z"),
    ANSWER_FIELD("link", FIELD_STR, .help = "For whoever hands it over by hand; shown this once",
                 .example = "http://acme.localhost:8080/panel/#/invite/tti_…"),
};
static const struct shape invitation_with_link_answer =
    ANSWER_SHAPE("InvitationWithLink", invitation_with_link_answer_rows);

static const struct route routes[] = {
    { .op = "v1_team_invite",
      .method = METHOD_POST,
      .path = "/api/v1/team/invite",
      .permission = PERM_TEAM_INVITE,
      .tenant = TENANT_BY_HEADER,
      .body = BODY_JSON,
      .input = &invite_shape,
      .answer = &invitation_with_link_answer,
      .success = 201,
      .fails = FAILS(ERR_CONFLICT, ERR_FORBIDDEN, ERR_PLAN_LIMIT),
      .handler = invite,
      .summary = "Invites somebody to the team" },
    { .op = "v1_team_invitations",
      .method = METHOD_GET,
      .path = "/api/v1/team/invitations",
      .permission = PERM_TEAM_INVITE,
      .tenant = TENANT_BY_HEADER,
      .query = &page_shape,
      .answer = &invitation_answer,
      .form = ANSWER_PAGE,
      .handler = list,
      .summary = "Lists the pending invitations" },
    { .op = "v1_team_invitation_resend",
      .method = METHOD_POST,
      .path = "/api/v1/team/invitations/{id}/resend",
      .permission = PERM_TEAM_INVITE,
      .tenant = TENANT_BY_HEADER,
      .answer = &invitation_with_link_answer,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_CONFLICT, ERR_FORBIDDEN, ERR_PLAN_LIMIT),
      .handler = resend,
      .summary = "Sends an invitation again with a new link; the earlier link is void" },
    { .op = "v1_team_invitation_cancel",
      .method = METHOD_DELETE,
      .path = "/api/v1/team/invitations/{id}",
      .permission = PERM_TEAM_INVITE,
      .tenant = TENANT_BY_HEADER,
      .form = ANSWER_MESSAGE,
      .fails = FAILS(ERR_BAD_REQUEST),
      .handler = cancel,
      .summary = "Cancels a pending invitation" },
    /* The token says which tenant; X-Tenant may be left out. */
    { .op = "v1_invitation_accept",
      .method = METHOD_POST,
      .path = "/api/v1/invitations/accept",
      .need = NEED_OPTIONAL,
      .tenant = TENANT_NONE,
      .lane = LANE_PASSWORD,
      .rate = RATE_REGISTER,
      .body = BODY_JSON,
      .input = &accept_shape,
      .answer = &v1_session_answer,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_CREDENTIALS, ERR_FORBIDDEN, ERR_SUSPENDED, ERR_TENANT_SUSPENDED,
                     ERR_NOT_FOUND, ERR_CONFLICT, ERR_PLAN_LIMIT),
      .handler = accept_invitation,
      .summary = "Accepts an invitation: creates the user or joins the existing one, and signs in" },
};

const struct route_table v1_invitations_routes = ROUTE_TABLE(&v1_surface, routes);
