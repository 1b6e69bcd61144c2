#include "api/assets/me.h"

#include "api/assets/permission_list.h"

#define SIGN_IN_ELSEWHERE "Sign in at your organisation's own address; this one is for the operator's staff"

enum error_code assets_sign_in(struct call *call, struct str email, struct str password, struct sign_in *ret)
{
    return sign_in(call, email, password, sign_in_tenant_of_call,
                   call->tenant.is_root ? SIGN_IN_ELSEWHERE : NULL, ret);
}

enum error_code assets_me(struct call *call)
{
    cJSON *json = json_new_object();
    json_add_int(json, "id", call->principal.user_id);
    json_add_str(json, "name", call->principal.name);
    json_add_str(json, "email", call->principal.email);
    json_add_str(json, "role", str_of(call->grant.role.assets_name));
    json_add_bool(json, "is_msp_staff", call->grant.is_staff);
    json_add_int(json, "tenant_id", call->tenant.id);
    json_add_str(json, "tenant_slug", call->tenant.slug);
    json_add_text(json, "permissions", assets_permission_list(call->grant.permissions));
    reply_json(&call->reply, 200, json);
    return OK;
}
