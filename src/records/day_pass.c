/* Day passes: what lets somebody in for a day. What of them is taken is counted by spaces/ticket.h. */
#include "records/kinds.h"
#include "spaces/money.h"

struct day_pass {
    struct record record;
    struct str name, description, currency;
    int64_t capacity, price, open_tickets;
    bool is_published;
};

static const struct field rows[] = {
    FIELD(struct day_pass, name, "name", FIELD_STR, .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT,
          .max = 100, .help = "What it is called", .example = "Hot desk"),
    FIELD(struct day_pass, description, "description", FIELD_STR, .flags = FIELD_BLANK, .max = 4000,
          .help = "What comes with it; plain text", .example = "A desk, coffee, a locker"),
    FIELD(struct day_pass, capacity, "capacity", FIELD_INT, .flags = FIELD_REQUIRED, .min = 1, .max = 1000000,
          .help = "How many there are on each day", .example = "12"),
    FIELD(struct day_pass, price, "price", FIELD_INT, .min = 0, .max = MONEY_MAX,
          .help = "Of one, in the currency's minor unit; 0, also if left out: it is free", .example = "1250"),
    FIELD(struct day_pass, currency, "currency", FIELD_STR, .min = 3, .max = 3, .preset = "EUR",
          .help = "ISO 4217", .example = "EUR"),
    FIELD(struct day_pass, is_published, "is_published", FIELD_BOOL, .flags = FIELD_FILTER, .preset = "false",
          .help = "Whether everybody sees it and can buy it", .example = "true"),
    FIELD(struct day_pass, open_tickets, "open_purchases", FIELD_INT, .flags = FIELD_READONLY,
          .column = "(SELECT COUNT(*) FROM tickets k WHERE k.tenant_id = t.tenant_id AND k.pass_id = t.id "
                    "AND k.status IN ('pending', 'confirmed'))",
          .help = "Purchases that are pending or confirmed, of all days", .example = "40"),
};

static bool has_currency(const void *now, const void *before)
{
    (void)before;
    return money_is_currency(((const struct day_pass *)now)->currency);
}

static const struct record_rule rules[] = {
    { { "currency" }, false, has_currency, "The currency must be a code like EUR." },
};

static enum storage_status before_write(struct db_conn *conn, struct record_deed *deed, void *now,
                                        const void *before)
{
    const struct day_pass *pass = before;
    (void)conn;
    if (now || pass->open_tickets == 0)
        return STORAGE_OK;
    return record_refuse(deed, RECORD_CONFLICT, deed->kind->referenced);
}

struct record_kind record_day_pass = {
    .table = "day_passes",
    .name = "day_pass",
    .title = "DayPass",
    RECORD_STRUCT(struct day_pass, rows),
    .sort = "name",
    .referenced = "Passes of this kind are sold: make it unpublished instead.",
    RECORD_RULES(rules),
    .before_write = before_write,
};
