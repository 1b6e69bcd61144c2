/* A record as JSON, straight into a buffer: lists of many are printed without a tree between. */
#include "base/clock.h"
#include "base/json_write.h"
#include "records/internal.h"

static void print_time(struct buf *out, int64_t epoch_us, size_t len)
{
    char text[CLOCK_ISO8601_CAP];
    size_t full = clock_format_iso8601(text, epoch_us, false);
    buf_add(out, str_sub(str_from(text, full), 0, len));
}

static void print_quoted_time(struct buf *out, int64_t epoch_us)
{
    buf_add_char(out, '"');
    print_time(out, epoch_us, CLOCK_ISO8601_CAP);
    buf_add_char(out, '"');
}

static void print_money(struct buf *out, int64_t hundredths)
{
    int64_t size = hundredths < 0 ? -hundredths : hundredths;
    if (hundredths < 0)
        buf_add_char(out, '-');
    json_write_int(out, size / 100);
    buf_add(out, str_from((const char[]){ '.', (char)('0' + size / 10 % 10), (char)('0' + size % 10) }, 3));
}

static void print_id(struct buf *out, bool is_crm, int64_t created_at, int64_t id)
{
    if (is_crm)
        json_write_str(out, crm_id(out->arena, created_at, id));
    else
        json_write_int(out, id);
}

void record_print_value(struct buf *out, const struct field *row, const void *member)
{
    const struct crm_key *key = member;
    switch (row->type) {
    case FIELD_BOOL:
        buf_add(out, *(const bool *)member ? STR("true") : STR("false"));
        return;
    case FIELD_TIME:
        print_time(out, *(const int64_t *)member, CLOCK_ISO8601_CAP);
        return;
    case FIELD_DATE:
        print_time(out, *(const int64_t *)member, strlen("2026-11-27"));
        return;
    case FIELD_MONEY:
        print_money(out, *(const int64_t *)member);
        return;
    case FIELD_CRM_ID:
        buf_add(out, crm_id(out->arena, key->created_at, key->id));
        return;
    case FIELD_INT:
    case FIELD_ID:
        json_write_int(out, *(const int64_t *)member);
        return;
    default:
        buf_add(out, *(const struct str *)member);
    }
}

static void print_member(struct buf *out, const struct field *row, const void *member)
{
    bool is_quoted = row->type == FIELD_TIME || row->type == FIELD_DATE || row->type == FIELD_CRM_ID;
    if (row_is_text(row)) {
        json_write_str(out, *(const struct str *)member);
        return;
    }
    if (is_quoted)
        buf_add_char(out, '"');
    record_print_value(out, row, member);
    if (is_quoted)
        buf_add_char(out, '"');
}

static void print_row(struct buf *out, const struct record_kind *kind, size_t i, const struct record *record)
{
    if (record_has(record, i))
        print_member(out, &kind->rows[i], member_of(&kind->rows[i], record));
    else
        buf_add(out, STR("null"));
}

void record_print_changes(const struct record_kind *kind, const struct record *record,
                          const struct record *other, struct buf *out)
{
    bool is_first = true;
    buf_add_char(out, '{');
    for (size_t i = 0; i < kind->n; i++) {
        if (row_is_computed(&kind->rows[i]) || (other && !row_differs(kind, i, record, other)))
            continue;
        const char *key = kind->made.keys[i + 1];
        buf_add(out, str_of(is_first ? key + 1 : key)); /* without its comma */
        print_row(out, kind, i, record);
        is_first = false;
    }
    buf_add_char(out, '}');
}

void record_print(const struct record_kind *kind, const struct record *record, struct buf *out)
{
    const char *const *keys = kind->made.keys;
    buf_add_char(out, '{');
    buf_add(out, str_of(*keys++));
    print_id(out, kind->is_crm, record->created_at, record->id);
    for (size_t i = 0; i < kind->n; i++) {
        buf_add(out, str_of(*keys++));
        print_row(out, kind, i, record);
    }
    buf_add(out, str_of(*keys++));
    print_quoted_time(out, record->created_at);
    buf_add(out, str_of(*keys));
    print_quoted_time(out, record->updated_at);
    buf_add_char(out, '}');
}
