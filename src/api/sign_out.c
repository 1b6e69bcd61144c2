/* Signing out: the end of the session that asks for it. */
#include "access/audit.h"
#include "api/sign_in.h"
#include "request/actor.h"

static enum storage_status close_session(struct db_conn *conn, void *context)
{
    struct call *call = context;
    const struct principal *principal = &call->principal;
    struct audit_actor actor = call_actor(call);
    struct audit_event event = { .tenant_id = principal->token_tenant_id,
                                 .action = "session.closed",
                                 .target_kind = "session",
                                 .target_id = principal->session_id,
                                 .target_name = principal->email };
    enum storage_status status = session_revoke(conn, principal->session_id, call->now);
    return status == STORAGE_OK ? audit_append(conn, call->arena, &actor, &event, call->now) : status;
}

enum error_code sign_out(struct call *call)
{
    enum storage_status status = db_transaction(call->db, STORAGE_WRITE, close_session, call);
    return status == STORAGE_OK ? OK : call_fail_storage(call, status);
}
