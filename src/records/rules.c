/* Rules between fields: told together with whatever else is wrong, as far as the fields that they look at are
 * sound. */
#include "records/internal.h"

static bool names_row(const struct record_kind *kind, size_t row, const char *field)
{
    const char *title = kind->made.titles[row];
    return strcmp(kind->rows[row].name, field) == 0 || (title && strcmp(title, field) == 0);
}

/* The rows with which something is wrong. */
static uint64_t unsound_rows(const struct record_deed *deed)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < deed->violations.n; i++)
        for (size_t row = 0; row < deed->kind->n; row++)
            if (deed->violations.at[i].field && names_row(deed->kind, row, deed->violations.at[i].field))
                rows |= UINT64_C(1) << row;
    return rows;
}

static bool is_askable(const struct record_kind *kind, size_t rule, uint64_t unsound, bool is_known)
{
    return (kind->made.rule_rows[rule] & unsound) == 0 && (is_known || !kind->rules[rule].asks_before);
}

static void ask(struct record_deed *deed, const struct record *now, const struct record *before,
                uint64_t unsound, bool is_known)
{
    const struct record_kind *kind = deed->kind;
    for (size_t i = 0; i < kind->rule_count; i++)
        if (is_askable(kind, i, unsound, is_known) && !kind->rules[i].holds(now, before))
            record_violate(deed, kind->rules[i].fields[0], kind->rules[i].sentence);
}

enum storage_status record_check(struct db_conn *conn, struct record_deed *deed, struct record *now,
                                 const struct record *before)
{
    ask(deed, now, before, deed->violations.n ? unsound_rows(deed) : 0, true);
    return record_run_hook(conn, deed->kind->check, deed, now, before);
}

void record_tell_rules(struct record_deed *deed, const struct record *before, bool is_known)
{
    uint64_t unsound = unsound_rows(deed) | (is_known ? 0 : ~deed->present);
    if (deed->kind->rule_count == 0)
        return;
    struct record *now = before ? arena_memdup(deed->caller->arena, before, deed->kind->size)
                                : arena_alloc(deed->caller->arena, deed->kind->size);
    if (!before)
        record_preset(deed, now);
    record_take_given(deed, now);
    ask(deed, now, before, unsound, is_known);
}
