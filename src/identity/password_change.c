/* Changing one's own password. The current password is checked against the hash that was read, and the new
 * hash replaces exactly that one: of two changes at the same time one finds the hash gone, starts over, and
 * then meets a current password that is no longer right. A sign-in that rehashes meanwhile costs one more
 * round and nothing else. */
#include "identity/sign_in.h"

#include "base/clock.h"
#include "base/random.h"

enum { ROUNDS = 3 };

struct change {
    const struct config *config;
    struct arena *arena;
    int64_t user_id;
    int64_t session_id;
    struct str current, next;
    db_tx_fn also;
    void *context;
    struct user user;
    char hash[PASSWORD_HASH_CAP];
};

static enum storage_status store(struct db_conn *conn, void *context)
{
    const struct change *change = context;
    int64_t now = clock_now();
    enum storage_status status = user_confirm(conn, &change->user);
    if (status == STORAGE_OK)
        status = user_set_password_hash(conn, change->user_id, change->user.password_hash,
                                        str_of(change->hash), now);
    if (status == STORAGE_OK)
        status = session_revoke_others(conn, change->user_id, change->session_id, now);
    return status == STORAGE_OK && change->also ? change->also(conn, change->context) : status;
}

/* NULL when the new password may replace the current one. */
static const char *refusal(const struct change *change)
{
    enum password_verdict verdict = password_check(change->next);
    if (verdict != PASSWORD_OK)
        return password_verdict_text(verdict);
    return secret_equal(change->current, change->next) ? "The new password must differ from the current one."
                                                       : NULL;
}

static enum password_change check_and_hash(struct change *change, bool user_exists, const char **ret_why)
{
    bool usable = user_exists && change->user.status == USER_ACTIVE;
    switch (password_verify(change->config, change->current, usable ? change->user.password_hash.at : "")) {
    case PASSWORD_MISMATCH:
        return PASSWORD_CURRENT_WRONG;
    case PASSWORD_MATCH_FAILED:
        return PASSWORD_CHANGE_FAILED;
    case PASSWORD_MATCH:
    case PASSWORD_MATCH_REHASH:
        break;
    }
    const char *why = refusal(change);
    if (why) {
        *ret_why = why;
        return PASSWORD_NEW_REFUSED;
    }
    return password_hash(change->config, change->next, change->hash) ? PASSWORD_CHANGED
                                                                     : PASSWORD_CHANGE_FAILED;
}

/* One round. DONE: the stored hash was replaced meanwhile. */
static enum storage_status attempt(struct db_conn *conn, struct change *change, enum password_change *ret,
                                   const char **ret_why)
{
    enum storage_status status = user_by_id(conn, change->arena, change->user_id, &change->user);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return status;
    *ret = check_and_hash(change, status == STORAGE_ROW, ret_why);
    if (*ret != PASSWORD_CHANGED)
        return STORAGE_OK;
    return db_transaction(conn, STORAGE_WRITE, store, change);
}

enum storage_status password_change(struct db_conn *conn, const struct config *config, struct arena *arena,
                                    int64_t user_id, int64_t session_id, struct str current, struct str next,
                                    db_tx_fn also, void *context, enum password_change *ret,
                                    const char **ret_why)
{
    struct change change = {
        .config = config,
        .arena = arena,
        .user_id = user_id,
        .session_id = session_id,
        .current = current,
        .next = next,
        .also = also,
        .context = context,
    };
    enum storage_status status = STORAGE_DONE;
    arena_wipe_on_free(arena);
    for (int round = 0; round < ROUNDS && status == STORAGE_DONE; round++)
        status = attempt(conn, &change, ret, ret_why);
    secret_wipe(change.hash, sizeof(change.hash));
    return status == STORAGE_DONE ? STORAGE_BUSY : status;
}
