/* Locations: where assets are. One may lie in another, never in a circle. */
#include "records/kinds.h"

struct location {
    struct record record;
    int64_t tenant_id;
    struct str name, address, notes;
    int64_t parent_id;
};

static const struct record_reference location = { .table = "locations" };

enum { PARENT = 2 };
static const struct field fields[] = {
    FIELD(struct location, name, "name", FIELD_STR,
          .flags = FIELD_REQUIRED | FIELD_FILTER | FIELD_SORT | FIELD_SEARCH, .max = 100,
          .help = "Unique in the tenant", .example = "Berlin, 3rd floor"),
    FIELD(struct location, address, "address", FIELD_STR, .flags = FIELD_NULLABLE | FIELD_SEARCH, .max = 500,
          .help = "Where to find it", .example = "Hauptstr. 1, 10115 Berlin"),
    [PARENT] =
        FIELD(struct location, parent_id, "parent_id", FIELD_ID, .flags = FIELD_NULLABLE | FIELD_FILTER,
              .reference = &location, .help = "The location that it is a part of", .example = "1"),
    FIELD(struct location, notes, "notes", FIELD_STR, .flags = FIELD_NULLABLE, .max = 4000,
          .help = "Whatever else there is to say", .example = "Ask at the desk for the key"),
    FIELD(struct location, tenant_id, "tenant_id", FIELD_INT, .flags = FIELD_READONLY,
          .column = "(t.tenant_id)", .help = "Whose it is: staff at the root domain see all tenants'",
          .example = "5"),
};

/* Whether `id` is met on the way up from `parent`. */
static enum storage_status lies_within(struct db_conn *conn, const struct record_deed *deed, int64_t parent,
                                       int64_t id, bool *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "WITH RECURSIVE up (id) AS (SELECT CAST($2 AS BIGINT) UNION SELECT l.parent_id FROM up "
                 "JOIN locations l ON l.id = up.id WHERE l.tenant_id = $1 AND l.parent_id IS NOT NULL) "
                 "SELECT 1 FROM up WHERE id = $3",
                 DB_ARGS(db_int(deed->caller->tenant->id), db_int(parent), db_int(id)));
    *ret = status == STORAGE_ROW;
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status check(struct db_conn *conn, struct record_deed *deed, void *now_,
                                 const void *before)
{
    bool is_circle = false;
    const struct location *now = now_;
    if (!before || !record_has(&now->record, PARENT))
        return STORAGE_OK;
    enum storage_status status = lies_within(conn, deed, now->parent_id, now->record.id, &is_circle);
    if (is_circle)
        record_violate(deed, "parent_id", "A location cannot be a part of itself.");
    return status;
}

struct record_kind record_location = {
    .table = "locations",
    .name = "location",
    .title = "Location",
    RECORD_STRUCT(struct location, fields),
    .sort = "name",
    .conflict = "A location of that name already exists.",
    .referenced = "The location is still in use.",
    .check = check,
};
