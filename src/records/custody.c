#include "records/custody.h"

#include "records/kinds.h"

static enum storage_status refuse(struct custody_deed *deed, enum record_verdict verdict,
                                  const char *sentence)
{
    deed->verdict = verdict;
    deed->sentence = sentence;
    return STORAGE_DONE;
}

static void begin(struct custody_deed *deed)
{
    deed->verdict = RECORD_DONE;
    deed->sentence = NULL;
    deed->violations = (struct violations){ 0 };
    deed->asset = NULL;
}

/* ---- the employee ---- */

struct holder {
    int64_t id;
    struct str name;
    bool is_active;
};

/* ROW, DONE or a failure. */
static enum storage_status find_holder(struct db_conn *conn, const struct record_caller *caller, int64_t id,
                                       struct holder *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT name, active FROM employees WHERE tenant_id = $1 AND id = $2",
                 DB_ARGS(db_int(caller->tenant->id), db_int(id)));
    if (status == STORAGE_ROW)
        *ret = (struct holder){ id, db_col_text(&rows, 0, caller->arena), db_col_int(&rows, 1) != 0 };
    return status;
}

static enum storage_status check_holder(struct db_conn *conn, struct custody_deed *deed, struct holder *ret)
{
    enum storage_status status = find_holder(conn, deed->caller, deed->employee_id, ret);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return status;
    if (status == STORAGE_ROW && ret->is_active)
        return STORAGE_OK;
    violations_add(deed->caller->arena, &deed->violations, "employee_id", VIOLATION_CUSTOM, NULL,
                   status == STORAGE_ROW ? STR("The selected employee is not active.")
                                         : STR("The selected employee does not exist."));
    return refuse(deed, RECORD_INVALID, NULL);
}

/* ---- the asset ---- */

static enum storage_status read_asset(struct db_conn *conn, struct custody_deed *deed)
{
    enum storage_status status = record_find(conn, &record_asset, deed->caller, deed->asset_id, &deed->asset);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

/* The change did not apply: why not? */
static enum storage_status explain(struct db_conn *conn, struct custody_deed *deed, const char *sentence)
{
    enum storage_status status = read_asset(conn, deed);
    if (status == STORAGE_DONE)
        return refuse(deed, RECORD_UNKNOWN, NULL);
    return status == STORAGE_OK ? refuse(deed, RECORD_CONFLICT, sentence) : status;
}

/* ---- what is written down ---- */

static enum storage_status write_history(struct db_conn *conn, const struct custody_deed *deed,
                                         const char *action, const struct holder *holder)
{
    const struct record_caller *caller = deed->caller;
    return db_exec(
        conn,
        "INSERT INTO asset_events (tenant_id, asset_id, action, employee_id, employee_name, due_at, "
        "condition, notes, done_by, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        DB_ARGS(db_int(caller->tenant->id), db_int(deed->asset_id), db_text(str_of(action)),
                db_int(holder->id), db_text(holder->name), deed->due_at ? db_int(deed->due_at) : db_null(),
                db_text_or_null(deed->condition), db_text_or_null(deed->notes), db_text(caller->audit.name),
                db_int(caller->now)),
        NULL);
}

static enum storage_status audit(struct db_conn *conn, const struct custody_deed *deed, const char *action,
                                 const struct holder *holder)
{
    const struct record_caller *caller = deed->caller;
    cJSON *after = json_new_object();
    json_add_int(after, "employee_id", holder->id);
    json_add_str(after, "employee", holder->name);
    struct audit_event event = {
        .tenant_id = caller->tenant->id,
        .action = action,
        .target_kind = "asset",
        .target_id = deed->asset_id,
        .target_name = record_name(&record_asset, deed->asset),
        .after = json_print(caller->arena, after),
    };
    return audit_append(conn, caller->arena, &caller->audit, &event, caller->now);
}

/* ---- the two deeds ---- */

static enum storage_status give(struct db_conn *conn, struct custody_deed *deed)
{
    int64_t changes = 0;
    enum storage_status status = db_exec(
        conn,
        "UPDATE assets SET status = 'checked_out', employee_id = $3, checked_out_at = $4, due_at = $5, "
        "updated_at = $4 WHERE tenant_id = $1 AND id = $2 AND status = 'available'",
        DB_ARGS(db_int(deed->caller->tenant->id), db_int(deed->asset_id), db_int(deed->employee_id),
                db_int(deed->caller->now), deed->due_at ? db_int(deed->due_at) : db_null()),
        &changes);
    if (status != STORAGE_OK)
        return status;
    return changes ? read_asset(conn, deed)
                   : explain(conn, deed,
                             "The asset is not available: it is out, in maintenance, lost or retired.");
}

static enum storage_status check_out(struct db_conn *conn, void *context)
{
    struct holder holder;
    struct custody_deed *deed = context;
    begin(deed);
    enum storage_status status = check_holder(conn, deed, &holder);
    if (status == STORAGE_OK)
        status = give(conn, deed);
    if (status == STORAGE_OK)
        status = write_history(conn, deed, "checked_out", &holder);
    return status == STORAGE_OK ? audit(conn, deed, "asset.checked_out", &holder) : status;
}

/* Who had it; DONE when nobody had. */
static enum storage_status find_present_holder(struct db_conn *conn, const struct custody_deed *deed,
                                               struct holder *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT e.id, e.name FROM assets a JOIN employees e ON e.tenant_id = a.tenant_id "
                 "AND e.id = a.employee_id WHERE a.tenant_id = $1 AND a.id = $2 AND a.status = 'checked_out'",
                 DB_ARGS(db_int(deed->caller->tenant->id), db_int(deed->asset_id)));
    if (status == STORAGE_ROW)
        *ret = (struct holder){ db_col_int(&rows, 0), db_col_text(&rows, 1, deed->caller->arena), true };
    return status;
}

static enum storage_status take_back(struct db_conn *conn, struct custody_deed *deed)
{
    enum storage_status status = db_exec(
        conn,
        "UPDATE assets SET status = 'available', employee_id = NULL, checked_out_at = NULL, "
        "due_at = NULL, updated_at = $3 WHERE tenant_id = $1 AND id = $2",
        DB_ARGS(db_int(deed->caller->tenant->id), db_int(deed->asset_id), db_int(deed->caller->now)), NULL);
    return status == STORAGE_OK ? read_asset(conn, deed) : status;
}

static enum storage_status check_in(struct db_conn *conn, void *context)
{
    struct holder holder;
    struct custody_deed *deed = context;
    begin(deed);
    enum storage_status status = find_present_holder(conn, deed, &holder);
    if (status == STORAGE_DONE)
        return explain(conn, deed, "The asset is not checked out.");
    if (status == STORAGE_ROW)
        status = take_back(conn, deed);
    if (status == STORAGE_OK)
        status = write_history(conn, deed, "checked_in", &holder);
    return status == STORAGE_OK ? audit(conn, deed, "asset.checked_in", &holder) : status;
}

static enum storage_status carry_out(struct db_conn *conn, db_tx_fn fn, struct custody_deed *deed)
{
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, fn, deed);
    return status == STORAGE_DONE && deed->verdict != RECORD_DONE ? STORAGE_OK : status;
}

enum storage_status custody_check_out(struct db_conn *conn, struct custody_deed *deed)
{
    return carry_out(conn, check_out, deed);
}

enum storage_status custody_check_in(struct db_conn *conn, struct custody_deed *deed)
{
    return carry_out(conn, check_in, deed);
}
