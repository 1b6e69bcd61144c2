/* Employees: people whom assets are given to. They need no account. */
#include "records/kinds.h"

struct employee {
    struct record record;
    int64_t tenant_id;
    struct str name, email, department, phone;
    bool active;
};

static const struct field fields[] = {
    FIELD(struct employee, name, "name", FIELD_STR, .flags = FIELD_REQUIRED | FIELD_SORT | FIELD_SEARCH,
          .max = 200, .help = "First and last name", .example = "Ann Smith"),
    FIELD(struct employee, email, "email", FIELD_EMAIL,
          .flags = FIELD_NULLABLE | FIELD_FILTER | FIELD_SORT | FIELD_SEARCH, .max = 254,
          .help = "Unique in the tenant", .example = "ann.smith@example.com"),
    FIELD(struct employee, department, "department", FIELD_STR, .flags = FIELD_NULLABLE | FIELD_FILTER,
          .max = 100, .help = "Where they work", .example = "Design"),
    FIELD(struct employee, phone, "phone", FIELD_STR, .flags = FIELD_NULLABLE, .max = 50,
          .help = "How to reach them", .example = "+49 30 123456"),
    FIELD(struct employee, active, "active", FIELD_BOOL, .flags = FIELD_FILTER, .preset = "true",
          .help = "Whether assets may be given to them", .example = "true"),
    FIELD(struct employee, tenant_id, "tenant_id", FIELD_INT, .flags = FIELD_READONLY,
          .column = "(t.tenant_id)", .help = "Whose it is: staff at the root domain see all tenants'",
          .example = "5"),
};

struct record_kind record_employee = {
    .table = "employees",
    .name = "employee",
    .title = "Employee",
    RECORD_STRUCT(struct employee, fields),
    .sort = "name",
    .conflict = "An employee with that email address already exists.",
    .referenced = "The employee still has assets.",
};
