/* API tokens in the database. */
#include "identity/api_token.h"

#include "base/recent.h"
#include "identity/opaque_token.h"
#include "identity/user_row.h"
#include "storage/changes.h"

struct str api_token_secret(struct arena *arena, struct api_token *token,
                            uint8_t ret_hash[API_TOKEN_HASH_BYTES])
{
    struct str secret = opaque_token_new(arena, OPAQUE_API, ret_hash);
    token->prefix = str_sub(secret, 0, API_TOKEN_PREFIX_BYTES);
    return secret;
}

int64_t api_token_subject(const uint8_t hash[API_TOKEN_HASH_BYTES])
{
    int64_t subject;
    memcpy(&subject, hash, sizeof(subject));
    return subject;
}

/* ---- reading ---- */

#define COLUMNS                                                                                              \
    "a.id, a.tenant_id, a.user_id, a.name, a.prefix, a.scopes, a.addresses, a.rate_limit, a.expires_at, "    \
    "a.old_until, a.last_used_at, a.created_at, a.updated_at, u.name, u.email"
#define FROM " FROM api_tokens a JOIN users u ON u.id = a.user_id "
enum { COLUMN_COUNT = 15 };

static void read_token(struct db_rows *rows, struct arena *arena, struct api_token *ret)
{
    *ret = (struct api_token){
        .id = db_col_int(rows, 0),
        .tenant_id = db_col_int(rows, 1),
        .user_id = db_col_int(rows, 2),
        .name = db_col_text(rows, 3, arena),
        .prefix = db_col_text(rows, 4, arena),
        .scopes = db_col_text(rows, 5, arena),
        .addresses = db_col_text(rows, 6, arena),
        .rate_limit = db_col_int(rows, 7),
        .expires_at = db_col_int(rows, 8),
        .old_until = db_col_int(rows, 9),
        .last_used_at = db_col_int(rows, 10),
        .created_at = db_col_int(rows, 11),
        .updated_at = db_col_int(rows, 12),
        .owner_name = db_col_text(rows, 13, arena),
        .owner_email = db_col_text(rows, 14, arena),
    };
}

enum storage_status api_token_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t id,
                                    struct api_token *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT " COLUMNS FROM "WHERE a.tenant_id = $1 AND a.id = $2",
                 DB_ARGS(db_int(tenant_id), db_int(id)));
    if (status == STORAGE_ROW)
        read_token(&rows, arena, ret);
    return status;
}

enum storage_status api_token_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                   int64_t below, int64_t limit, struct api_token **ret, size_t *ret_n)
{
    DB_ROWS(rows);
    struct api_token *list = ARENA_ARRAY(arena, struct api_token, limit);
    size_t n = 0;
    enum storage_status status =
        db_query(conn, &rows,
                 "SELECT " COLUMNS FROM "WHERE a.tenant_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3",
                 DB_ARGS(db_int(tenant_id), db_int(below ? below : INT64_MAX), db_int(limit)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        read_token(&rows, arena, &list[n++]);
        status = STORAGE_OK;
    }
    *ret = list;
    *ret_n = n;
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status api_token_owner(struct db_conn *conn, const uint8_t hash[API_TOKEN_HASH_BYTES],
                                    int64_t *ret_user_id)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT user_id FROM api_tokens WHERE token_hash = $1 OR old_hash = $1",
                 DB_ARGS(db_blob(hash, API_TOKEN_HASH_BYTES)));
    if (status == STORAGE_ROW)
        *ret_user_id = db_col_int(&rows, 0);
    return status;
}

enum storage_status api_token_by_secret(struct db_conn *conn, struct arena *arena,
                                        const uint8_t hash[API_TOKEN_HASH_BYTES], struct api_token *ret,
                                        struct user *ret_user, bool *ret_is_old)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT " COLUMNS ", CASE WHEN a.token_hash = $1 THEN 0 ELSE 1 END, " USER_ROW_COLUMNS FROM
                 "WHERE a.token_hash = $1 OR a.old_hash = $1",
                 DB_ARGS(db_blob(hash, API_TOKEN_HASH_BYTES)));
    if (status != STORAGE_ROW)
        return status;
    read_token(&rows, arena, ret);
    *ret_is_old = db_col_int(&rows, COLUMN_COUNT) != 0;
    user_row_read(&rows, COLUMN_COUNT + 1, arena, ret_user);
    return STORAGE_ROW;
}

/* ---- writing ---- */

static struct storage_value int_or_null(int64_t value)
{
    return value ? db_int(value) : db_null();
}

static enum storage_status insert_row(struct db_conn *conn, struct api_token *token,
                                      const uint8_t hash[API_TOKEN_HASH_BYTES])
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "INSERT INTO api_tokens (tenant_id, user_id, name, prefix, token_hash, scopes, addresses, "
                 "rate_limit, "
                 "expires_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) "
                 "RETURNING id",
                 DB_ARGS(db_int(token->tenant_id), db_int(token->user_id), db_text(token->name),
                         db_text(token->prefix), db_blob(hash, API_TOKEN_HASH_BYTES), db_text(token->scopes),
                         db_text(token->addresses), int_or_null(token->rate_limit),
                         int_or_null(token->expires_at), db_int(token->created_at)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    token->id = db_col_int(&rows, 0);
    return STORAGE_OK;
}

enum storage_status api_token_insert(struct db_conn *conn, struct api_token *token,
                                     const uint8_t hash[API_TOKEN_HASH_BYTES])
{
    enum storage_status status = insert_row(conn, token, hash);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_API_TOKEN, api_token_subject(hash)) : status;
}

enum storage_status api_token_update(struct db_conn *conn, const struct api_token *token)
{
    enum storage_status status =
        db_exec(conn,
                "UPDATE api_tokens SET name = $3, scopes = $4, addresses = $5, rate_limit = $6, "
                "expires_at = $7, updated_at = $8 WHERE tenant_id = $1 AND id = $2",
                DB_ARGS(db_int(token->tenant_id), db_int(token->id), db_text(token->name),
                        db_text(token->scopes), db_text(token->addresses), int_or_null(token->rate_limit),
                        int_or_null(token->expires_at), db_int(token->updated_at)),
                NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, token->user_id) : status;
}

enum storage_status api_token_rotate(struct db_conn *conn, const struct api_token *token,
                                     const uint8_t hash[API_TOKEN_HASH_BYTES])
{
    enum storage_status status = db_exec(
        conn,
        "UPDATE api_tokens SET old_hash = CASE WHEN CAST($5 AS BIGINT) IS NULL THEN NULL ELSE token_hash "
        "END, "
        "old_until = $5, token_hash = $3, prefix = $4, updated_at = $6 WHERE tenant_id = $1 AND id = $2",
        DB_ARGS(db_int(token->tenant_id), db_int(token->id), db_blob(hash, API_TOKEN_HASH_BYTES),
                db_text(token->prefix), int_or_null(token->old_until), db_int(token->updated_at)),
        NULL);
    if (status == STORAGE_OK)
        status = db_touch(conn, SUBJECT_API_TOKEN, api_token_subject(hash));
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, token->user_id) : status;
}

enum storage_status api_token_delete(struct db_conn *conn, const struct api_token *token)
{
    enum storage_status status = db_exec(conn, "DELETE FROM api_tokens WHERE tenant_id = $1 AND id = $2",
                                         DB_ARGS(db_int(token->tenant_id), db_int(token->id)), NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, token->user_id) : status;
}

enum storage_status api_token_delete_in_tenant(struct db_conn *conn, int64_t user_id, int64_t tenant_id)
{
    enum storage_status status = db_exec(conn, "DELETE FROM api_tokens WHERE user_id = $1 AND tenant_id = $2",
                                         DB_ARGS(db_int(user_id), db_int(tenant_id)), NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, user_id) : status;
}

/* ---- last uses ---- */

struct uses {
    const struct recent_item *items;
    size_t n;
};

/* It tells nobody, since no right rests on it. */
static enum storage_status write_use(struct db_conn *conn, const struct recent_item *use)
{
    return db_exec(conn,
                   "UPDATE api_tokens SET last_used_at = $3 "
                   "WHERE tenant_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)",
                   DB_ARGS(db_int(use->group), db_int(use->id), db_int(use->at)), NULL);
}

static enum storage_status write_uses(struct db_conn *conn, void *context)
{
    const struct uses *uses = context;
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; i < uses->n && status == STORAGE_OK; i++)
        status = write_use(conn, &uses->items[i]);
    return status;
}

enum storage_status api_token_write_uses(struct db_conn *conn, const struct recent_item *items, size_t n)
{
    struct uses uses = { items, n };
    return db_transaction(conn, STORAGE_WRITE, write_uses, &uses);
}
