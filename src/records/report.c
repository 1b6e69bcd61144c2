#include "records/report.h"

struct context {
    struct arena *arena;
    int64_t tenant_id, now;
    struct report *report;
};

/* Columns: id (NULL for none), name, how many, what they cost. */
static enum storage_status read_groups(struct db_conn *conn, const struct context *context, const char *sql,
                                       struct report_groups *ret)
{
    DB_ROWS(rows);
    ret->at = ARENA_ARRAY(context->arena, struct report_group, REPORT_GROUPS_MAX);
    ret->n = 0;
    enum storage_status status =
        db_query(conn, &rows, sql, DB_ARGS(db_int(context->tenant_id), db_int(REPORT_GROUPS_MAX)));
    if (status != STORAGE_OK)
        return status;
    while (ret->n < REPORT_GROUPS_MAX && (status = db_next(&rows)) == STORAGE_ROW)
        ret->at[ret->n++] = (struct report_group){ .id = db_col_int(&rows, 0),
                                                   .name = db_col_text(&rows, 1, context->arena),
                                                   .count = db_col_int(&rows, 2),
                                                   .value = db_col_int(&rows, 3) };
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

#define BY_STATUS                                                                                            \
    "SELECT CAST(0 AS BIGINT), status, COUNT(*), CAST(0 AS BIGINT) FROM assets WHERE tenant_id = $1 "        \
    "GROUP BY status ORDER BY status LIMIT $2"

#define BY_REFERENCE(column, table)                                                                          \
    "SELECT r.id, r.name, g.n, CAST(0 AS BIGINT) FROM (SELECT " column " AS id, COUNT(*) AS n FROM assets "  \
    "WHERE tenant_id = $1 GROUP BY " column ") g LEFT JOIN " table " r ON r.tenant_id = $1 AND r.id = g.id " \
    "ORDER BY g.n DESC, r.id LIMIT $2"

#define BY_CURRENCY                                                                                          \
    "SELECT CAST(0 AS BIGINT), currency, COUNT(purchase_cost), CAST(SUM(purchase_cost) AS BIGINT) "          \
    "FROM assets WHERE tenant_id = $1 AND status NOT IN ('lost', 'retired') AND purchase_cost IS NOT NULL "  \
    "GROUP BY currency ORDER BY currency LIMIT $2"

static enum storage_status read_overdue(struct db_conn *conn, const struct context *context)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT COUNT(*) FROM assets WHERE tenant_id = $1 AND due_at < $2",
                 DB_ARGS(db_int(context->tenant_id), db_int(context->now)));
    if (status == STORAGE_ROW)
        context->report->overdue = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

static enum storage_status read_all(struct db_conn *conn, void *context_)
{
    const struct context *context = context_;
    struct report *report = context->report;
    const struct {
        const char *sql;
        struct report_groups *groups;
    } parts[] = {
        { BY_STATUS, &report->by_status },
        { BY_REFERENCE("category_id", "categories"), &report->by_category },
        { BY_REFERENCE("location_id", "locations"), &report->by_location },
        { BY_CURRENCY, &report->value },
    };
    enum storage_status status = read_overdue(conn, context);
    for (size_t i = 0; status == STORAGE_OK && i < sizeof parts / sizeof parts[0]; i++)
        status = read_groups(conn, context, parts[i].sql, parts[i].groups);
    return status;
}

enum storage_status report_summary(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t now,
                                   struct report *ret)
{
    struct context context = { arena, tenant_id, now, ret };
    *ret = (struct report){ 0 };
    enum storage_status status = db_transaction(conn, STORAGE_READ, read_all, &context);
    for (size_t i = 0; i < ret->by_status.n; i++)
        ret->total += ret->by_status.at[i].count;
    return status;
}
