/* A record as JSON, straight into a buffer: lists of many are printed without a tree between. */
#include "base/clock.h"
#include "base/json_write.h"
#include "records/internal.h"

#define VALUE_MAX 48 /* bytes of a value that is no text */
_Static_assert(VALUE_MAX >= CLOCK_ISO8601_CAP, "a time is the longest");

static char *put(char *to, struct str text)
{
    if (text.len > 0)
        memcpy(to, text.at, text.len);
    return to + text.len;
}

static char *put_int(char *to, int64_t value)
{
    return to + str_put_int(to, value);
}

static char *put_time(char *to, int64_t epoch_us)
{
    return to + clock_format_iso8601(to, epoch_us, false);
}

static char *put_date(char *to, int64_t epoch_us)
{
    put_time(to, epoch_us);
    return to + strlen("2026-11-27");
}

static char *put_money(char *to, int64_t hundredths)
{
    int64_t size = hundredths < 0 ? -hundredths : hundredths;
    if (hundredths < 0)
        *to++ = '-';
    to = put_int(to, size / 100);
    *to++ = '.';
    *to++ = (char)('0' + size / 10 % 10);
    *to++ = (char)('0' + size % 10);
    return to;
}

static char *put_id(char *to, struct arena *arena, const struct crm_key *key)
{
    return put(to, crm_id(arena, key->created_at, key->id));
}

/* Of a row that is no text: no quotes. */
static char *put_value(char *to, struct arena *arena, const struct field *row, const void *member)
{
    switch (row->type) {
    case FIELD_BOOL:
        return put(to, *(const bool *)member ? STR("true") : STR("false"));
    case FIELD_TIME:
        return put_time(to, *(const int64_t *)member);
    case FIELD_DATE:
        return put_date(to, *(const int64_t *)member);
    case FIELD_MONEY:
        return put_money(to, *(const int64_t *)member);
    case FIELD_CRM_ID:
        return put_id(to, arena, member);
    default:
        return put_int(to, *(const int64_t *)member);
    }
}

void record_print_value(struct buf *out, const struct field *row, const void *member)
{
    if (row_is_text(row)) {
        buf_add(out, *(const struct str *)member);
        return;
    }
    char *to = buf_room(out, VALUE_MAX);
    if (to)
        buf_wrote(out, (size_t)(put_value(to, out->arena, row, member) - to));
}

static bool is_quoted(enum field_type type)
{
    return type == FIELD_TIME || type == FIELD_DATE || type == FIELD_CRM_ID;
}

static void print_value(struct buf *out, struct str key, const struct field *row, const void *member)
{
    char *start = buf_room(out, key.len + VALUE_MAX + 2), *to = start;
    if (!to)
        return;
    to = put(to, key);
    if (is_quoted(row->type))
        *to++ = '"';
    to = put_value(to, out->arena, row, member);
    if (is_quoted(row->type))
        *to++ = '"';
    buf_wrote(out, (size_t)(to - start));
}

/* Most texts stand for themselves. */
static void print_text(struct buf *out, struct str key, struct str text)
{
    if (json_is_plain(text)) {
        char *start = buf_room(out, key.len + text.len + 2);
        if (!start)
            return;
        char *to = put(start, key);
        *to++ = '"';
        to = put(to, text);
        *to++ = '"';
        buf_wrote(out, (size_t)(to - start));
        return;
    }
    buf_add(out, key);
    json_write_str(out, text);
}

static void print_null(struct buf *out, struct str key)
{
    char *start = buf_room(out, key.len + strlen("null"));
    if (start)
        buf_wrote(out, (size_t)(put(put(start, key), STR("null")) - start));
}

/* A member with its key. */
static void print_row(struct buf *out, const struct record_kind *kind, size_t i, struct str key,
                      const struct record *record)
{
    const struct field *row = &kind->rows[i];
    if (!record_has(record, i))
        print_null(out, key);
    else if (record_is_text(kind, i))
        print_text(out, key, *(const struct str *)member_of(row, record));
    else
        print_value(out, key, row, member_of(row, record));
}

void record_print_changes(const struct record_kind *kind, const struct record *record,
                          const struct record *other, struct buf *out)
{
    bool is_first = true;
    buf_add_char(out, '{');
    for (size_t i = 0; i < kind->n; i++) {
        if (row_is_computed(&kind->rows[i]) || (other && !row_differs(kind, i, record, other)))
            continue;
        struct str key = kind->made.keys[i + 1];
        print_row(out, kind, i, str_sub(key, is_first, key.len),
                  record); /* the first one without its comma */
        is_first = false;
    }
    buf_add_char(out, '}');
}

/* Those that a kind's rows do not tell of. */
static const struct field plain_id = { .type = FIELD_ID }, crm_key = { .type = FIELD_CRM_ID },
                          time_row = { .type = FIELD_TIME };

void record_print(const struct record_kind *kind, const struct record *record, struct buf *out)
{
    const struct str *keys = kind->made.keys;
    const struct crm_key key = { record->id, record->created_at };
    buf_add_char(out, '{');
    print_value(out, *keys++, kind->is_crm ? &crm_key : &plain_id, &key);
    for (size_t i = 0; i < kind->n; i++)
        print_row(out, kind, i, *keys++, record);
    print_value(out, *keys++, &time_row, &record->created_at);
    print_value(out, *keys, &time_row, &record->updated_at);
    buf_add_char(out, '}');
}
