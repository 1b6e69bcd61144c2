#include "team/member_list.h"

#include "access/custom_role.h"
#include "access/member_words.h"

/* ---- a row ---- */

#define COLUMNS "m.user_id, u.name, u.email, m.role, m.status, u.status, m.created_at, " ROLE_COLUMNS
#define JOINS   "JOIN users u ON u.id = m.user_id " ROLE_JOIN
enum { ROLE_COLUMN = 7, WORD_COLUMN = 10 };

static bool is_active(struct str word)
{
    return str_equal(word, STR("active"));
}

static void read_member(struct db_rows *rows, struct arena *arena, bool in_root, struct member *ret)
{
    *ret = (struct member){
        .user_id = db_col_int(rows, 0),
        .name = db_col_text(rows, 1, arena),
        .email = db_col_text(rows, 2, arena),
        .slug = db_col_text(rows, 3, arena),
        .status = is_active(db_col_text(rows, 4, arena)) ? MEMBERSHIP_ACTIVE : MEMBERSHIP_SUSPENDED,
        .is_enabled = is_active(db_col_text(rows, 5, arena)),
        .joined_at = db_col_int(rows, 6),
    };
    ret->has_role = role_resolve(rows, ROLE_COLUMN, arena, ret->slug, in_root, &ret->role);
}

enum storage_status member_by_id(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                 int64_t user_id, struct member *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT " COLUMNS " FROM memberships m " JOINS " WHERE m.tenant_id = $1 AND m.user_id = $2",
                 DB_ARGS(db_int(tenant->id), db_int(user_id)));
    if (status == STORAGE_ROW)
        read_member(&rows, arena, tenant->is_root, ret);
    return status;
}

/* ---- pages ---- */

/* One text for each combination, so that each finds its index. */
#define LISTED(condition)                                                                                    \
    "SELECT " COLUMNS " FROM memberships m " JOINS                                                           \
    " WHERE m.tenant_id = $1 AND (m.created_at, m.user_id) > ($2, $3)" condition                             \
    " ORDER BY m.created_at, m.user_id LIMIT $4"
#define OF_ROLE   " AND m.role = $5"
#define ACTIVE    " AND m.status = 'active'"
#define SUSPENDED " AND m.status = 'suspended'"

static const char *const lists[MEMBER_FILTER_COUNT][2] = {
    [MEMBERS_ALL] = { LISTED(""), LISTED(OF_ROLE) },
    [MEMBERS_ACTIVE] = { LISTED(ACTIVE), LISTED(OF_ROLE ACTIVE) },
    [MEMBERS_SUSPENDED] = { LISTED(SUSPENDED), LISTED(OF_ROLE SUSPENDED) },
};

static enum storage_status query_list(struct db_conn *conn, struct db_rows *rows, int64_t tenant_id,
                                      const struct member_query *query)
{
    bool by_role = query->role.at != NULL;
    const struct storage_value args[] = { db_int(tenant_id), db_int(query->after.joined_at),
                                          db_int(query->after.user_id), db_int(query->limit + 1),
                                          db_text(query->role) };
    return db_query(conn, rows, lists[query->filter][by_role], (struct db_args){ args, by_role ? 5 : 4 });
}

/* ---- searches ---- */

/* $2 to $3: the range of the first word, from the place on; $5: where the range begins. Somebody who has
 * several words in it is found by the least of them alone. $6 to $9: the beginnings and ends of more words,
 * or ''. */
#define ALSO(begin, end)                                                                                     \
    " AND (CAST(" begin " AS TEXT) = '' OR EXISTS (SELECT 1 FROM member_words o WHERE o.tenant_id = "        \
    "m.tenant_id AND o.user_id = m.user_id AND o.word >= " begin " AND o.word < " end "))"
#define SEARCH                                                                                               \
    "SELECT " COLUMNS ", w.word FROM member_words w "                                                        \
    "JOIN memberships m ON m.tenant_id = w.tenant_id AND m.user_id = w.user_id " JOINS                       \
    " WHERE w.tenant_id = $1 AND (w.word, w.user_id) > ($2, $4) AND w.word < $3 "                            \
    "AND NOT EXISTS (SELECT 1 FROM member_words b WHERE b.tenant_id = w.tenant_id "                          \
    "AND b.user_id = w.user_id AND b.word >= $5 AND b.word < w.word)" ALSO("$6", "$7")                       \
        ALSO("$8", "$9") " AND (CAST($10 AS TEXT) = '' OR m.role = $10) AND (CAST($11 AS TEXT) = '' OR "     \
                         "m.status = $11) "                                                                  \
                         "ORDER BY w.word, w.user_id LIMIT $12"

static const char *const status_words[MEMBER_FILTER_COUNT] = {
    [MEMBERS_ALL] = "",
    [MEMBERS_ACTIVE] = "active",
    [MEMBERS_SUSPENDED] = "suspended",
};

static enum storage_status query_search(struct db_conn *conn, struct db_rows *rows, struct arena *arena,
                                        int64_t tenant_id, const struct member_search *search,
                                        const struct member_query *query)
{
    const struct str *words = search->words;
    struct str from = query->after.user_id ? query->after.word : words[0], ends[MEMBER_SEARCH_MAX_WORDS];
    for (size_t i = 0; i < MEMBER_SEARCH_MAX_WORDS; i++)
        ends[i] = i < search->n ? member_search_end(arena, words[i]) : STR("");
    return db_query(conn, rows, SEARCH,
                    DB_ARGS(db_int(tenant_id), db_text(from), db_text(ends[0]), db_int(query->after.user_id),
                            db_text(words[0]), db_text(words[1]), db_text(ends[1]), db_text(words[2]),
                            db_text(ends[2]), db_text(query->role),
                            db_text(str_of(status_words[query->filter])), db_int(query->limit + 1)));
}

/* ---- the whole ---- */

static enum storage_status read_page(struct db_rows *rows, struct arena *arena, bool in_root, bool is_search,
                                     const struct member_query *query, struct member_page *ret)
{
    enum storage_status status;
    ret->at = ARENA_ARRAY(arena, struct member, query->limit);
    while ((status = db_next(rows)) == STORAGE_ROW) {
        if ((int64_t)ret->n == query->limit) {
            ret->has_more = true;
            return STORAGE_OK;
        }
        struct member *member = &ret->at[ret->n++];
        read_member(rows, arena, in_root, member);
        ret->last = (struct member_place){ .joined_at = member->joined_at, .user_id = member->user_id };
        if (is_search)
            ret->last.word = db_col_text(rows, WORD_COLUMN, arena);
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status member_list(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                const struct member_query *query, struct member_page *ret)
{
    DB_ROWS(rows);
    struct member_search search = { 0 };
    bool is_search = query->search.at != NULL;
    *ret = (struct member_page){ 0 };
    if (is_search)
        member_search_read(arena, query->search, &search);
    if (is_search && search.n == 0)
        return STORAGE_OK;
    enum storage_status status = is_search ? query_search(conn, &rows, arena, tenant->id, &search, query)
                                           : query_list(conn, &rows, tenant->id, query);
    if (status != STORAGE_OK)
        return status;
    return read_page(&rows, arena, tenant->is_root, is_search, query, ret);
}
