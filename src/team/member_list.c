#include "team/member_list.h"

#include "base/words.h"
#include "team/member_row.h"

/* ---- one ---- */

enum storage_status member_by_id(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                 int64_t user_id, struct member *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows,
                                          "SELECT " MEMBER_COLUMNS " FROM memberships m " MEMBER_JOINS
                                          " WHERE m.tenant_id = $1 AND m.user_id = $2",
                                          DB_ARGS(db_int(tenant->id), db_int(user_id)));
    if (status == STORAGE_ROW)
        member_read(&rows, arena, tenant->is_root, ret);
    return status;
}

/* ---- narrowing ----
 * One text for each combination, so that each finds its index. t: the table that is gone through, p: the
 * parameter with the role, or with several between spaces. */

enum role_kind { ANY_ROLE = 0, ONE_ROLE, SEVERAL_ROLES, ROLE_KIND_COUNT };

#define ANY(t, p)     " AND CAST(" p " AS TEXT) = ''"
#define ONE(t, p)     " AND " t ".role = " p
#define SEVERAL(t, p) " AND REPLACE(CAST(" p " AS TEXT), ' ' || " t ".role || ' ', '') <> " p

#define STATUS(t, word) " AND " t ".status = '" word "'"
/* Not by an index of the status: the role's is narrower. */
#define STATUS_TOO(t, word) " AND (" t ".status || '') = '" word "'"

#define NARROWED(TEXT, t, p, WITH_ROLE)                                                                      \
    {                                                                                                        \
        [MEMBERS_ALL] = { TEXT(ANY(t, p)), TEXT(ONE(t, p)), TEXT(SEVERAL(t, p)) },                           \
        [MEMBERS_ACTIVE] = { TEXT(ANY(t, p) STATUS(t, "active")), TEXT(ONE(t, p) WITH_ROLE(t, "active")),    \
                             TEXT(SEVERAL(t, p) STATUS(t, "active")) },                                      \
        [MEMBERS_SUSPENDED] = { TEXT(ANY(t, p) STATUS(t, "suspended")),                                      \
                                TEXT(ONE(t, p) WITH_ROLE(t, "suspended")),                                   \
                                TEXT(SEVERAL(t, p) STATUS(t, "suspended")) },                                \
    }

typedef const char *const narrowed[MEMBER_FILTER_COUNT][ROLE_KIND_COUNT];

static const char *narrow(narrowed texts, const struct member_query *query)
{
    enum role_kind kind = !query->role.at                                 ? ANY_ROLE
                          : str_index(query->role, ' ') < query->role.len ? SEVERAL_ROLES
                                                                          : ONE_ROLE;
    return texts[query->filter][kind];
}

/* ---- by the time of joining ---- */

#define LISTED(condition)                                                                                    \
    "SELECT " MEMBER_COLUMNS " FROM memberships m " MEMBER_JOINS                                             \
    " WHERE m.tenant_id = $1 AND (m.created_at, m.user_id) > ($2, $3)" condition                             \
    " ORDER BY m.created_at, m.user_id LIMIT $4"
#define LISTED_COUNT(condition) "SELECT COUNT(*) FROM memberships m WHERE m.tenant_id = $1" condition

static narrowed lists = NARROWED(LISTED, "m", "$5", STATUS);
static narrowed list_counts = NARROWED(LISTED_COUNT, "m", "$2", STATUS);

static enum storage_status query_list(struct db_conn *conn, struct db_rows *rows, int64_t tenant_id,
                                      const struct member_query *query)
{
    return db_query(conn, rows, narrow(lists, query),
                    DB_ARGS(db_int(tenant_id), db_int(query->after.joined_at), db_int(query->after.user_id),
                            db_int(query->limit + 1), db_text(query->role)));
}

static enum storage_status count_list(struct db_conn *conn, struct db_rows *rows, int64_t tenant_id,
                                      const struct member_query *query)
{
    return db_first(conn, rows, narrow(list_counts, query), DB_ARGS(db_int(tenant_id), db_text(query->role)));
}

/* ---- searches ---- */

/* The words to find with the ends of their ranges, or '' where there are fewer. */
struct ranges {
    struct str from[WORDS_SEARCH_MAX], to[WORDS_SEARCH_MAX];
};

static struct ranges ranges_of(struct arena *arena, const struct words_search *search)
{
    struct ranges ranges = { 0 };
    for (size_t i = 0; i < search->n; i++) {
        ranges.from[i] = search->words[i];
        ranges.to[i] = words_search_end(arena, search->words[i]);
    }
    return ranges;
}

/* Role and status are the same in all words of a member, and stand before the word in the index of a member's
 * words. The LIMIT keeps a planner from reading all words of the tenant at once to look each member up in
 * them. */
#define HAS_WORD(from, to)                                                                                   \
    " AND (CAST(" from " AS TEXT) = '' OR (SELECT o.user_id FROM member_words o WHERE o.tenant_id = "        \
    "w.tenant_id AND o.user_id = w.user_id AND o.role = w.role AND o.status = w.status AND o.word >= " from  \
    " AND o.word < " to " LIMIT 1) IS NOT NULL)"

/* $2 to $3: the range of the first word, from the place on; $5: where the range begins. Role and status stand
 * with each word, so that a narrowed search is a range of an index as well. Somebody who has several words in
 * it is found by the least of them alone. */
#define FOUND(condition)                                                                                     \
    "SELECT " MEMBER_COLUMNS ", w.word FROM member_words w "                                                 \
    "JOIN memberships m ON m.tenant_id = w.tenant_id AND m.user_id = w.user_id " MEMBER_JOINS                \
    " WHERE w.tenant_id = $1 AND (w.word, w.user_id) > ($2, $4) AND w.word < $3" condition                   \
    " AND NOT EXISTS (SELECT 1 FROM member_words b WHERE b.tenant_id = w.tenant_id "                         \
    "AND b.user_id = w.user_id AND b.role = w.role AND b.status = w.status AND b.word >= $5 "                \
    "AND b.word < w.word)" HAS_WORD("$6", "$7") HAS_WORD("$8", "$9") " ORDER BY w.word, w.user_id LIMIT $11"
#define FOUND_COUNT(condition)                                                                               \
    "SELECT COUNT(DISTINCT w.user_id) FROM member_words w WHERE w.tenant_id = $1 AND w.word >= $2 "          \
    "AND w.word < $3" condition HAS_WORD("$4", "$5") HAS_WORD("$6", "$7")

static narrowed searches = NARROWED(FOUND, "w", "$10", STATUS_TOO);
static narrowed search_counts = NARROWED(FOUND_COUNT, "w", "$8", STATUS_TOO);

static enum storage_status query_found(struct db_conn *conn, struct db_rows *rows, int64_t tenant_id,
                                       const struct ranges *ranges, const struct member_query *query)
{
    /* A place outside of the range is none that this search gave. */
    bool is_start = !str_starts_with(query->after.word, ranges->from[0]);
    struct str place = is_start ? ranges->from[0] : query->after.word;
    return db_query(conn, rows, narrow(searches, query),
                    DB_ARGS(db_int(tenant_id), db_text(place), db_text(ranges->to[0]),
                            db_int(is_start ? 0 : query->after.user_id), db_text(ranges->from[0]),
                            db_text(ranges->from[1]), db_text(ranges->to[1]), db_text(ranges->from[2]),
                            db_text(ranges->to[2]), db_text(query->role), db_int(query->limit + 1)));
}

static enum storage_status count_found(struct db_conn *conn, struct db_rows *rows, int64_t tenant_id,
                                       const struct ranges *ranges, const struct member_query *query)
{
    return db_first(conn, rows, narrow(search_counts, query),
                    DB_ARGS(db_int(tenant_id), db_text(ranges->from[0]), db_text(ranges->to[0]),
                            db_text(ranges->from[1]), db_text(ranges->to[1]), db_text(ranges->from[2]),
                            db_text(ranges->to[2]), db_text(query->role)));
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
        member_read(rows, arena, in_root, member);
        ret->last = (struct member_place){ .user_id = member->user_id, .joined_at = member->joined_at };
        if (by_word)
            ret->last.word = db_col_text(rows, MEMBER_COLUMN_COUNT, arena);
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
    struct words_search search;
    words_search_read(arena, query->search, &search);
    if (search.n == 0)
        return STORAGE_OK;
    struct ranges ranges = ranges_of(arena, &search);
    enum storage_status status = query_found(conn, &rows, tenant->id, &ranges, query);
    return status == STORAGE_OK ? read_page(&rows, arena, tenant->is_root, true, query, ret) : status;
}

enum storage_status member_list(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                const struct member_query *query, struct member_page *ret)
{
    *ret = (struct member_page){ 0 };
    if (query->sort.n > 0)
        return member_list_sorted(conn, arena, tenant, query, ret);
    return (query->search.at ? list_found : list_all)(conn, arena, tenant, query, ret);
}

enum storage_status member_count(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                 const struct member_query *query, int64_t *ret)
{
    DB_ROWS(rows);
    struct words_search search = { 0 };
    *ret = 0;
    if (query->search.at)
        words_search_read(arena, query->search, &search);
    if (query->search.at && search.n == 0)
        return STORAGE_OK;
    struct ranges ranges = ranges_of(arena, &search);
    enum storage_status status = query->search.at ? count_found(conn, &rows, tenant->id, &ranges, query)
                                                  : count_list(conn, &rows, tenant->id, query);
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}
