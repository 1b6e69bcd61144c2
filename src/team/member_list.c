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

/* ---- by the time of joining ---- */

/* One text for each combination, so that each finds its index. */
#define LISTED(condition)                                                                                    \
    "SELECT " COLUMNS " FROM memberships m " JOINS                                                           \
    " WHERE m.tenant_id = $1 AND (m.created_at, m.user_id) > ($2, $3)" condition                             \
    " ORDER BY m.created_at, m.user_id LIMIT $4"
#define OF_ROLE   " AND m.role = $5"
#define ANY_ROLE  " AND CAST($5 AS TEXT) = ''"
#define ACTIVE    " AND m.status = 'active'"
#define SUSPENDED " AND m.status = 'suspended'"

static const char *const lists[MEMBER_FILTER_COUNT][2] = {
    [MEMBERS_ALL] = { LISTED(ANY_ROLE), LISTED(OF_ROLE) },
    [MEMBERS_ACTIVE] = { LISTED(ANY_ROLE ACTIVE), LISTED(OF_ROLE ACTIVE) },
    [MEMBERS_SUSPENDED] = { LISTED(ANY_ROLE SUSPENDED), LISTED(OF_ROLE SUSPENDED) },
};

static enum storage_status query_list(struct db_conn *conn, struct db_rows *rows, int64_t tenant_id,
                                      const struct member_query *query)
{
    return db_query(conn, rows, lists[query->filter][query->role.at != NULL],
                    DB_ARGS(db_int(tenant_id), db_int(query->after.joined_at), db_int(query->after.user_id),
                            db_int(query->limit + 1), db_text(query->role)));
}

/* ---- searches ---- */

/* The words to find with the ends of their ranges, or '' where there are fewer. */
struct ranges {
    struct str from[MEMBER_SEARCH_MAX_WORDS], to[MEMBER_SEARCH_MAX_WORDS];
};

static struct ranges ranges_of(struct arena *arena, const struct member_search *search)
{
    struct ranges ranges = { 0 };
    for (size_t i = 0; i < search->n; i++) {
        ranges.from[i] = search->words[i];
        ranges.to[i] = member_search_end(arena, search->words[i]);
    }
    return ranges;
}

/* who: w or m, so that it is judged before more is joined. The LIMIT keeps a planner from reading all words
 * of the tenant at once to look each member up in them. */
#define HAS_WORD(who, from, to)                                                                              \
    " AND (CAST(" from " AS TEXT) = '' OR (SELECT o.user_id FROM member_words o WHERE o.tenant_id = " who    \
    ".tenant_id AND o.user_id = " who ".user_id AND o.word >= " from " AND o.word < " to                     \
    " LIMIT 1) IS NOT NULL)"

/* $2 to $3: the range of the first word, from the place on; $5: where the range begins. Somebody who has
 * several words in it is found by the least of them alone. */
#define BY_WORD                                                                                              \
    "SELECT " COLUMNS ", w.word FROM member_words w "                                                        \
    "JOIN memberships m ON m.tenant_id = w.tenant_id AND m.user_id = w.user_id " JOINS                       \
    " WHERE w.tenant_id = $1 AND (w.word, w.user_id) > ($2, $4) AND w.word < $3 "                            \
    "AND NOT EXISTS (SELECT 1 FROM member_words b WHERE b.tenant_id = w.tenant_id "                          \
    "AND b.user_id = w.user_id AND b.word >= $5 AND b.word < w.word)" HAS_WORD("w", "$6", "$7")              \
        HAS_WORD("w", "$8", "$9") " AND (CAST($10 AS TEXT) = '' OR m.role = $10) "                           \
                                  "AND (CAST($11 AS TEXT) = '' OR m.status = $11) "                          \
                                  "ORDER BY w.word, w.user_id LIMIT $12"

static const char *const status_words[MEMBER_FILTER_COUNT] = {
    [MEMBERS_ALL] = "",
    [MEMBERS_ACTIVE] = "active",
    [MEMBERS_SUSPENDED] = "suspended",
};

static enum storage_status query_by_word(struct db_conn *conn, struct db_rows *rows, int64_t tenant_id,
                                         const struct ranges *ranges, const struct member_query *query)
{
    /* A place outside of the range is none that this search gave. */
    bool is_start = !str_starts_with(query->after.word, ranges->from[0]);
    struct str place = is_start ? ranges->from[0] : query->after.word;
    return db_query(conn, rows, BY_WORD,
                    DB_ARGS(db_int(tenant_id), db_text(place), db_text(ranges->to[0]),
                            db_int(is_start ? 0 : query->after.user_id), db_text(ranges->from[0]),
                            db_text(ranges->from[1]), db_text(ranges->to[1]), db_text(ranges->from[2]),
                            db_text(ranges->to[2]), db_text(query->role),
                            db_text(str_of(status_words[query->filter])), db_int(query->limit + 1)));
}

/* A search by words passes over all it finds and does not want: with a filter that few pass that could be the
 * whole tenant. So those few are gone through instead, in their own order. */
#define FEW 4000

#define AMONG(condition)                                                                                     \
    LISTED(condition HAS_WORD("m", "$6", "$7") HAS_WORD("m", "$8", "$9") HAS_WORD("m", "$10", "$11"))
#define COUNTED(condition)                                                                                   \
    "SELECT COUNT(*) FROM (SELECT 1 FROM memberships m WHERE m.tenant_id = $1 " condition " LIMIT $2) few"
#define OF_ROLE_3  " AND m.role = $3"
#define ANY_ROLE_3 " AND CAST($3 AS TEXT) = ''"

static const struct narrow {
    const char *search, *count; /* NULL: nothing is narrowed */
} narrows[MEMBER_FILTER_COUNT][2] = {
    [MEMBERS_ALL] = { { NULL, NULL }, { AMONG(OF_ROLE), COUNTED(OF_ROLE_3) } },
    [MEMBERS_ACTIVE] = { { NULL, NULL }, { AMONG(OF_ROLE ACTIVE), COUNTED(OF_ROLE_3 ACTIVE) } },
    [MEMBERS_SUSPENDED] = { { AMONG(ANY_ROLE SUSPENDED), COUNTED(ANY_ROLE_3 SUSPENDED) },
                            { AMONG(OF_ROLE SUSPENDED), COUNTED(OF_ROLE_3 SUSPENDED) } },
};

static const struct narrow *narrow_of(const struct member_query *query)
{
    return &narrows[query->filter][query->role.at != NULL];
}

static enum storage_status query_among(struct db_conn *conn, struct db_rows *rows, int64_t tenant_id,
                                       const struct ranges *ranges, const struct member_query *query)
{
    return db_query(conn, rows, narrow_of(query)->search,
                    DB_ARGS(db_int(tenant_id), db_int(query->after.joined_at), db_int(query->after.user_id),
                            db_int(query->limit + 1), db_text(query->role), db_text(ranges->from[0]),
                            db_text(ranges->to[0]), db_text(ranges->from[1]), db_text(ranges->to[1]),
                            db_text(ranges->from[2]), db_text(ranges->to[2])));
}

/* A later page goes on as the first one began, even if their number has changed since. */
static enum storage_status choose_order(struct db_conn *conn, int64_t tenant_id,
                                        const struct member_query *query, bool *ret_among)
{
    DB_ROWS(rows);
    const char *count = narrow_of(query)->count;
    *ret_among = count && query->after.user_id && !query->after.word.at;
    if (!count || query->after.user_id)
        return STORAGE_OK;
    enum storage_status status =
        db_first(conn, &rows, count, DB_ARGS(db_int(tenant_id), db_int(FEW + 1), db_text(query->role)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    *ret_among = db_col_int(&rows, 0) <= FEW;
    return STORAGE_OK;
}

/* ---- the whole ---- */

static enum storage_status read_page(struct db_rows *rows, struct arena *arena, bool in_root, bool by_word,
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
        ret->last = (struct member_place){ .user_id = member->user_id, .joined_at = member->joined_at };
        if (by_word)
            ret->last.word = db_col_text(rows, WORD_COLUMN, arena);
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status list_all(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                    const struct member_query *query, struct member_page *ret)
{
    DB_ROWS(rows);
    enum storage_status status = query_list(conn, &rows, tenant->id, query);
    return status == STORAGE_OK ? read_page(&rows, arena, tenant->is_root, false, query, ret) : status;
}

static enum storage_status list_found(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                      const struct member_query *query, struct member_page *ret)
{
    DB_ROWS(rows);
    struct member_search search;
    bool among = false;
    member_search_read(arena, query->search, &search);
    if (search.n == 0)
        return STORAGE_OK;
    struct ranges ranges = ranges_of(arena, &search);
    enum storage_status status = choose_order(conn, tenant->id, query, &among);
    if (status == STORAGE_OK)
        status = (among ? query_among : query_by_word)(conn, &rows, tenant->id, &ranges, query);
    return status == STORAGE_OK ? read_page(&rows, arena, tenant->is_root, !among, query, ret) : status;
}

enum storage_status member_list(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                const struct member_query *query, struct member_page *ret)
{
    *ret = (struct member_page){ 0 };
    return (query->search.at ? list_found : list_all)(conn, arena, tenant, query, ret);
}
