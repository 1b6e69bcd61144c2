/* Signing in. Hashing happens between transactions, never inside one: it takes tens of milliseconds and a
 * transaction holds a lock. What is read before hashing is therefore confirmed afterwards: by a
 * compare-and-set on the stored hash where that is replaced, by user_confirm() where a session is opened. */
#include "identity/sign_in.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "identity/decoy.h"

/* A new hash for the user, put in place of the one that was read. */
struct new_hash {
    const struct user *user;
    char text[PASSWORD_HASH_CAP];
};

static enum storage_status store_rehash(struct db_conn *conn, void *context)
{
    const struct new_hash *hash = context;
    return user_rehash_password(conn, hash->user->id, hash->user->password_hash, str_of(hash->text),
                                clock_now());
}

static void rehash(struct db_conn *conn, const struct config *config, const struct user *user,
                   struct str password)
{
    struct new_hash hash = { .user = user };
    enum storage_status status = STORAGE_ERROR;
    if (password_hash(config, password, hash.text))
        status = db_transaction(conn, STORAGE_WRITE, store_rehash, &hash);
    if (status != STORAGE_OK && status != STORAGE_DONE) /* DONE: somebody else has replaced it */
        log_event(LOG_WARN, "a password could not be rehashed", LOG_I("user", user->id),
                  LOG_Z("status", storage_status_name(status)));
    secret_wipe(hash.text, sizeof(hash.text));
}

/* Whoever is unknown costs what somebody costs (decoy.h), and is refused whatever comes out. */
static enum password_match verify(const struct config *config, struct str password, struct str stored,
                                  bool is_known)
{
    enum password_match match = password_verify(config, password, stored.at);
    return is_known || match == PASSWORD_MATCH_FAILED ? match : PASSWORD_MISMATCH;
}

enum storage_status credentials_check(struct db_conn *conn, const struct config *config, struct arena *arena,
                                      struct str email, struct str password,
                                      enum credentials_verdict *ret_verdict, struct user *ret_user)
{
    struct user user = { 0 };
    struct str decoy;
    arena_wipe_on_free(arena);
    enum storage_status status = user_by_email(conn, arena, email, &user);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return status;
    bool known = status == STORAGE_ROW;
    status = decoy_hash(conn, config, arena, email, &decoy);
    if (status != STORAGE_OK)
        return status;
    enum password_match match = verify(config, password, known ? user.password_hash : decoy, known);
    if (match == PASSWORD_MATCH_REHASH)
        rehash(conn, config, &user, password);
    if (match == PASSWORD_MATCH_FAILED) {
        *ret_verdict = CREDENTIALS_FAILED;
        return STORAGE_OK;
    }
    bool right = match != PASSWORD_MISMATCH && user.status == USER_ACTIVE;
    metric_add(right ? METRIC_SIGN_IN_OK : METRIC_SIGN_IN_REFUSED, 1);
    *ret_verdict = right ? CREDENTIALS_OK : CREDENTIALS_WRONG;
    if (right)
        *ret_user = user;
    return STORAGE_OK;
}

enum storage_status session_open_in(struct db_conn *conn, const struct config *config, struct arena *arena,
                                    int64_t user_id, int64_t tenant_id, struct str address,
                                    struct str user_agent, int64_t now, struct signed_in *ret)
{
    struct session session;
    enum storage_status status = session_insert(conn, arena, user_id, tenant_id, config->tokens.access_ttl_us,
                                                address, user_agent, now, &session);
    if (status != STORAGE_OK)
        return status;
    struct access_claims claims = {
        .user_id = user_id,
        .session_id = session.id,
        .tenant_id = tenant_id,
        .issued_at = session.created_at / CLOCK_SECOND,
        .expires_at = session.expires_at / CLOCK_SECOND,
        .jti = session.jti,
    };
    struct str token = access_token_issue(config, arena, &claims);
    if (str_is_empty(token))
        return STORAGE_ERROR;
    *ret = (struct signed_in){ .session = session, .token = token };
    return STORAGE_OK;
}

struct opening {
    const struct config *config;
    struct arena *arena;
    int64_t user_id, tenant_id;
    struct str address, user_agent;
    struct signed_in signed_in;
};

static enum storage_status open_in_transaction(struct db_conn *conn, void *context)
{
    struct opening *opening = context;
    return session_open_in(conn, opening->config, opening->arena, opening->user_id, opening->tenant_id,
                           opening->address, opening->user_agent, clock_now(), &opening->signed_in);
}

enum storage_status session_open(struct db_conn *conn, const struct config *config, struct arena *arena,
                                 int64_t user_id, int64_t tenant_id, struct str address,
                                 struct str user_agent, struct signed_in *ret)
{
    struct opening opening = {
        .config = config,
        .arena = arena,
        .user_id = user_id,
        .tenant_id = tenant_id,
        .address = address,
        .user_agent = user_agent,
    };
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, open_in_transaction, &opening);
    if (status == STORAGE_OK) /* only now is the session on disk, and the token good */
        *ret = opening.signed_in;
    return status;
}
