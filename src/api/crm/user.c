/* A user as the crm surface shows one. */
#include "api/crm/user.h"

#include "base/crm_id.h"

cJSON *crm_session_json(struct arena *arena, struct str token, const struct user *user,
                        const struct tenant *organization, const char *role)
{
    cJSON *json = json_new_object();
    json_add_str(json, "token", token);
    cJSON *object = json_add_object(json, "user");
    json_add_str(object, "id", crm_id(arena, user->created_at, user->id));
    json_add_str(object, "email", user->email);
    json_add_str(object, "fullName", user->name);
    json_add_str(object, "organizationId", crm_id(arena, organization->created_at, organization->id));
    json_add_str(object, "accessRole", str_of(role));
    return json;
}
