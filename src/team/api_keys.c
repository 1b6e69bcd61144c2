#include "team/api_keys.h"

#include "access/custom_role.h"
#include "base/json.h"

struct work {
    struct arena *arena;
    struct api_key_deed *deed;
    struct api_token before, after; /* id 0: none */
    struct str secret;
};

/* ---- judging ---- */

/* DONE: refused. */
static enum storage_status refuse(struct work *work, enum api_key_verdict verdict)
{
    work->deed->verdict = verdict;
    return STORAGE_DONE;
}

static enum storage_status judge_scopes(struct work *work, perm_set may, perm_set had)
{
    perm_set above = work->deed->scopes & ~had & ~may;
    if (!above)
        return STORAGE_OK;
    work->deed->scope = perm_set_first(above);
    return refuse(work, API_KEY_SCOPE_ABOVE);
}

/* The owner as they stand now: somebody may have removed them since the request was let in. */
static enum storage_status judge_owner(struct db_conn *conn, struct work *work)
{
    struct api_key_deed *deed = work->deed;
    struct access_grant owner;
    enum storage_status status = access_decide(conn, work->arena, deed->tenant, deed->token.user_id, &owner);
    if (status != STORAGE_OK)
        return status;
    if (owner.verdict != ACCESS_OK)
        return refuse(work, API_KEY_NOT_A_MEMBER);
    return judge_scopes(work, owner.permissions & deed->actor.grant->permissions, 0);
}

static enum storage_status find(struct db_conn *conn, struct work *work)
{
    const struct api_key_deed *deed = work->deed;
    enum storage_status status =
        api_token_by_id(conn, work->arena, deed->tenant->id, deed->token.id, &work->before);
    if (status == STORAGE_DONE)
        return refuse(work, API_KEY_UNKNOWN);
    work->after = work->before;
    work->after.updated_at = deed->now;
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

/* ---- what binds the token at hand ---- */

static bool lists(struct str words, struct str wanted)
{
    for (struct str word, rest = words; !str_is_empty(rest);) {
        str_split(rest, ' ', &word, &rest);
        if (str_equal(word, wanted))
            return true;
    }
    return false;
}

static bool holds_elsewhere(const struct api_token *token, const struct api_token *than)
{
    if (str_is_empty(than->addresses) || str_is_empty(token->addresses))
        return !str_is_empty(than->addresses);
    for (struct str word, rest = token->addresses; !str_is_empty(rest);) {
        str_split(rest, ' ', &word, &rest);
        if (!lists(than->addresses, word))
            return true;
    }
    return false;
}

static bool holds_longer(const struct api_token *token, const struct api_token *than)
{
    return than->expires_at && (!token->expires_at || token->expires_at > than->expires_at);
}

/* `token` as it is, or is to be, in the parts that are at stake. */
static enum storage_status judge_bounds(struct db_conn *conn, struct work *work,
                                        const struct api_token *token, unsigned parts)
{
    const struct api_key_deed *deed = work->deed;
    struct api_token own;
    if (!deed->actor_token_id)
        return STORAGE_OK;
    enum storage_status status =
        api_token_by_id(conn, work->arena, deed->tenant->id, deed->actor_token_id, &own);
    if (status != STORAGE_ROW) /* revoked a moment ago */
        return status == STORAGE_DONE ? refuse(work, API_KEY_LOOSER) : status;
    bool is_looser = ((parts & API_KEY_EXPIRY) && holds_longer(token, &own)) ||
                     ((parts & API_KEY_ADDRESSES) && holds_elsewhere(token, &own));
    return is_looser ? refuse(work, API_KEY_LOOSER) : STORAGE_OK;
}

/* ---- writing down ---- */

/* Never a secret; the prefix tells which one it was. */
static struct str describe(struct arena *arena, const struct api_token *token)
{
    cJSON *json = json_new_object();
    json_add_str(json, "name", token->name);
    json_add_str(json, "prefix", token->prefix);
    json_add_int(json, "owner", token->user_id);
    json_add_str(json, "scopes", token->scopes);
    json_add_str(json, "addresses", token->addresses);
    json_add_int(json, "rate_limit", token->rate_limit);
    json_add_int(json, "expires_at", token->expires_at);
    json_add_int(json, "last_used_at", token->last_used_at);
    json_add_int(json, "old_until", token->old_until);
    return json_print(arena, json);
}

static enum storage_status write_down(struct db_conn *conn, struct work *work, const char *action)
{
    const struct api_key_deed *deed = work->deed;
    const struct api_token *token = work->after.id ? &work->after : &work->before;
    struct audit_event event = {
        .tenant_id = deed->tenant->id,
        .action = action,
        .target_kind = "api_token",
        .target_id = token->id,
        .target_name = token->name,
    };
    if (work->before.id)
        event.before = describe(work->arena, &work->before);
    if (work->after.id)
        event.after = describe(work->arena, &work->after);
    return audit_append(conn, work->arena, &deed->actor.audit, &event, deed->now);
}

/* ---- the deeds ---- */

static enum storage_status create(struct db_conn *conn, void *context)
{
    struct work *work = context;
    struct api_key_deed *deed = work->deed;
    uint8_t hash[API_TOKEN_HASH_BYTES];
    work->before = (struct api_token){ 0 };
    work->after = deed->token;
    work->after.tenant_id = deed->tenant->id;
    work->after.scopes = permission_set_write(work->arena, deed->scopes);
    work->after.created_at = work->after.updated_at = deed->now;
    work->secret = api_token_secret(work->arena, &work->after, hash);
    enum storage_status status = team_lock(conn, deed->tenant->id);
    if (status == STORAGE_OK)
        status = judge_owner(conn, work);
    if (status == STORAGE_OK)
        status = judge_bounds(conn, work, &work->after, API_KEY_EXPIRY | API_KEY_ADDRESSES);
    if (status == STORAGE_OK)
        status = api_token_insert(conn, &work->after, hash);
    return status == STORAGE_OK ? write_down(conn, work, "api_token.created") : status;
}

static void merge(struct api_token *after, const struct api_key_deed *deed, struct arena *arena)
{
    if (deed->parts & API_KEY_NAME)
        after->name = deed->token.name;
    if (deed->parts & API_KEY_SCOPES)
        after->scopes = permission_set_write(arena, deed->scopes);
    if (deed->parts & API_KEY_EXPIRY)
        after->expires_at = deed->token.expires_at;
    if (deed->parts & API_KEY_ADDRESSES)
        after->addresses = deed->token.addresses;
    if (deed->parts & API_KEY_RATE)
        after->rate_limit = deed->token.rate_limit;
}

static bool is_same(const struct api_token *a, const struct api_token *b)
{
    return str_equal(a->name, b->name) && str_equal(a->scopes, b->scopes) && a->expires_at == b->expires_at &&
           str_equal(a->addresses, b->addresses) && a->rate_limit == b->rate_limit;
}

static enum storage_status update(struct db_conn *conn, void *context)
{
    struct work *work = context;
    struct api_key_deed *deed = work->deed;
    enum storage_status status = team_lock(conn, deed->tenant->id);
    if (status == STORAGE_OK)
        status = find(conn, work);
    if (status == STORAGE_OK && (deed->parts & API_KEY_SCOPES))
        status = judge_scopes(work, deed->actor.grant->permissions, permission_set_read(work->before.scopes));
    if (status == STORAGE_OK)
        merge(&work->after, deed, work->arena);
    if (status == STORAGE_OK)
        status = judge_bounds(conn, work, &work->after, deed->parts);
    if (status != STORAGE_OK)
        return status;
    if (is_same(&work->before, &work->after)) {
        work->after = work->before;
        return STORAGE_OK;
    }
    status = api_token_update(conn, &work->after);
    return status == STORAGE_OK ? write_down(conn, work, "api_token.updated") : status;
}

static bool may_have_secret(const struct work *work)
{
    perm_set scopes = permission_set_read(work->before.scopes);
    return work->before.user_id == work->deed->actor.user_id && (scopes & ~work->deed->actor_scopes) == 0;
}

static enum storage_status rotate(struct db_conn *conn, void *context)
{
    struct work *work = context;
    const struct api_key_deed *deed = work->deed;
    uint8_t hash[API_TOKEN_HASH_BYTES];
    enum storage_status status = team_lock(conn, deed->tenant->id);
    if (status == STORAGE_OK)
        status = find(conn, work);
    if (status == STORAGE_OK && !may_have_secret(work))
        return refuse(work, API_KEY_NOT_OWN);
    if (status == STORAGE_OK)
        status = judge_bounds(conn, work, &work->before, API_KEY_EXPIRY | API_KEY_ADDRESSES);
    if (status != STORAGE_OK)
        return status;
    work->secret = api_token_secret(work->arena, &work->after, hash);
    work->after.old_until = deed->overlap_us > 0 ? deed->now + deed->overlap_us : 0;
    status = api_token_rotate(conn, &work->after, hash);
    return status == STORAGE_OK ? write_down(conn, work, "api_token.rotated") : status;
}

static enum storage_status revoke(struct db_conn *conn, void *context)
{
    struct work *work = context;
    enum storage_status status = team_lock(conn, work->deed->tenant->id);
    if (status == STORAGE_OK)
        status = find(conn, work);
    if (status != STORAGE_OK)
        return status;
    work->after = (struct api_token){ 0 };
    status = api_token_delete(conn, &work->before);
    return status == STORAGE_OK ? write_down(conn, work, "api_token.revoked") : status;
}

static enum storage_status carry_out(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed,
                                     db_tx_fn fn)
{
    struct work work = { .arena = arena, .deed = deed };
    deed->verdict = API_KEY_DONE;
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, fn, &work);
    if (status != STORAGE_OK && status != STORAGE_DONE)
        return status;
    if (status == STORAGE_OK) {
        deed->token = work.after.id ? work.after : work.before;
        deed->secret = work.secret;
    }
    return STORAGE_OK;
}

enum storage_status api_key_create(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed)
{
    return carry_out(conn, arena, deed, create);
}

enum storage_status api_key_update(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed)
{
    return carry_out(conn, arena, deed, update);
}

enum storage_status api_key_rotate(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed)
{
    return carry_out(conn, arena, deed, rotate);
}

enum storage_status api_key_revoke(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed)
{
    return carry_out(conn, arena, deed, revoke);
}
