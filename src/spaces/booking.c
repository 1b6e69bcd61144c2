#include "spaces/booking.h"

/* OK with the verdict, or a failure. */
static enum storage_status lock_space(struct db_conn *conn, struct booking_claim *claim)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows,
                                          "UPDATE spaces SET revision = revision + 1 "
                                          "WHERE tenant_id = $1 AND id = $2 RETURNING is_bookable",
                                          DB_ARGS(db_int(claim->tenant_id), db_int(claim->space_id)));
    if (status == STORAGE_DONE)
        claim->verdict = BOOKING_SPACE_UNKNOWN;
    else if (status == STORAGE_ROW && db_col_int(&rows, 0) == 0)
        claim->verdict = BOOKING_SPACE_CLOSED;
    return status == STORAGE_DONE || status == STORAGE_ROW ? STORAGE_OK : status;
}

/* What began longer ago than a booking lasts cannot reach into this one: so a bounded part of the index is
 * read. */
static enum storage_status look_for_others(struct db_conn *conn, struct booking_claim *claim)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows,
        "SELECT starts_at, ends_at FROM bookings WHERE tenant_id = $1 AND space_id = $2 AND starts_at > $3 "
        "AND starts_at < $4 AND ends_at > $5 AND id <> $6 AND status = 'confirmed' ORDER BY starts_at LIMIT "
        "1",
        DB_ARGS(db_int(claim->tenant_id), db_int(claim->space_id), db_int(claim->starts_at - BOOKING_MAX_US),
                db_int(claim->ends_at), db_int(claim->starts_at), db_int(claim->booking_id)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    claim->verdict = BOOKING_TAKEN;
    claim->taken_from = db_col_int(&rows, 0);
    claim->taken_until = db_col_int(&rows, 1);
    return STORAGE_OK;
}

enum storage_status booking_claim(struct db_conn *conn, struct booking_claim *claim)
{
    claim->verdict = BOOKING_OK;
    if (claim->ends_at <= claim->starts_at)
        claim->verdict = BOOKING_BACKWARDS;
    else if (claim->ends_at - claim->starts_at > BOOKING_MAX_US)
        claim->verdict = BOOKING_TOO_LONG;
    if (claim->verdict != BOOKING_OK)
        return STORAGE_OK;
    enum storage_status status = lock_space(conn, claim);
    return status == STORAGE_OK && claim->verdict == BOOKING_OK ? look_for_others(conn, claim) : status;
}
