/* From a token's text to the one who bears it. What a token is shows in its prefix; each kind has a reader of
 * its own, and none is ever tried on a token of another kind. */
#include "identity/principal.h"

#include "base/clock.h"
#include "identity/opaque_token.h"

static bool session_is_of(const struct session *session, const struct access_claims *claims)
{
    return session->user_id == claims->user_id && session->tenant_id == claims->tenant_id;
}

static enum storage_status load_bearer(struct db_conn *conn, struct arena *arena,
                                       const struct access_claims *claims, int64_t now,
                                       enum token_verdict *ret_verdict, struct principal *ret,
                                       struct principal_lease *ret_lease)
{
    struct session session;
    struct user user;
    enum storage_status status =
        session_load(conn, arena, claims->session_id, claims->jti, now, &session, &user);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return status;
    if (status == STORAGE_DONE || !session_is_of(&session, claims)) {
        *ret_verdict = TOKEN_INVALID;
        return STORAGE_OK;
    }
    *ret_verdict = TOKEN_VALID;
    /* The token's own end, in whole seconds, may come a little before its session's. */
    int64_t token_end = claims->expires_at * CLOCK_SECOND;
    ret_lease->expires_at = session.expires_at < token_end ? session.expires_at : token_end;
    *ret = (struct principal){
        .kind = PRINCIPAL_USER,
        .user_id = user.id,
        .user_created_at = user.created_at,
        .session_id = session.id,
        .token_tenant_id = session.tenant_id,
        .email = user.email,
        .name = user.name,
    };
    return STORAGE_OK;
}

static enum storage_status authenticate_session(struct db_conn *conn, const struct config *config,
                                                struct arena *arena, struct str token, int64_t now,
                                                enum token_verdict *ret_verdict, struct principal *ret,
                                                struct principal_lease *ret_lease)
{
    struct access_claims claims;
    enum token_verdict verdict = access_token_verify(config, arena, token, now, &claims);
    if (verdict != TOKEN_VALID) {
        *ret_verdict = verdict;
        return STORAGE_OK;
    }
    ret_lease->user = db_stamp(db_of(conn), SUBJECT_USER, claims.user_id);
    return load_bearer(conn, arena, &claims, now, ret_verdict, ret, ret_lease);
}

enum storage_status principal_authenticate(struct db_conn *conn, const struct config *config,
                                           struct arena *arena, struct str token, int64_t now,
                                           enum token_verdict *ret_verdict, struct principal *ret,
                                           struct principal_lease *ret_lease)
{
    if (!opaque_token_has_prefix(token))
        return authenticate_session(conn, config, arena, token, now, ret_verdict, ret, ret_lease);
    /* No opaque token signs anybody in: none has been given out. */
    *ret_verdict = TOKEN_INVALID;
    return STORAGE_OK;
}
