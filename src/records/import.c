/* Files of records into the database, all or nothing.
 *
 * A file is read twice: first everything is checked, by reading alone; only a file with nothing wrong in it
 * is then written, in one transaction, with the same checks, since the world may have changed in between. So
 * a wrong file holds up nobody's writing, and all that is wrong with it is told at once. */
#include <stdlib.h>

#include "base/encode.h"
#include "base/random.h"
#include "csv/csv.h"
#include "records/bulk.h"

#define COLUMNS_MAX   100
#define ROW_BYTES_MAX 131072

struct run {
    struct db_conn *conn;
    struct record_import *import;
    struct bulk bulk;
    size_t columns[COLUMNS_MAX]; /* which row of the kind each is */
    size_t n;                    /* of columns; 0: the first line is still to come */
    int64_t lines;               /* without the first */
    int64_t room;                /* for new records in the plan, as it was at the beginning */
    bool is_over;                /* there are more of them than that */
    enum storage_status status;
    uint8_t hash[32];
};

static void say(struct run *run, size_t line, const char *field, struct str text)
{
    bulk_tell(&run->bulk, line, field, text);
}

/* ---- the first line ---- */

static size_t row_called(const struct record_kind *kind, struct str title)
{
    size_t i = 0;
    while (i < kind->n && !(kind->made.titles[i] && str_equal_nocase(title, str_of(kind->made.titles[i]))))
        i++;
    return i;
}

static bool has_column(const struct run *run, size_t row)
{
    for (size_t i = 0; i < run->n; i++)
        if (run->columns[i] == row)
            return true;
    return false;
}

/* Cut at a character, not inside one. */
static const char *echo(struct arena *arena, struct str name)
{
    size_t end = name.len < 64 ? name.len : 64;
    while (end < name.len && end > 0 && ((unsigned char)name.at[end] & 0xC0) == 0x80)
        end--;
    return arena_cstr(arena, str_sub(name, 0, end));
}

static void add_column(struct run *run, size_t line, struct str field)
{
    struct arena *arena = run->import->caller->arena;
    struct str title = str_trim(csv_plain(field));
    size_t row = row_called(run->import->kind, title);
    const char *name = echo(arena, title);
    if (row == run->import->kind->n)
        say(run, line, name, arena_printf(arena, "There is no column '%s'.", name));
    else if (has_column(run, row))
        say(run, line, name, arena_printf(arena, "The column '%s' is there twice.", name));
    run->columns[run->n++] = row;
}

/* Without its first row an update would not know what to update. */
static void require_columns(struct run *run, size_t line)
{
    const struct record_kind *kind = run->import->kind;
    for (size_t i = 0; i < kind->n; i++) {
        bool is_needed = (kind->rows[i].flags & FIELD_REQUIRED) ||
                         (i == 0 && run->import->existing != RECORD_EXISTING_REFUSE);
        if (is_needed && kind->made.titles[i] && !has_column(run, i))
            say(run, line, kind->made.titles[i],
                arena_printf(run->import->caller->arena, "The column '%s' is missing.",
                             kind->made.titles[i]));
    }
}

/* What follows could only be misread when something is wrong here. */
static bool read_titles(struct run *run, const struct csv_row *row)
{
    for (size_t i = 0; i < row->n; i++)
        add_column(run, row->line, row->fields[i]);
    require_columns(run, row->line);
    return run->import->errors.n == 0;
}

/* ---- the others ---- */

static void count_checked(struct run *run)
{
    struct record_progress *progress = run->import->progress;
    if (progress)
        atomic_fetch_add_explicit(run->bulk.is_writing ? &progress->written : &progress->checked, 1,
                                  memory_order_relaxed);
}

static bool is_stopped(const struct run *run)
{
    struct record_progress *progress = run->import->progress;
    return progress && (atomic_load_explicit(&progress->stopping, memory_order_relaxed) ||
                        atomic_load_explicit(&progress->is_lost, memory_order_relaxed));
}

static void refuse_row(struct run *run, const struct csv_row *row)
{
    run->status = bulk_judge(run->conn, &run->bulk);
    say(run, row->line, NULL,
        arena_printf(run->import->caller->arena, "The row has %zu fields, and there are %zu columns.", row->n,
                     run->n));
}

static bool is_too_long(struct run *run, size_t line)
{
    int64_t max = run->import->lines_max ? run->import->lines_max : RECORD_LINES_MAX;
    if (++run->lines <= max)
        return false;
    run->status = bulk_judge(run->conn, &run->bulk);
    say(run, line, NULL,
        arena_printf(run->import->caller->arena, "A file may have %lld rows; send the others in another one.",
                     (long long)max));
    return true;
}

/* What cannot be written needs no further look. There may be less than no room: a plan was lowered. */
static bool is_over_plan(struct run *run)
{
    int64_t created = run->import->created;
    run->is_over = !run->bulk.is_writing && created > 0 && created > run->room;
    return run->is_over;
}

static bool on_row(void *context, const struct csv_row *row)
{
    struct run *run = context;
    struct str fields[RECORD_ROWS_MAX] = { { NULL, 0 } };
    if (run->n == 0)
        return read_titles(run, row);
    if (is_too_long(run, row->line))
        return false;
    if (is_stopped(run))
        run->status = STORAGE_DONE;
    else if (row->n != run->n)
        refuse_row(run, row);
    else {
        for (size_t i = 0; i < row->n; i++)
            fields[run->columns[i]] = row->fields[i];
        run->status = bulk_add(run->conn, &run->bulk, row->line, fields);
    }
    count_checked(run);
    return run->status == STORAGE_OK && !run->import->has_more_errors && !is_over_plan(run);
}

/* ---- a whole reading ---- */

static void feed_all(struct run *run, struct csv_reader *reader, struct sha256 *sum)
{
    struct str portion;
    enum storage_status status = STORAGE_ROW;
    bool goes_on = true;
    for (size_t n = 0; goes_on && status == STORAGE_ROW; n++) {
        status = run->import->source(run->conn, run->import->context, n, &portion);
        if (status != STORAGE_ROW)
            break;
        sha256_add(sum, portion);
        goes_on = csv_feed(reader, portion);
    }
    if (status == STORAGE_DONE && csv_end(reader) && run->n == 0)
        say(run, 1, NULL, STR("The file is empty: its first line names the columns."));
    if (status != STORAGE_DONE && status != STORAGE_ROW)
        run->status = status;
}

static void reset(struct run *run)
{
    struct record_import *import = run->import;
    import->created = import->updated = import->skipped = 0;
    import->errors = (struct violations){ 0 };
    import->has_more_errors = false;
    import->verdict = RECORD_DONE;
    run->n = 0;
    run->lines = 0;
    run->is_over = false;
    run->status = STORAGE_OK;
    run->bulk.batch.n = 0;
    run->bulk.waiting = run->bulk.n = 0;
    if (import->progress)
        atomic_store(run->bulk.is_writing ? &import->progress->written : &import->progress->checked, 0);
}

static enum storage_status refuse(struct record_import *import, enum record_verdict verdict,
                                  const char *sentence)
{
    import->verdict = verdict;
    import->sentence = sentence;
    return STORAGE_DONE;
}

/* OK, DONE when it was stopped or something is wrong with the file, or a failure. */
static enum storage_status read_file(struct run *run)
{
    reset(run);
    struct sha256 *sum = sha256_begin();
    struct csv_reader *reader =
        csv_reader_new((struct csv_limits){ COLUMNS_MAX, ROW_BYTES_MAX }, on_row, run);
    feed_all(run, reader, sum);
    if (run->status == STORAGE_OK)
        run->status = bulk_judge(run->conn, &run->bulk);
    if (csv_problem(reader)->line)
        say(run, csv_problem(reader)->line, NULL, str_of(csv_problem(reader)->text));
    if (run->status == STORAGE_OK)
        run->status = bulk_flush(run->conn, &run->bulk);
    bulk_end(&run->bulk);
    csv_reader_free(&reader);
    sha256_end(&sum, run->hash);
    if (run->status != STORAGE_OK)
        return run->status;
    if (run->import->errors.n > 0)
        return refuse(run->import, RECORD_INVALID, NULL);
    return run->is_over ? refuse(run->import, RECORD_LIMIT, NULL) : STORAGE_OK;
}

/* ---- writing ---- */

/* At the start: a plan that has no room holds up nobody. */
static enum storage_status take_plan(struct db_conn *conn, struct record_import *import)
{
    const struct record_caller *caller = import->caller;
    const char *plan = import->kind->plan;
    if (import->created == 0)
        return STORAGE_OK;
    if (!plan)
        return plan_count(conn, caller->tenant->id, import->kind->table, import->created);
    enum storage_status status =
        plan_take(conn, caller->config, caller->tenant, plan, import->created, &import->plan);
    return status == STORAGE_DONE ? refuse(import, RECORD_LIMIT, NULL) : status;
}

static enum storage_status audit(struct db_conn *conn, const struct run *run)
{
    const struct record_import *import = run->import;
    struct arena *arena = import->caller->arena;
    struct audit_event event = {
        .tenant_id = import->caller->tenant->id,
        .action = import->kind->made.imported,
        .target_kind = import->kind->name,
        .target_name = STR(""),
        .after =
            arena_printf(arena, "{\"created\":%lld,\"updated\":%lld,\"skipped\":%lld,\"sha256\":\"%.*s\"}",
                         (long long)import->created, (long long)import->updated, (long long)import->skipped,
                         STR_ARG(hex_encode(arena, run->hash, sizeof run->hash))),
    };
    if (import->created == 0 && import->updated == 0)
        return STORAGE_OK;
    return audit_append(conn, arena, &import->caller->audit, &event, import->caller->now);
}

static enum storage_status write_all(struct db_conn *conn, struct run *run)
{
    struct record_import *import = run->import;
    int64_t created = import->created;
    enum storage_status status = read_file(run);
    if (status == STORAGE_OK && import->created != created)
        return refuse(import, RECORD_CONFLICT,
                      "What is there already changed meanwhile; import the file again.");
    if (status == STORAGE_OK)
        status = audit(conn, run);
    return status == STORAGE_OK && import->finish ? import->finish(conn, import->context, import) : status;
}

/* It may run several times, each time with the counts of the check. */
struct writing {
    struct run *run;
    int64_t created;
};

static enum storage_status write_file(struct db_conn *conn, void *context)
{
    struct writing *writing = context;
    struct record_import *import = writing->run->import;
    import->created = writing->created;
    enum storage_status status = take_plan(conn, import);
    if (status != STORAGE_OK || import->is_dry)
        return status == STORAGE_OK ? STORAGE_DONE : status;
    return write_all(conn, writing->run);
}

static enum storage_status judge(struct record_import *import, enum storage_status ended)
{
    if (ended == STORAGE_CONFLICT)
        refuse(import, RECORD_CONFLICT, import->kind->conflict);
    else if (ended == STORAGE_REFERENCE)
        refuse(import, RECORD_CONFLICT, "Something that the file refers to was just deleted.");
    else
        return ended;
    return STORAGE_OK;
}

/* What was taken meanwhile is told by line. CONFLICT when nothing is found, or a failure. */
static enum storage_status tell_taken(struct run *run)
{
    run->bulk.is_writing = false;
    seen_free(&run->bulk.seen);
    run->bulk.seen = seen_new();
    enum storage_status status = read_file(run);
    if (status == STORAGE_DONE && run->import->verdict != RECORD_DONE)
        return STORAGE_OK;
    return status == STORAGE_OK ? STORAGE_CONFLICT : status;
}

static enum storage_status write_sound(struct run *run)
{
    struct record_import *import = run->import;
    struct writing writing = { run, import->created };
    run->bulk.is_writing = !import->is_dry;
    enum storage_status status = db_transaction(run->conn, STORAGE_WRITE, write_file, &writing);
    if (status == STORAGE_CONFLICT)
        status = tell_taken(run);
    bool is_told = import->is_dry || import->verdict != RECORD_DONE;
    return status == STORAGE_DONE && is_told ? STORAGE_OK : judge(import, status);
}

struct str record_import_detail(struct arena *arena, const struct record_import *import)
{
    return arena_printf(arena, "The file has %s%zu error%s; nothing was imported.",
                        import->has_more_errors ? "more than " : "", import->errors.n,
                        import->errors.n == 1 ? "" : "s");
}

static enum storage_status find_room(struct run *run)
{
    struct record_import *import = run->import;
    const struct record_caller *caller = import->caller;
    if (!import->kind->plan)
        return STORAGE_OK;
    return plan_room(run->conn, caller->config, caller->tenant, import->kind->plan, &import->plan,
                     &run->room);
}

enum storage_status record_import(struct db_conn *conn, struct record_import *import)
{
    struct run run = { .conn = conn, .import = import, .room = INT64_MAX, .bulk = { .import = import } };
    enum storage_status status = bulk_read_labels(conn, &run.bulk);
    if (status == STORAGE_OK)
        status = find_room(&run);
    if (status != STORAGE_OK)
        return status;
    run.bulk.seen = seen_new();
    status = read_file(&run);
    if (status == STORAGE_OK)
        status = write_sound(&run);
    else if (status == STORAGE_DONE && import->verdict != RECORD_DONE)
        status = STORAGE_OK;
    seen_free(&run.bulk.seen);
    return status;
}
