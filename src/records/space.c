/* Spaces: rooms, desks and whatever else is booked. */
#include "records/kinds.h"

struct space {
    struct record record;
    struct str name, description, location;
    int64_t capacity;
    bool is_bookable;
};

static const struct field rows[] = {
    FIELD(struct space, name, "name", FIELD_STR,
          .flags = FIELD_REQUIRED | FIELD_FILTER | FIELD_SORT | FIELD_SEARCH, .max = 100,
          .help = "What people call it", .example = "Meeting room 1"),
    FIELD(struct space, description, "description", FIELD_STR, .flags = FIELD_BLANK, .max = 4000,
          .help = "What is in it", .example = "Ten chairs, a screen"),
    FIELD(struct space, location, "location", FIELD_STR, .flags = FIELD_BLANK, .max = 200,
          .help = "Where it is", .example = "Second floor"),
    FIELD(struct space, capacity, "capacity", FIELD_INT, .flags = FIELD_NULLABLE, .min = 1, .max = 1000000,
          .help = "For how many people", .example = "10"),
    FIELD(struct space, is_bookable, "is_bookable", FIELD_BOOL, .flags = FIELD_FILTER, .preset = "true",
          .help = "Whether it can be booked; bookings that are there stay", .example = "true"),
};

struct record_kind record_space = {
    .table = "spaces",
    .name = "space",
    .title = "Space",
    RECORD_STRUCT(struct space, rows),
    .sort = "name",
    .referenced = "The space has bookings or events; make it not bookable instead.",
};
