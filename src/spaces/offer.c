/* What differs between events and passes stands in one table of statements. Both read the same columns. */
#include "spaces/offer.h"

#include "spaces/day.h"

#define EVENT_COLUMNS                                                                                        \
    "id, title, description, location, starts_at, ends_at, capacity, taken, price, currency, is_published, " \
    "COALESCE(registration_opens_at, created_at), "                                                          \
    "CASE WHEN registration_closes_at < ends_at THEN registration_closes_at ELSE ends_at END"
/* $2 is the day; tickets for it are to be had until it ends in UTC's last place. */
#define PASS_COLUMNS                                                                                         \
    "p.id, p.name, p.description, '', CAST($2 AS BIGINT) * 86400000000, "                                    \
    "(CAST($2 AS BIGINT) + 1) * 86400000000, p.capacity, COALESCE(d.taken, 0), p.price, p.currency, "        \
    "p.is_published, p.created_at, (CAST($2 AS BIGINT) + 1) * 86400000000 + 43200000000"
#define PASS_TABLES                                                                                          \
    "day_passes p LEFT JOIN day_pass_days d ON d.tenant_id = p.tenant_id AND d.pass_id = p.id AND d.day = "  \
    "$2"

static const struct statements {
    const char *find; /* $1 tenant, $2 day, $3 id */
    const char *list; /* $1 tenant, $2 day or now, $3 and $4 after which one, $5 limit */
    const char *take; /* $1 tenant, $2 id, $3 quantity, $4 capacity, $5 day */
    const char *give; /* $1 tenant, $2 id, $3 quantity, $4 day */
} statements[OFFER_KIND_COUNT] = {
    [OFFER_EVENT] = {
        .find = "SELECT " EVENT_COLUMNS " FROM events "
                "WHERE tenant_id = $1 AND id = $3 AND CAST($2 AS BIGINT) = 0",
        .list = "SELECT " EVENT_COLUMNS " FROM events WHERE tenant_id = $1 AND is_published = 1 "
                "AND ends_at > $2 AND (starts_at, id) > ($3, $4) ORDER BY starts_at, id LIMIT $5",
        .take = "UPDATE events SET taken = taken + $3 WHERE tenant_id = $1 AND id = $2 "
                "AND taken + $3 <= $4 AND CAST($5 AS BIGINT) = 0",
        .give = "UPDATE events SET taken = taken - $3 "
                "WHERE tenant_id = $1 AND id = $2 AND CAST($4 AS BIGINT) = 0",
    },
    [OFFER_PASS] = {
        .find = "SELECT " PASS_COLUMNS " FROM " PASS_TABLES " WHERE p.tenant_id = $1 AND p.id = $3",
        .list = "SELECT " PASS_COLUMNS " FROM " PASS_TABLES " WHERE p.tenant_id = $1 AND p.is_published = 1 "
                "AND p.id > $4 AND CAST($3 AS BIGINT) >= 0 ORDER BY p.id LIMIT $5",
        .take = "INSERT INTO day_pass_days (tenant_id, pass_id, day, taken) "
                "VALUES ($1, $2, $5, $3) ON CONFLICT (tenant_id, pass_id, day) "
                "DO UPDATE SET taken = day_pass_days.taken + excluded.taken "
                "WHERE day_pass_days.taken + excluded.taken <= $4",
        .give = "UPDATE day_pass_days SET taken = taken - $3 "
                "WHERE tenant_id = $1 AND pass_id = $2 AND day = $4",
    },
};

static void read_row(struct db_rows *rows, struct arena *arena, struct offer *ret)
{
    ret->id = db_col_int(rows, 0);
    ret->title = db_col_text(rows, 1, arena);
    ret->description = db_col_text(rows, 2, arena);
    ret->location = db_col_text(rows, 3, arena);
    ret->starts_at = db_col_int(rows, 4);
    ret->ends_at = db_col_int(rows, 5);
    ret->capacity = db_col_int(rows, 6);
    ret->taken = db_col_int(rows, 7);
    ret->price = db_col_int(rows, 8);
    ret->currency = db_col_text(rows, 9, arena);
    ret->is_published = db_col_int(rows, 10) != 0;
    ret->opens_at = db_col_int(rows, 11);
    ret->closes_at = db_col_int(rows, 12);
}

enum storage_status offer_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                               enum offer_kind kind, int64_t id, int64_t day, struct offer *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, statements[kind].find, DB_ARGS(db_int(tenant_id), db_int(day), db_int(id)));
    *ret = (struct offer){ .kind = kind, .tenant_id = tenant_id, .day = day };
    if (status == STORAGE_ROW)
        read_row(&rows, arena, ret);
    return status;
}

enum storage_status offer_list(struct db_conn *conn, struct arena *arena, const struct offer_query *query,
                               struct offer **ret, size_t *ret_n)
{
    DB_ROWS(rows);
    int64_t moment = query->kind == OFFER_EVENT ? query->now : query->day;
    *ret = ARENA_ARRAY(arena, struct offer, query->limit);
    *ret_n = 0;
    enum storage_status status =
        db_query(conn, &rows, statements[query->kind].list,
                 DB_ARGS(db_int(query->tenant_id), db_int(moment), db_int(query->after_at),
                         db_int(query->after_id), db_int(query->limit)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        struct offer *offer = &(*ret)[(*ret_n)++];
        *offer = (struct offer){ .kind = query->kind, .tenant_id = query->tenant_id, .day = query->day };
        read_row(&rows, arena, offer);
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status offer_take(struct db_conn *conn, const struct offer *offer, int64_t quantity)
{
    int64_t changes = 0;
    if (quantity > offer->capacity) /* the first of a day inserts without asking */
        return STORAGE_DONE;
    enum storage_status status =
        db_exec(conn, statements[offer->kind].take,
                DB_ARGS(db_int(offer->tenant_id), db_int(offer->id), db_int(quantity),
                        db_int(offer->capacity), db_int(offer->day)),
                &changes);
    return status == STORAGE_OK && changes == 0 ? STORAGE_DONE : status;
}

enum storage_status offer_give_back(struct db_conn *conn, const struct offer *offer, int64_t quantity)
{
    return db_exec(conn, statements[offer->kind].give,
                   DB_ARGS(db_int(offer->tenant_id), db_int(offer->id), db_int(quantity), db_int(offer->day)),
                   NULL);
}
