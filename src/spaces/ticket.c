/* Reading tickets; the deeds are in ticket_deed.c. */
#include "spaces/ticket.h"

#include "spaces/ticket_row.h"

static const char *const status_names[] = {
    [TICKET_PENDING] = "pending",
    [TICKET_CONFIRMED] = "confirmed",
    [TICKET_CANCELLED] = "cancelled",
    [TICKET_EXPIRED] = "expired",
};

const char *ticket_status_name(enum ticket_status status)
{
    return status_names[status];
}

static enum ticket_status read_status(struct str word)
{
    size_t status = TICKET_PENDING;
    while (!str_equal(word, str_of(status_names[status])))
        status++; /* the table allows no other word */
    return (enum ticket_status)status;
}

void ticket_read_row(struct db_rows *rows, struct arena *arena, int64_t now, struct ticket *ret)
{
    *ret = (struct ticket){
        .id = db_col_int(rows, 0),
        .tenant_id = db_col_int(rows, 1),
        .kind = db_col_is_null(rows, 2) ? OFFER_PASS : OFFER_EVENT,
        .offer_id = db_col_is_null(rows, 2) ? db_col_int(rows, 3) : db_col_int(rows, 2),
        .day = db_col_int(rows, 4),
        .title = db_col_text(rows, 5, arena),
        .location = db_col_text(rows, 6, arena),
        .starts_at = db_col_int(rows, 7),
        .ends_at = db_col_int(rows, 8),
        .name = db_col_text(rows, 9, arena),
        .email = db_col_text(rows, 10, arena),
        .quantity = db_col_int(rows, 11),
        .amount = db_col_int(rows, 12),
        .currency = db_col_text(rows, 13, arena),
        .status = read_status(db_col_text(rows, 14, arena)),
        .hint = db_col_text(rows, 15, arena),
        .created_at = db_col_int(rows, 16),
        .expires_at = db_col_int(rows, 17),
        .confirmed_at = db_col_int(rows, 18),
        .ended_at = db_col_int(rows, 19),
        .checked_in_at = db_col_int(rows, 20),
    };
    ret->holds_seats = ret->status == TICKET_PENDING || ret->status == TICKET_CONFIRMED;
    if (ret->status == TICKET_PENDING && ret->expires_at <= now)
        ret->status = TICKET_EXPIRED;
}

static enum storage_status read_one(struct db_rows *rows, enum storage_status status, struct arena *arena,
                                    int64_t now, struct ticket *ret)
{
    if (status == STORAGE_ROW)
        ticket_read_row(rows, arena, now, ret);
    return status;
}

enum storage_status ticket_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                 enum offer_kind kind, int64_t offer_id, int64_t id, int64_t now,
                                 struct ticket *ret)
{
    DB_ROWS(rows);
    bool is_event = kind == OFFER_EVENT;
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT " TICKET_COLUMNS " FROM " TICKET_TABLES " WHERE t.tenant_id = $1 AND t.id = $2 "
                 "AND COALESCE(t.event_id, 0) = $3 AND COALESCE(t.pass_id, 0) = $4",
                 DB_ARGS(db_int(tenant_id), db_int(id), db_int(is_event ? offer_id : 0),
                         db_int(is_event ? 0 : offer_id)));
    return read_one(&rows, status, arena, now, ret);
}

enum storage_status ticket_by_code(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                   const uint8_t hash[CODE_HASH_BYTES], int64_t now, struct ticket *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT " TICKET_COLUMNS " FROM " TICKET_TABLES
                 " WHERE t.code_hash = $2 AND (t.tenant_id = $1 OR CAST($1 AS BIGINT) = 0)",
                 DB_ARGS(db_int(tenant_id), db_blob(hash, CODE_HASH_BYTES)));
    return read_one(&rows, status, arena, now, ret);
}

static enum storage_status read_all(struct db_rows *rows, enum storage_status status, struct arena *arena,
                                    int64_t now, struct ticket *tickets, size_t *ret_n)
{
    *ret_n = 0;
    while (status == STORAGE_OK && (status = db_next(rows)) == STORAGE_ROW) {
        ticket_read_row(rows, arena, now, &tickets[(*ret_n)++]);
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

/* The rest of both lists, which differ in the index they go by. */
#define LIST_TAIL                                                                                            \
    " AND (t.day = $3 OR CAST($3 AS BIGINT) < 0) AND (t.id < $4 OR CAST($4 AS BIGINT) = 0) "                 \
    "AND (CAST($5 AS TEXT) IS NULL OR CAST($5 AS TEXT) = "                                                   \
    "CASE WHEN t.status = 'pending' AND t.expires_at <= $6 THEN 'expired' ELSE t.status END) "               \
    "ORDER BY t.id DESC LIMIT $7"

static const char *const list_statements[OFFER_KIND_COUNT] = {
    [OFFER_EVENT] = "SELECT " TICKET_COLUMNS " FROM " TICKET_TABLES
                    " WHERE t.tenant_id = $1 AND t.event_id = $2" LIST_TAIL,
    [OFFER_PASS] = "SELECT " TICKET_COLUMNS " FROM " TICKET_TABLES
                   " WHERE t.tenant_id = $1 AND t.pass_id = $2" LIST_TAIL,
};

enum storage_status ticket_list(struct db_conn *conn, struct arena *arena, const struct ticket_query *query,
                                struct ticket **ret, size_t *ret_n)
{
    DB_ROWS(rows);
    *ret = ARENA_ARRAY(arena, struct ticket, query->limit);
    enum storage_status status = db_query(
        conn, &rows, list_statements[query->kind],
        DB_ARGS(db_int(query->tenant_id), db_int(query->offer_id), db_int(query->day), db_int(query->before),
                db_text_or_null(query->status), db_int(query->now), db_int(query->limit)));
    return read_all(&rows, status, arena, query->now, *ret, ret_n);
}

enum storage_status ticket_overdue(struct db_conn *conn, struct arena *arena, const struct offer *offer,
                                   int64_t now, int64_t limit, struct ticket **ret, size_t *ret_n)
{
    DB_ROWS(rows);
    static const struct offer any;
    const struct offer *of = offer ? offer : &any;
    *ret = ARENA_ARRAY(arena, struct ticket, limit);
    enum storage_status status = db_query(
        conn, &rows,
        "SELECT " TICKET_COLUMNS " FROM " TICKET_TABLES " WHERE t.status = 'pending' AND t.expires_at <= $1 "
        "AND (CAST($2 AS BIGINT) = 0 OR (t.tenant_id = $2 AND t.day = $3 AND COALESCE(t.event_id, t.pass_id) "
        "= $4 "
        "AND (t.event_id IS NULL) = (CAST($5 AS BIGINT) = 1))) ORDER BY t.expires_at, t.id LIMIT $6",
        DB_ARGS(db_int(now), db_int(of->tenant_id), db_int(of->day), db_int(of->id),
                db_int(of->kind == OFFER_PASS), db_int(limit)));
    return read_all(&rows, status, arena, now, *ret, ret_n);
}
