/* A new customer registers: tenant, owner and first session in one transaction. */
#include "api/envelope.h"
#include "api/sign_in.h"
#include "api/tables.h"
#include "api/v1/answer.h"
#include "api/v1/session.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "request/actor.h"
#include "team/founding.h"

#define SLUG_MAX_BYTES 63

struct owner_input {
    struct str name, email, password;
};
static const struct field owner_fields[] = {
    FIELD(struct owner_input, name, "name", FIELD_STR, .flags = FIELD_REQUIRED, .max = 200,
          .help = "The owner's name", .example = "Olga Owner"),
    FIELD(struct owner_input, email, "email", FIELD_EMAIL, .flags = FIELD_REQUIRED, .max = 254,
          .help = "The owner's email address", .example = "owner@acme.example"),
    FIELD(struct owner_input, password, "password", FIELD_SECRET, .flags = FIELD_REQUIRED,
          .help = "8 to 1024 bytes, none of the most common passwords", .example = "correct horse battery"),
};
static const struct shape owner_shape = SHAPE("V1NewOwner", struct owner_input, owner_fields);

struct tenant_input {
    struct str name, slug;
    struct owner_input *owner;
};
static const struct field tenant_fields[] = {
    FIELD(struct tenant_input, name, "name", FIELD_STR, .flags = FIELD_REQUIRED, .max = 200,
          .help = "The tenant's name for people", .example = "Acme Ltd"),
    FIELD(struct tenant_input, slug, "slug", FIELD_STR, .flags = FIELD_NULLABLE, .max = SLUG_MAX_BYTES,
          .help = "Its short name, for X-Tenant and its host; made from the name if left out",
          .example = "acme"),
    FIELD_WITHIN(struct tenant_input, owner, "owner", struct owner_input, owner_shape, .flags = FIELD_REQUIRED,
          .help = "Its first user: name, email, password. An address that exists brings that user's password",
          .example = "{\"name\":\"Olga Owner\",\"email\":\"owner@acme.example\",\"password\":\"correct horse "
                     "battery\"}"),
};
static const struct shape tenant_shape = SHAPE("V1NewTenant", struct tenant_input, tenant_fields);

/* Names that belong to the server itself, or that would be taken for it. */
static const char *const reserved_slugs[] = {
    "root",   "www",      "api",   "admin",   "panel",   "app",       "auth",   "oauth",  "login",
    "logout", "signup",   "mail",  "smtp",    "imap",    "ftp",       "ns1",    "ns2",    "dns",
    "static", "assets",   "cdn",   "docs",    "help",    "support",   "status", "health", "healthz",
    "readyz", "metrics",  "blog",  "billing", "account", "accounts",  "public", "system", "internal",
    "staff",  "security", "abuse", "tether",  "test",    "localhost",
};

struct newcomer {
    struct call *call;
    struct owner_input owner;
    struct str name, slug;
    struct user user; /* id 0: has to be created */
    char hash[PASSWORD_HASH_CAP];
    struct founding founding;
    struct signed_in opened;
};

/* ---- what was sent ---- */

static enum error_code check_policy(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    return call->config->tenancy.registration == REGISTRATION_OPEN
               ? OK
               : call_fail(call, ERR_POLICY, "This server accepts no registrations.");
}

static enum error_code check_name(struct call *call, const char *field, struct str given, struct str *ret)
{
    *ret = str_trim(given);
    return text_is_line(*ret)
               ? OK
               : call_fail_field(call, field, VIOLATION_CUSTOM, "A name must not hold control characters.");
}

static enum error_code check_names(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    const struct tenant_input *input = call->input;
    enum error_code code = check_name(call, "name", input->name, &newcomer->name);
    return code == OK ? check_name(call, "owner.name", newcomer->owner.name, &newcomer->owner.name) : code;
}

/* Letters and digits stay, whatever lies between them becomes one '-'. Empty when nothing is left. */
static struct str slug_of_name(struct arena *arena, struct str name)
{
    struct str lower = arena_lower(arena, name);
    char *slug = arena_alloc(arena, SLUG_MAX_BYTES + 1);
    size_t len = 0;
    for (size_t i = 0; i < lower.len && len < SLUG_MAX_BYTES; i++) {
        char c = lower.at[i];
        bool stays = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (stays || (len > 0 && slug[len - 1] != '-'))
            slug[len++] = stays ? c : '-';
    }
    while (len > 0 && slug[len - 1] == '-')
        len--;
    return str_from(slug, len);
}

static bool is_reserved(struct str slug)
{
    for (size_t i = 0; i < sizeof reserved_slugs / sizeof reserved_slugs[0]; i++) {
        if (str_equal(slug, str_of(reserved_slugs[i])))
            return true;
    }
    return str_starts_with(slug, STR("xn--"));
}

static enum error_code check_slug(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    const struct tenant_input *input = call->input;
    newcomer->slug = input->slug.at ? input->slug : slug_of_name(call->arena, newcomer->name);
    if (!input->slug.at && str_is_empty(newcomer->slug))
        return call_fail_field(call, "slug", VIOLATION_REQUIRED, NULL);
    if (!text_is_slug(newcomer->slug))
        return call_fail_field(
            call, "slug", VIOLATION_CUSTOM,
            "The slug may only contain lower-case letters, digits and hyphens between them.");
    return is_reserved(newcomer->slug)
               ? call_fail_field(call, "slug", VIOLATION_CUSTOM, "The slug is reserved.")
               : OK;
}

/* ---- the owner ---- */

static enum error_code hash_password(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    struct str password = newcomer->owner.password;
    enum password_verdict verdict = password_check(password);
    if (verdict != PASSWORD_OK)
        return call_fail_field(call, "owner.password", VIOLATION_CUSTOM, password_verdict_text(verdict));
    arena_wipe_on_free(call->arena);
    newcomer->user = (struct user){ .email = newcomer->owner.email, .name = newcomer->owner.name };
    return password_hash(call->config, password, newcomer->hash) ? OK : call_fail(call, ERR_OVERLOAD, NULL);
}

static enum error_code find_owner(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    const struct owner_input *owner = &newcomer->owner;
    enum storage_status status = user_by_email(call->db, call->arena, owner->email, &newcomer->user);
    if (status == STORAGE_ROW)
        return sign_in_credentials(call, owner->email, owner->password, &newcomer->user);
    return status == STORAGE_DONE ? hash_password(newcomer) : call_fail_storage(call, status);
}

/* ---- writing ---- */

static enum storage_status open_session(struct db_conn *conn, void *context)
{
    struct newcomer *newcomer = context;
    struct user owner = newcomer->user;
    owner.id = newcomer->founding.owner_id;
    return sign_in_newcomer(conn, newcomer->call, &owner, newcomer->founding.tenant.id, &newcomer->opened);
}

static enum error_code refuse(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    switch (newcomer->founding.verdict) {
    case FOUNDED:
        break;
    case FOUNDING_OWNER_OUTDATED:
        return call_fail(call, ERR_CREDENTIALS, NULL);
    case FOUNDING_PLAN_FULL:
        return call_fail_plan(call, "The plan allows no users.", &newcomer->founding.refusal);
    case FOUNDING_SLUG_TAKEN:
        return call_fail_field(call, "slug", VIOLATION_CUSTOM, "The slug has already been taken.");
    case FOUNDING_ADDRESS_TAKEN:
        return call_fail(call, ERR_CONFLICT, "The email address was taken a moment ago.");
    case FOUNDING_DOMAIN_TAKEN:
    case FOUNDING_DOMAIN_OTHERS: /* it has none yet */
        return call_fail(call, ERR_INTERNAL, NULL);
    }
    return OK;
}

static enum error_code store_newcomer(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    newcomer->user.password_hash = newcomer->user.id ? newcomer->user.password_hash : str_of(newcomer->hash);
    newcomer->founding = (struct founding){
        .config = call->config,
        .row = { .slug = newcomer->slug, .name = newcomer->name, .plan = STR(FOUNDING_PLAN) },
        .owner = &newcomer->user,
        .actor = call_actor(call),
        .now = call->now,
        .also = open_session,
        .context = newcomer,
    };
    enum storage_status status = tenant_found(call->db, call->arena, &newcomer->founding);
    secret_wipe(newcomer->hash, sizeof newcomer->hash);
    return status == STORAGE_OK ? refuse(newcomer) : call_fail_storage(call, status);
}

static enum error_code register_tenant(struct call *call)
{
    static enum error_code (*const steps[])(struct newcomer * newcomer) = {
        check_policy, check_names, check_slug, find_owner, store_newcomer,
    };
    const struct tenant_input *input = call->input;
    struct newcomer newcomer = { .call = call, .owner = *input->owner };
    enum error_code code = OK;
    for (size_t i = 0; code == OK && i < sizeof steps / sizeof steps[0]; i++)
        code = steps[i](&newcomer);
    if (code != OK)
        return code;
    newcomer.user.id = newcomer.opened.session.user_id;
    log_event(LOG_INFO, "tenant registered", LOG_I("tenant", newcomer.founding.tenant.id),
              LOG_I("user", newcomer.user.id), LOG_S("address", call->request.client_address),
              LOG_S("id", call->request.id));
    v1_object(call, 201, v1_session_json(&newcomer.opened, &newcomer.user, &newcomer.founding.tenant));
    return OK;
}

static const struct route routes[] = {
    { .op = "v1_register_tenant",
      .method = METHOD_POST,
      .path = "/api/v1/tenants",
      .need = NEED_PUBLIC,
      .tenant = TENANT_NONE,
      .lane = LANE_PASSWORD,
      .rate = RATE_REGISTER,
      .body = BODY_JSON,
      .input = &tenant_shape,
      .answer = &v1_session_answer,
      .success = 201,
      .fails = FAILS(ERR_POLICY, ERR_CREDENTIALS, ERR_CONFLICT, ERR_PLAN_LIMIT),
      .handler = register_tenant,
      .summary = "Registers a new tenant with its owner" },
};

const struct route_table v1_tenants_routes = ROUTE_TABLE(&v1_surface, routes);
