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

static char *put_number(char *to, struct arena *arena, struct str key, const struct field *row,
                        const void *member)
{
    to = put(to, key);
    if (is_quoted(row->type))
        *to++ = '"';
    to = put_value(to, arena, row, member);
    if (is_quoted(row->type))
        *to++ = '"';
    return to;
}

/* A member with its key. */
static char *put_row(char *to, struct arena *arena, const struct record_kind *kind, size_t i, struct str key,
                     const struct record *record)
{
    const struct field *row = &kind->rows[i];
    if (!record_has(record, i))
        return put(put(to, key), STR("null"));
    if (record_is_text(kind, i))
        return json_put_str(put(to, key), *(const struct str *)member_of(row, record));
    return put_number(to, arena, key, row, member_of(row, record));
}

/* What it takes at most, which is asked for once. */
static size_t room_of(const struct record_kind *kind, const struct record *record)
{
    size_t room = kind->made.room;
    for (uint64_t rest = kind->made.texts & record->has; rest; rest &= rest - 1)
        room +=
            JSON_PUT_MAX(((const struct str *)member_of(&kind->rows[__builtin_ctzll(rest)], record))->len);
    return room;
}

size_t record_room(const struct record_kind *kind)
{
    size_t room = 2;
    for (size_t i = 0; i < kind->made.object.n; i++)
        room += kind->made.keys[i].len + VALUE_MAX + 2;
    return room - (size_t)__builtin_popcountll(kind->made.texts) * (VALUE_MAX + 2 - strlen("null"));
}

void record_print_changes(const struct record_kind *kind, const struct record *record,
                          const struct record *other, struct buf *out)
{
    char *start = arena_alloc_raw(out->arena, room_of(kind, record)), *to = start;
    bool is_first = true;
    *to++ = '{';
    for (size_t i = 0; i < kind->n; i++) {
        if (row_is_computed(&kind->rows[i]) || (other && !row_differs(kind, i, record, other)))
            continue;
        struct str key = kind->made.keys[i + 1];
        to = put_row(to, out->arena, kind, i, str_sub(key, is_first, key.len),
                     record); /* the first one without its comma */
        is_first = false;
    }
    *to++ = '}';
    buf_add(out, str_from(start, (size_t)(to - start)));
}

/* Those that a kind's rows do not tell of. */
static const struct field plain_id = { .type = FIELD_ID }, crm_key = { .type = FIELD_CRM_ID },
                          time_row = { .type = FIELD_TIME };

void record_print(const struct record_kind *kind, const struct record *record, struct buf *out)
{
    const struct str *keys = kind->made.keys;
    const struct crm_key key = { record->id, record->created_at };
    char *start = buf_room(out, room_of(kind, record)), *to = start;
    if (!start)
        return;
    *to++ = '{';
    to = put_number(to, out->arena, *keys++, kind->is_crm ? &crm_key : &plain_id, &key);
    for (size_t i = 0; i < kind->n; i++)
        to = put_row(to, out->arena, kind, i, *keys++, record);
    to = put_number(to, out->arena, *keys++, &time_row, &record->created_at);
    to = put_number(to, out->arena, *keys, &time_row, &record->updated_at);
    *to++ = '}';
    buf_wrote(out, (size_t)(to - start));
}
