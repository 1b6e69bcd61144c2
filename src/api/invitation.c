#include "api/invitation.h"

#include "api/envelope.h"
#include "api/newcomer.h"
#include "api/public_url.h"
#include "api/sign_in.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "request/actor.h"
#include "request/authority.h"

/* ---- inviting ---- */

enum error_code invite_begin_in(struct call *call, const struct tenant *tenant, struct invite_deed *ret)
{
    arena_wipe_on_free(call->arena);
    *ret = (struct invite_deed){
        .config = call->config,
        .tenant = tenant,
        .actor = { .user_id = call->principal.user_id, .grant = &call->grant, .audit = call_actor(call) },
        .actor_name = call->principal.name,
        .now = call->now,
    };
    enum error_code code = public_url(call, tenant, &ret->link_base);
    if (code == OK)
        ret->link_base = arena_join(call->arena, ret->link_base, STR("/invite/"));
    return code;
}

enum error_code invite_begin(struct call *call, struct invite_deed *ret)
{
    return invite_begin_in(call, &call->tenant, ret);
}

static const char *state_text(enum invitation_state state)
{
    static const char *const texts[] = {
        [INVITATION_PENDING] = "This invitation is pending.",
        [INVITATION_ACCEPTED] = "This invitation has been used.",
        [INVITATION_CANCELLED] = "This invitation was cancelled.",
        [INVITATION_SUPERSEDED] =
            "This invitation was replaced by a newer one; use the link in the latest mail.",
        [INVITATION_EXPIRED] = "This invitation has expired; ask for a new one.",
    };
    return texts[state];
}

enum error_code invite_refuse(struct call *call, const struct invite_deed *deed, bool by_field)
{
    const char *text = "This address belongs to a member already.";
    switch (deed->verdict) {
    case INVITE_DONE:
        return OK;
    case INVITE_UNKNOWN:
        return call_fail(call, ERR_NOT_FOUND, NULL);
    case INVITE_NOT_OPEN:
        return call_fail(call, ERR_BAD_REQUEST, state_text(deed->invitation.state));
    case INVITE_ROLE_UNKNOWN:
        return call_fail_field(call, "role", VIOLATION_CUSTOM, "The selected role is invalid.");
    case INVITE_ROLE_ABOVE:
        return call_fail(call, ERR_FORBIDDEN, "You cannot give a role that may do more than you.");
    case INVITE_MEMBER_ALREADY:
        break;
    case INVITE_PENDING_ALREADY:
        text = "This address has a pending invitation already; send that one again.";
        break;
    }
    return by_field ? call_fail_field(call, "email", VIOLATION_CUSTOM, text)
                    : call_fail(call, ERR_CONFLICT, text);
}

/* ---- following a link ---- */

static enum error_code unknown(struct call *call)
{
    return call_fail(call, ERR_NOT_FOUND, "This invitation does not exist.");
}

/* A tenant's own host and X-Tenant must not name another tenant than the token does. */
static enum error_code check_hints(struct call *call, const struct tenant *tenant)
{
    struct str slug = request_header(&call->request, "x-tenant");
    if (call->route->tenant == TENANT_NONE) {
        enum storage_status status =
            authority_host(call, call->request.client_host, &call->host_scope, &call->host_tenant);
        if (status != STORAGE_OK)
            return call_fail_storage(call, status);
    }
    bool is_own = call->host_scope == HOST_UNKNOWN
                      ? host_is_nobodys(call->config, call->host_scope, call->request.client_host)
                      : call->host_scope != HOST_TENANT || call->host_tenant.id == tenant->id;
    return !is_own || (slug.at && !str_equal(slug, tenant->slug)) ? unknown(call) : OK;
}

enum error_code invitation_open(struct call *call, struct str token, struct invitation *ret)
{
    struct tenant tenant;
    arena_wipe_on_free(call->arena);
    enum storage_status status = invitation_by_token(call->db, call->arena, token, call->now, ret);
    if (status == STORAGE_ROW)
        status = tenant_by_id(call->db, call->arena, ret->tenant_id, &tenant);
    if (status == STORAGE_DONE)
        return unknown(call);
    if (status != STORAGE_ROW)
        return call_fail_storage(call, status);
    enum error_code code = check_hints(call, &tenant);
    if (code != OK)
        return code;
    call->tenant = tenant; /* for the access log and the audit log */
    if (tenant.status == TENANT_SUSPENDED)
        return call_fail(call, ERR_TENANT_SUSPENDED, NULL);
    return ret->state == INVITATION_PENDING ? OK : call_fail(call, ERR_BAD_REQUEST, state_text(ret->state));
}

/* ---- accepting ---- */

static const struct field accept_fields[] = {
    FIELD(struct accept_input, token, "token", FIELD_SECRET, .flags = FIELD_REQUIRED, .max = 200,
          .help = "The last part of the invitation's link",
          .example = "tti_1a2B3c4D5e6F7g8H9i0J1k2L3m4N5o6P7q8R9s0T1u2AbCdEf"),
    FIELD(struct accept_input, name, "name", FIELD_STR, .flags = FIELD_NULLABLE, .max = 200,
          .help = "Who joins; needed when the address has no account yet", .example = "Jane Smith"),
    FIELD(struct accept_input, password, "password", FIELD_SECRET, .flags = FIELD_NULLABLE,
          .help = "That of the account, or the one a new account is to have; not needed when signed in",
          .example = "correct horse battery"),
};
const struct shape accept_shape = SHAPE("AcceptInvitation", struct accept_input, accept_fields);

struct accepting {
    struct call *call;
    struct invitation invitation;
    struct acceptance acceptance;
    char hash[PASSWORD_HASH_CAP];
    struct signed_in opened;
};

/* Whoever is signed in must be the one invited; a link passed on is no key to another's membership. */
static enum error_code check_bearer(struct call *call, const struct user *invited)
{
    if (call->principal.kind != PRINCIPAL_USER)
        return call_fail(call, ERR_FORBIDDEN, "This needs a user's own session.");
    if (invited->id != call->principal.user_id)
        return call_fail(call, ERR_FORBIDDEN,
                         "This invitation is for another address; sign out, or sign in as the one invited.");
    return OK;
}

static enum error_code prepare_newcomer(struct accepting *accepting)
{
    struct call *call = accepting->call;
    const struct accept_input *input = call->input;
    struct user *user = &accepting->acceptance.user;
    enum error_code code = newcomer_check(call, input->name, input->password);
    if (code != OK)
        return code;
    /* Outside the transaction: it takes tens of milliseconds, and a transaction holds locks. */
    if (!password_hash(call->config, input->password, accepting->hash))
        return call_fail(call, ERR_OVERLOAD, NULL);
    *user = (struct user){ .email = accepting->invitation.email,
                           .name = str_trim(input->name),
                           .password_hash = str_of(accepting->hash) };
    return OK;
}

static enum error_code identify(struct accepting *accepting)
{
    struct call *call = accepting->call;
    const struct accept_input *input = call->input;
    struct user *user = &accepting->acceptance.user;
    enum storage_status status = user_by_email(call->db, call->arena, accepting->invitation.email, user);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return call_fail_storage(call, status);
    if (call->principal.kind != PRINCIPAL_NONE)
        return check_bearer(call, user);
    if (status == STORAGE_DONE)
        return prepare_newcomer(accepting);
    if (!input->password.at)
        return call_fail_field(call, "password", VIOLATION_REQUIRED, NULL);
    return sign_in_credentials(call, accepting->invitation.email, input->password, user);
}

static enum error_code refuse(struct accepting *accepting)
{
    struct call *call = accepting->call;
    const struct acceptance *acceptance = &accepting->acceptance;
    switch (acceptance->verdict) {
    case ACCEPT_DONE:
        return OK;
    case ACCEPT_NOT_OPEN:
        return call_fail(call, ERR_BAD_REQUEST, state_text(acceptance->state));
    case ACCEPT_ROLE_GONE:
        return call_fail(call, ERR_BAD_REQUEST,
                         "The role of this invitation no longer exists; ask for a new invitation.");
    case ACCEPT_PLAN_FULL:
        return call_fail_plan(call, "The organization's plan allows no more users", &acceptance->refusal);
    case ACCEPT_ADDRESS_TAKEN:
        return call_fail(call, ERR_CONFLICT, "This address has an account now; use its password.");
    case ACCEPT_USER_OUTDATED:
        return call_fail(call, call->principal.kind == PRINCIPAL_NONE ? ERR_CREDENTIALS : ERR_TOKEN_INVALID,
                         NULL);
    case ACCEPT_MEMBER_ALREADY:
        break;
    }
    return call_fail(call, ERR_CONFLICT, "This address belongs to a member already.");
}

static enum storage_status open_session(struct db_conn *conn, void *context)
{
    struct accepting *accepting = context;
    const struct principal *bearer = &accepting->call->principal;
    enum storage_status status = STORAGE_OK;
    if (bearer->kind == PRINCIPAL_USER)
        status = session_confirm(conn, bearer->user_id, bearer->session_id, accepting->call->now);
    if (status == STORAGE_DONE)
        accepting->acceptance.verdict = ACCEPT_USER_OUTDATED;
    if (status != STORAGE_OK)
        return status;
    return sign_in_newcomer(conn, accepting->call, &accepting->acceptance.user,
                            accepting->acceptance.tenant->id, &accepting->opened);
}

static enum error_code join(struct accepting *accepting)
{
    struct call *call = accepting->call;
    struct acceptance *acceptance = &accepting->acceptance;
    acceptance->config = call->config;
    acceptance->tenant = &call->tenant;
    acceptance->invitation = &accepting->invitation;
    acceptance->from = call_actor(call);
    acceptance->now = call->now;
    acceptance->also = open_session;
    acceptance->context = accepting;
    enum storage_status status = invitation_accept(call->db, call->arena, acceptance);
    return status == STORAGE_OK ? refuse(accepting) : call_fail_storage(call, status);
}

enum error_code invitation_accept_call(struct call *call, struct accepted *ret)
{
    const struct accept_input *input = call->input;
    struct accepting accepting = { .call = call };
    enum error_code code = invitation_open(call, input->token, &accepting.invitation);
    if (code == OK)
        code = identify(&accepting);
    if (code == OK)
        code = join(&accepting);
    secret_wipe(accepting.hash, sizeof accepting.hash);
    if (code != OK)
        return code;
    *ret = (struct accepted){ .user = accepting.acceptance.user, .opened = accepting.opened };
    log_event(LOG_INFO, "invitation accepted", LOG_I("invitation", accepting.invitation.id),
              LOG_I("user", ret->user.id), LOG_I("tenant", call->tenant.id),
              LOG_S("address", call->request.client_address), LOG_S("id", call->request.id));
    return OK;
}
