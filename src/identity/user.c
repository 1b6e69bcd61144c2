/* Users in the database. Addresses are matched in their normal form (ASCII letters in lower case) and shown
 * as given. */
#include "identity/user.h"

#include "base/text.h"
#include "identity/user_row.h"
#include "storage/changes.h"

void user_row_read(struct db_rows *rows, int first, struct arena *arena, struct user *ret)
{
    struct str status = db_col_text(rows, first + 4, arena);
    *ret = (struct user){
        .id = db_col_int(rows, first),
        .email = db_col_text(rows, first + 1, arena),
        .name = db_col_text(rows, first + 2, arena),
        .password_hash = db_col_text(rows, first + 3, arena),
        .status = str_equal(status, STR("active")) ? USER_ACTIVE : USER_DISABLED,
        .created_at = db_col_int(rows, first + 5),
        .password_changed_at = db_col_int(rows, first + 6),
    };
}

static enum storage_status read_one(struct db_conn *conn, struct arena *arena, const char *sql,
                                    struct db_args args, struct user *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows, sql, args);
    if (status == STORAGE_ROW)
        user_row_read(&rows, 0, arena, ret);
    return status;
}

enum storage_status user_by_id(struct db_conn *conn, struct arena *arena, int64_t id, struct user *ret)
{
    return read_one(conn, arena, "SELECT " USER_ROW_COLUMNS " FROM users u WHERE u.id = $1",
                    DB_ARGS(db_int(id)), ret);
}

enum storage_status user_by_email(struct db_conn *conn, struct arena *arena, struct str email,
                                  struct user *ret)
{
    if (!text_is_clean(email)) /* cannot be stored, so nobody has it */
        return STORAGE_DONE;
    return read_one(conn, arena, "SELECT " USER_ROW_COLUMNS " FROM users u WHERE u.email_normal = $1",
                    DB_ARGS(db_text(text_normal_email(arena, email))), ret);
}

static enum storage_status insert_row(struct db_conn *conn, struct db_args args, int64_t *ret_id)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows,
        "INSERT INTO users (email, email_normal, name, password_hash, password_changed_at, created_at, "
        "updated_at) VALUES ($1, $2, $3, $4, $5, $5, $5) RETURNING id",
        args);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    *ret_id = db_col_int(&rows, 0);
    return STORAGE_OK;
}

enum storage_status user_insert(struct db_conn *conn, struct str email, struct str name,
                                struct str password_hash, int64_t now, int64_t *ret_id)
{
    struct arena *scratch = arena_new(0);
    enum storage_status status =
        insert_row(conn,
                   DB_ARGS(db_text(email), db_text(text_normal_email(scratch, email)), db_text(name),
                           db_text(password_hash), db_int(now)),
                   ret_id);
    arena_free(&scratch);
    return status;
}

enum storage_status user_update(struct db_conn *conn, int64_t user_id, struct str email, struct str name,
                                int64_t now)
{
    struct arena *scratch = arena_new(0);
    enum storage_status status = db_exec(
        conn, "UPDATE users SET email = $2, email_normal = $3, name = $4, updated_at = $5 WHERE id = $1",
        DB_ARGS(db_int(user_id), db_text(email), db_text(text_normal_email(scratch, email)), db_text(name),
                db_int(now)),
        NULL);
    arena_free(&scratch);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, user_id) : status;
}

enum storage_status user_delete(struct db_conn *conn, int64_t user_id)
{
    enum storage_status status =
        db_exec(conn, "DELETE FROM users WHERE id = $1", DB_ARGS(db_int(user_id)), NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, user_id) : status;
}

enum storage_status user_confirm(struct db_conn *conn, const struct user *user)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows, "SELECT id FROM users WHERE id = $1 AND status = 'active' AND password_changed_at = $2",
        DB_ARGS(db_int(user->id), db_int(user->password_changed_at)));
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status update_hash(struct db_conn *conn, const char *sql, struct db_args args)
{
    int64_t changes = 0;
    enum storage_status status = db_exec(conn, sql, args, &changes);
    if (status == STORAGE_OK && changes == 0)
        return STORAGE_DONE;
    return status;
}

/* The time of a change is also its name (user_confirm()): no two bear the same, whatever the clock does. */
enum storage_status user_set_password_hash(struct db_conn *conn, int64_t user_id, struct str expected,
                                           struct str password_hash, int64_t now)
{
    enum storage_status status =
        update_hash(conn,
                    "UPDATE users SET password_hash = $3, updated_at = $4, password_changed_at = "
                    "CASE WHEN password_changed_at < $4 THEN $4 ELSE password_changed_at + 1 END "
                    "WHERE id = $1 AND password_hash = $2",
                    DB_ARGS(db_int(user_id), db_text(expected), db_text(password_hash), db_int(now)));
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_USER, user_id) : status;
}

enum storage_status user_rehash_password(struct db_conn *conn, int64_t user_id, struct str expected,
                                         struct str password_hash, int64_t now)
{
    return update_hash(conn,
                       "UPDATE users SET password_hash = $3, updated_at = $4 "
                       "WHERE id = $1 AND password_hash = $2",
                       DB_ARGS(db_int(user_id), db_text(expected), db_text(password_hash), db_int(now)));
}
