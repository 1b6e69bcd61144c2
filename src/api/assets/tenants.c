/* Tenants, for the operator's staff: list, found, change, suspend, delete. */
#include "api/assets/answer.h"
#include "api/assets/tenant.h"
#include "api/envelope.h"
#include "api/invitation.h"
#include "api/plan_use.h"
#include "api/tables.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/password.h"
#include "request/actor.h"
#include "team/founding.h"
#include "tenancy/tenant_list.h"

static const char *const status_words[] = { "active", "suspended", NULL };

/* ---- the list ---- */

struct list_query {
    struct str q, cursor, status, plan;
    struct field_list sort;
    int64_t limit;
};
static const struct field list_fields[] = {
    ASSETS_LIST_ROWS(struct list_query, "Part of the slug or the name", TENANT_SORTS, "By id if left out"),
    FIELD(struct list_query, status, "status", FIELD_ENUM, .words = status_words,
          .help = "Only active or only suspended ones", .example = "active"),
    FIELD(struct list_query, plan, "plan", FIELD_STR, .max = 63, .help = "Only those on that plan",
          .example = "pro"),
};
static const struct shape list_shape = SHAPE("TenantsQuery", struct list_query, list_fields);

static enum error_code answer_list(struct call *call, const struct tenant_query *query)
{
    struct tenant_page page;
    int64_t total = 0;
    enum storage_status status = tenant_list(call->db, call->arena, query, &page);
    if (status == STORAGE_DONE)
        return assets_list_refuse(call, page.wrong);
    if (status == STORAGE_OK)
        status = tenant_count(call->db, call->arena, query, &total);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *items = json_new_array();
    for (size_t i = 0; i < page.n; i++)
        json_add_item(items, NULL, tenant_json(&page.at[i]));
    assets_page(call, items, page.next, total);
    return OK;
}

static enum error_code list(struct call *call)
{
    const struct list_query *asked = call->query_input;
    struct tenant_query query = {
        .search = asked->q,
        .plan = asked->plan,
        .sort = asked->sort.at,
        .sort_count = asked->sort.n,
        .cursor = asked->cursor,
        .limit = list_limit(asked->limit),
    };
    if (asked->status.at)
        query.filter = str_equal(asked->status, STR("active")) ? TENANTS_ACTIVE : TENANTS_SUSPENDED;
    return answer_list(call, &query);
}

/* ---- one ---- */

/* With what of its plan is used. */
static enum error_code show(struct call *call, int status, const struct tenant *tenant)
{
    cJSON *json = tenant_json(tenant);
    enum error_code code = plan_use_add(call, tenant, json, "usage");
    if (code == OK)
        reply_json(&call->reply, status, json);
    return code;
}

static enum error_code get(struct call *call)
{
    struct tenant tenant;
    enum error_code code = tenant_of_path(call, &tenant);
    return code == OK ? show(call, 200, &tenant) : code;
}

/* ---- founding ---- */

struct owner_input {
    struct str email, name, password;
};
static const struct field owner_fields[] = {
    FIELD(struct owner_input, email, "email", FIELD_EMAIL, .flags = FIELD_REQUIRED, .max = 254,
          .help = "The owner's email address", .example = "owner@acme.example"),
    FIELD(struct owner_input, name, "name", FIELD_STR, .max = 200,
          .help = "The owner's name; needed with a password", .example = "Olga Owner"),
    FIELD(struct owner_input, password, "password", FIELD_SECRET,
          .help = "For a new account, 8 to 1024 bytes", .example = "correct horse battery"),
};
static const struct shape owner_shape = SHAPE("NewTenantOwner", struct owner_input, owner_fields);

static const struct field new_fields[] = {
    FIELD(struct tenant_input, slug, "slug", FIELD_STR, .flags = FIELD_REQUIRED, .max = 63,
          .help = "Its short name, for X-Tenant and its host; it stays", .example = "acme"),
    TENANT_NAME_ROW(FIELD_REQUIRED),
    TENANT_PLAN_ROW,
    TENANT_LOGO_ROW,
    TENANT_COLOUR_ROW,
    FIELD_WITHIN(struct tenant_input, owner, "owner", struct owner_input, owner_shape,
                 .help = "Its first owner: email, name, password. Without a password they are invited",
                 .example = "{\"name\":\"Olga Owner\",\"email\":\"owner@acme.example\"}"),
};
static const struct shape new_shape = SHAPE("NewTenant", struct tenant_input, new_fields);

struct making {
    struct call *call;
    const struct owner_input *owner; /* NULL: without one */
    char hash[PASSWORD_HASH_CAP];
    struct user user; /* an owner with a password */
    struct founding founding;
    struct tenant invited_to; /* else the invitation's */
    struct invite_deed invite;
};

static enum error_code check_row(struct making *making)
{
    struct call *call = making->call;
    const struct tenant_input *input = call->input;
    enum error_code code = tenant_input_check(call, input);
    if (code != OK)
        return code;
    if (!text_is_slug(input->slug))
        return call_fail_field(
            call, "slug", VIOLATION_CUSTOM,
            "The slug may only contain lower-case letters, digits and hyphens between them.");
    if (input->plan.at && !config_plan(call->config, input->plan))
        return call_fail(call, ERR_BAD_REQUEST, "The server has no such plan.");
    making->founding.row = (struct tenant_new){
        .slug = input->slug,
        .name = str_trim(input->name),
        .plan = input->plan.at ? input->plan : STR(FOUNDING_PLAN),
        .logo_url = input->logo_url,
        .accent_colour = input->accent_colour,
    };
    return OK;
}

/* Nobody makes an owner of anybody who is above themselves: a role of the operator's own may have
 * tenants.manage and little else. */
static enum error_code check_rank(struct call *call)
{
    struct tenant_role owner;
    role_in_tenant(role_by_slug(STR("owner")), false, &owner);
    return access_may_give(&call->grant, &owner)
               ? OK
               : call_fail(call, ERR_FORBIDDEN, "You cannot give a role that may do more than you.");
}

static enum error_code check_owner(struct making *making)
{
    struct call *call = making->call;
    if (!making->owner)
        return OK;
    if (making->owner->name.at && !text_is_line(making->owner->name))
        return call_fail_field(call, "owner.name", VIOLATION_CUSTOM,
                               "A name must not hold control characters.");
    return check_rank(call);
}

static enum error_code prepare_account(struct making *making)
{
    struct call *call = making->call;
    const struct owner_input *owner = making->owner;
    enum password_verdict verdict = password_check(owner->password);
    if (str_is_empty(str_trim(owner->name)))
        return call_fail_field(call, "owner.name", VIOLATION_REQUIRED, NULL);
    if (verdict != PASSWORD_OK)
        return call_fail_field(call, "owner.password", VIOLATION_CUSTOM, password_verdict_text(verdict));
    if (!password_hash(call->config, owner->password, making->hash))
        return call_fail(call, ERR_OVERLOAD, NULL);
    making->user = (struct user){ .email = owner->email,
                                  .name = str_trim(owner->name),
                                  .password_hash = str_of(making->hash) };
    making->founding.owner = &making->user;
    return OK;
}

static enum storage_status send_invitation(struct db_conn *conn, void *context)
{
    struct making *making = context;
    making->invited_to = making->founding.tenant;
    return invitation_send_in(conn, making->call->arena, &making->invite);
}

static enum error_code prepare_invitation(struct making *making)
{
    struct call *call = making->call;
    making->invited_to = (struct tenant){ .slug = making->founding.row.slug };
    enum error_code code = invite_begin_in(call, &making->invited_to, &making->invite);
    making->invite.email = making->owner->email;
    making->invite.role = STR("owner");
    making->founding.also = send_invitation;
    making->founding.context = making;
    return code;
}

static enum error_code prepare_owner(struct making *making)
{
    if (!making->owner)
        return OK;
    arena_wipe_on_free(making->call->arena);
    return making->owner->password.at ? prepare_account(making) : prepare_invitation(making);
}

static enum error_code refuse(struct making *making)
{
    struct call *call = making->call;
    if (making->founding.also_refused)
        return invite_refuse(call, &making->invite, false);
    switch (making->founding.verdict) {
    case FOUNDED:
        break;
    case FOUNDING_SLUG_TAKEN:
        return call_fail(call, ERR_CONFLICT, "There is a tenant of that slug already.");
    case FOUNDING_ADDRESS_TAKEN:
        return call_fail(
            call, ERR_CONFLICT,
            "The owner's address has an account already; leave the password out to invite them.");
    case FOUNDING_PLAN_FULL:
        return call_fail_plan(call, "The plan allows no users", &making->founding.refusal);
    case FOUNDING_DOMAIN_TAKEN:
    case FOUNDING_DOMAIN_OTHERS:
    case FOUNDING_OWNER_OUTDATED: /* it has no domain yet, and no known owner */
        return call_fail(call, ERR_INTERNAL, NULL);
    }
    return OK;
}

static enum error_code found(struct making *making)
{
    struct call *call = making->call;
    making->founding.config = call->config;
    making->founding.actor = call_actor(call);
    making->founding.now = call->now;
    enum storage_status status = tenant_found(call->db, call->arena, &making->founding);
    return status == STORAGE_OK ? refuse(making) : call_fail_storage(call, status);
}

/* The link goes to the one who asks, too: mail may not arrive, or not be set up. */
static enum error_code show_founded(struct making *making)
{
    struct call *call = making->call;
    struct tenant tenant;
    enum storage_status status = tenant_by_id(call->db, call->arena, making->founding.tenant.id, &tenant);
    if (status != STORAGE_ROW)
        return call_fail_storage(call, status == STORAGE_DONE ? STORAGE_ERROR : status);
    enum error_code code = show(call, 201, &tenant);
    if (code != OK || !making->owner)
        return code;
    cJSON *owner = json_add_object(call->reply.json, "owner");
    json_add_str(owner, "email", making->owner->email);
    if (making->founding.owner)
        json_add_int(owner, "id", making->founding.owner_id);
    else
        json_add_str(owner, "invitation_link", making->invite.link);
    return OK;
}

static enum error_code create(struct call *call)
{
    static enum error_code (*const steps[])(struct making *) = {
        check_row, check_owner, prepare_owner, found, show_founded,
    };
    const struct tenant_input *input = call->input;
    struct making making = { .call = call, .owner = input->owner };
    enum error_code code = OK;
    for (size_t i = 0; code == OK && i < sizeof steps / sizeof steps[0]; i++)
        code = steps[i](&making);
    secret_wipe(making.hash, sizeof making.hash);
    return code;
}

/* ---- changing ---- */

static const struct field change_fields[] = {
    TENANT_NAME_ROW(0),
    TENANT_PLAN_ROW,
    FIELD(struct tenant_input, status, "status", FIELD_ENUM, .words = status_words,
          .help = "Only staff may enter a suspended tenant", .example = "suspended"),
    TENANT_LOGO_ROW,
    TENANT_COLOUR_ROW,
    TENANT_REGISTRATION_ROW,
    FIELD(struct tenant_input, max_assets, "max_assets", FIELD_INT, .flags = FIELD_NULLABLE, .min = 0,
          .max = INT64_C(1) << 40, .help = "A limit of its own; null: the plan's", .example = "250"),
    FIELD(struct tenant_input, max_users, "max_users", FIELD_INT, .flags = FIELD_NULLABLE, .min = 0,
          .max = INT64_C(1) << 40, .help = "A limit of its own; null: the plan's", .example = "25"),
};
static const unsigned change_parts[] = {
    TENANT_NAME,   TENANT_PLAN,         TENANT_STATUS,     TENANT_LOGO,
    TENANT_COLOUR, TENANT_REGISTRATION, TENANT_MAX_ASSETS, TENANT_MAX_USERS,
};
static const struct shape change_shape = SHAPE("TenantChange", struct tenant_input, change_fields);
_Static_assert(sizeof change_parts / sizeof change_parts[0] == sizeof change_fields / sizeof change_fields[0],
               "each row is a part");

static enum error_code change(struct call *call)
{
    const struct tenant_input *input = call->input;
    struct tenant tenant;
    enum error_code code = tenant_input_check(call, input);
    if (code == OK)
        code = tenant_of_path(call, &tenant);
    if (code != OK)
        return code;
    struct tenant_deed deed = tenant_deed_of(call, tenant.id);
    tenant_deed_take(call, input, change_parts, sizeof change_parts / sizeof change_parts[0], &deed);
    code = tenant_deed_do(call, tenant_change, &deed);
    return code == OK ? show(call, 200, &deed.tenant) : code;
}

/* ---- deleting ---- */

struct delete_query {
    struct str confirm;
};
static const struct field delete_fields[] = {
    FIELD(struct delete_query, confirm, "confirm", FIELD_STR, .flags = FIELD_REQUIRED, .max = 63,
          .help = "The slug once more: everything of the tenant is deleted for good", .example = "acme"),
};
static const struct shape delete_shape = SHAPE("TenantDeletion", struct delete_query, delete_fields);

static enum error_code delete_(struct call *call)
{
    const struct delete_query *query = call->query_input;
    struct tenant tenant;
    enum error_code code = tenant_of_path(call, &tenant);
    if (code != OK)
        return code;
    if (!str_equal(query->confirm, tenant.slug))
        return call_fail_field(call, "confirm", VIOLATION_CUSTOM, "The confirm must repeat the slug.");
    struct tenant_deed deed = tenant_deed_of(call, tenant.id);
    code = tenant_deed_do(call, tenant_remove, &deed);
    if (code == OK)
        reply_empty(&call->reply, 204);
    return code;
}

/* ---- what is answered ---- */

#define TENANT_ANSWER_ROWS                                                                                   \
    ANSWER_FIELD("id", FIELD_ID, .help = "The tenant's id", .example = "2"),                                 \
        ANSWER_FIELD("slug", FIELD_STR, .help = "Its short name, for its host", .example = "acme"),          \
        ANSWER_FIELD("name", FIELD_STR, .help = "Its name for people", .example = "Acme Ltd"),               \
        ANSWER_FIELD("plan", FIELD_STR, .help = "The plan it is on", .example = "pro"),                      \
        ANSWER_FIELD("status", FIELD_ENUM, .words = status_words, .help = "Whether it is suspended",         \
                     .example = "active"),                                                                   \
        ANSWER_FIELD("is_root", FIELD_BOOL, .help = "Whether it is the operator itself",                     \
                     .example = "false"),                                                                    \
        ANSWER_FIELD("logo_url", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its logo",                     \
                     .example = "https://acme.example/logo.svg"),                                            \
        ANSWER_FIELD("accent_colour", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its colour",              \
                     .example = "#0a66c2"),                                                                  \
        ANSWER_FIELD("registration", FIELD_STR, .flags = FIELD_NULLABLE,                                     \
                     .help = "Who may register: open, admin or closed; null: as the server has it",          \
                     .example = "closed"),                                                                   \
        ANSWER_FIELD("max_assets", FIELD_INT, .flags = FIELD_NULLABLE,                                       \
                     .help = "Its own limit; null: the plan's", .example = "200"),                           \
        ANSWER_FIELD("max_users", FIELD_INT, .flags = FIELD_NULLABLE,                                        \
                     .help = "Its own limit; null: the plan's", .example = "20"),                            \
        ANSWER_FIELD("created_at", FIELD_TIME, .help = "When it was founded",                                \
                     .example = "2026-11-27T10:00:00Z")
static const struct field tenant_answer_rows[] = { TENANT_ANSWER_ROWS };
static const struct shape tenant_answer = ANSWER_SHAPE("Tenant", tenant_answer_rows);

static const struct field tenant_detail_answer_rows[] = {
    TENANT_ANSWER_ROWS,
    ANSWER_FIELD("usage", FIELD_OBJECT_LIST, .of = &plan_use_answer),
};
static const struct shape tenant_detail_answer = ANSWER_SHAPE("TenantDetail", tenant_detail_answer_rows);

static const struct field tenant_owner_rows[] = {
    ANSWER_FIELD("email", FIELD_EMAIL, .help = "The owner's address", .example = "owner@acme.example"),
    ANSWER_FIELD("id", FIELD_ID, .flags = FIELD_OPTIONAL,
                 .help = "The owner's id; where an account was made or known", .example = "7"),
    ANSWER_FIELD("invitation_link", FIELD_STR, .flags = FIELD_OPTIONAL,
                 .help = "For whoever hands it over by hand; where they are invited",
                 .example = "http://acme.localhost:8080/panel/#/invite/tti_…"),
};
static const struct shape tenant_owner = ANSWER_SHAPE("TenantOwner", tenant_owner_rows);

static const struct field founded_answer_rows[] = {
    TENANT_ANSWER_ROWS,
    ANSWER_FIELD("usage", FIELD_OBJECT_LIST, .of = &plan_use_answer),
    ANSWER_FIELD("owner", FIELD_OBJECT, .flags = FIELD_OPTIONAL, .of = &tenant_owner),
};
static const struct shape founded_answer = ANSWER_SHAPE("TenantFounded", founded_answer_rows);

static const struct route routes[] = {
    { .op = "assets_tenants",
      .method = METHOD_GET,
      .path = "/api/tenants",
      .permission = PERM_TENANTS_MANAGE,
      .tenant = TENANT_ROOT,
      .query = &list_shape,
      .answer = &tenant_answer,
      .form = ANSWER_PAGE,
      .handler = list,
      .summary = "Lists and searches the server's tenants" },
    { .op = "assets_tenant_create",
      .method = METHOD_POST,
      .path = "/api/tenants",
      .permission = PERM_TENANTS_MANAGE,
      .tenant = TENANT_ROOT,
      .lane = LANE_PASSWORD,
      .body = BODY_JSON,
      .input = &new_shape,
      .answer = &founded_answer,
      .success = 201,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_FORBIDDEN, ERR_CONFLICT, ERR_PLAN_LIMIT),
      .handler = create,
      .summary = "Creates a tenant, with an owner or an invitation for one" },
    { .op = "assets_tenant",
      .method = METHOD_GET,
      .path = "/api/tenants/{slug}",
      .permission = PERM_TENANTS_MANAGE,
      .tenant = TENANT_ROOT,
      .answer = &tenant_detail_answer,
      .handler = get,
      .summary = "A tenant, and how much of its plan is used" },
    { .op = "assets_tenant_change",
      .method = METHOD_PATCH,
      .path = "/api/tenants/{slug}",
      .permission = PERM_TENANTS_MANAGE,
      .tenant = TENANT_ROOT,
      .body = BODY_JSON,
      .input = &change_shape,
      .answer = &tenant_detail_answer,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_CONFLICT),
      .handler = change,
      .summary = "Changes a tenant; suspends and reactivates it" },
    { .op = "assets_tenant_delete",
      .method = METHOD_DELETE,
      .path = "/api/tenants/{slug}",
      .permission = PERM_TENANTS_MANAGE,
      .tenant = TENANT_ROOT,
      .query = &delete_shape,
      .success = 204,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_CONFLICT),
      .handler = delete_,
      .summary = "Deletes a tenant with everything that is its own; its users stay" },
};

const struct route_table assets_tenants_routes = ROUTE_TABLE(&assets_surface, routes);
