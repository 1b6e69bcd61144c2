#include "api/assets/me.h"

#include "api/assets/permission_list.h"

#define SIGN_IN_ELSEWHERE "Sign in at your organisation's own address; this one is for the operator's staff"

enum error_code assets_sign_in(struct call *call, struct str email, struct str password, struct sign_in *ret)
{
    return sign_in(call, email, password, sign_in_tenant_of_call,
                   call->tenant.is_root ? SIGN_IN_ELSEWHERE : NULL, ret);
}

static const struct field assets_me_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The user's id", .example = "7"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Their name", .example = "Sarah Chen"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "Their address", .example = "sarah.chen@acme.example"),
    ANSWER_FIELD("role", FIELD_STR, .help = "Their role here, in the words of this surface",
                 .example = "client_admin"),
    ANSWER_FIELD("is_msp_staff", FIELD_BOOL, .help = "Whether they belong to the operator",
                 .example = "false"),
    ANSWER_FIELD("tenant_id", FIELD_ID, .help = "The tenant they are signed in to", .example = "2"),
    ANSWER_FIELD("tenant_slug", FIELD_STR, .help = "Its short name", .example = "acme"),
    ANSWER_FIELD("permissions", FIELD_STR_LIST, .help = "What they may do with assets"),
};
const struct shape assets_me_answer = ANSWER_SHAPE("AssetsMe", assets_me_answer_rows);

static const char *const assets_token_answer_token_type_words[] = { "bearer", NULL };
static const struct field assets_token_answer_rows[] = {
    ANSWER_FIELD("access_token", FIELD_STR, .help = "The bearer token",
                 .example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…"),
    ANSWER_FIELD("token_type", FIELD_ENUM, .words = assets_token_answer_token_type_words,
                 .help = "How it is sent", .example = "bearer"),
};
const struct shape assets_token_answer = ANSWER_SHAPE("AssetsToken", assets_token_answer_rows);

enum error_code assets_me(struct call *call)
{
    cJSON *json = json_new_object();
    json_add_int(json, "id", call->principal.user_id);
    json_add_str(json, "name", call->principal.name);
    json_add_str(json, "email", call->principal.email);
    json_add_str(json, "role", str_of(call->grant.role.assets_name));
    json_add_bool(json, "is_msp_staff", call->grant.is_operators);
    json_add_int(json, "tenant_id", call->tenant.id);
    json_add_str(json, "tenant_slug", call->tenant.slug);
    json_add_text(json, "permissions", assets_permission_list(call->grant.permissions));
    reply_json(&call->reply, 200, json);
    return OK;
}
