#include "access/member_words.h"

#include "base/words.h"

#define WORDS_MAX     24
#define SCRATCH_BYTES 65536

struct found_by {
    struct str role, status;
    struct str words[WORDS_MAX];
    size_t n; /* 0 also when there is no such member */
};

static enum storage_status read_member(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                       int64_t user_id, struct found_by *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows,
        "SELECT u.email, u.name, m.role, m.status FROM memberships m JOIN users u ON u.id = m.user_id "
        "WHERE m.tenant_id = $1 AND m.user_id = $2",
        DB_ARGS(db_int(tenant_id), db_int(user_id)));
    *ret = (struct found_by){ 0 };
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    for (int column = 0; column < 2; column++)
        ret->n = words_split(arena, db_col_text(&rows, column, arena), ret->words, ret->n, WORDS_MAX);
    ret->role = db_col_text(&rows, 2, arena);
    ret->status = db_col_text(&rows, 3, arena);
    return STORAGE_OK;
}

/* A row of values each: SQLite prepares to take back part of a statement only when it writes several rows or
 * what it selected, and copies every page that such a one changes. */
enum storage_status member_words_add(struct db_conn *conn, int64_t tenant_id, int64_t user_id)
{
    struct found_by by;
    struct arena *arena = arena_new(SCRATCH_BYTES);
    enum storage_status status = read_member(conn, arena, tenant_id, user_id, &by);
    for (size_t i = 0; status == STORAGE_OK && i < by.n; i++)
        status = db_exec(conn,
                         "INSERT INTO member_words (tenant_id, word, user_id, role, status) "
                         "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant_id, word, user_id) DO NOTHING",
                         DB_ARGS(db_int(tenant_id), db_text(by.words[i]), db_int(user_id), db_text(by.role),
                                 db_text(by.status)),
                         NULL);
    arena_free(&arena);
    return status;
}

enum storage_status member_words_write(struct db_conn *conn, int64_t tenant_id, int64_t user_id)
{
    enum storage_status status =
        db_exec(conn, "DELETE FROM member_words WHERE tenant_id = $1 AND user_id = $2",
                DB_ARGS(db_int(tenant_id), db_int(user_id)), NULL);
    return status == STORAGE_OK ? member_words_add(conn, tenant_id, user_id) : status;
}
