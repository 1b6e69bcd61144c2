/* From a token's text to the one who bears it. What a token is shows in its prefix; each kind has a reader of
 * its own, and none is ever tried on a token of another kind. */
#include "identity/principal.h"

#include "base/clock.h"
#include "identity/api_token.h"
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
        .issued_at = claims->issued_at * CLOCK_SECOND,
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

/* ---- API tokens ---- */

static enum token_verdict verdict_of(const struct api_token *token, const struct user *user, bool is_old,
                                     int64_t now)
{
    bool is_over = is_old && token->old_until <= now;
    if (is_over || user->status != USER_ACTIVE)
        return TOKEN_INVALID;
    return token->expires_at && token->expires_at <= now ? TOKEN_EXPIRED : TOKEN_VALID;
}

static int64_t end_of(const struct api_token *token, bool is_old)
{
    int64_t end = token->expires_at ? token->expires_at : INT64_MAX;
    return is_old && token->old_until < end ? token->old_until : end;
}

static struct principal bearer_of(const struct api_token *token, const struct user *user)
{
    return (struct principal){
        .kind = PRINCIPAL_API_TOKEN,
        .user_id = user->id,
        .user_created_at = user->created_at,
        .token_tenant_id = token->tenant_id,
        .issued_at = token->created_at,
        .email = user->email,
        .name = user->name,
        .token = { token->id, token->name, token->scopes, token->addresses, token->rate_limit },
    };
}

/* Whose it is comes first: what is known of it rests on its owner's stamp, which is taken before it is read.
 */
static enum storage_status authenticate_api_token(struct db_conn *conn, struct arena *arena,
                                                  const uint8_t hash[API_TOKEN_HASH_BYTES], int64_t now,
                                                  enum token_verdict *ret_verdict, struct principal *ret,
                                                  struct principal_lease *ret_lease)
{
    int64_t user_id;
    struct api_token token;
    struct user user;
    bool is_old;
    struct db_stamp unknown = db_stamp(db_of(conn), SUBJECT_API_TOKEN, api_token_subject(hash));
    enum storage_status status = api_token_owner(conn, hash, &user_id);
    if (status == STORAGE_DONE)
        ret_lease->unknown = unknown;
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    ret_lease->user = db_stamp(db_of(conn), SUBJECT_USER, user_id);
    status = api_token_by_secret(conn, arena, hash, &token, &user, &is_old);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status; /* revoked a moment ago */
    *ret_verdict = verdict_of(&token, &user, is_old, now);
    if (is_old && token.old_until <= now) /* and it never will again */
        ret_lease->unknown = unknown;
    ret_lease->expires_at = end_of(&token, is_old);
    *ret = bearer_of(&token, &user);
    return STORAGE_OK;
}

enum storage_status principal_authenticate(struct db_conn *conn, const struct config *config,
                                           struct arena *arena, struct str token, int64_t now,
                                           enum token_verdict *ret_verdict, struct principal *ret,
                                           struct principal_lease *ret_lease)
{
    uint8_t hash[API_TOKEN_HASH_BYTES];
    *ret_lease = (struct principal_lease){ .expires_at = 0 };
    if (!opaque_token_has_prefix(token))
        return authenticate_session(conn, config, arena, token, now, ret_verdict, ret, ret_lease);
    *ret_verdict = TOKEN_INVALID;
    if (opaque_token_read(token, hash) != OPAQUE_API)
        return STORAGE_OK; /* mistyped, or of a kind that signs nobody in */
    return authenticate_api_token(conn, arena, hash, now, ret_verdict, ret, ret_lease);
}
