/* Sessions in the database. A session lives until it expires or is revoked, whichever comes first; both are
 * read from the row at every use, so a revocation holds from its commit on, on every node. */
#include "identity/session.h"

#include "base/random.h"
#include "base/text.h"
#include "identity/user_row.h"
#include "storage/changes.h"

enum { NOTE_MAX_BYTES = 200, JTI_BYTES = 16 };

/* What a client says of itself, fit to be stored: one line of valid text. Anything else keeps its ASCII and
 * gets '?' for the rest. */
static struct str storable_note(struct arena *arena, struct str note)
{
    struct str cut = str_sub(note, 0, NOTE_MAX_BYTES);
    while (cut.len < note.len && cut.len > 0 && ((unsigned char)note.at[cut.len] & 0xC0) == 0x80)
        cut.len--; /* not in the middle of a character */
    if (text_is_line(cut))
        return cut;
    char *clean = arena_cstr(arena, cut);
    for (size_t i = 0; i < cut.len; i++)
        if (clean[i] < 0x20 || clean[i] > 0x7e)
            clean[i] = '?';
    return str_from(clean, cut.len);
}

static enum storage_status insert_row(struct db_conn *conn, const struct session *session, struct str address,
                                      struct str user_agent, int64_t *ret_id)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows,
        "INSERT INTO sessions (user_id, tenant_id, jti, address, user_agent, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        DB_ARGS(db_int(session->user_id), db_int(session->tenant_id), db_text(session->jti), db_text(address),
                db_text(user_agent), db_int(session->created_at), db_int(session->expires_at)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    *ret_id = db_col_int(&rows, 0);
    return STORAGE_OK;
}

enum storage_status session_insert(struct db_conn *conn, struct arena *arena, int64_t user_id,
                                   int64_t tenant_id, int64_t ttl_us, struct str address,
                                   struct str user_agent, int64_t now, struct session *ret)
{
    struct session session = {
        .user_id = user_id,
        .tenant_id = tenant_id,
        .jti = random_hex(arena, JTI_BYTES),
        .created_at = now,
        .expires_at = now + ttl_us,
    };
    enum storage_status status = insert_row(conn, &session, storable_note(arena, address),
                                            storable_note(arena, user_agent), &session.id);
    if (status == STORAGE_OK)
        *ret = session;
    return status;
}

enum storage_status session_load(struct db_conn *conn, struct arena *arena, int64_t id, struct str jti,
                                 int64_t now, struct session *ret, struct user *ret_user)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT s.id, s.user_id, s.tenant_id, s.jti, s.created_at, s.expires_at, " USER_ROW_COLUMNS
                 " FROM sessions s JOIN users u ON u.id = s.user_id "
                 "WHERE s.id = $1 AND s.jti = $2 AND s.revoked_at IS NULL AND s.expires_at > $3 "
                 "AND u.status = 'active'",
                 DB_ARGS(db_int(id), db_text(jti), db_int(now)));
    if (status != STORAGE_ROW)
        return status;
    *ret = (struct session){
        .id = db_col_int(&rows, 0),
        .user_id = db_col_int(&rows, 1),
        .tenant_id = db_col_int(&rows, 2),
        .jti = db_col_text(&rows, 3, arena),
        .created_at = db_col_int(&rows, 4),
        .expires_at = db_col_int(&rows, 5),
    };
    user_row_read(&rows, 6, arena, ret_user);
    return STORAGE_ROW;
}

enum storage_status session_confirm(struct db_conn *conn, int64_t user_id, int64_t id, int64_t now)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows,
                                          "SELECT id FROM sessions WHERE id = $1 AND user_id = $2 AND "
                                          "revoked_at IS NULL AND expires_at > $3",
                                          DB_ARGS(db_int(id), db_int(user_id), db_int(now)));
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

enum storage_status session_revoke(struct db_conn *conn, int64_t id, int64_t now)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING user_id",
                 DB_ARGS(db_int(id), db_int(now)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    int64_t user_id = db_col_int(&rows, 0);
    db_rows_close(&rows);
    return db_touch(conn, SUBJECT_USER, user_id);
}

enum storage_status session_revoke_others(struct db_conn *conn, int64_t user_id, int64_t except, int64_t now)
{
    enum storage_status status = db_exec(
        conn, "UPDATE sessions SET revoked_at = $3 WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL",
        DB_ARGS(db_int(user_id), db_int(except), db_int(now)), NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, user_id) : status;
}

enum storage_status session_revoke_in_tenant(struct db_conn *conn, int64_t user_id, int64_t tenant_id,
                                             int64_t now)
{
    enum storage_status status = db_exec(
        conn,
        "UPDATE sessions SET revoked_at = $3 WHERE user_id = $1 AND tenant_id = $2 AND revoked_at IS NULL",
        DB_ARGS(db_int(user_id), db_int(tenant_id), db_int(now)), NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, user_id) : status;
}

enum storage_status session_revoke_own(struct db_conn *conn, int64_t user_id, int64_t id, int64_t now)
{
    int64_t changes = 0;
    enum storage_status status =
        db_exec(conn,
                "UPDATE sessions SET revoked_at = $3 "
                "WHERE user_id = $1 AND id = $2 AND revoked_at IS NULL AND expires_at > $3",
                DB_ARGS(db_int(user_id), db_int(id), db_int(now)), &changes);
    if (status != STORAGE_OK)
        return status;
    return changes > 0 ? db_touch(conn, SUBJECT_USER, user_id) : STORAGE_DONE;
}

enum storage_status session_list(struct db_conn *conn, struct arena *arena, int64_t user_id, int64_t below,
                                 int64_t n, int64_t now, session_view_fn fn, void *context)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_query(conn, &rows,
                 "SELECT s.id, s.tenant_id, t.slug, s.address, s.user_agent, s.created_at, s.expires_at "
                 "FROM sessions s JOIN tenants t ON t.id = s.tenant_id "
                 "WHERE s.user_id = $1 AND s.id < $2 AND s.revoked_at IS NULL AND s.expires_at > $3 "
                 "ORDER BY s.id DESC LIMIT $4",
                 DB_ARGS(db_int(user_id), db_int(below > 0 ? below : INT64_MAX), db_int(now), db_int(n)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        struct session_view view = {
            .id = db_col_int(&rows, 0),
            .tenant_id = db_col_int(&rows, 1),
            .tenant_slug = db_col_text(&rows, 2, arena),
            .address = db_col_text(&rows, 3, arena),
            .user_agent = db_col_text(&rows, 4, arena),
            .created_at = db_col_int(&rows, 5),
            .expires_at = db_col_int(&rows, 6),
        };
        fn(context, &view);
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

/* ---- sweeping ---- */

#define SWEEP_MAX 500

struct sweep {
    int64_t before, ids[SWEEP_MAX];
    size_t n;
    int64_t deleted;
};

/* No index says when a session was revoked, so finding them reads far and wide: outside the transaction,
 * where it holds nobody up. */
static enum storage_status find_dead(struct db_conn *conn, int64_t limit, struct sweep *sweep)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_query(conn, &rows, "SELECT id FROM sessions WHERE expires_at < $1 OR revoked_at < $1 LIMIT $2",
                 DB_ARGS(db_int(sweep->before), db_int(limit < SWEEP_MAX ? limit : SWEEP_MAX)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        sweep->ids[sweep->n++] = db_col_int(&rows, 0);
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status delete_dead(struct db_conn *conn, void *context)
{
    struct sweep *sweep = context;
    enum storage_status status = STORAGE_OK;
    sweep->deleted = 0;
    for (size_t i = 0; status == STORAGE_OK && i < sweep->n; i++) {
        int64_t changes = 0;
        status = db_exec(conn, "DELETE FROM sessions WHERE id = $1 AND (expires_at < $2 OR revoked_at < $2)",
                         DB_ARGS(db_int(sweep->ids[i]), db_int(sweep->before)), &changes);
        sweep->deleted += changes;
    }
    return status;
}

enum storage_status session_sweep(struct db_conn *conn, int64_t before, int64_t limit, int64_t *ret)
{
    struct sweep sweep = { .before = before };
    enum storage_status status = find_dead(conn, limit, &sweep);
    if (status == STORAGE_OK && sweep.n > 0)
        status = db_transaction(conn, STORAGE_WRITE, delete_dead, &sweep);
    if (status == STORAGE_OK)
        *ret = sweep.deleted;
    return status;
}
