#include "records/bulk.h"

#include <stdlib.h>

#include "csv/csv.h"

#define TOGETHER 512 /* records whose memory goes together */

/* ---- errors ---- */

static void make_room(struct violations *errors, struct arena *arena)
{
    if (errors->n < errors->cap)
        return;
    size_t cap = errors->cap ? 2 * errors->cap : 16;
    struct violation *at = ARENA_ARRAY(arena, struct violation, cap);
    if (errors->n)
        memcpy(at, errors->at, errors->n * sizeof at[0]);
    errors->at = at;
    errors->cap = cap;
}

void bulk_tell(struct bulk *bulk, size_t line, const char *field, struct str text)
{
    struct arena *arena = bulk->import->caller->arena;
    struct violations *errors = &bulk->import->errors;
    bulk->import->has_more_errors = errors->n == RECORD_ERRORS_MAX;
    if (bulk->import->has_more_errors)
        return;
    make_room(errors, arena);
    errors->at[errors->n++] = (struct violation){ .field = field ? arena_cstr(arena, str_of(field)) : NULL,
                                                  .kind = VIOLATION_CUSTOM,
                                                  .text = arena_copy(arena, text),
                                                  .line = (int64_t)line };
}

static void tell_all(struct bulk *bulk, size_t line, const struct record_deed *deed)
{
    for (size_t i = 0; i < deed->violations.n; i++)
        bulk_tell(bulk, line, deed->violations.at[i].field, deed->violations.at[i].text);
    if (deed->violations.n == 0)
        bulk_tell(bulk, line, NULL,
                  str_of(deed->sentence ? deed->sentence : "The record cannot be written."));
}

/* ---- labels ---- */

static int compare_text(struct str a, struct str b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_labels(const void *a, const void *b)
{
    return compare_text(((const struct bulk_label *)a)->label, ((const struct bulk_label *)b)->label);
}

static void add_label(struct bulk_labels *labels, struct arena *arena, struct bulk_label label)
{
    if ((labels->n & (labels->n - 1)) == 0) { /* at every power of two */
        struct bulk_label *at = ARENA_ARRAY(arena, struct bulk_label, labels->n ? 2 * labels->n : 1);
        if (labels->n)
            memcpy(at, labels->at, labels->n * sizeof at[0]);
        labels->at = at;
    }
    labels->at[labels->n++] = label;
}

static enum storage_status read_labels(struct db_conn *conn, struct bulk *bulk, size_t i)
{
    DB_ROWS(rows);
    struct arena *arena = bulk->import->caller->arena;
    struct bulk_labels *labels = &bulk->labels[i];
    enum storage_status status = db_query(conn, &rows, bulk->import->kind->made.labels[i],
                                          DB_ARGS(db_int(bulk->import->caller->tenant->id)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        add_label(labels, arena, (struct bulk_label){ db_col_text(&rows, 1, arena), db_col_int(&rows, 0) });
        status = STORAGE_OK;
    }
    if (labels->n)
        qsort(labels->at, labels->n, sizeof labels->at[0], compare_labels);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status bulk_read_labels(struct db_conn *conn, struct bulk *bulk)
{
    const struct record_kind *kind = bulk->import->kind;
    enum storage_status status = STORAGE_OK;
    bulk->labels = ARENA_ARRAY(bulk->import->caller->arena, struct bulk_labels, kind->n);
    for (size_t i = 0; status == STORAGE_OK && i < kind->n; i++)
        if (kind->made.labels[i] && !(kind->rows[i].flags & FIELD_READONLY))
            status = read_labels(conn, bulk, i);
    return status;
}

static bool find_label(const struct bulk_labels *labels, struct str text, int64_t *ret)
{
    struct bulk_label key = { .label = text };
    const struct bulk_label *found =
        labels->n ? bsearch(&key, labels->at, labels->n, sizeof key, compare_labels) : NULL;
    if (found)
        *ret = found->id;
    return found != NULL;
}

/* ---- fields ---- */

/* An empty field is no value: null where the column may be null, else as if it had been left out. */
static void take_empty(struct record_deed *deed, size_t i)
{
    const struct field *row = &deed->kind->rows[i];
    if (row->flags & FIELD_REQUIRED)
        violations_add(deed->caller->arena, &deed->violations, row->name, VIOLATION_REQUIRED, row, STR_NONE);
    else if (row->flags & FIELD_NULLABLE) {
        deed->present |= UINT64_C(1) << i;
        deed->null |= UINT64_C(1) << i;
    }
}

static bool take_label(const struct bulk *bulk, struct record_deed *deed, size_t i, struct str text,
                       struct record *input)
{
    if (find_label(&bulk->labels[i], text, member_of(&deed->kind->rows[i], input)))
        return true;
    violations_add(deed->caller->arena, &deed->violations, deed->kind->made.titles[i], VIOLATION_MISSING,
                   NULL, STR_NONE);
    return false;
}

static void take_field(const struct bulk *bulk, struct record_deed *deed, size_t i, struct str field,
                       struct record *input)
{
    const struct field *row = &deed->kind->rows[i];
    bool is_text = row_is_text(row) || row->reference;
    struct str text = is_text ? csv_plain(field) : field;
    if ((row->flags & FIELD_READONLY) || (row->told_only && str_equal(text, str_of(row->told_only))))
        return;
    if (str_is_empty(str_trim(text)))
        take_empty(deed, i);
    else if (row->reference ? take_label(bulk, deed, i, text, input)
                            : field_read_text(row, deed->caller->arena, text, input, &deed->violations))
        deed->present |= UINT64_C(1) << i;
}

/* ---- what is there ---- */

static const struct str *first_of(const struct bulk_line *line)
{
    return member_of(&line->deed.kind->rows[0], line->deed.input);
}

static bool is_looked_up(const struct bulk_line *line)
{
    return (line->deed.present & 1) != 0;
}

static void meet_lines(struct bulk *bulk, const struct record *found)
{
    const struct str *first = member_of(&bulk->import->kind->rows[0], found);
    for (size_t i = 0; i < bulk->waiting; i++)
        if (is_looked_up(&bulk->lines[i]) && str_equal(*first_of(&bulk->lines[i]), *first))
            bulk->lines[i].before = found;
}

/* Where there are fewer lines than the statement takes, the last one stands for the rest. */
static size_t bind_firsts(const struct bulk *bulk, struct storage_value *args)
{
    size_t n = 0;
    for (size_t i = 0; i < bulk->waiting; i++)
        if (is_looked_up(&bulk->lines[i]))
            args[n++] = db_text(*first_of(&bulk->lines[i]));
    for (size_t i = n; n && i < RECORD_LOOKED_UP; i++)
        args[i] = args[n - 1];
    return n;
}

/* What was checked to be new is not looked for again: should it have been made meanwhile, inserting it meets
 * it. */
static enum storage_status look_up(struct db_conn *conn, struct bulk *bulk)
{
    DB_ROWS(rows);
    const struct record_kind *kind = bulk->import->kind;
    struct storage_value args[1 + RECORD_LOOKED_UP] = { db_int(bulk->import->caller->tenant->id) };
    bool is_new = bulk->is_writing && bulk->import->existing == RECORD_EXISTING_REFUSE;
    if (is_new || bind_firsts(bulk, args + 1) == 0)
        return STORAGE_OK;
    enum storage_status status =
        db_query(conn, &rows, kind->made.by_firsts, (struct db_args){ args, 1 + RECORD_LOOKED_UP });
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        struct record *found = arena_alloc(bulk->caller.arena, kind->size);
        record_read(kind, &rows, bulk->caller.arena, found);
        meet_lines(bulk, found);
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

/* ---- one record ---- */

static enum storage_status flush_words(struct db_conn *conn, struct bulk *bulk)
{
    return record_words_flush(conn, bulk->import->kind, bulk->import->caller->tenant->id, &bulk->words);
}

static enum storage_status gather(struct db_conn *conn, struct bulk *bulk, const struct record *record)
{
    return record_words_gather(&bulk->words, bulk->import->kind, record) ? flush_words(conn, bulk)
                                                                         : STORAGE_OK;
}

static enum storage_status insert_batch(struct db_conn *conn, struct bulk *bulk)
{
    const struct record_kind *kind = bulk->import->kind;
    enum storage_status status = record_insert_batch(conn, kind, &bulk->caller, &bulk->batch);
    for (size_t i = 0; status == STORAGE_OK && i < bulk->batch.n; i++)
        status = gather(conn, bulk, bulk->batch.at[i]);
    bulk->batch.n = 0;
    return status;
}

static enum storage_status insert_alone(struct db_conn *conn, struct bulk *bulk, struct record_deed *deed,
                                        struct record *now)
{
    enum storage_status status = record_insert(conn, deed, now);
    if (status == STORAGE_OK)
        status = gather(conn, bulk, now);
    return status == STORAGE_OK ? record_run_hook(conn, deed->kind->after_write, deed, now, NULL) : status;
}

/* A hook finds everything before it written, and so does one that makes up what the record is found by. */
static enum storage_status write_new(struct db_conn *conn, struct bulk *bulk, struct record_deed *deed,
                                     struct record *now)
{
    const struct record_kind *kind = deed->kind;
    bool is_alone = kind->after_write || !(deed->present & 1);
    enum storage_status status = is_alone ? insert_batch(conn, bulk) : STORAGE_OK;
    if (status == STORAGE_OK)
        status = record_run_hook(conn, kind->before_write, deed, now, NULL);
    if (status != STORAGE_OK || is_alone)
        return status == STORAGE_OK ? insert_alone(conn, bulk, deed, now) : status;
    bulk->batch.at[bulk->batch.n++] = now;
    return bulk->batch.n == RECORD_TOGETHER ? insert_batch(conn, bulk) : STORAGE_OK;
}

static enum storage_status create(struct db_conn *conn, struct bulk *bulk, struct record_deed *deed)
{
    struct record *now = arena_alloc(deed->caller->arena, deed->kind->size);
    record_preset(deed, now);
    record_take_given(deed, now);
    enum storage_status status = record_check(conn, deed, now, NULL);
    if (status == STORAGE_OK && bulk->is_writing)
        status = write_new(conn, bulk, deed, now);
    bulk->import->created += status == STORAGE_OK;
    return status;
}

static enum storage_status exchange_words(struct db_conn *conn, struct bulk *bulk, const struct record *now,
                                          const struct record *before)
{
    const struct record_kind *kind = bulk->import->kind;
    if (!record_words_differ(kind, now, before))
        return STORAGE_OK;
    enum storage_status status = record_words_write(conn, kind, &bulk->caller, NULL, before);
    return status == STORAGE_OK ? gather(conn, bulk, now) : status;
}

static enum storage_status write_change(struct db_conn *conn, struct bulk *bulk, struct record_deed *deed,
                                        struct record *now, const struct record *before)
{
    enum storage_status status = record_change(conn, deed, now);
    if (status == STORAGE_OK)
        status = exchange_words(conn, bulk, now, before);
    return status == STORAGE_OK ? record_run_hook(conn, deed->kind->after_write, deed, now, before) : status;
}

static enum storage_status change(struct db_conn *conn, struct bulk *bulk, struct record_deed *deed,
                                  const struct record *before)
{
    struct record *now = arena_memdup(deed->caller->arena, before, deed->kind->size);
    record_take_given(deed, now);
    enum storage_status status = record_check(conn, deed, now, before);
    bool is_changed = record_differs(deed->kind, now, before);
    if (status == STORAGE_OK && is_changed)
        status = record_run_hook(conn, deed->kind->before_write, deed, now, before);
    if (status == STORAGE_OK && is_changed && bulk->is_writing)
        status = write_change(conn, bulk, deed, now, before);
    bulk->import->updated += status == STORAGE_OK && is_changed;
    bulk->import->skipped += status == STORAGE_OK && !is_changed;
    return status;
}

static enum storage_status meet(struct db_conn *conn, struct bulk *bulk, struct record_deed *deed,
                                const struct record *before)
{
    if (bulk->import->existing == RECORD_EXISTING_UPDATE)
        return change(conn, bulk, deed, before);
    if (bulk->import->existing == RECORD_EXISTING_SKIP) {
        bulk->import->skipped++;
        return STORAGE_OK;
    }
    record_violate(deed, deed->kind->rows[0].name, deed->kind->conflict);
    return record_refuse(deed, RECORD_INVALID, NULL);
}

static void check_doubled(struct bulk *bulk, struct bulk_line *line)
{
    struct record_deed *deed = &line->deed;
    bool is_asked = !bulk->is_writing && (deed->present & 1);
    size_t before = is_asked ? seen_add(bulk->seen, *first_of(line), line->number) : 0;
    if (before)
        record_violate(deed, deed->kind->rows[0].name,
                       arena_printf(deed->caller->arena, "The same %s stands in line %zu.",
                                    deed->kind->rows[0].name, before)
                           .at);
}

/* Of a line that is wrong already: what else there is to say. */
static void tell_more(struct bulk *bulk, struct bulk_line *line)
{
    struct record_deed *deed = &line->deed;
    enum record_existing existing = bulk->import->existing;
    if (line->before && existing == RECORD_EXISTING_REFUSE)
        record_violate(deed, deed->kind->rows[0].name, deed->kind->conflict);
    else if (!line->before || existing == RECORD_EXISTING_UPDATE)
        record_tell_rules(deed, line->before, existing == RECORD_EXISTING_REFUSE || is_looked_up(line));
}

static enum storage_status act(struct db_conn *conn, struct bulk *bulk, struct bulk_line *line)
{
    struct record_deed *deed = &line->deed;
    if (deed->violations.n > 0) {
        tell_more(bulk, line);
        return record_refuse(deed, RECORD_INVALID, NULL);
    }
    return line->before ? meet(conn, bulk, deed, line->before) : create(conn, bulk, deed);
}

static enum storage_status judge(struct db_conn *conn, struct bulk *bulk, struct bulk_line *line)
{
    check_doubled(bulk, line);
    enum storage_status status = act(conn, bulk, line);
    if (status != STORAGE_DONE)
        return status;
    tell_all(bulk, line->number, &line->deed);
    return STORAGE_OK;
}

enum storage_status bulk_judge(struct db_conn *conn, struct bulk *bulk)
{
    enum storage_status status = look_up(conn, bulk);
    for (size_t i = 0; status == STORAGE_OK && i < bulk->waiting; i++)
        if (!bulk->import->has_more_errors)
            status = judge(conn, bulk, &bulk->lines[i]);
    bulk->waiting = 0;
    return status;
}

/* ---- all of them ---- */

static void renew_arena(struct bulk *bulk)
{
    if (bulk->caller.arena)
        arena_free(&bulk->caller.arena);
    bulk->caller = *bulk->import->caller;
    bulk->caller.arena = arena_new(0);
    bulk->n = 0;
}

void bulk_end(struct bulk *bulk)
{
    record_words_drop(&bulk->words);
    if (bulk->caller.arena)
        arena_free(&bulk->caller.arena);
}

enum storage_status bulk_flush(struct db_conn *conn, struct bulk *bulk)
{
    enum storage_status status = bulk_judge(conn, bulk);
    if (status == STORAGE_OK)
        status = insert_batch(conn, bulk);
    return status == STORAGE_OK ? flush_words(conn, bulk) : status;
}

/* The fields' texts are the line's, which goes. */
static void read_line(struct bulk *bulk, size_t number, const struct str *fields)
{
    const struct record_kind *kind = bulk->import->kind;
    struct bulk_line *line = &bulk->lines[bulk->waiting++];
    struct record *input = arena_alloc(bulk->caller.arena, kind->size);
    *line = (struct bulk_line){ .number = number,
                                .deed = { .kind = kind,
                                          .caller = &bulk->caller,
                                          .act = RECORD_CREATE,
                                          .input = input,
                                          .file = bulk->seen } };
    for (size_t i = 0; i < kind->n; i++)
        if (fields[i].at)
            take_field(bulk, &line->deed, i, fields[i], input);
    input->has = line->deed.present & ~line->deed.null;
    record_keep_texts(kind, bulk->caller.arena, input);
}

enum storage_status bulk_add(struct db_conn *conn, struct bulk *bulk, size_t line, const struct str *fields)
{
    enum storage_status status = STORAGE_OK;
    if (bulk->n == TOGETHER) {
        status = bulk_judge(conn, bulk);
        if (status == STORAGE_OK)
            status = insert_batch(conn, bulk);
    }
    if (status != STORAGE_OK)
        return status;
    if (!bulk->caller.arena || bulk->n == TOGETHER)
        renew_arena(bulk);
    bulk->n++;
    read_line(bulk, line, fields);
    return bulk->waiting == RECORD_LOOKED_UP ? bulk_judge(conn, bulk) : STORAGE_OK;
}
