/* Registration: who may join which organization, as what; then user, membership and session in one
 * transaction. */
#include "api/crm/organization.h"
#include "api/crm/user.h"
#include "api/envelope.h"
#include "api/sign_in.h"
#include "api/tables.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "request/actor.h"

#define DEFAULT_ROLE STR("SALES_REP")

struct register_input {
    struct str email, password, first_name, last_name, organization_id, role;
};
static const char *const role_words[] = { "SUPERADMIN", "ADMIN", "DEPARTMENT_HEAD", "SALES_REP", NULL };
static const struct field register_fields[] = {
    FIELD(struct register_input, email, "email", FIELD_EMAIL, .flags = FIELD_REQUIRED, .max = 254,
          .help = "The new user's email address", .example = "newuser@example.com"),
    FIELD(struct register_input, password, "password", FIELD_SECRET, .flags = FIELD_REQUIRED,
          .help = "8 to 1024 bytes, none of the most common passwords", .example = "secure-password"),
    FIELD(struct register_input, first_name, "firstName", FIELD_STR, .flags = FIELD_REQUIRED, .max = 100,
          .help = "First name", .example = "Jane"),
    FIELD(struct register_input, last_name, "lastName", FIELD_STR, .flags = FIELD_REQUIRED, .max = 100,
          .help = "Last name", .example = "Smith"),
    FIELD(struct register_input, organization_id, "organizationId", FIELD_STR, .flags = FIELD_NULLABLE,
          .help = "The organization to join; may be left out where the host, the token or the server's "
                  "configuration says it",
          .example = "507f1f77bcf86cd799439014"),
    FIELD(struct register_input, role, "role", FIELD_ENUM, .flags = FIELD_NULLABLE, .words = role_words,
          .help = "SALES_REP if left out; a higher one needs a signed-in user of at least that rank",
          .example = "SALES_REP"),
};
static const struct shape register_shape = SHAPE("CrmRegister", struct register_input, register_fields);

/* A registration on its way. */
struct newcomer {
    struct call *call;
    struct tenant organization;
    struct access_grant caller; /* what the one who asks may do there; rank 0: a stranger */
    const struct role *role;
    struct user user;
    char hash[PASSWORD_HASH_CAP];
    struct plan_refusal refusal; /* when the plan is full */
    struct signed_in opened;
};

/* Where the request itself names no organization: the caller's, else the server's default. */
static enum error_code default_organization(struct call *call, struct tenant *ret)
{
    enum storage_status status = STORAGE_DONE;
    if (call->principal.kind != PRINCIPAL_NONE)
        status = tenant_by_id(call->db, call->arena, call->principal.token_tenant_id, ret);
    else if (!str_is_empty(call->config->tenancy.default_tenant))
        status = tenant_by_slug(call->db, call->arena, call->config->tenancy.default_tenant, ret);
    if (status == STORAGE_DONE)
        return call_fail_field(call, "organizationId", VIOLATION_REQUIRED,
                               "The organizationId field is required here.");
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

static enum error_code find_organization(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    const struct register_input *input = call->input;
    enum error_code code = organization_named(call, input->organization_id, &newcomer->organization);
    if (code != OK || newcomer->organization.id != 0)
        return code;
    return default_organization(call, &newcomer->organization);
}

/* Everything that names an organization must name this one: contradictions are refused, never merged. */
static enum error_code check_hints(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    const struct tenant *organization = &newcomer->organization;
    const struct str hints[] = { request_header(&call->request, "x-tenant"),
                                 params_get(&call->query, "tenant") };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        if (hints[i].at && !str_equal(hints[i], organization->slug))
            return call_fail(call, ERR_FORBIDDEN, "The request names two organizations");
    }
    if (call->principal.kind != PRINCIPAL_NONE && call->principal.token_tenant_id != organization->id)
        return call_fail(call, ERR_FORBIDDEN, "The token was issued for another organization");
    return OK;
}

static enum error_code find_caller(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    newcomer->caller = (struct access_grant){ .verdict = ACCESS_NOT_A_MEMBER };
    if (call->principal.kind != PRINCIPAL_USER)
        return OK;
    enum storage_status status = access_decide(call->db, call->arena, &newcomer->organization,
                                               call->principal.user_id, &newcomer->caller);
    return status == STORAGE_OK ? OK : call_fail_storage(call, status);
}

static enum error_code check_policy(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    const struct tenant *organization = &newcomer->organization;
    enum registration policy = tenant_registration(organization, call->config);
    if (organization->is_root && policy == REGISTRATION_OPEN)
        policy = REGISTRATION_ADMIN; /* its members are staff */
    if (organization->status == TENANT_SUSPENDED && newcomer->caller.verdict != ACCESS_OK)
        return call_fail(call, ERR_TENANT_SUSPENDED, NULL);
    if (policy == REGISTRATION_CLOSED)
        return call_fail(call, ERR_POLICY, "This organization accepts no registrations");
    if (policy == REGISTRATION_ADMIN && !perm_set_has(newcomer->caller.permissions, PERM_USERS_MANAGE))
        return call_fail(call, ERR_POLICY, "Only an administrator of this organization can register users");
    return OK;
}

static enum error_code check_role(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    const struct register_input *input = call->input;
    newcomer->role = role_by_crm_name(input->role.at ? input->role : DEFAULT_ROLE);
    struct tenant_role given = { 0 };
    bool in_root = newcomer->organization.is_root;
    bool exists = role_is_given(newcomer->role, in_root) && role_in_tenant(newcomer->role, in_root, &given);
    int open_rank = role_by_crm_name(DEFAULT_ROLE)->rank;
    bool may_give = exists ? access_may_give(&newcomer->caller, &given)
                           : newcomer->role->rank <= newcomer->caller.role.rank;
    if (newcomer->role->rank > open_rank && !may_give)
        return call_fail(call, ERR_FORBIDDEN, "Giving this role needs a signed-in user of at least its rank");
    if (!exists)
        return call_fail_field(call, "role", VIOLATION_CUSTOM, "This organization has no such role.");
    return OK;
}

static enum error_code check_name(struct call *call, const char *field, struct str given, struct str *ret)
{
    *ret = str_trim(given);
    if (str_is_empty(*ret))
        return call_fail_field(call, field, VIOLATION_REQUIRED, NULL);
    if (!text_is_line(*ret))
        return call_fail_field(call, field, VIOLATION_CUSTOM, "A name must not hold control characters.");
    return OK;
}

/* Name and password: what the rows cannot say. */
static enum error_code check_input(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    const struct register_input *input = call->input;
    struct str first, last;
    enum error_code code = check_name(call, "firstName", input->first_name, &first);
    if (code == OK)
        code = check_name(call, "lastName", input->last_name, &last);
    if (code != OK)
        return code;
    enum password_verdict verdict = password_check(input->password);
    if (verdict != PASSWORD_OK)
        return call_fail_field(call, "password", VIOLATION_CUSTOM, password_verdict_text(verdict));
    newcomer->user = (struct user){ .email = input->email, .created_at = call->now };
    newcomer->user.name = arena_printf(call->arena, "%.*s %.*s", STR_ARG(first), STR_ARG(last));
    return OK;
}

/* Somebody signed in registered the user, or they did so themselves. */
static enum storage_status audit_newcomer(struct db_conn *conn, const struct newcomer *newcomer)
{
    const struct call *call = newcomer->call;
    const struct user *user = &newcomer->user;
    bool by_another = call->principal.kind != PRINCIPAL_NONE;
    struct audit_actor actor = by_another ? call_actor(call) : call_actor_as(call, user->id, user->email);
    cJSON *after = json_new_object();
    json_add_str(after, "role", str_of(newcomer->role->slug));
    struct audit_event event = { .tenant_id = newcomer->organization.id,
                                 .action = by_another ? "user.created" : "user.registered",
                                 .target_kind = "user",
                                 .target_id = user->id,
                                 .target_name = user->email,
                                 .after = json_print(call->arena, after) };
    return audit_append(conn, call->arena, &actor, &event, call->now);
}

/* Order as the contract has it: a full plan is told before a taken address. */
static enum storage_status write_newcomer(struct db_conn *conn, void *context)
{
    struct newcomer *newcomer = context;
    struct call *call = newcomer->call;
    struct user *user = &newcomer->user;
    enum storage_status status =
        plan_take(conn, call->config, &newcomer->organization, "users", 1, &newcomer->refusal);
    if (status != STORAGE_OK)
        return status;
    status = user_insert(conn, user->email, user->name, str_of(newcomer->hash), call->now, &user->id);
    if (status != STORAGE_OK)
        return status;
    status =
        membership_insert(conn, newcomer->organization.id, user->id, str_of(newcomer->role->slug), call->now);
    if (status != STORAGE_OK)
        return status;
    status = audit_newcomer(conn, newcomer);
    if (status != STORAGE_OK)
        return status;
    return sign_in_newcomer(conn, call, user, newcomer->organization.id, &newcomer->opened);
}

static enum error_code store_newcomer(struct newcomer *newcomer)
{
    struct call *call = newcomer->call;
    const struct register_input *input = call->input;
    arena_wipe_on_free(call->arena);
    /* Outside the transaction: it takes tens of milliseconds, and a transaction holds locks. */
    if (!password_hash(call->config, input->password, newcomer->hash))
        return call_fail(call, ERR_OVERLOAD, NULL);
    enum storage_status status = db_transaction(call->db, STORAGE_WRITE, write_newcomer, newcomer);
    secret_wipe(newcomer->hash, sizeof newcomer->hash);
    if (status == STORAGE_OK)
        return OK;
    if (status == STORAGE_DONE)
        return call_fail_plan(call, "The organization's plan allows no more users", &newcomer->refusal);
    if (status == STORAGE_CONFLICT)
        return call_fail(call, ERR_CONFLICT, "A user with this email already exists");
    return call_fail_storage(call, status);
}

static enum error_code register_user(struct call *call)
{
    static enum error_code (*const steps[])(struct newcomer * newcomer) = {
        find_organization, check_hints, find_caller, check_policy, check_role, check_input, store_newcomer,
    };
    struct newcomer newcomer = { .call = call };
    enum error_code code = OK;
    for (size_t i = 0; code == OK && i < sizeof steps / sizeof steps[0]; i++)
        code = steps[i](&newcomer);
    if (code != OK)
        return code;
    log_event(LOG_INFO, "registered", LOG_I("user", newcomer.user.id),
              LOG_I("tenant", newcomer.organization.id), LOG_Z("role", newcomer.role->slug),
              LOG_I("by", call->principal.user_id), LOG_S("address", call->request.client_address),
              LOG_S("id", call->request.id));
    reply_json(&call->reply, 201,
               crm_session_json(call->arena, newcomer.opened.token, &newcomer.user, &newcomer.organization,
                                newcomer.role->crm_name));
    return OK;
}

static const struct route routes[] = {
    { .op = "crm_register",
      .method = METHOD_POST,
      .path = "/api/auth/register",
      .need = NEED_OPTIONAL,
      .tenant = TENANT_BY_TOKEN,
      .lane = LANE_PASSWORD,
      .rate = RATE_REGISTER,
      .body = BODY_JSON,
      .input = &register_shape,
      .answer = &crm_session_answer,
      .success = 201,
      .fails = FAILS(ERR_POLICY, ERR_FORBIDDEN, ERR_CONFLICT, ERR_PLAN_LIMIT, ERR_TENANT_SUSPENDED,
                     ERR_NOT_A_MEMBER, ERR_SUSPENDED),
      .handler = register_user,
      .summary = "Registers a user with an organization, as its policy allows" },
};

const struct route_table crm_register_routes = ROUTE_TABLE(&crm_surface, routes);
