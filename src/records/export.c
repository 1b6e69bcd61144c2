/* Records as CSV. */
#include "csv/csv.h"
#include "records/file.h"
#include "records/internal.h"

void record_export_titles(const struct record_kind *kind, struct buf *out)
{
    bool is_first = true;
    for (size_t i = 0; i < kind->n; i++) {
        if (!kind->made.titles[i])
            continue;
        csv_add_value(out, str_of(kind->made.titles[i]), is_first);
        is_first = false;
    }
    csv_end_row(out);
}

/* Text of people may look like a formula; numbers and times never do. */
static void add_field(struct buf *out, const struct record_kind *kind, size_t i, const struct record *record,
                      const struct str *labels, bool is_first)
{
    const struct field *row = &kind->rows[i];
    struct buf text;
    if (!record_has(record, i)) {
        csv_add_value(out, STR(""), is_first);
        return;
    }
    if (row_is_text(row) || kind->made.labels[i]) {
        csv_add_text(out, kind->made.labels[i] ? labels[i] : *(const struct str *)member_of(row, record),
                     is_first);
        return;
    }
    buf_init(&text, out->arena, 64);
    record_print_value(&text, row, member_of(row, record));
    csv_add_value(out, buf_str(&text), is_first);
}

static void add_record(struct buf *out, const struct record_kind *kind, const struct record *record,
                       const struct str *labels)
{
    bool is_first = true;
    for (size_t i = 0; i < kind->n; i++) {
        if (!kind->made.titles[i])
            continue;
        add_field(out, kind, i, record, labels, is_first);
        is_first = false;
    }
    csv_end_row(out);
}

/* The list's own question, with the cursor and the limit that nobody sent. */
static struct record_ask asked(const struct record_ask *ask, struct str cursor)
{
    struct record_ask list = *ask;
    list.input = arena_memdup(ask->caller->arena, ask->input, ask->kind->made.query.size);
    list.present = ask->present << RECORD_EXPORT_SKIPS;
    list.labelled = true;
    struct list_input *input = (struct list_input *)list_input_of(&list);
    input->cursor = cursor;
    input->limit = RECORD_LIMIT_MAX;
    return list;
}

enum storage_status record_export_page(struct db_conn *conn, const struct record_ask *ask, struct str cursor,
                                       struct buf *out, struct str *ret_next, struct violations *violations)
{
    struct record_page page;
    struct record_ask list = asked(ask, cursor);
    enum storage_status status = record_list(conn, &list, &page);
    *violations = page.violations;
    if (status != STORAGE_OK)
        return status;
    for (size_t i = 0; i < page.n; i++)
        add_record(out, ask->kind, (const void *)(page.at + i * ask->kind->size),
                   page.labels + i * ask->kind->n);
    *ret_next = page.next;
    return STORAGE_OK;
}
