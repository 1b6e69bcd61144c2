/* Contacts: the people and companies that an organisation sells to. */
#include "records/crm.h"

struct contact {
    struct record record;
    struct str first_name, last_name, email, phone, company, job_title, status, source, notes;
    struct crm_key assigned_to, department_id, created_by, organization_id;
    int64_t last_contacted_at;
};

const struct record_reference crm_organization = { .table = "tenants", .origin = "tenants" };
const struct record_reference crm_user = { .table = "users", .origin = "users" };
static const struct record_reference department = { .kind = &record_department, .table = "departments" };

static const char *const statuses[] = { "new", "lead", "prospect", "customer", "inactive", NULL };

static const struct field rows[] = {
    FIELD(struct contact, first_name, "firstName", FIELD_STR,
          .flags = FIELD_REQUIRED | FIELD_SORT | FIELD_SEARCH, .max = 100, .column = "first_name",
          .help = "The given name, or a company's", .example = "Dana"),
    FIELD(struct contact, last_name, "lastName", FIELD_STR,
          .flags = FIELD_NULLABLE | FIELD_SORT | FIELD_SEARCH, .max = 100, .column = "last_name",
          .help = "The family name", .example = "Whitfield"),
    FIELD(struct contact, email, "email", FIELD_EMAIL, .flags = FIELD_NULLABLE | FIELD_FILTER | FIELD_SEARCH,
          .help = "Where to write to them; several contacts may share one", .example = "dana@example.com"),
    FIELD(struct contact, phone, "phone", FIELD_STR, .flags = FIELD_NULLABLE, .max = 50,
          .help = "As it is dialled", .example = "+1 555 0134"),
    FIELD(struct contact, company, "company", FIELD_STR,
          .flags = FIELD_NULLABLE | FIELD_FILTER | FIELD_SORT | FIELD_SEARCH, .max = 200,
          .help = "Where they work", .example = "Whitfield Partners"),
    FIELD(struct contact, job_title, "jobTitle", FIELD_STR, .flags = FIELD_NULLABLE, .max = 100,
          .column = "job_title", .help = "What they are there", .example = "Head of purchasing"),
    FIELD(struct contact, status, "status", FIELD_ENUM, .flags = FIELD_FILTER | FIELD_SORT, .words = statuses,
          .preset = "new", .help = "How far along they are", .example = "lead"),
    FIELD(struct contact, source, "source", FIELD_STR, .flags = FIELD_NULLABLE | FIELD_FILTER, .max = 100,
          .help = "Where they came from", .example = "Trade fair"),
    FIELD(struct contact, notes, "notes", FIELD_STR, .flags = FIELD_NULLABLE, .max = 10000,
          .help = "What there is to know", .example = "Prefers calls in the morning"),
    FIELD(struct contact, assigned_to, "assignedTo", FIELD_CRM_ID, .flags = FIELD_NULLABLE | FIELD_FILTER,
          .column = "assigned_to", .reference = &record_member,
          .help = "The user whose contact it is; the one who creates it if left out",
          .example = "65f2a1b00000000000000007"),
    FIELD(struct contact, department_id, "departmentId", FIELD_CRM_ID, .flags = FIELD_NULLABLE | FIELD_FILTER,
          .column = "department_id", .reference = &department,
          .help = "The department whose contact it is; that of its user if left out",
          .example = "65f2a1b00000000000000007"),
    FIELD(struct contact, created_by, "createdBy", FIELD_CRM_ID, .flags = FIELD_NULLABLE | FIELD_READONLY,
          .column = "created_by", .reference = &crm_user, .help = "Who created it",
          .example = "65f2a1b00000000000000007"),
    FIELD(struct contact, organization_id, "organizationId", FIELD_CRM_ID, .flags = FIELD_READONLY,
          .column = "(t.tenant_id)", .reference = &crm_organization, .help = "Whose contact it is",
          .example = "65f2a1b00000000000000007"),
    FIELD(struct contact, last_contacted_at, "lastContactedAt", FIELD_TIME,
          .flags = FIELD_NULLABLE | FIELD_READONLY, .column = "last_contacted_at",
          .help = "When the last message was written", .example = "2026-11-27T09:30:00Z"),
};
enum { ASSIGNED_TO = 9, DEPARTMENT_ID, CREATED_BY };

static const char *const scopes[] = {
    [CRM_OWN] = CRM_IS_OWN("t"), [CRM_DEPARTMENT] = CRM_IS_DEPARTMENTS("t"), [CRM_ALL] = "", NULL
};

size_t crm_scope(const struct record_caller *caller)
{
    const struct role *admin = role_by_slug(STR("admin")), *head = role_by_slug(STR("department_head"));
    int rank = caller->grant->role.rank;
    if (caller->grant->is_staff || rank >= admin->rank)
        return CRM_ALL;
    return rank >= head->rank ? CRM_DEPARTMENT : CRM_OWN;
}

static void name(struct contact *contact, size_t row, struct crm_key *member, int64_t id)
{
    contact->record.has |= UINT64_C(1) << row;
    *member = (struct crm_key){ .id = id };
}

/* DONE when they belong to none. */
static enum storage_status department_of(struct db_conn *conn, int64_t tenant_id, int64_t user_id,
                                         int64_t *ret)
{
    DB_ROWS(rows_);
    enum storage_status status = db_first(
        conn, &rows_, "SELECT department_id FROM department_members WHERE tenant_id = $1 AND user_id = $2",
        DB_ARGS(db_int(tenant_id), db_int(user_id)));
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows_, 0);
    return status;
}

static bool was_given(const struct record_deed *deed, size_t row)
{
    return (deed->present >> row & 1) != 0;
}

/* A new contact is its creator's, where they are a member of the organization, and its user's department's.
 */
static enum storage_status fill_in(struct db_conn *conn, struct record_deed *deed, void *now,
                                   const void *before)
{
    struct contact *contact = now;
    int64_t tenant_id = deed->caller->tenant->id, user_id = deed->caller->user_id, found = 0;
    if (deed->act != RECORD_CREATE)
        return STORAGE_OK;
    (void)before;
    name(contact, CREATED_BY, &contact->created_by, user_id);
    if (!was_given(deed, ASSIGNED_TO) && !deed->caller->grant->is_staff)
        name(contact, ASSIGNED_TO, &contact->assigned_to, user_id);
    if (was_given(deed, DEPARTMENT_ID) || !record_has(&contact->record, ASSIGNED_TO))
        return STORAGE_OK;
    enum storage_status status = department_of(conn, tenant_id, contact->assigned_to.id, &found);
    if (status == STORAGE_ROW)
        name(contact, DEPARTMENT_ID, &contact->department_id, found);
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

struct record_kind record_contact = {
    .table = "contacts",
    .name = "contact",
    .title = "Contact",
    RECORD_STRUCT(struct contact, rows),
    .is_crm = true,
    .sort = "-createdAt",
    .referenced = "The contact has conversations; delete these first.",
    .scopes = scopes,
    .scope = crm_scope,
    .outside = "You can only leave contacts with those whose contacts you see.",
    .before_write = fill_in,
};
