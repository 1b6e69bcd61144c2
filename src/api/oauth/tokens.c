/* Introspection (RFC 7662) and revocation (RFC 7009) of any kind of token. */
#include "access/custom_role.h"
#include "api/tables.h"
#include "base/clock.h"
#include "devices/device.h"
#include "identity/opaque_token.h"
#include "request/actor.h"
#include "request/authority.h"
#include "team/api_keys.h"

struct token_input {
    struct str token, token_type_hint;
};
/* OAuth has unknown parameters ignored, a client's id and secret in the form among them. */
static const struct field token_fields[] = {
    FIELD(struct token_input, token, "token", FIELD_SECRET, .flags = FIELD_REQUIRED, .max = 4096,
          .help = "The token in question", .example = "tth_..."),
    FIELD(struct token_input, token_type_hint, "token_type_hint", FIELD_STR, .flags = FIELD_BLANK, .max = 100,
          .help = "For OAuth clients; a token says itself of which kind it is", .example = "access_token"),
};
static const struct shape token_shape = OPEN_SHAPE("OauthToken", struct token_input, token_fields);

/* The token in question, as it stands now. */
struct subject {
    struct principal who; /* kind PRINCIPAL_NONE: it is worth nothing */
    struct device device; /* for PRINCIPAL_DEVICE, by the hash of the token */
    uint8_t hash[DEVICE_HASH_BYTES];
    struct tenant tenant;
    struct access_grant grant; /* in that tenant, narrowed to the scopes */
    int64_t expires_at;        /* INT64_MAX: never */
};

/* OK with ret->who, or a failure. */
static enum storage_status find_user(struct call *call, struct str token, struct subject *ret)
{
    struct principal_lease lease;
    enum token_verdict verdict;
    enum storage_status status = principal_authenticate(call->db, call->config, call->arena, token, call->now,
                                                        &verdict, &ret->who, &lease);
    if (status != STORAGE_OK || verdict != TOKEN_VALID)
        ret->who = (struct principal){ 0 };
    ret->expires_at = lease.expires_at;
    return status;
}

/* The same. Asking about a token is no use of it. */
static enum storage_status find_device(struct call *call, struct subject *ret)
{
    struct device *device = &ret->device;
    enum storage_status status = device_by_hash(call->db, call->arena, ret->hash, device);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    ret->expires_at = device->rotate_key.at ? device->token_until : INT64_MAX;
    if (ret->expires_at > call->now)
        ret->who = (struct principal){ .kind = PRINCIPAL_DEVICE,
                                       .token_tenant_id = device->tenant_id,
                                       .issued_at = device->paired_at,
                                       .email = device->name };
    return STORAGE_OK;
}

/* The same, with its tenant. */
static enum storage_status find_bearer(struct call *call, struct subject *ret)
{
    const struct token_input *input = call->input;
    arena_wipe_on_free(call->arena);
    enum storage_status status = opaque_token_read(input->token, ret->hash) == OPAQUE_DEVICE
                                     ? find_device(call, ret)
                                     : find_user(call, input->token, ret);
    if (status != STORAGE_OK || ret->who.kind == PRINCIPAL_NONE)
        return status;
    status = authority_tenant_by_id(call, ret->who.token_tenant_id, &ret->tenant);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

/* ---- introspection ---- */

static void answer_inactive(struct call *call)
{
    cJSON *json = json_new_object();
    json_add_bool(json, "active", false);
    reply_json(&call->reply, 200, json);
}

static void add_id(struct call *call, cJSON *json, const char *name, int64_t id)
{
    json_add_str(json, name, arena_printf(call->arena, "%lld", (long long)id));
}

/* Which numbers `sub` counts in. */
static const char *const kinds[] = {
    [PRINCIPAL_USER] = "session",
    [PRINCIPAL_API_TOKEN] = "api_token",
    [PRINCIPAL_DEVICE] = "device",
};

static void answer_active(struct call *call, const struct subject *subject)
{
    bool is_device = subject->who.kind == PRINCIPAL_DEVICE;
    cJSON *json = json_new_object();
    json_add_bool(json, "active", true);
    json_add_str(json, "kind", str_of(kinds[subject->who.kind]));
    add_id(call, json, "sub", is_device ? subject->device.id : subject->who.user_id);
    json_add_str(json, "username", subject->who.email);
    add_id(call, json, "tid", subject->tenant.id);
    json_add_str(json, "tenant", subject->tenant.slug);
    json_add_str(json, "role", str_of(subject->grant.role.slug));
    json_add_str(json, "scope", permission_set_write(call->arena, subject->grant.permissions));
    json_add_str(json, "iss", call->config->tokens.issuer);
    json_add_int(json, "iat", subject->who.issued_at / CLOCK_SECOND);
    if (subject->expires_at != INT64_MAX)
        json_add_int(json, "exp", subject->expires_at / CLOCK_SECOND);
    json_add_str(json, "token_type", STR("Bearer"));
    if (subject->who.token.id)
        add_id(call, json, "client_id", subject->who.token.id);
    reply_json(&call->reply, 200, json);
}

/* Who may introspect in the root tenant is told about every tenant's tokens, others about their own's. */
static bool may_know(const struct call *call, const struct subject *subject)
{
    return call->tenant.is_root || subject->tenant.id == call->tenant.id;
}

static enum storage_status decide(struct call *call, struct subject *subject)
{
    if (subject->who.kind == PRINCIPAL_DEVICE) { /* a screen does nothing but show */
        subject->grant.verdict =
            subject->tenant.status == TENANT_ACTIVE ? ACCESS_OK : ACCESS_TENANT_SUSPENDED;
        return STORAGE_OK;
    }
    enum storage_status status =
        access_decide(call->db, call->arena, &subject->tenant, subject->who.user_id, &subject->grant);
    if (subject->who.token.id)
        subject->grant.permissions &= permission_set_read(subject->who.token.scopes);
    return status;
}

static enum error_code introspect(struct call *call)
{
    struct subject subject = { 0 };
    if (call->principal.kind != PRINCIPAL_API_TOKEN)
        return call_fail(call, ERR_FORBIDDEN, "This needs an API token with the scope tokens.introspect.");
    enum storage_status status = find_bearer(call, &subject);
    bool is_active = subject.who.kind != PRINCIPAL_NONE && may_know(call, &subject);
    if (status == STORAGE_OK && is_active)
        status = decide(call, &subject);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    if (is_active && subject.grant.verdict == ACCESS_OK)
        answer_active(call, &subject);
    else
        answer_inactive(call);
    return OK;
}

/* ---- revocation ---- */

struct revocation {
    struct call *call;
    const struct subject *subject;
};

/* Whoever holds a token may end it, signed in or not; the deed is theirs, or the token's own. */
static struct audit_actor actor_of(struct call *call, const struct subject *subject)
{
    if (call->principal.kind != PRINCIPAL_NONE)
        return call_actor(call);
    struct audit_actor actor = call_actor_as(call, subject->who.user_id, subject->who.email);
    if (subject->who.kind == PRINCIPAL_API_TOKEN) {
        actor.kind = AUDIT_API_TOKEN;
        actor.id = subject->who.token.id;
        actor.name = subject->who.token.name;
    } else if (subject->who.kind == PRINCIPAL_DEVICE) {
        actor.kind = AUDIT_DEVICE;
        actor.id = subject->device.id;
    }
    return actor;
}

/* DONE: somebody else ended it a moment ago. */
static enum storage_status end_session(struct db_conn *conn, void *context)
{
    const struct revocation *revocation = context;
    struct call *call = revocation->call;
    const struct principal *who = &revocation->subject->who;
    struct audit_actor actor = actor_of(call, revocation->subject);
    struct audit_event event = { .tenant_id = who->token_tenant_id,
                                 .action = "session.revoked",
                                 .target_kind = "session",
                                 .target_id = who->session_id,
                                 .target_name = who->email };
    enum storage_status status = session_revoke_own(conn, who->user_id, who->session_id, call->now);
    return status == STORAGE_OK ? audit_append(conn, call->arena, &actor, &event, call->now) : status;
}

static enum storage_status end_api_token(struct call *call, const struct subject *subject)
{
    struct api_key_deed deed = { .tenant = &subject->tenant,
                                 .actor = { .user_id = subject->who.user_id,
                                            .audit = actor_of(call, subject) },
                                 .token = { .id = subject->who.token.id },
                                 .now = call->now };
    return api_key_revoke(call->db, call->arena, &deed);
}

/* A token, not the display: what that shows is its tenant's, and so is its end. */
static enum storage_status end_device_token(struct call *call, const struct subject *subject)
{
    struct device_deed deed = { .tenant = &subject->tenant,
                                .actor = actor_of(call, subject),
                                .now = call->now,
                                .id = subject->device.id };
    return device_end_tokens(call->db, call->arena, subject->hash, &deed);
}

static enum storage_status end_token(struct call *call, const struct subject *subject)
{
    struct revocation revocation = { call, subject };
    if (subject->who.kind == PRINCIPAL_API_TOKEN)
        return end_api_token(call, subject);
    if (subject->who.kind == PRINCIPAL_DEVICE)
        return end_device_token(call, subject);
    return db_transaction(call->db, STORAGE_WRITE, end_session, &revocation);
}

static enum error_code revoke(struct call *call)
{
    struct subject subject = { 0 };
    enum storage_status status = find_bearer(call, &subject);
    bool is_known = subject.who.kind != PRINCIPAL_NONE;
    if (status == STORAGE_OK && is_known && call->principal.kind != PRINCIPAL_NONE &&
        call->principal.user_id != subject.who.user_id)
        return call_fail(call, ERR_FORBIDDEN, "The token is somebody else's.");
    if (status == STORAGE_OK && is_known)
        status = end_token(call, &subject);
    bool is_over = status == STORAGE_DONE || status == STORAGE_REFERENCE; /* it, or its tenant, by now */
    if (status != STORAGE_OK && !is_over)
        return call_fail_storage(call, status);
    reply_empty(&call->reply, 200);
    return OK;
}

/* ---- what is answered ---- */

static const char *const kind_words[] = { "session", "api_token", "device", NULL };
#define TOLD(name_, type_, ...) ANSWER_FIELD(name_, type_, .flags = FIELD_OPTIONAL, __VA_ARGS__)
static const struct field introspection_rows[] = {
    ANSWER_FIELD("active", FIELD_BOOL, .help = "Whether it is good now; if not, nothing else is said",
                 .example = "true"),
    TOLD("kind", FIELD_ENUM, .words = kind_words, .help = "What kind of token", .example = "api_token"),
    TOLD("sub", FIELD_STR, .help = "The id of the user, or of the device", .example = "4"),
    TOLD("username", FIELD_STR, .help = "The user's address, or the device's name",
         .example = "ann@acme.com"),
    TOLD("tid", FIELD_STR, .help = "The id of the tenant it was issued for", .example = "2"),
    TOLD("tenant", FIELD_STR, .help = "The same tenant's slug", .example = "acme"),
    TOLD("role", FIELD_STR, .help = "The user's role there", .example = "admin"),
    TOLD("scope", FIELD_STR, .help = "What may be done with it now: permissions, spaces between",
         .example = "assets.view team.view"),
    TOLD("iss", FIELD_STR, .help = "tokens.issuer", .example = "tether"),
    TOLD("iat", FIELD_INT, .help = "When it was issued, epoch seconds", .example = "1795780084"),
    TOLD("exp", FIELD_INT, .help = "When it ends; left out if never", .example = "1893456000"),
    TOLD("token_type", FIELD_STR, .help = "How it is sent", .example = "Bearer"),
    TOLD("client_id", FIELD_STR, .help = "An API token's id", .example = "7"),
};
static const struct shape introspection_answer = ANSWER_SHAPE("Introspection", introspection_rows);

static const struct route routes[] = {
    { .op = "oauth_introspect",
      .method = METHOD_POST,
      .path = "/oauth/introspect",
      .permission = PERM_TOKENS_INTROSPECT,
      .tenant = TENANT_BY_TOKEN,
      .rate = RATE_VERIFY,
      .body = BODY_FORM,
      .input = &token_shape,
      .answer = &introspection_answer,
      .form = ANSWER_BARE,
      .fails = FAILS(ERR_FORBIDDEN),
      .client_secret = true,
      .handler = introspect,
      .summary = "Whether a token is good now, whose it is and what it may do (RFC 7662)" },
    { .op = "oauth_revoke",
      .method = METHOD_POST,
      .path = "/oauth/revoke",
      .need = NEED_OPTIONAL,
      .tenant = TENANT_NONE,
      .body = BODY_FORM,
      .input = &token_shape,
      .client_secret = true,
      .form = ANSWER_NONE,
      .fails = FAILS(ERR_FORBIDDEN),
      .handler = revoke,
      .summary = "Ends a token of whatever kind (RFC 7009)" },
};

const struct route_table oauth_tokens_routes = ROUTE_TABLE(&oauth_surface, routes);
