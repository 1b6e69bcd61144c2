/* Assets: what an organisation owns and gives to its people. Giving out and taking back is in custody.c. */
#include "base/random.h"
#include "records/kinds.h"
#include "records/seen.h"

struct asset {
    struct record record;
    int64_t tenant_id;
    struct str tag, name, status, serial_number, manufacturer, model, currency, notes;
    int64_t category_id, location_id, employee_id;
    int64_t purchase_date, purchase_cost, warranty_end, checked_out_at, due_at;
};

static const struct record_reference category = { .table = "categories", .label = "name" };
static const struct record_reference location = { .table = "locations", .label = "name" };
static const struct record_reference employee = { .table = "employees", .label = "name" };

static const char *const statuses[] = { "available", "checked_out", "maintenance", "lost", "retired", NULL };

enum { TAG, NAME, STATUS };
static const struct field fields[] = {
    [TAG] = FIELD(struct asset, tag, "tag", FIELD_STR, .flags = FIELD_FILTER | FIELD_SORT | FIELD_SEARCH,
                  .max = 64, .help = "What is on its label; unique in the tenant, made up when left out",
                  .example = "AST-000042"),
    [NAME] = FIELD(struct asset, name, "name", FIELD_STR, .flags = FIELD_REQUIRED | FIELD_SORT | FIELD_SEARCH,
                   .max = 200, .help = "What it is", .example = "MacBook Pro 14"),
    [STATUS] =
        FIELD(struct asset, status, "status", FIELD_ENUM, .flags = FIELD_FILTER, .words = statuses,
              .preset = "available", .told_only = "checked_out",
              .help = "checked_out comes and goes with checkout and checkin alone", .example = "available"),
    FIELD(struct asset, category_id, "category_id", FIELD_ID, .flags = FIELD_NULLABLE | FIELD_FILTER,
          .reference = &category, .help = "Its category", .example = "1"),
    FIELD(struct asset, location_id, "location_id", FIELD_ID, .flags = FIELD_NULLABLE | FIELD_FILTER,
          .reference = &location, .help = "Where it belongs", .example = "1"),
    FIELD(struct asset, serial_number, "serial_number", FIELD_STR,
          .flags = FIELD_NULLABLE | FIELD_FILTER | FIELD_SEARCH, .max = 100, .help = "The maker's number",
          .example = "C02XK1ABCD"),
    FIELD(struct asset, manufacturer, "manufacturer", FIELD_STR, .flags = FIELD_NULLABLE | FIELD_SEARCH,
          .max = 100, .help = "Who made it", .example = "Apple"),
    FIELD(struct asset, model, "model", FIELD_STR, .flags = FIELD_NULLABLE | FIELD_SEARCH, .max = 100,
          .help = "What its maker calls it", .example = "A2442"),
    FIELD(struct asset, purchase_date, "purchase_date", FIELD_DATE, .flags = FIELD_NULLABLE | FIELD_SORT,
          .help = "When it was bought", .example = "2026-03-02"),
    FIELD(struct asset, purchase_cost, "purchase_cost", FIELD_MONEY, .flags = FIELD_NULLABLE, .min = 0,
          .max = INT64_C(100000000000), .help = "What it cost", .example = "1999.00"),
    FIELD(struct asset, currency, "currency", FIELD_STR, .flags = FIELD_NULLABLE, .min = 3, .max = 3,
          .help = "Of the cost: an ISO 4217 code", .example = "EUR"),
    FIELD(struct asset, warranty_end, "warranty_end", FIELD_DATE, .flags = FIELD_NULLABLE | FIELD_SORT,
          .help = "The last day under warranty", .example = "2029-03-01"),
    FIELD(struct asset, notes, "notes", FIELD_STR, .flags = FIELD_NULLABLE, .max = 4000,
          .help = "Whatever else there is to say", .example = "Scratch on the lid"),
    FIELD(struct asset, employee_id, "employee_id", FIELD_ID,
          .flags = FIELD_NULLABLE | FIELD_READONLY | FIELD_FILTER, .reference = &employee,
          .help = "Who has it", .example = "7"),
    FIELD(struct asset, checked_out_at, "checked_out_at", FIELD_TIME,
          .flags = FIELD_NULLABLE | FIELD_READONLY, .help = "Since when", .example = "2026-11-27T09:00:00Z"),
    FIELD(struct asset, due_at, "due_at", FIELD_TIME, .flags = FIELD_NULLABLE | FIELD_READONLY | FIELD_RANGE,
          .help = "When it is to come back", .example = "2026-12-24T12:00:00Z"),
    FIELD(struct asset, tenant_id, "tenant_id", FIELD_INT, .flags = FIELD_READONLY, .column = "(t.tenant_id)",
          .help = "Whose it is: staff at the root domain see all tenants'", .example = "5"),
};

static bool is_currency(struct str code)
{
    for (size_t i = 0; i < code.len; i++)
        if (code.at[i] < 'A' || code.at[i] > 'Z')
            return false;
    return true;
}

static bool is_out(const struct asset *asset)
{
    return asset && str_equal(asset->status, STR("checked_out"));
}

static bool is_out_only_by_checkout(const void *now, const void *before)
{
    return !is_out(now) || is_out(before);
}

static bool has_currency_in_capitals(const void *now, const void *before)
{
    (void)before;
    const struct asset *asset = now;
    return !asset->currency.at || is_currency(asset->currency);
}

static const struct record_rule rules[] = {
    { { "status" },
      true,
      is_out_only_by_checkout,
      "The status becomes checked_out by checking the asset out." },
    { { "currency" }, false, has_currency_in_capitals, "The currency must be three capital letters." },
};

/* ---- tags ---- */

#define NEAR     32 /* numbers that are tried one by one */
#define FAR_BITS 40

/* Somebody may have given any number of them in a row, and others wait meanwhile: after these few the next
 * one lies anywhere within twice as far each time, so that nobody can lay out the steps. */
static int64_t step_of(int tries)
{
    uint64_t any;
    int bits = tries - NEAR < FAR_BITS ? tries - NEAR + 1 : FAR_BITS;
    if (tries < NEAR)
        return 1;
    random_bytes(&any, sizeof any);
    return 1 + (int64_t)(any >> (64 - bits));
}

static enum storage_status next_number(struct db_conn *conn, int64_t tenant_id, int64_t step, int64_t *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "INSERT INTO record_numbers (tenant_id, kind, last) VALUES ($1, 'assets', $2) "
                 "ON CONFLICT (tenant_id, kind) DO UPDATE SET last = record_numbers.last + excluded.last "
                 "RETURNING last",
                 DB_ARGS(db_int(tenant_id), db_int(step)));
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status;
}

/* ROW when somebody gave that tag already, or is about to. */
static enum storage_status find_tag(struct db_conn *conn, const struct record_deed *deed, struct str tag)
{
    DB_ROWS(rows);
    if (deed->file && seen_has(deed->file, tag))
        return STORAGE_ROW;
    return db_first(conn, &rows, "SELECT 1 FROM assets WHERE tenant_id = $1 AND tag = $2",
                    DB_ARGS(db_int(deed->caller->tenant->id), db_text(tag)));
}

static enum storage_status make_tag(struct db_conn *conn, struct record_deed *deed, struct asset *now)
{
    int64_t number = 0;
    enum storage_status status = STORAGE_ROW;
    for (int tries = 0; status == STORAGE_ROW; tries++) {
        status = next_number(conn, deed->caller->tenant->id, step_of(tries), &number);
        if (status != STORAGE_ROW)
            return status == STORAGE_DONE ? STORAGE_ERROR : status;
        now->tag = arena_printf(deed->caller->arena, "AST-%06lld", (long long)number);
        status = find_tag(conn, deed, now->tag);
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status before_write(struct db_conn *conn, struct record_deed *deed, void *now_,
                                        const void *before)
{
    struct asset *now = now_;
    if (is_out(before) && !is_out(now))
        return record_refuse(deed, RECORD_CONFLICT, "The asset is checked out; check it in first.");
    return now && str_is_empty(now->tag) ? make_tag(conn, deed, now) : STORAGE_OK;
}

struct record_kind record_asset = {
    .table = "assets",
    .name = "asset",
    .title = "Asset",
    RECORD_STRUCT(struct asset, fields),
    .plan = "assets",
    .is_filed = true,
    .edits = PERM_ASSETS_EDIT,
    .conflict = "An asset with that tag already exists.",
    .referenced = "The asset is still in use.",
    RECORD_RULES(rules),
    .before_write = before_write,
};
