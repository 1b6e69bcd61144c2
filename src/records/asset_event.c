/* What happened to an asset: a row each time it was given out or came back (custody.c writes them). */
#include "records/kinds.h"

struct asset_event {
    struct record record;
    int64_t asset_id, employee_id, due_at;
    struct str action, employee_name, condition, notes, done_by;
};

static const struct record_reference asset = { .kind = &record_asset, .table = "assets" };
/* They may be gone by now: the name says who it was. */
static const struct record_reference employee = { .table = "employees" };

static const char *const actions[] = { "checked_out", "checked_in", NULL };

static const struct field fields[] = {
    FIELD(struct asset_event, action, "action", FIELD_ENUM, .flags = FIELD_READONLY | FIELD_FILTER,
          .words = actions, .help = "What was done", .example = "checked_out"),
    FIELD(struct asset_event, asset_id, "asset_id", FIELD_ID, .flags = FIELD_READONLY | FIELD_PARENT,
          .reference = &asset, .help = "To which asset", .example = "42"),
    FIELD(struct asset_event, employee_id, "employee_id", FIELD_ID, .flags = FIELD_READONLY,
          .reference = &employee, .help = "Who got it, or had it; they may be gone by now", .example = "7"),
    FIELD(struct asset_event, employee_name, "employee_name", FIELD_STR, .flags = FIELD_READONLY,
          .help = "As they were called then", .example = "Ann Smith"),
    FIELD(struct asset_event, due_at, "due_at", FIELD_TIME, .flags = FIELD_NULLABLE | FIELD_READONLY,
          .help = "When it was to come back", .example = "2026-12-24T12:00:00Z"),
    FIELD(struct asset_event, condition, "condition", FIELD_STR, .flags = FIELD_NULLABLE | FIELD_READONLY,
          .help = "What state it was in", .example = "Good"),
    FIELD(struct asset_event, notes, "notes", FIELD_STR, .flags = FIELD_NULLABLE | FIELD_READONLY,
          .help = "What else was said", .example = "With its charger"),
    FIELD(struct asset_event, done_by, "done_by", FIELD_STR, .flags = FIELD_READONLY,
          .help = "The address of whoever did it", .example = "sarah.chen@acme.example"),
};

struct record_kind record_asset_event = {
    .table = "asset_events",
    .name = "asset event",
    .title = "AssetEvent",
    RECORD_STRUCT(struct asset_event, fields),
    .sort = "-id",
    .parent = &record_asset,
};
