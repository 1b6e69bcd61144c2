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

static const char *const crm_user_access_role_words[] = { "SUPERADMIN", "ADMIN", "DEPARTMENT_HEAD",
                                                          "SALES_REP", NULL };
static const struct field crm_user_rows[] = {
    ANSWER_FIELD("id", FIELD_CRM_ID, .help = "The user's id", .example = "507f1f77bcf86cd799439011"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "Their address", .example = "user@example.com"),
    ANSWER_FIELD("fullName", FIELD_STR, .help = "Their name", .example = "Jane Smith"),
    ANSWER_FIELD("organizationId", FIELD_CRM_ID, .help = "Their organization's id",
                 .example = "507f1f77bcf86cd799439012"),
    ANSWER_FIELD("accessRole", FIELD_ENUM, .words = crm_user_access_role_words, .help = "Their role there",
                 .example = "ADMIN"),
};
static const struct shape crm_user = ANSWER_SHAPE("CrmUser", crm_user_rows);

static const struct field crm_session_answer_rows[] = {
    ANSWER_FIELD("token", FIELD_STR, .help = "The bearer token",
                 .example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…"),
    ANSWER_FIELD("user", FIELD_OBJECT, .of = &crm_user),
};
const struct shape crm_session_answer = ANSWER_SHAPE("CrmSession", crm_session_answer_rows);
