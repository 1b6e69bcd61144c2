/* Bookings of spaces. That no two overlap is kept by spaces/booking.h, in the transaction that writes. */
#include "base/clock.h"
#include "records/kinds.h"
#include "spaces/booking.h"

struct booking {
    struct record record;
    struct str title, notes, status;
    int64_t space_id, starts_at, ends_at, created_by;
};

static const struct record_reference space = { .table = "spaces" };

static const char *const status_words[] = { "confirmed", "cancelled", NULL };

static const struct field rows[] = {
    FIELD(struct booking, title, "title", FIELD_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH, .max = 200,
          .help = "What for, or for whom", .example = "Board meeting"),
    FIELD(struct booking, space_id, "space_id", FIELD_ID, .flags = FIELD_REQUIRED | FIELD_FILTER,
          .reference = &space, .help = "Which space", .example = "1"),
    FIELD(struct booking, starts_at, "starts_at", FIELD_TIME,
          .flags = FIELD_REQUIRED | FIELD_RANGE | FIELD_SORT, .help = "From when on",
          .example = "2026-12-01T09:00:00+01:00"),
    FIELD(struct booking, ends_at, "ends_at", FIELD_TIME, .flags = FIELD_REQUIRED | FIELD_RANGE,
          .help = "Until when; another may begin at this moment", .example = "2026-12-01T10:00:00+01:00"),
    FIELD(struct booking, notes, "notes", FIELD_STR, .flags = FIELD_BLANK, .max = 4000,
          .help = "What else is to be known", .example = "Coffee for ten"),
    FIELD(struct booking, status, "status", FIELD_ENUM, .flags = FIELD_FILTER, .words = status_words,
          .preset = "confirmed", .help = "A cancelled one holds its space no longer", .example = "confirmed"),
    FIELD(struct booking, created_by, "created_by", FIELD_INT, .flags = FIELD_READONLY | FIELD_NULLABLE,
          .help = "The id of the user who booked; null once they are gone", .example = "3"),
};
enum { ROW_CREATED_BY = 6 };

static bool is_confirmed(const struct booking *booking)
{
    return str_equal(booking->status, STR("confirmed"));
}

static bool ends_after_its_start(const void *now, const void *before)
{
    (void)before;
    const struct booking *booking = now;
    return booking->ends_at > booking->starts_at;
}

static bool is_short_enough(const void *now, const void *before)
{
    (void)before;
    const struct booking *booking = now;
    return booking->ends_at <= booking->starts_at || booking->ends_at - booking->starts_at <= BOOKING_MAX_US;
}

static const struct record_rule rules[] = {
    { { "ends_at", "starts_at" }, false, ends_after_its_start, "The ends at must be after the starts at." },
    { { "ends_at", "starts_at" }, false, is_short_enough, "The booking must not be longer than 31 days." },
};

static enum storage_status refuse_taken(struct record_deed *deed, const struct booking_claim *claim)
{
    struct arena *arena = deed->caller->arena;
    struct str from = clock_iso8601(arena, claim->taken_from),
               until = clock_iso8601(arena, claim->taken_until);
    return record_refuse(
        deed, RECORD_CONFLICT,
        arena_printf(arena, "The space is booked from %.*s to %.*s.", STR_ARG(from), STR_ARG(until)).at);
}

static enum storage_status refuse(struct record_deed *deed, const struct booking_claim *claim)
{
    switch (claim->verdict) {
    case BOOKING_OK:
        return STORAGE_OK;
    case BOOKING_SPACE_UNKNOWN:
        record_violate(deed, "space_id", "The selected space id is invalid.");
        break;
    case BOOKING_SPACE_CLOSED:
        record_violate(deed, "space_id", "The space cannot be booked.");
        break;
    case BOOKING_BACKWARDS:
    case BOOKING_TOO_LONG:
        record_violate(deed, "ends_at", "The ends at is out of range.");
        break;
    case BOOKING_TAKEN:
        return refuse_taken(deed, claim);
    }
    return STORAGE_OK;
}

static bool is_moved(const struct booking *now, const struct booking *before)
{
    return !before || !is_confirmed(before) || now->space_id != before->space_id ||
           now->starts_at != before->starts_at || now->ends_at != before->ends_at;
}

static enum storage_status before_write(struct db_conn *conn, struct record_deed *deed, void *now,
                                        const void *before)
{
    struct booking *booking = now;
    if (!booking)
        return STORAGE_OK;
    if (!before && deed->caller->user_id) {
        booking->created_by = deed->caller->user_id;
        booking->record.has |= UINT64_C(1) << ROW_CREATED_BY;
    }
    if (!is_confirmed(booking) || !is_moved(booking, before))
        return STORAGE_OK;
    struct booking_claim claim = {
        .tenant_id = deed->caller->tenant->id,
        .space_id = booking->space_id,
        .starts_at = booking->starts_at,
        .ends_at = booking->ends_at,
        .booking_id = booking->record.id,
    };
    enum storage_status status = booking_claim(conn, &claim);
    return status == STORAGE_OK ? refuse(deed, &claim) : status;
}

struct record_kind record_booking = {
    .table = "bookings",
    .name = "booking",
    .title = "Booking",
    RECORD_STRUCT(struct booking, rows),
    .sort = "starts_at",
    .conflict = "The space is booked at that time.",
    RECORD_RULES(rules),
    .before_write = before_write,
};
