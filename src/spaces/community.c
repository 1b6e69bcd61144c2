#include "spaces/community.h"

#include "base/text.h"

static const char *const status_names[] = {
    [COMMUNITY_ACTIVE] = "active",
    [COMMUNITY_PAUSED] = "paused",
    [COMMUNITY_ENDED] = "ended",
};

const char *community_status_name(enum community_status status)
{
    return status_names[status];
}

static enum community_status read_status(struct str word)
{
    size_t status = COMMUNITY_ACTIVE;
    while (!str_equal(word, str_of(status_names[status])))
        status++; /* the table allows no other word */
    return (enum community_status)status;
}

enum storage_status community_by_code(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                      const uint8_t hash[CODE_HASH_BYTES], struct community_member *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows,
                                          "SELECT id, first_name, last_name, status FROM community_members "
                                          "WHERE tenant_id = $1 AND code_hash = $2",
                                          DB_ARGS(db_int(tenant_id), db_blob(hash, CODE_HASH_BYTES)));
    if (status == STORAGE_ROW)
        *ret = (struct community_member){
            .id = db_col_int(&rows, 0),
            .tenant_id = tenant_id,
            .first_name = db_col_text(&rows, 1, arena),
            .last_name = db_col_text(&rows, 2, arena),
            .status = read_status(db_col_text(&rows, 3, arena)),
        };
    return status;
}

enum storage_status community_new_code(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                       int64_t id, int64_t now, struct str *ret_code)
{
    uint8_t hash[CODE_HASH_BYTES];
    int64_t changes = 0;
    *ret_code = code_new(arena, CODE_MEMBER, hash);
    enum storage_status status =
        db_exec(conn,
                "UPDATE community_members SET code_hash = $3, code_hint = $4, updated_at = $5 "
                "WHERE tenant_id = $1 AND id = $2",
                DB_ARGS(db_int(tenant_id), db_int(id), db_blob(hash, sizeof hash),
                        db_text(code_hint(*ret_code)), db_int(now)),
                &changes);
    return status == STORAGE_OK && changes == 0 ? STORAGE_DONE : status;
}

struct str name_in_short(struct arena *arena, struct str first, struct str last)
{
    struct str initial = str_sub(last, 0, text_utf8_sequence(last));
    return str_is_empty(initial) ? first
                                 : arena_printf(arena, "%.*s %.*s.", STR_ARG(first), STR_ARG(initial));
}

struct str whole_name_in_short(struct arena *arena, struct str name)
{
    struct str first, last, rest;
    str_split(str_trim(name), ' ', &first, &rest);
    for (last = rest = str_trim(rest); !str_is_empty(rest); rest = str_trim(rest))
        if (str_split(rest, ' ', &last, &rest))
            last = rest;
    return name_in_short(arena, first, str_trim(last));
}
