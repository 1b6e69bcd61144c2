#include "records/report.h"

struct context {
    struct arena *arena;
    int64_t tenant_id, now;
    struct report *report;
};

/* Every query stands twice: of one tenant, and of all of them, whose ids are greater than the 0 that is
 * given. */
enum { OF_TENANT, OF_ALL };
static size_t scope_of(const struct context *context)
{
    return context->tenant_id ? OF_TENANT : OF_ALL;
}

/* Columns: id and tenant (NULL for none), name, how many, what they cost in units and in hundredths. */
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
                                                   .tenant_id = db_col_int(&rows, 1),
                                                   .name = db_col_text(&rows, 2, context->arena),
                                                   .count = db_col_int(&rows, 3),
                                                   .units = db_col_int(&rows, 4),
                                                   .hundredths = db_col_int(&rows, 5) };
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

#define NO_ID    "CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)"
#define NO_VALUE "CAST(0 AS BIGINT), CAST(0 AS BIGINT)"

#define BY_STATUS(is)                                                                                        \
    "SELECT " NO_ID ", status, COUNT(*), " NO_VALUE " FROM assets WHERE tenant_id " is " $1 "                \
    "GROUP BY status ORDER BY status LIMIT $2"

#define BY_REFERENCE(column, table, is)                                                                      \
    "SELECT r.id, r.tenant_id, r.name, g.n, " NO_VALUE " FROM (SELECT " column " AS id, COUNT(*) AS n "      \
    "FROM assets WHERE tenant_id " is " $1 GROUP BY " column ") g "                                          \
    "LEFT JOIN " table " r ON r.tenant_id " is " $1 AND r.id = g.id ORDER BY g.n DESC, r.id LIMIT $2"

#define BY_CATEGORY(is) BY_REFERENCE("category_id", "categories", is)
#define BY_LOCATION(is) BY_REFERENCE("location_id", "locations", is)

/* Units and hundredths apart: each sum holds for more assets than there will ever be. */
#define BY_CURRENCY(is)                                                                                      \
    "SELECT " NO_ID ", currency, COUNT(purchase_cost), CAST(SUM(purchase_cost / 100) AS BIGINT), "           \
    "CAST(SUM(purchase_cost % 100) AS BIGINT) FROM assets WHERE tenant_id " is " $1 "                        \
    "AND status NOT IN ('lost', 'retired') AND purchase_cost IS NOT NULL "                                   \
    "GROUP BY currency ORDER BY currency LIMIT $2"

#define OVERDUE(is) "SELECT COUNT(*) FROM assets WHERE tenant_id " is " $1 AND due_at < $2"

static enum storage_status read_overdue(struct db_conn *conn, const struct context *context)
{
    static const char *const sql[] = { [OF_TENANT] = OVERDUE("="), [OF_ALL] = OVERDUE(">") };
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows, sql[scope_of(context)],
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
        const char *sql[2];
        struct report_groups *groups;
    } parts[] = {
#define PART(query, groups_)                                                                                 \
    { .sql = { [OF_TENANT] = query("="), [OF_ALL] = query(">") }, .groups = (groups_) }
        PART(BY_STATUS, &report->by_status),
        PART(BY_CATEGORY, &report->by_category),
        PART(BY_LOCATION, &report->by_location),
        PART(BY_CURRENCY, &report->value),
    };
    enum storage_status status = read_overdue(conn, context);
    for (size_t i = 0; status == STORAGE_OK && i < sizeof parts / sizeof parts[0]; i++)
        status = read_groups(conn, context, parts[i].sql[scope_of(context)], parts[i].groups);
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
