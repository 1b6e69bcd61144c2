/* Tenants as the assets surface shows and changes them: for staff under /api/tenants, for their own members
 * under /api/settings. Private to api/assets/. */
#ifndef TETHER_API_ASSETS_TENANT_H
#define TETHER_API_ASSETS_TENANT_H

#include "request/call.h"
#include "team/tenants.h"

/* What a body may change. Each route has the rows it takes, and beside them, in their order, the parts. */
struct tenant_input {
    struct str slug, name, plan, status, logo_url, accent_colour, registration;
    int64_t max_assets, max_users;
    struct owner_input *owner;
};
#define TENANT_NAME_ROW(flags_)                                                                              \
    FIELD(struct tenant_input, name, "name", FIELD_STR, .flags = (flags_), .max = 200,                       \
          .help = "Its name for people", .example = "Acme Ltd")
#define TENANT_PLAN_ROW                                                                                      \
    FIELD(struct tenant_input, plan, "plan", FIELD_STR, .max = 63,                                           \
          .help = "One of the configuration's plans", .example = "pro")
#define TENANT_LOGO_ROW                                                                                      \
    FIELD(struct tenant_input, logo_url, "logo_url", FIELD_STR, .flags = FIELD_NULLABLE, .max = 500,         \
          .help = "An https:// address, or a path that begins with /",                                       \
          .example = "https://acme.example/logo.svg")
#define TENANT_COLOUR_ROW                                                                                    \
    FIELD(struct tenant_input, accent_colour, "accent_colour", FIELD_STR, .flags = FIELD_NULLABLE, .max = 7, \
          .help = "Dark enough for white text", .example = "#1f6feb")
#define TENANT_REGISTRATION_ROW                                                                              \
    FIELD(struct tenant_input, registration, "registration", FIELD_ENUM, .flags = FIELD_NULLABLE,            \
          .words = tenant_registration_words,                                                                \
          .help =                                                                                            \
              "Who may register: anybody, people an administrator adds, nobody; null: as the server has it", \
          .example = "admin")
extern const char *const tenant_registration_words[];

/* The texts of a body that the field rows do not judge: name, logo, colour; all violations at once. */
enum error_code tenant_input_check(struct call *call, const struct tenant_input *input);
/* The deed of the one who asks on that tenant; `parts` names the part of each row of the route's body. */
struct tenant_deed tenant_deed_of(struct call *call, int64_t tenant_id);
void tenant_deed_take(struct call *call, const struct tenant_input *input, const unsigned *parts, size_t n,
                      struct tenant_deed *deed);
/* Carries it out. OK with deed->tenant, or the failure. */
typedef enum storage_status (*tenant_deed_fn)(struct db_conn *conn, struct arena *arena,
                                              struct tenant_deed *deed);
enum error_code tenant_deed_do(struct call *call, tenant_deed_fn fn, struct tenant_deed *deed);

/* The tenant that the path's first parameter names; 404. */
enum error_code tenant_of_path(struct call *call, struct tenant *ret);

/* id, slug, name, plan, status, is_root, logo_url, accent_colour, registration, max_assets, max_users,
 * created_at. */
cJSON *tenant_json(const struct tenant *tenant);

#endif
