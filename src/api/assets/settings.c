/* What a tenant's own administrators decide about it. */
#include "api/assets/answer.h"
#include "api/assets/tenant.h"
#include "api/public_url.h"
#include "api/tables.h"

static const struct field change_fields[] = {
    TENANT_NAME_ROW(0),
    TENANT_LOGO_ROW,
    TENANT_COLOUR_ROW,
    TENANT_REGISTRATION_ROW,
};
static const unsigned change_parts[] = { TENANT_NAME, TENANT_LOGO, TENANT_COLOUR, TENANT_REGISTRATION };
#define BRANDING_PARTS (TENANT_LOGO | TENANT_COLOUR)
static const struct shape change_shape = SHAPE("SettingsChange", struct tenant_input, change_fields);
_Static_assert(sizeof change_parts / sizeof change_parts[0] == sizeof change_fields / sizeof change_fields[0],
               "each row is a part");

/* registration: the tenant's own word, null where it has none; effective_registration: the one that counts.
 */
static enum error_code show(struct call *call, const struct tenant *tenant)
{
    struct str url;
    enum error_code code = public_url(call, tenant, &url);
    if (code != OK)
        return code;
    cJSON *json = json_new_object();
    json_add_str(json, "name", tenant->name);
    json_add_str(json, "slug", tenant->slug);
    json_add_str(json, "plan", tenant->plan);
    json_add_str_or_null(json, "logo_url", tenant->logo_url);
    json_add_str_or_null(json, "accent_colour", tenant->accent_colour);
    json_add_str_or_null(json, "registration",
                         tenant->has_registration ? registration_word(tenant->registration) : STR_NONE);
    json_add_str(json, "effective_registration",
                 registration_word(tenant_registration(tenant, call->config)));
    json_add_str(json, "public_url", url);
    reply_json(&call->reply, 200, json);
    return OK;
}

static enum error_code get(struct call *call)
{
    return show(call, &call->tenant);
}

static enum error_code change(struct call *call)
{
    const struct tenant_input *input = call->input;
    struct tenant_deed deed = tenant_deed_of(call, call->tenant.id);
    tenant_deed_take(call, input, change_parts, sizeof change_parts / sizeof change_parts[0], &deed);
    if ((deed.parts & BRANDING_PARTS) && !perm_set_has(call->grant.permissions, PERM_BRANDING_MANAGE))
        return call_fail_permission(call, PERM_BRANDING_MANAGE);
    enum error_code code = tenant_input_check(call, input);
    if (code == OK)
        code = tenant_deed_do(call, tenant_change, &deed);
    return code == OK ? show(call, &deed.tenant) : code;
}

/* ---- what is answered ---- */

static const struct field settings_answer_rows[] = {
    ANSWER_FIELD("name", FIELD_STR, .help = "The tenant's name", .example = "Acme Ltd"),
    ANSWER_FIELD("slug", FIELD_STR, .help = "Its short name", .example = "acme"),
    ANSWER_FIELD("plan", FIELD_STR, .help = "The plan it is on", .example = "pro"),
    ANSWER_FIELD("logo_url", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its logo",
                 .example = "https://acme.example/logo.svg"),
    ANSWER_FIELD("accent_colour", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its colour",
                 .example = "#0a66c2"),
    ANSWER_FIELD("registration", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "Who may register: open, admin or closed; null: as the server has it",
                 .example = "closed"),
    ANSWER_FIELD("effective_registration", FIELD_STR, .help = "What holds at present", .example = "closed"),
    ANSWER_FIELD("public_url", FIELD_STR, .help = "Where its people find it",
                 .example = "http://acme.localhost:8080"),
};
static const struct shape settings_answer = ANSWER_SHAPE("Settings", settings_answer_rows);

static const struct route routes[] = {
    { .op = "assets_settings",
      .method = METHOD_GET,
      .path = "/api/settings",
      .permission = PERM_SETTINGS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .answer = &settings_answer,
      .handler = get,
      .summary = "The tenant's settings" },
    { .op = "assets_settings_change",
      .method = METHOD_PATCH,
      .path = "/api/settings",
      .permission = PERM_SETTINGS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .body = BODY_JSON,
      .input = &change_shape,
      .answer = &settings_answer,
      .handler = change,
      .summary = "Changes the tenant's settings; logo and colour need branding.manage" },
};

const struct route_table assets_settings_routes = ROUTE_TABLE(&assets_surface, routes);
