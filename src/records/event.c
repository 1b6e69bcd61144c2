/* Events: what people register for. Their seats are taken and given back by spaces/ticket.h alone. */
#include "records/kinds.h"
#include "spaces/money.h"
#include "spaces/offer.h"

struct event {
    struct record record;
    struct str title, description, location, currency;
    int64_t space_id, starts_at, ends_at, capacity, taken, price, opens_at, closes_at;
    bool is_published;
};

static const struct record_reference space = { .table = "spaces" };

static const struct field rows[] = {
    FIELD(struct event, title, "title", FIELD_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT,
          .max = 200, .help = "What it is called", .example = "Soldering for beginners"),
    FIELD(struct event, description, "description", FIELD_STR, .flags = FIELD_BLANK, .max = 10000,
          .help = "What it is about; plain text", .example = "Bring nothing but curiosity."),
    FIELD(struct event, location, "location", FIELD_STR, .flags = FIELD_BLANK, .max = 200,
          .help = "Where people have to go", .example = "Workshop, ground floor"),
    FIELD(struct event, space_id, "space_id", FIELD_ID, .flags = FIELD_NULLABLE | FIELD_FILTER,
          .reference = &space, .help = "The space it is in; that does not book it", .example = "1"),
    FIELD(struct event, starts_at, "starts_at", FIELD_TIME,
          .flags = FIELD_REQUIRED | FIELD_RANGE | FIELD_SORT, .help = "When it starts",
          .example = "2026-12-04T18:00:00+01:00"),
    FIELD(struct event, ends_at, "ends_at", FIELD_TIME, .flags = FIELD_REQUIRED | FIELD_RANGE,
          .help = "When it is over", .example = "2026-12-04T20:00:00+01:00"),
    FIELD(struct event, capacity, "capacity", FIELD_INT, .flags = FIELD_REQUIRED, .min = 1, .max = 1000000,
          .help = "How many seats there are", .example = "20"),
    FIELD(struct event, taken, "taken", FIELD_INT, .flags = FIELD_READONLY, .column = "(SELECT t.taken)",
          .help = "How many of them pending and confirmed registrations hold", .example = "3"),
    FIELD(struct event, price, "price", FIELD_INT, .min = 0, .max = MONEY_MAX,
          .help = "Of a seat, in the currency's minor unit; 0, also if left out: it is free",
          .example = "1500"),
    FIELD(struct event, currency, "currency", FIELD_STR, .min = 3, .max = 3, .preset = "EUR",
          .help = "ISO 4217", .example = "EUR"),
    FIELD(struct event, is_published, "is_published", FIELD_BOOL, .flags = FIELD_FILTER, .preset = "false",
          .help = "Whether everybody sees it and can register", .example = "true"),
    FIELD(struct event, opens_at, "registration_opens_at", FIELD_TIME, .flags = FIELD_NULLABLE,
          .help = "From when on people can register; at once if left out", .example = "2026-11-01T08:00:00Z"),
    FIELD(struct event, closes_at, "registration_closes_at", FIELD_TIME, .flags = FIELD_NULLABLE,
          .help = "Until when; until it is over if left out", .example = "2026-12-04T12:00:00Z"),
};
enum { ROW_OPENS_AT = 11, ROW_CLOSES_AT };

static bool ends_after_its_start(const void *now, const void *before)
{
    (void)before;
    const struct event *event = now;
    return event->ends_at > event->starts_at;
}

static bool closes_after_it_opens(const void *now, const void *before)
{
    (void)before;
    const struct event *event = now;
    return !record_has(&event->record, ROW_OPENS_AT) || !record_has(&event->record, ROW_CLOSES_AT) ||
           event->closes_at > event->opens_at;
}

static bool has_currency(const void *now, const void *before)
{
    (void)before;
    return money_is_currency(((const struct event *)now)->currency);
}

static bool has_seats_for_all(const void *now, const void *before)
{
    (void)before;
    const struct event *event = now;
    return event->capacity >= event->taken;
}

static const struct record_rule rules[] = {
    { { "ends_at", "starts_at" }, false, ends_after_its_start, "The ends at must be after the starts at." },
    { { "registration_closes_at", "registration_opens_at" },
      false,
      closes_after_it_opens,
      "The registration closes at must be after the registration opens at." },
    { { "currency" }, false, has_currency, "The currency must be a code like EUR." },
    { { "capacity" }, true, has_seats_for_all, "More seats than that are taken." },
};

static enum storage_status before_write(struct db_conn *conn, struct record_deed *deed, void *now,
                                        const void *before)
{
    const struct event *event = before;
    (void)conn;
    if (now || event->taken == 0)
        return STORAGE_OK;
    return record_refuse(deed, RECORD_CONFLICT, deed->kind->referenced);
}

struct record_kind record_event = {
    .table = "events",
    .name = "event",
    .title = "Event",
    RECORD_STRUCT(struct event, rows),
    .sort = "starts_at",
    .referenced = "People are registered for this event: cancel that first.",
    RECORD_RULES(rules),
    .before_write = before_write,
};
