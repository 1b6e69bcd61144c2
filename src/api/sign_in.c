/* Signing in: credentials, then the tenant, then whether the user may enter it, then the session.
 *
 * However it ends, one transaction holds the end together: the session with its audit row, or the failure
 * that slows the account down with its audit row. A wrong password, an unknown address and a stranger to the
 * tenant end alike: same answer, same count, same row. */
#include "api/sign_in.h"

#include "access/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "identity/slow_down.h"
#include "request/actor.h"

/* An attempt on its way. */
struct attempt {
    struct call *call;
    struct str email; /* as typed, trimmed */
    struct slow_down slow_down;
    struct sign_in who;
    struct str refused; /* why; at == NULL: not refused */
};

/* ---- the audit log ---- */

/* Where what somebody does about themselves belongs: the tenant that is entered, or that their token was
 * issued for; before anybody is known, the one that is asked for, else that of the address the request came
 * to, else the operator. */
static enum storage_status find_chain(struct db_conn *conn, const struct attempt *attempt, int64_t *ret)
{
    const struct call *call = attempt->call;
    struct tenant root;
    const int64_t candidates[] = { attempt->who.tenant.id, call->principal.token_tenant_id, call->tenant.id,
                                   call->host_tenant.id };
    *ret = 0;
    for (size_t i = 0; *ret == 0 && i < sizeof candidates / sizeof candidates[0]; i++)
        *ret = candidates[i];
    if (*ret)
        return STORAGE_OK;
    enum storage_status status = tenant_root(conn, call->arena, &root);
    if (status == STORAGE_ROW)
        *ret = root.id;
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static struct str details(const struct call *call, struct str reason)
{
    cJSON *json = json_new_object();
    if (reason.at)
        json_add_str(json, "reason", reason);
    json_add_str(json, "surface", str_of(call->surface->name));
    return json_print(call->arena, json);
}

/* Who it was is known only once the password was right. */
static enum storage_status audit_refusal(struct db_conn *conn, const struct attempt *attempt)
{
    const struct call *call = attempt->call;
    const struct user *user = &attempt->who.user;
    bool is_proven = !str_equal(attempt->refused, str_of(error_info(ERR_CREDENTIALS)->word));
    struct audit_actor actor =
        is_proven ? call_actor_as(call, user->id, user->email) : call_actor_unknown(call, attempt->email);
    struct audit_event event = { .action = "session.refused",
                                 .target_kind = "user",
                                 .target_id = actor.id,
                                 .target_name = actor.name,
                                 .after = details(call, attempt->refused) };
    enum storage_status status = find_chain(conn, attempt, &event.tenant_id);
    return status == STORAGE_OK ? audit_append(conn, call->arena, &actor, &event, call->now) : status;
}

static enum storage_status audit_session(struct db_conn *conn, const struct call *call,
                                         const struct user *user, const struct session *session)
{
    struct audit_actor actor = call_actor_as(call, user->id, user->email);
    struct audit_event event = { .tenant_id = session->tenant_id,
                                 .action = "session.opened",
                                 .target_kind = "session",
                                 .target_id = session->id,
                                 .target_name = user->email,
                                 .after = details(call, STR_NONE) };
    return audit_append(conn, call->arena, &actor, &event, call->now);
}

/* ---- refusals ---- */

static enum storage_status store_refusal(struct db_conn *conn, void *context)
{
    const struct attempt *attempt = context;
    enum storage_status status = STORAGE_OK;
    if (str_equal(attempt->refused, str_of(error_info(ERR_CREDENTIALS)->word)))
        status = slow_down_failed(conn, &attempt->slow_down, attempt->call->now);
    return status == STORAGE_OK ? audit_refusal(conn, attempt) : status;
}

/* Sets the failure and writes it down. What cannot be written down is not answered as if it had been. */
static enum error_code refuse(struct attempt *attempt, enum error_code code, const char *detail)
{
    struct call *call = attempt->call;
    attempt->refused = str_of(error_info(code)->word);
    log_event(LOG_INFO, "sign-in refused", LOG_S("why", attempt->refused),
              LOG_I("user", attempt->who.user.id), LOG_I("tenant", attempt->who.tenant.id),
              LOG_S("address", call->request.client_address), LOG_S("id", call->request.id));
    enum storage_status status = db_transaction(call->db, STORAGE_WRITE, store_refusal, attempt);
    return status == STORAGE_OK ? call_fail(call, code, detail) : call_fail_storage(call, status);
}

static enum error_code refuse_for_now(struct call *call, int64_t wait_us)
{
    int64_t seconds = (wait_us + CLOCK_SECOND - 1) / CLOCK_SECOND;
    log_event(LOG_INFO, "sign-in slowed down", LOG_I("seconds", seconds),
              LOG_S("address", call->request.client_address), LOG_S("id", call->request.id));
    call_fail(
        call, ERR_RATE_LIMIT,
        arena_printf(call->arena, "Too many failed attempts. Try again in %lld seconds.", (long long)seconds)
            .at);
    call->failure.retry_after = seconds;
    return ERR_RATE_LIMIT;
}

/* ---- the steps ---- */

static enum error_code check_speed(struct attempt *attempt)
{
    struct call *call = attempt->call;
    int64_t wait_us = 0;
    enum storage_status status = slow_down_check(call->db, call->config, call->arena, attempt->email,
                                                 rate_address_key(call->arena, call->request.client_address),
                                                 call->now, &attempt->slow_down, &wait_us);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    return wait_us > 0 ? refuse_for_now(call, wait_us) : OK;
}

static enum error_code check_credentials(struct attempt *attempt, struct str password)
{
    struct call *call = attempt->call;
    enum credentials_verdict verdict;
    enum error_code code = check_speed(attempt);
    if (code != OK)
        return code;
    enum storage_status status = credentials_check(call->db, call->config, call->arena, attempt->email,
                                                   password, &verdict, &attempt->who.user);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    if (verdict == CREDENTIALS_FAILED)
        return call_fail(call, ERR_OVERLOAD, NULL);
    return verdict == CREDENTIALS_OK ? OK : refuse(attempt, ERR_CREDENTIALS, NULL);
}

static enum error_code refuse_suspended(struct attempt *attempt)
{
    struct call *call = attempt->call;
    enum error_code code = refuse(attempt, ERR_SUSPENDED, NULL);
    if (code == ERR_SUSPENDED)
        call->failure.status = "suspended";
    return code;
}

static enum error_code check_entry(struct attempt *attempt, const char *stranger)
{
    struct call *call = attempt->call;
    struct sign_in *who = &attempt->who;
    enum storage_status status =
        access_decide(call->db, call->arena, &who->tenant, who->user.id, &who->grant);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    switch (who->grant.verdict) {
    case ACCESS_OK:
        return OK;
    case ACCESS_NOT_A_MEMBER:
        return stranger ? refuse(attempt, ERR_NOT_A_MEMBER, stranger)
                        : refuse(attempt, ERR_CREDENTIALS, NULL);
    case ACCESS_SUSPENDED:
        return refuse_suspended(attempt);
    case ACCESS_TENANT_SUSPENDED:
        break;
    }
    return refuse(attempt, ERR_TENANT_SUSPENDED, NULL);
}

enum storage_status sign_in_newcomer(struct db_conn *conn, struct call *call, const struct user *user,
                                     int64_t tenant_id, struct signed_in *ret)
{
    enum storage_status status =
        session_open_in(conn, call->config, call->arena, user->id, tenant_id, call->request.client_address,
                        request_header(&call->request, "user-agent"), call->now, ret);
    return status == STORAGE_OK ? audit_session(conn, call, user, &ret->session) : status;
}

/* DONE: the password that was right is that no more. */
static enum storage_status store_success(struct db_conn *conn, void *context)
{
    const struct attempt *attempt = context;
    enum storage_status status = user_confirm(conn, &attempt->who.user);
    return status == STORAGE_OK ? slow_down_passed(conn, &attempt->slow_down, attempt->call->now) : status;
}

static enum storage_status store_session(struct db_conn *conn, void *context)
{
    struct attempt *attempt = context;
    struct sign_in *who = &attempt->who;
    enum storage_status status = store_success(conn, attempt);
    if (status != STORAGE_OK)
        return status;
    return sign_in_newcomer(conn, attempt->call, &who->user, who->tenant.id, &who->opened);
}

static enum error_code open_session(struct attempt *attempt)
{
    struct call *call = attempt->call;
    const struct sign_in *who = &attempt->who;
    enum storage_status status = db_transaction(call->db, STORAGE_WRITE, store_session, attempt);
    if (status == STORAGE_DONE)
        return refuse(attempt, ERR_CREDENTIALS, NULL);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    log_event(LOG_INFO, "signed in", LOG_I("user", who->user.id), LOG_I("tenant", who->tenant.id),
              LOG_I("session", who->opened.session.id), LOG_S("address", call->request.client_address),
              LOG_S("id", call->request.id));
    return OK;
}

enum error_code sign_in_tenant_of_call(struct call *call, const struct user *user, struct tenant *ret)
{
    (void)user;
    *ret = call->tenant;
    return OK;
}

enum error_code sign_in(struct call *call, struct str email, struct str password,
                        sign_in_tenant_fn find_tenant, const char *stranger, struct sign_in *ret)
{
    struct attempt attempt = { .call = call, .email = str_trim(email) };
    enum error_code code = check_credentials(&attempt, password);
    if (code == OK)
        code = find_tenant(call, &attempt.who.user, &attempt.who.tenant);
    if (code == OK)
        code = check_entry(&attempt, stranger);
    if (code == OK)
        code = open_session(&attempt);
    if (code == OK)
        *ret = attempt.who;
    return code;
}

/* ---- passwords elsewhere ---- */

enum error_code sign_in_credentials(struct call *call, struct str email, struct str password,
                                    struct user *ret)
{
    struct attempt attempt = { .call = call, .email = str_trim(email) };
    enum error_code code = check_credentials(&attempt, password);
    if (code != OK)
        return code;
    enum storage_status status = db_transaction(call->db, STORAGE_WRITE, store_success, &attempt);
    if (status == STORAGE_DONE)
        return refuse(&attempt, ERR_CREDENTIALS, NULL);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    *ret = attempt.who.user;
    return OK;
}

static enum storage_status audit_password(struct db_conn *conn, const struct attempt *attempt,
                                          const char *action)
{
    const struct call *call = attempt->call;
    struct audit_actor actor = call_actor(call);
    struct audit_event event = { .action = action,
                                 .target_kind = "user",
                                 .target_id = call->principal.user_id,
                                 .target_name = call->principal.email };
    enum storage_status status = find_chain(conn, attempt, &event.tenant_id);
    return status == STORAGE_OK ? audit_append(conn, call->arena, &actor, &event, call->now) : status;
}

static enum storage_status store_change(struct db_conn *conn, void *context)
{
    const struct attempt *attempt = context;
    enum storage_status status = slow_down_passed(conn, &attempt->slow_down, attempt->call->now);
    return status == STORAGE_OK ? audit_password(conn, attempt, "password.changed") : status;
}

static enum storage_status store_wrong_current(struct db_conn *conn, void *context)
{
    const struct attempt *attempt = context;
    enum storage_status status = slow_down_failed(conn, &attempt->slow_down, attempt->call->now);
    return status == STORAGE_OK ? audit_password(conn, attempt, "password.refused") : status;
}

static enum error_code refuse_current(struct attempt *attempt)
{
    struct call *call = attempt->call;
    enum storage_status status = db_transaction(call->db, STORAGE_WRITE, store_wrong_current, attempt);
    return status == STORAGE_OK ? call_fail(call, ERR_BAD_REQUEST, "The current password is wrong")
                                : call_fail_storage(call, status);
}

struct change_password_input {
    struct str current_password, new_password;
};
static const struct field change_password_fields[] = {
    FIELD(struct change_password_input, current_password, "current_password", FIELD_SECRET,
          .flags = FIELD_REQUIRED, .help = "The password in force", .example = "correct horse battery"),
    FIELD(struct change_password_input, new_password, "new_password", FIELD_SECRET, .flags = FIELD_REQUIRED,
          .help = "The new one: 8 to 1024 bytes, none of the most common passwords",
          .example = "a new and better one"),
};
const struct shape change_password_shape =
    SHAPE("ChangePassword", struct change_password_input, change_password_fields);

enum error_code sign_in_change_password(struct call *call, enum password_field *ret_field)
{
    const struct change_password_input *input = call->input;
    struct attempt attempt = { .call = call, .email = call->principal.email };
    enum password_change change;
    const char *why = NULL;
    enum error_code code = check_speed(&attempt);
    if (code != OK)
        return code;
    enum storage_status status = password_change(call->db, call->config, call->arena, call->principal.user_id,
                                                 call->principal.session_id, input->current_password,
                                                 input->new_password, store_change, &attempt, &change, &why);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    switch (change) {
    case PASSWORD_CHANGED:
        return OK;
    case PASSWORD_CURRENT_WRONG:
        *ret_field = PASSWORD_FIELD_CURRENT;
        return refuse_current(&attempt);
    case PASSWORD_NEW_REFUSED:
        *ret_field = PASSWORD_FIELD_NEW;
        return call_fail(call, ERR_BAD_REQUEST, why);
    case PASSWORD_CHANGE_FAILED:
        break;
    }
    return call_fail(call, ERR_OVERLOAD, NULL);
}
