/* The assets surface: giving assets out and taking them back. */
#include "api/record.h"
#include "api/tables.h"
#include "records/custody.h"

/* A checkin says less. */
struct custody_input {
    int64_t employee_id, due_at;
    struct str condition, notes;
};

#define SAID_ROWS                                                                                            \
    FIELD(struct custody_input, condition, "condition", FIELD_STR, .flags = FIELD_NULLABLE, .max = 200,      \
          .help = "What state it is in", .example = "Good"),                                                 \
        FIELD(struct custody_input, notes, "notes", FIELD_STR, .flags = FIELD_NULLABLE, .max = 2000,         \
              .help = "Whatever else there is to say", .example = "With its charger")

static const struct field checkout_fields[] = {
    FIELD(struct custody_input, employee_id, "employee_id", FIELD_ID, .flags = FIELD_REQUIRED,
          .help = "Who gets it", .example = "7"),
    FIELD(struct custody_input, due_at, "due_at", FIELD_TIME, .flags = FIELD_NULLABLE,
          .help = "When it is to come back", .example = "2026-12-24T12:00:00Z"),
    SAID_ROWS,
};
static const struct shape checkout_shape = SHAPE("AssetCheckout", struct custody_input, checkout_fields);

static const struct field checkin_fields[] = { SAID_ROWS };
static const struct shape checkin_shape = SHAPE("AssetCheckin", struct custody_input, checkin_fields);

typedef enum storage_status (*custody_fn)(struct db_conn *conn, struct custody_deed *deed);

static enum error_code carry_out(struct call *call, custody_fn fn)
{
    int64_t seconds;
    const struct custody_input *input = call->input;
    struct record_caller caller = record_caller_of(call);
    struct custody_deed deed = {
        .caller = &caller,
        .employee_id = input->employee_id,
        .due_at = input->due_at,
        .condition = input->condition,
        .notes = input->notes,
    };
    enum error_code code = record_path_id(call, &record_asset, 0, &deed.asset_id, &seconds);
    if (code != OK)
        return code;
    enum storage_status status = fn(call->db, &deed);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    struct record_deed as_record = { .verdict = deed.verdict,
                                     .sentence = deed.sentence,
                                     .violations = deed.violations };
    code = record_fail(call, &as_record);
    if (code == OK)
        record_reply(call, 200, &record_asset, deed.asset);
    return code;
}

static enum error_code check_out(struct call *call)
{
    return carry_out(call, custody_check_out);
}

static enum error_code check_in(struct call *call)
{
    return carry_out(call, custody_check_in);
}

static const struct route routes[] = {
    { .op = "assets_asset_checkout",
      .method = METHOD_POST,
      .path = "/api/assets/{id}/checkout",
      .permission = PERM_ASSETS_CHECKOUT,
      .tenant = TENANT_BY_HOST,
      .body = BODY_JSON,
      .input = &checkout_shape,
      .answer = &record_asset.made.object,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_CONFLICT),
      .handler = check_out,
      .summary = "Gives an available asset to an employee" },
    { .op = "assets_asset_checkin",
      .method = METHOD_POST,
      .path = "/api/assets/{id}/checkin",
      .permission = PERM_ASSETS_CHECKIN,
      .tenant = TENANT_BY_HOST,
      .body = BODY_JSON,
      .input = &checkin_shape,
      .answer = &record_asset.made.object,
      .fails = FAILS(ERR_CONFLICT),
      .handler = check_in,
      .summary = "Takes an asset back" },
};

const struct route_table assets_custody_routes = ROUTE_TABLE(&assets_surface, routes);
