/* Categories: what kind of thing an asset is. */
#include "records/kinds.h"

struct category {
    struct record record;
    int64_t tenant_id;
    struct str name, description;
};

static const struct field fields[] = {
    FIELD(struct category, name, "name", FIELD_STR,
          .flags = FIELD_REQUIRED | FIELD_FILTER | FIELD_SORT | FIELD_SEARCH, .max = 100,
          .help = "Unique in the tenant", .example = "Laptops"),
    FIELD(struct category, description, "description", FIELD_STR, .flags = FIELD_NULLABLE, .max = 2000,
          .help = "What belongs in it", .example = "Portable computers"),
    FIELD(struct category, tenant_id, "tenant_id", FIELD_INT, .flags = FIELD_READONLY,
          .column = "(t.tenant_id)", .help = "Whose it is: staff at the root domain see all tenants'",
          .example = "5"),
};

struct record_kind record_category = {
    .table = "categories",
    .name = "category",
    .title = "Category",
    RECORD_STRUCT(struct category, fields),
    .sort = "name",
    .conflict = "A category of that name already exists.",
    .referenced = "The category is still in use.",
};
