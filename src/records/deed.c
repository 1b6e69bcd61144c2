/* Creating, changing and deleting a record: one transaction with its audit row.
 *
 * The order of refusals is the contract's: what was sent, then whether the record is there, then the plan,
 * then what the database holds against it. */
#include "records/internal.h"

#include "base/clock.h"

#define JSON_MAX 262144

/* ---- refusing ---- */

void record_violate(struct record_deed *deed, const char *field, const char *sentence)
{
    violations_add(deed->caller->arena, &deed->violations, field, VIOLATION_CUSTOM, NULL, str_of(sentence));
}

enum storage_status record_refuse(struct record_deed *deed, enum record_verdict verdict, const char *sentence)
{
    deed->verdict = verdict;
    deed->sentence = sentence;
    return STORAGE_DONE;
}

enum storage_status record_run_hook(struct db_conn *conn, record_hook hook, struct record_deed *deed,
                                    struct record *now, const struct record *before)
{
    enum storage_status status = hook ? hook(conn, deed, now, before) : STORAGE_OK;
    if (status == STORAGE_OK && deed->violations.n > 0)
        return record_refuse(deed, RECORD_INVALID, NULL);
    return status;
}

/* ---- what it refers to ---- */

/* ROW with when it was created, DONE when it is not there for the caller, or a failure. */
static enum storage_status find_referred(struct db_conn *conn, struct record_deed *deed, size_t i, int64_t id,
                                         int64_t *ret_created_at)
{
    DB_ROWS(rows);
    struct record *record;
    const struct record_kind *kind = deed->kind->rows[i].reference->kind;
    enum storage_status status = kind ? record_find(conn, kind, deed->caller, id, &record)
                                      : db_first(conn, &rows, deed->kind->made.refer[i],
                                                 DB_ARGS(db_int(deed->caller->tenant->id), db_int(id)));
    if (status == STORAGE_ROW)
        *ret_created_at = kind ? record->created_at : db_col_int(&rows, 0);
    return status;
}

static enum storage_status look_up(struct db_conn *conn, struct record_deed *deed, size_t i)
{
    int64_t created_at = 0;
    const struct field *row = &deed->kind->rows[i];
    const void *member = member_of(row, deed->input);
    const struct crm_key *key = row->type == FIELD_CRM_ID ? member : NULL;
    enum storage_status status =
        find_referred(conn, deed, i, key ? key->id : *(const int64_t *)member, &created_at);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return status;
    if (status == STORAGE_DONE || (key && !crm_id_matches(key->created_at / CLOCK_SECOND, created_at)))
        violations_add(deed->caller->arena, &deed->violations, row->name, VIOLATION_MISSING, row, STR_NONE);
    return STORAGE_OK;
}

/* Only what was given is looked up: the rest is as the database has it. */
static enum storage_status check_references(struct db_conn *conn, struct record_deed *deed)
{
    enum storage_status status = STORAGE_OK;
    uint64_t given = deed->present & ~deed->null;
    for (size_t i = 0; status == STORAGE_OK && i < deed->kind->n; i++)
        if (deed->kind->rows[i].reference && (given >> i & 1))
            status = look_up(conn, deed, i);
    return status;
}

/* ---- audit ---- */

/* The whole of it, or of two the members in which they differ. */
static struct str told(const struct record_deed *deed, const struct record *record,
                       const struct record *other)
{
    if (!record)
        return STR_NONE;
    struct buf out;
    buf_init(&out, deed->caller->arena, JSON_MAX);
    record_print_changes(deed->kind, record, other, &out);
    return buf_str(&out);
}

struct str record_name(const struct record_kind *kind, const struct record *record)
{
    const struct field *row = &kind->rows[0];
    return row_is_text(row) && record_has(record, 0) ? *(const struct str *)member_of(row, record) : STR("");
}

static enum storage_status audit(struct db_conn *conn, const struct record_deed *deed,
                                 const struct record *now, const struct record *before)
{
    const struct record *subject = now ? now : before;
    struct audit_event event = {
        .tenant_id = deed->caller->tenant->id,
        .action = deed->kind->made.actions[deed->act],
        .target_kind = deed->kind->name,
        .target_id = subject->id,
        .target_name = record_name(deed->kind, subject),
        .before = told(deed, before, now),
        .after = told(deed, now, before),
    };
    return audit_append(conn, deed->caller->arena, &deed->caller->audit, &event, deed->caller->now);
}

/* ---- counting ---- */

/* One more, or one less. */
static enum storage_status count(struct db_conn *conn, struct record_deed *deed, int64_t n)
{
    const struct record_caller *caller = deed->caller;
    const char *plan = deed->kind->plan;
    if (n < 0)
        return plan_release(conn, caller->tenant->id, plan ? plan : deed->kind->table, -n);
    if (!plan)
        return plan_count(conn, caller->tenant->id, deed->kind->table, n);
    enum storage_status status = plan_take(conn, caller->config, caller->tenant, plan, n, &deed->plan);
    return status == STORAGE_DONE ? record_refuse(deed, RECORD_LIMIT, NULL) : status;
}

/* ---- writing ---- */

size_t record_bind_rows(const struct record_kind *kind, const struct record *record,
                        struct storage_value *args, size_t n)
{
    for (size_t i = 0; i < kind->n; i++)
        if (!row_is_computed(&kind->rows[i]))
            args[n++] = row_value(kind, i, record);
    return n;
}

enum storage_status record_insert(struct db_conn *conn, struct record_deed *deed, struct record *now)
{
    DB_ROWS(rows);
    struct storage_value args[RECORD_ROWS_MAX + 2] = { db_int(deed->caller->tenant->id),
                                                       db_int(deed->caller->now) };
    size_t n = record_bind_rows(deed->kind, now, args, 2);
    enum storage_status status = db_first(conn, &rows, deed->kind->made.insert, (struct db_args){ args, n });
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    now->id = db_col_int(&rows, 0);
    now->created_at = now->updated_at = deed->caller->now;
    return STORAGE_OK;
}

enum storage_status record_change(struct db_conn *conn, struct record_deed *deed, struct record *now)
{
    struct storage_value args[RECORD_ROWS_MAX + 3] = { db_int(deed->caller->tenant->id), db_int(now->id),
                                                       db_int(deed->caller->now) };
    size_t n = record_bind_rows(deed->kind, now, args, 3);
    now->updated_at = deed->caller->now;
    return db_exec(conn, deed->kind->made.change, (struct db_args){ args, n }, NULL);
}

/* What the database works out is read again; and whether the caller still sees it: nobody puts a record where
 * they could not have put it from. */
static enum storage_status read_again(struct db_conn *conn, struct record_deed *deed, struct record *now)
{
    const struct record_kind *kind = deed->kind;
    deed->now = now;
    if (!kind->made.is_computed && !kind->scopes)
        return STORAGE_OK;
    enum storage_status status = record_find(conn, kind, deed->caller, now->id, &deed->now);
    if (status == STORAGE_DONE && kind->scopes)
        return record_refuse(deed, RECORD_FORBIDDEN, kind->outside);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

/* ---- what is given ---- */

static void take(struct record_deed *deed, size_t i, struct record *now)
{
    const struct field *row = &deed->kind->rows[i];
    memcpy(member_of(row, now), member_of(row, deed->input), field_size(row->type));
    if (deed->null >> i & 1)
        now->has &= ~(UINT64_C(1) << i);
    else
        now->has |= UINT64_C(1) << i;
}

void record_take_given(struct record_deed *deed, struct record *now)
{
    for (size_t i = 0; i < deed->kind->n; i++)
        if (deed->present >> i & 1)
            take(deed, i, now);
}

/* What was left out at creation: the row's preset, else null, else the type's zero. */
void record_preset(struct record_deed *deed, struct record *now)
{
    for (size_t i = 0; i < deed->kind->n; i++) {
        const struct field *row = &deed->kind->rows[i];
        if ((deed->present >> i & 1) || row_is_computed(row))
            continue;
        if (row->preset)
            field_read_text(row, deed->caller->arena, str_of(row->preset), now, &deed->violations);
        if (row->preset || !(row->flags & FIELD_NULLABLE))
            now->has |= UINT64_C(1) << i;
    }
}

bool record_differs(const struct record_kind *kind, const struct record *now, const struct record *before)
{
    for (size_t i = 0; i < kind->n; i++)
        if (row_differs(kind, i, now, before))
            return true;
    return false;
}

/* ---- the three deeds ---- */

static enum storage_status create(struct db_conn *conn, struct record_deed *deed)
{
    struct record *now = arena_alloc(deed->caller->arena, deed->kind->size);
    record_preset(deed, now);
    record_take_given(deed, now);
    enum storage_status status = check_references(conn, deed);
    if (status == STORAGE_OK)
        status = record_check(conn, deed, now, NULL);
    if (status == STORAGE_OK)
        status = count(conn, deed, 1);
    if (status == STORAGE_OK)
        status = record_run_hook(conn, deed->kind->before_write, deed, now, NULL);
    if (status == STORAGE_OK)
        status = record_insert(conn, deed, now);
    if (status == STORAGE_OK)
        status = record_words_write(conn, deed->kind, deed->caller, now, NULL);
    if (status == STORAGE_OK)
        status = record_run_hook(conn, deed->kind->after_write, deed, now, NULL);
    if (status == STORAGE_OK)
        status = read_again(conn, deed, now);
    return status == STORAGE_OK ? audit(conn, deed, deed->now, NULL) : status;
}

static enum storage_status find_subject(struct db_conn *conn, struct record_deed *deed, struct record **ret)
{
    enum storage_status status = record_find(conn, deed->kind, deed->caller, deed->id, ret);
    bool is_other =
        status == STORAGE_ROW && deed->kind->is_crm && !crm_id_matches(deed->seconds, (*ret)->created_at);
    if (status == STORAGE_DONE || is_other)
        return record_refuse(deed, deed->violations.n > 0 ? RECORD_INVALID : RECORD_UNKNOWN, NULL);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status write_change(struct db_conn *conn, struct record_deed *deed, struct record *now,
                                        const struct record *before)
{
    enum storage_status status = record_run_hook(conn, deed->kind->before_write, deed, now, before);
    if (status == STORAGE_OK)
        status = record_change(conn, deed, now);
    if (status == STORAGE_OK)
        status = record_words_write(conn, deed->kind, deed->caller, now, before);
    if (status == STORAGE_OK)
        status = record_run_hook(conn, deed->kind->after_write, deed, now, before);
    if (status == STORAGE_OK)
        status = read_again(conn, deed, now);
    return status == STORAGE_OK ? audit(conn, deed, deed->now, before) : status;
}

/* What changes nothing writes nothing. */
static enum storage_status update(struct db_conn *conn, struct record_deed *deed)
{
    struct record *before = NULL;
    enum storage_status status = check_references(conn, deed);
    if (status == STORAGE_OK)
        status = find_subject(conn, deed, &before);
    if (status != STORAGE_OK)
        return status;
    struct record *now = arena_memdup(deed->caller->arena, before, deed->kind->size);
    record_take_given(deed, now);
    status = record_check(conn, deed, now, before);
    deed->now = before;
    return status == STORAGE_OK && record_differs(deed->kind, now, before)
               ? write_change(conn, deed, now, before)
               : status;
}

static enum storage_status erase(struct db_conn *conn, struct record_deed *deed)
{
    struct record *before = NULL;
    enum storage_status status = find_subject(conn, deed, &before);
    if (status == STORAGE_OK)
        status = record_run_hook(conn, deed->kind->before_write, deed, NULL, before);
    if (status == STORAGE_OK)
        status = db_exec(conn, deed->kind->made.remove,
                         DB_ARGS(db_int(deed->caller->tenant->id), db_int(deed->id)), NULL);
    if (status == STORAGE_OK)
        status = record_words_write(conn, deed->kind, deed->caller, NULL, before);
    if (status == STORAGE_OK)
        status = record_run_hook(conn, deed->kind->after_write, deed, NULL, before);
    if (status == STORAGE_OK)
        status = count(conn, deed, -1);
    return status == STORAGE_OK ? audit(conn, deed, NULL, before) : status;
}

enum storage_status record_carry_out_inside(struct db_conn *conn, struct record_deed *deed)
{
    static enum storage_status (*const acts[])(struct db_conn *, struct record_deed *) = {
        [RECORD_CREATE] = create, [RECORD_UPDATE] = update, [RECORD_DELETE] = erase
    };
    deed->verdict = RECORD_DONE;
    deed->sentence = NULL;
    deed->violations = (struct violations){ 0 };
    deed->now = NULL;
    return acts[deed->act](conn, deed);
}

enum storage_status record_judge(struct record_deed *deed, enum storage_status ended)
{
    if (ended == STORAGE_CONFLICT)
        record_refuse(deed, RECORD_CONFLICT, deed->kind->conflict);
    else if (ended == STORAGE_REFERENCE)
        record_refuse(deed, RECORD_CONFLICT,
                      deed->act == RECORD_DELETE ? deed->kind->referenced
                                                 : "Something that it refers to was just deleted.");
    else if (ended != STORAGE_OK && ended != STORAGE_DONE)
        return ended;
    /* A hook that refuses without saying why is a mistake of ours. */
    return ended == STORAGE_DONE && deed->verdict == RECORD_DONE ? STORAGE_ERROR : STORAGE_OK;
}

static enum storage_status carry_out(struct db_conn *conn, void *context)
{
    return record_carry_out_inside(conn, context);
}

enum storage_status record_carry_out(struct db_conn *conn, struct record_deed *deed)
{
    return record_judge(deed, db_transaction(conn, STORAGE_WRITE, carry_out, deed));
}
