#include "tenancy/tenant_list.h"

#include "tenancy/tenant_row.h"

/* An operator has thousands of tenants, not millions: a search reads them all. */
#define WANTED                                                                                               \
    " FROM tenants t WHERE t.id > $1 AND (CAST($2 AS TEXT) IS NULL OR t.slug LIKE $2 ESCAPE '\\' "           \
    "OR LOWER(t.name) LIKE $2 ESCAPE '\\') AND (CAST($3 AS TEXT) IS NULL OR t.plan = $3) "                   \
    "AND (CAST($4 AS TEXT) IS NULL OR t.status = $4)"

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

enum storage_status tenant_list(struct db_conn *conn, struct arena *arena, const struct tenant_query *query,
                                struct tenant_page *ret)
{
    DB_ROWS(rows);
    struct str pattern = query->search.at ? pattern_of(arena, query->search) : STR_NONE;
    *ret = (struct tenant_page){ .at = ARENA_ARRAY(arena, struct tenant, query->limit) };
    enum storage_status status =
        db_query(conn, &rows, "SELECT " TENANT_ROW_COLUMNS WANTED " ORDER BY t.id LIMIT $5",
                 DB_ARGS(db_int(query->after), db_text_or_null(pattern), db_text_or_null(query->plan),
                         db_text_or_null(status_of(query->filter)), db_int(query->limit + 1)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        ret->has_more = ret->n == (size_t)query->limit;
        if (ret->has_more)
            return STORAGE_OK;
        tenant_row_read(&rows, arena, &ret->at[ret->n++]);
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status tenant_count(struct db_conn *conn, struct arena *arena, const struct tenant_query *query,
                                 int64_t *ret)
{
    DB_ROWS(rows);
    struct str pattern = query->search.at ? pattern_of(arena, query->search) : STR_NONE;
    enum storage_status status =
        db_first(conn, &rows, "SELECT COUNT(*)" WANTED,
                 DB_ARGS(db_int(0), db_text_or_null(pattern), db_text_or_null(query->plan),
                         db_text_or_null(status_of(query->filter))));
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}
