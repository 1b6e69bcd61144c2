#include "api/v1/answer.h"

void v1_object(struct call *call, int status, cJSON *object)
{
    cJSON *json = json_new_object();
    json_add_item(json, "data", object);
    reply_json(&call->reply, status, json);
}

void v1_message(struct call *call, const char *text)
{
    cJSON *json = json_new_object();
    json_add_str(json, "message", str_of(text));
    reply_json(&call->reply, 200, json);
}

void v1_page(struct call *call, cJSON *list, struct str next, int64_t per_page)
{
    cJSON *json = json_new_object();
    json_add_item(json, "data", list);
    cJSON *meta = json_add_object(json, "meta");
    json_add_str_or_null(meta, "next_cursor", next);
    json_add_int(meta, "per_page", per_page);
    reply_json(&call->reply, 200, json);
}

void v1_list(struct call *call, cJSON *list)
{
    v1_page(call, list, STR_NONE, cJSON_GetArraySize(list));
}

void v1_add_user(cJSON *object, const char *name, int64_t id, struct str user_name, struct str email)
{
    cJSON *user = json_add_object(object, name);
    json_add_int(user, "id", id);
    json_add_str(user, "name", user_name);
    json_add_str(user, "email", email);
}

void v1_add_tenant(cJSON *object, const char *name, const struct tenant *tenant)
{
    cJSON *json = json_add_object(object, name);
    json_add_int(json, "id", tenant->id);
    json_add_str(json, "slug", tenant->slug);
    json_add_str(json, "name", tenant->name);
    json_add_str(json, "plan", tenant->plan);
    json_add_str(json, "status", tenant->status == TENANT_ACTIVE ? STR("active") : STR("suspended"));
}

void v1_add_role(cJSON *object, const char *name, const struct tenant_role *role)
{
    cJSON *json = json_add_object(object, name);
    json_add_str(json, "slug", str_of(role->slug));
    json_add_str(json, "name", str_of(role->name));
    json_add_int(json, "rank", role->rank);
}

void v1_add_permissions(cJSON *object, const char *name, perm_set permissions)
{
    cJSON *list = json_add_array(object, name);
    for (int perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        if (perm_set_has(permissions, (enum permission)perm))
            json_add_str(list, NULL, str_of(permission_info((enum permission)perm)->name));
    }
}

/* ---- as rows ---- */

static const struct field v1_user_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The user's id", .example = "7"),
    ANSWER_FIELD("name", FIELD_STR, .help = "The user's name", .example = "Sarah Chen"),
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "The user's address", .example = "sarah.chen@acme.example"),
};
const struct shape v1_user = ANSWER_SHAPE("V1User", v1_user_rows);

static const char *const v1_tenant_status_words[] = { "active", "suspended", NULL };
static const struct field v1_tenant_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The tenant's id", .example = "2"),
    ANSWER_FIELD("slug", FIELD_STR, .help = "Its short name, for X-Tenant and its host", .example = "acme"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Its name for people", .example = "Acme Ltd"),
    ANSWER_FIELD("plan", FIELD_STR, .help = "The plan it is on", .example = "pro"),
    ANSWER_FIELD("status", FIELD_ENUM, .words = v1_tenant_status_words,
                 .help = "Whether the tenant is suspended", .example = "active"),
};
const struct shape v1_tenant = ANSWER_SHAPE("V1Tenant", v1_tenant_rows);

static const struct field v1_role_rows[] = {
    ANSWER_FIELD("slug", FIELD_STR, .help = "The role's short name", .example = "admin"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Its name for people", .example = "Administrator"),
    ANSWER_FIELD("rank", FIELD_INT, .help = "Nobody gives a role above their own rank", .example = "70"),
};
const struct shape v1_role = ANSWER_SHAPE("V1Role", v1_role_rows);
