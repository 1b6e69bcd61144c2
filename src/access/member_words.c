#include "access/member_words.h"

#include "base/words.h"

#define WORDS_MAX     24
#define SCRATCH_BYTES 65536

static enum storage_status words_of(struct db_conn *conn, struct arena *arena, int64_t user_id,
                                    struct str *ret, size_t *ret_n)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT email, name FROM users WHERE id = $1", DB_ARGS(db_int(user_id)));
    for (int column = 0; status == STORAGE_ROW && column < 2; column++)
        *ret_n = words_split(arena, db_col_text(&rows, column, arena), ret, *ret_n, WORDS_MAX);
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status replace_words(struct db_conn *conn, int64_t tenant_id, int64_t user_id,
                                         const struct str *words, size_t n)
{
    enum storage_status status =
        db_exec(conn, "DELETE FROM member_words WHERE tenant_id = $1 AND user_id = $2",
                DB_ARGS(db_int(tenant_id), db_int(user_id)), NULL);
    for (size_t i = 0; status == STORAGE_OK && i < n; i++)
        status =
            db_exec(conn,
                    "INSERT INTO member_words (tenant_id, word, user_id, role, status) "
                    "SELECT m.tenant_id, CAST($2 AS TEXT), m.user_id, m.role, m.status FROM memberships m "
                    "WHERE m.tenant_id = $1 AND m.user_id = $3 "
                    "ON CONFLICT (tenant_id, word, user_id) DO NOTHING",
                    DB_ARGS(db_int(tenant_id), db_text(words[i]), db_int(user_id)), NULL);
    return status;
}

enum storage_status member_words_write(struct db_conn *conn, int64_t tenant_id, int64_t user_id)
{
    struct str words[WORDS_MAX];
    size_t n = 0;
    struct arena *arena = arena_new(SCRATCH_BYTES);
    enum storage_status status = words_of(conn, arena, user_id, words, &n);
    if (status == STORAGE_OK)
        status = replace_words(conn, tenant_id, user_id, words, n);
    arena_free(&arena);
    return status;
}
