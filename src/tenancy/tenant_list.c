#include "tenancy/tenant_list.h"

#include "tenancy/tenant_row.h"

/* An operator has thousands of tenants, not millions: a search reads them all. */
#define WANTED                                                                                               \
    " FROM tenants t WHERE (CAST($1 AS TEXT) IS NULL OR t.slug LIKE $1 ESCAPE '\\' "                         \
    "OR LOWER(t.name) LIKE $1 ESCAPE '\\') AND (CAST($2 AS TEXT) IS NULL OR t.plan = $2) "                   \
    "AND (CAST($3 AS TEXT) IS NULL OR t.status = $3)"
#define WANTED_ARGS 3
#define SQL_MAX     4096

static const struct keyset_column columns[] = {
    { "slug", "t.slug", true },
    { "name", "t.name", true },
    { "plan", "t.plan", true },
    { "created_at", "t.created_at", false },
};
enum { BY_SLUG = 0, BY_NAME, BY_PLAN };
static const struct keyset sorts = { .id = "t.id", .label = "id", .columns = columns, .n = 4 };

/* In lower case, with LIKE's own characters taken as they are. */
static struct str pattern_of(struct arena *arena, struct str search)
{
    struct str lower = arena_lower(arena, search);
    char *at = arena_alloc(arena, lower.len * 2 + 3);
    size_t len = 0;
    at[len++] = '%';
    for (size_t i = 0; i < lower.len; i++) {
        if (memchr("%_\\", lower.at[i], 3))
            at[len++] = '\\';
        at[len++] = lower.at[i];
    }
    at[len++] = '%';
    return str_from(at, len);
}

static struct str status_of(enum tenant_filter filter)
{
    if (filter == TENANTS_ALL)
        return STR_NONE;
    return tenant_status_word(filter == TENANTS_ACTIVE ? TENANT_ACTIVE : TENANT_SUSPENDED);
}

static void fill_args(struct arena *arena, const struct tenant_query *query, struct storage_value *ret)
{
    ret[0] = db_text_or_null(query->search.at ? pattern_of(arena, query->search) : STR_NONE);
    ret[1] = db_text_or_null(query->plan);
    ret[2] = db_text_or_null(status_of(query->filter));
}

/* ---- a page ---- */

struct pager {
    struct arena *arena;
    struct keyset_list list;
    struct str context; /* what a cursor belongs to */
    struct tenant_page *page;
};

static void take_row(void *context, struct db_rows *rows)
{
    struct pager *pager = context;
    tenant_row_read(rows, pager->arena, &pager->page->at[pager->page->n++]);
}

static struct cursor_value value_of(const struct tenant *tenant, size_t column)
{
    switch (column) {
    case BY_SLUG:
        return (struct cursor_value){ .text = tenant->slug };
    case BY_NAME:
        return (struct cursor_value){ .text = tenant->name };
    case BY_PLAN:
        return (struct cursor_value){ .text = tenant->plan };
    default:
        return (struct cursor_value){ .number = tenant->created_at };
    }
}

static void say_next(struct pager *pager)
{
    struct cursor_value values[KEYSET_MAX];
    struct tenant_page *page = pager->page;
    const struct keyset_order *order = &pager->list.order;
    if (page->n <= pager->list.limit)
        return;
    const struct tenant *last = &page->at[--page->n - 1];
    for (size_t i = 0; i < order->n; i++)
        values[i] = value_of(last, (size_t)(order->at[i].column - columns));
    page->next = keyset_next(&pager->list, pager->arena, pager->context, last->id, -1, values);
}

static enum storage_status read_page(struct db_conn *conn, struct pager *pager)
{
    size_t n;
    pager->page->at = ARENA_ARRAY(pager->arena, struct tenant, pager->list.limit + 1);
    enum storage_status status = keyset_read(conn, &pager->list, take_row, pager, &n);
    if (status == STORAGE_OK)
        say_next(pager);
    return status;
}

enum storage_status tenant_list(struct db_conn *conn, struct arena *arena, const struct tenant_query *query,
                                struct tenant_page *ret)
{
    struct buf sql;
    struct storage_value args[WANTED_ARGS + KEYSET_ARGS];
    struct pager pager = { .arena = arena, .page = ret };
    *ret = (struct tenant_page){ 0 };
    if (!keyset_order_read(&sorts, query->sort, query->sort_count, STR("id"), &pager.list.order)) {
        ret->wrong = "sort";
        return STORAGE_DONE;
    }
    buf_init(&sql, arena, SQL_MAX);
    buf_add(&sql, STR("SELECT " TENANT_ROW_COLUMNS WANTED));
    fill_args(arena, query, args);
    pager.list.sql = &sql;
    pager.list.args = args;
    pager.list.n = WANTED_ARGS;
    pager.list.limit = (size_t)query->limit;
    pager.context = keyset_context(&pager.list, arena, STR_NONE);
    if (query->cursor.at && !keyset_after(&pager.list, arena, pager.context, query->cursor)) {
        ret->wrong = "cursor";
        return STORAGE_DONE;
    }
    return read_page(conn, &pager);
}

/* ---- how many ---- */

enum storage_status tenant_count(struct db_conn *conn, struct arena *arena, const struct tenant_query *query,
                                 int64_t *ret)
{
    DB_ROWS(rows);
    struct storage_value args[WANTED_ARGS];
    fill_args(arena, query, args);
    enum storage_status status =
        db_first(conn, &rows, "SELECT COUNT(*)" WANTED, (struct db_args){ args, WANTED_ARGS });
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}
