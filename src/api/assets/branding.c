/* What a login page shows before anybody is signed in. */
#include "api/tables.h"
#include "request/call.h"

static enum error_code branding(struct call *call)
{
    cJSON *json = json_new_object();
    json_add_str(json, "tenant_name", call->tenant.name);
    json_add_str_or_null(json, "logo_url", call->tenant.logo_url);
    json_add_str_or_null(json, "accent_colour", call->tenant.accent_colour);
    reply_json(&call->reply, 200, json);
    return OK;
}

/* ---- what is answered ---- */

static const struct field branding_answer_rows[] = {
    ANSWER_FIELD("tenant_name", FIELD_STR, .help = "Whose page this is", .example = "Acme Ltd"),
    ANSWER_FIELD("logo_url", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its logo",
                 .example = "https://acme.example/logo.svg"),
    ANSWER_FIELD("accent_colour", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its colour",
                 .example = "#0a66c2"),
};
static const struct shape branding_answer = ANSWER_SHAPE("Branding", branding_answer_rows);

static const struct route routes[] = {
    { .op = "assets_branding",
      .method = METHOD_GET,
      .path = "/api/public/branding",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST,
      .answer = &branding_answer,
      .warm = true,
      .kept = true,
      .handler = branding,
      .summary = "The tenant's name, logo and accent colour, for the login page" },
};

const struct route_table assets_branding_routes = ROUTE_TABLE(&assets_surface, routes);
