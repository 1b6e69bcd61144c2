/* One record, and what part of the tenant a caller sees. */
#include "records/internal.h"

size_t scope_of(const struct record_kind *kind, const struct record_caller *caller)
{
    return kind->scope ? kind->scope(caller) : 0;
}

bool scope_add(struct buf *sql, const char *scope, size_t param)
{
    struct str head, rest = str_of(scope);
    bool names_user = false;
    if (str_is_empty(rest))
        return false;
    buf_add(sql, STR(" AND ("));
    for (bool more = true; more;) {
        more = str_split(rest, '$', &head, &rest);
        buf_add(sql, head);
        if (!more)
            break;
        buf_printf(sql, "$%zu", str_starts_with(rest, STR("U")) ? param : (size_t)1);
        rest = str_sub(rest, 1, rest.len);
        names_user = true;
    }
    buf_add_char(sql, ')');
    return names_user;
}

enum storage_status record_find(struct db_conn *conn, const struct record_kind *kind,
                                const struct record_caller *caller, int64_t id, struct record **ret)
{
    DB_ROWS(rows);
    size_t scope = scope_of(kind, caller);
    bool names_user = kind->scopes && strstr(kind->scopes[scope], "$U");
    struct db_args args = DB_ARGS(db_int(caller->tenant->id), db_int(id), db_int(caller->user_id));
    args.n = names_user ? 3 : 2;
    enum storage_status status = db_first(conn, &rows, kind->made.find[scope], args);
    if (status != STORAGE_ROW)
        return status;
    *ret = arena_alloc(caller->arena, kind->size);
    record_read(kind, &rows, caller->arena, *ret);
    return STORAGE_ROW;
}

enum storage_status record_home(struct db_conn *conn, const struct record_kind *kind, int64_t id,
                                int64_t *ret_tenant_id)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows, kind->made.home, DB_ARGS(db_int(id)));
    if (status == STORAGE_ROW)
        *ret_tenant_id = db_col_int(&rows, 0);
    return status;
}
