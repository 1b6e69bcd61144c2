/* Signing in: credentials, then the tenant, then whether the user may enter it, then the session. */
#include "api/sign_in.h"

#include "base/log.h"

static void log_refusal(const struct call *call, const struct sign_in *who, const char *why)
{
    log_event(LOG_INFO, "sign-in refused", LOG_Z("why", why), LOG_I("user", who->user.id),
              LOG_I("tenant", who->tenant.id), LOG_S("address", call->request.client_address),
              LOG_S("id", call->request.id));
}

static enum error_code refuse(struct call *call, const struct sign_in *who, enum error_code code,
                              const char *detail)
{
    log_refusal(call, who, error_info(code)->word);
    return call_fail(call, code, detail);
}

static enum error_code check_credentials(struct call *call, struct str email, struct str password,
                                         struct sign_in *who)
{
    enum credentials_verdict verdict;
    enum storage_status status = credentials_check(call->db, call->config, call->arena, str_trim(email),
                                                   password, &verdict, &who->user);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    if (verdict == CREDENTIALS_FAILED)
        return call_fail(call, ERR_OVERLOAD, NULL);
    return verdict == CREDENTIALS_OK ? OK : refuse(call, who, ERR_CREDENTIALS, NULL);
}

static enum error_code check_entry(struct call *call, const char *stranger, struct sign_in *who)
{
    enum storage_status status =
        access_decide(call->db, call->arena, &who->tenant, who->user.id, &who->grant);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    switch (who->grant.verdict) {
    case ACCESS_OK:
        return OK;
    case ACCESS_NOT_A_MEMBER:
        return stranger ? refuse(call, who, ERR_NOT_A_MEMBER, stranger)
                        : refuse(call, who, ERR_CREDENTIALS, NULL);
    case ACCESS_SUSPENDED:
        refuse(call, who, ERR_SUSPENDED, NULL);
        call->failure.status = "suspended";
        return ERR_SUSPENDED;
    case ACCESS_TENANT_SUSPENDED:
        break;
    }
    return refuse(call, who, ERR_TENANT_SUSPENDED, NULL);
}

static enum error_code open_session(struct call *call, struct sign_in *who)
{
    enum storage_status status = session_open(call->db, call->config, call->arena, who->user.id,
                                              who->tenant.id, call->request.client_address,
                                              request_header(&call->request, "user-agent"), &who->opened);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    log_event(LOG_INFO, "signed in", LOG_I("user", who->user.id), LOG_I("tenant", who->tenant.id),
              LOG_I("session", who->opened.session.id), LOG_S("address", call->request.client_address),
              LOG_S("id", call->request.id));
    return OK;
}

enum error_code sign_in(struct call *call, struct str email, struct str password,
                        sign_in_tenant_fn find_tenant, const char *stranger, struct sign_in *ret)
{
    struct sign_in who = { 0 };
    enum error_code code = check_credentials(call, email, password, &who);
    if (code == OK)
        code = find_tenant(call, &who.user, &who.tenant);
    if (code == OK)
        code = check_entry(call, stranger, &who);
    if (code == OK)
        code = open_session(call, &who);
    if (code == OK)
        *ret = who;
    return code;
}
