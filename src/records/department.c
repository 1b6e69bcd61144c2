/* Departments: parts of an organisation. Who belongs to one stands in department_members; a department head
 * sees what is its. */
#include "records/crm.h"

struct department {
    struct record record;
    struct str name, description;
};

static const struct field rows[] = {
    FIELD(struct department, name, "name", FIELD_STR,
          .flags = FIELD_REQUIRED | FIELD_FILTER | FIELD_SORT | FIELD_SEARCH, .max = 100,
          .help = "Unique in the organization", .example = "Field sales"),
    FIELD(struct department, description, "description", FIELD_STR, .flags = FIELD_NULLABLE, .max = 2000,
          .help = "What it does", .example = "Customers in the north"),
};

struct record_kind record_department = {
    .table = "departments",
    .name = "department",
    .title = "Department",
    RECORD_STRUCT(struct department, rows),
    .is_crm = true,
    .sort = "name",
    .conflict = "A department of that name already exists.",
    .referenced = "The department still has contacts.",
};
