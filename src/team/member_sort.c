/* A tenant's members in an order that is asked for. */
#include "base/words.h"
#include "team/member_row.h"

#define SQL_MAX  8192
#define ARGS_MAX (16 + KEYSET_ARGS)

/* Up to so many words a search may find, or members a filter leave, for the list to begin with those; with
 * more it is gone through in its order, since hits are near. */
#define FEW       4000
#define ROLES_MAX 8 /* that are asked for at once, for it to begin with their members */

/* The copies in memberships, which have indexes. */
static const struct keyset_column columns[] = {
    { "name", "m.name", true },
    { "email", "m.email", true },
    { "joined_at", "m.created_at", false },
};
enum { BY_NAME = 0, BY_EMAIL };
static const struct keyset sorts = { .id = "m.user_id", .label = "id", .columns = columns, .n = 3 };

/* The same in words of which no index is: of few it would be gone through to its end. */
static const struct keyset_column plain_columns[] = {
    { "name", "(m.name || '')", true },
    { "email", "(m.email || '')", true },
    { "joined_at", "(m.created_at + 0)", false },
};
static const struct keyset plain_sorts = {
    .id = "(m.user_id + 0)", .label = "id", .columns = plain_columns, .n = 3
};

/* Which index has those whom the filters leave. */
enum narrowing { BY_NOTHING = 0, BY_ROLE, BY_SUSPENSION, NARROWING_COUNT };

struct sorted {
    struct arena *arena;
    const struct tenant *tenant;
    const struct member_query *query;
    struct words_search search;
    size_t rarest;         /* of the search's words … */
    bool is_few;           /* … and whether it finds few */
    enum narrowing few_by; /* what else leaves few */
    struct buf sql;
    struct storage_value args[ARGS_MAX];
    struct keyset_list list;
    struct str context;
    struct member_page *page;
};

static void add(struct sorted *sorted, const char *before, struct str value, const char *behind)
{
    sorted->args[sorted->list.n++] = db_text(value);
    buf_printf(&sorted->sql, "%s$%zu%s", before, sorted->list.n, behind);
}

/* ---- narrowing ---- */

static void add_role(struct sorted *sorted, struct str role)
{
    if (!role.at)
        return;
    if (str_index(role, ' ') == role.len) {
        add(sorted, " AND m.role = ", role, "");
        return;
    }
    add(sorted, " AND REPLACE(CAST(", role, " AS TEXT), ' ' || m.role || ' ', '')");
    buf_printf(&sorted->sql, " <> $%zu", sorted->list.n);
}

static void begin(struct sorted *sorted)
{
    const struct member_query *query = sorted->query;
    buf_init(&sorted->sql, sorted->arena, SQL_MAX);
    sorted->list.sql = &sorted->sql;
    sorted->list.args = sorted->args;
    sorted->args[sorted->list.n++] = db_int(sorted->tenant->id);
    buf_add(&sorted->sql,
            STR("SELECT " MEMBER_COLUMNS " FROM memberships m " MEMBER_JOINS " WHERE m.tenant_id = $1"));
    add_role(sorted, query->role);
    if (query->filter != MEMBERS_ALL)
        buf_add(&sorted->sql, query->filter == MEMBERS_ACTIVE ? STR(" AND m.status = 'active'")
                                                              : STR(" AND m.status = 'suspended'"));
    sorted->context = keyset_context(&sorted->list, sorted->arena, query->search);
}

/* ---- searching ---- */

static enum storage_status count_word(struct db_conn *conn, const struct sorted *sorted, struct str word,
                                      int64_t *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT COUNT(*) FROM (SELECT 1 FROM member_words w WHERE w.tenant_id = $1 AND w.word >= $2 "
                 "AND w.word < $3 LIMIT $4) few",
                 DB_ARGS(db_int(sorted->tenant->id), db_text(word),
                         db_text(words_search_end(sorted->arena, word)), db_int(FEW + 1)));
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

static enum storage_status plan_search(struct db_conn *conn, struct sorted *sorted)
{
    int64_t least = INT64_MAX, n = 0;
    enum storage_status status = STORAGE_OK;
    words_search_read(sorted->arena, sorted->query->search, &sorted->search);
    for (size_t i = 0; status == STORAGE_OK && i < sorted->search.n; i++) {
        status = count_word(conn, sorted, sorted->search.words[i], &n);
        if (n >= least)
            continue;
        least = n;
        sorted->rarest = i;
    }
    sorted->is_few = least <= FEW;
    return status;
}

#define FEW_HITS                                                                                             \
    " AND m.user_id IN (SELECT w.user_id FROM member_words w WHERE w.tenant_id = $1 AND w.word >= "
#define IS_HIT                                                                                               \
    " AND EXISTS (SELECT 1 FROM member_words w WHERE w.tenant_id = m.tenant_id AND w.user_id = m.user_id "   \
    "AND w.role = m.role AND w.status = m.status AND w.word >= "

static void add_search(struct sorted *sorted)
{
    for (size_t i = 0; i < sorted->search.n; i++) {
        struct str word = sorted->search.words[i];
        add(sorted, sorted->is_few && i == sorted->rarest ? FEW_HITS : IS_HIT, word, " AND w.word < ");
        add(sorted, "", words_search_end(sorted->arena, word), ")");
    }
}

/* ---- few by role or status ---- */

static bool applies(const struct member_query *query, enum narrowing by)
{
    size_t roles = 1;
    struct str role = str_trim(query->role);
    if (by == BY_SUSPENSION)
        return query->filter == MEMBERS_SUSPENDED;
    for (size_t i = 0; i < role.len; i++)
        if (role.at[i] == ' ')
            roles++;
    return role.len > 0 && roles <= ROLES_MAX;
}

/* Adds the statement that finds their ids, and its arguments but $1. */
static void add_left(const struct member_query *query, enum narrowing by, struct buf *sql,
                     struct storage_value *args, size_t *n)
{
    const char *before = " AND x.role IN (";
    buf_add(sql, STR("SELECT x.user_id FROM memberships x WHERE x.tenant_id = $1"));
    if (by == BY_SUSPENSION) {
        buf_add(sql, STR(" AND x.status = 'suspended' AND x.created_at >= 0"));
        return;
    }
    for (struct str slug, rest = str_trim(query->role); !str_is_empty(rest); before = ", ") {
        str_split(rest, ' ', &slug, &rest);
        args[(*n)++] = db_text(slug);
        buf_printf(sql, "%s$%zu", before, *n);
    }
    buf_add_char(sql, ')');
}

static enum storage_status count_left(struct db_conn *conn, const struct sorted *sorted, enum narrowing by,
                                      int64_t *ret)
{
    DB_ROWS(rows);
    struct buf sql;
    struct storage_value args[2 + ROLES_MAX] = { db_int(sorted->tenant->id), db_int(FEW + 1) };
    size_t n = 2;
    buf_init(&sql, sorted->arena, SQL_MAX);
    buf_add(&sql, STR("SELECT COUNT(*) FROM ("));
    add_left(sorted->query, by, &sql, args, &n);
    buf_add(&sql, STR(" LIMIT $2) few"));
    enum storage_status status = db_first(conn, &rows, buf_str(&sql).at, (struct db_args){ args, n });
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

static enum storage_status plan_narrowing(struct db_conn *conn, struct sorted *sorted)
{
    int64_t n = 0;
    enum storage_status status = STORAGE_OK;
    for (enum narrowing by = BY_ROLE; by < NARROWING_COUNT && status == STORAGE_OK; by++) {
        if (sorted->few_by || !applies(sorted->query, by))
            continue;
        status = count_left(conn, sorted, by, &n);
        if (status == STORAGE_OK && n <= FEW)
            sorted->few_by = by;
    }
    return status;
}

/* Few are sorted once they are found. */
static void begin_with_few(struct sorted *sorted)
{
    struct keyset_order *order = &sorted->list.order;
    if (sorted->few_by) {
        buf_add(&sorted->sql, STR(" AND m.user_id IN ("));
        add_left(sorted->query, sorted->few_by, &sorted->sql, sorted->args, &sorted->list.n);
        buf_add_char(&sorted->sql, ')');
    }
    if (!sorted->few_by && !sorted->is_few)
        return;
    for (size_t i = 0; i < order->n; i++)
        order->at[i].column = &plain_columns[order->at[i].column - columns];
    order->set = &plain_sorts;
}

/* ---- the whole ---- */

static void take_row(void *context, struct db_rows *rows)
{
    struct sorted *sorted = context;
    member_read(rows, sorted->arena, sorted->tenant->is_root, &sorted->page->at[sorted->page->n++]);
}

static struct cursor_value value_of(const struct member *member, size_t column)
{
    switch (column) {
    case BY_NAME:
        return (struct cursor_value){ .text = member->name };
    case BY_EMAIL:
        return (struct cursor_value){ .text = member->email };
    default:
        return (struct cursor_value){ .number = member->joined_at };
    }
}

static void say_next(struct sorted *sorted)
{
    struct cursor_value values[KEYSET_MAX];
    struct member_page *page = sorted->page;
    const struct keyset_order *order = &sorted->list.order;
    page->has_more = page->n > sorted->list.limit;
    if (!page->has_more)
        return;
    const struct member *last = &page->at[--page->n - 1];
    for (size_t i = 0; i < order->n; i++)
        values[i] = value_of(last, (size_t)(order->at[i].column - order->set->columns));
    page->next = keyset_next(&sorted->list, sorted->arena, sorted->context, last->user_id, -1, values);
}

static enum storage_status read_page(struct db_conn *conn, struct sorted *sorted)
{
    size_t n;
    struct member_page *page = sorted->page;
    enum storage_status status = sorted->query->search.at ? plan_search(conn, sorted) : STORAGE_OK;
    if (status != STORAGE_OK || (sorted->query->search.at && sorted->search.n == 0))
        return status;
    if (!sorted->is_few)
        status = plan_narrowing(conn, sorted);
    if (status != STORAGE_OK)
        return status;
    add_search(sorted);
    begin_with_few(sorted);
    page->at = ARENA_ARRAY(sorted->arena, struct member, sorted->list.limit + 1);
    status = keyset_read(conn, &sorted->list, take_row, sorted, &n);
    if (status == STORAGE_OK)
        say_next(sorted);
    return status;
}

enum storage_status member_list_sorted(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                       const struct member_query *query, struct member_page *ret)
{
    const struct member_sort *sort = &query->sort;
    struct sorted sorted = { .arena = arena, .tenant = tenant, .query = query, .page = ret };
    sorted.list.limit = (size_t)query->limit;
    if (!keyset_order_read(&sorts, sort->at, sort->n, STR("id"), &sorted.list.order)) {
        ret->wrong = "sort";
        return STORAGE_DONE;
    }
    begin(&sorted);
    if (sort->cursor.at && !keyset_after(&sorted.list, arena, sorted.context, sort->cursor)) {
        ret->wrong = "cursor";
        return STORAGE_DONE;
    }
    return read_page(conn, &sorted);
}
