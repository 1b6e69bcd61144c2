/* Between a record's C struct and the columns of its table. */
#include <stdio.h>
#include <stdlib.h>

#include "records/internal.h"

const struct record_reference record_member = { .table = "memberships", .key = "user_id", .origin = "users" };

bool row_is_text(const struct field *row)
{
    return field_size(row->type) == sizeof(struct str) && row->type != FIELD_CRM_ID;
}

bool row_is_computed(const struct field *row)
{
    return row->column && row->column[0] == '(';
}

size_t record_parent_row(const struct record_kind *kind)
{
    size_t i = 0;
    while (i < kind->n && !(kind->rows[i].flags & FIELD_PARENT))
        i++;
    return i;
}

const char *row_column(const struct field *row)
{
    return row->column ? row->column : row->name;
}

struct storage_value row_value(const struct record_kind *kind, size_t row, const struct record *record)
{
    const struct field *field = &kind->rows[row];
    const void *member = member_of(field, record);
    if (!record_has(record, row))
        return db_null();
    if (row_is_text(field))
        return db_text(*(const struct str *)member);
    if (field->type == FIELD_BOOL)
        return db_int(*(const bool *)member);
    return db_int(field->type == FIELD_CRM_ID ? ((const struct crm_key *)member)->id
                                              : *(const int64_t *)member);
}

bool row_differs(const struct record_kind *kind, size_t row, const struct record *a, const struct record *b)
{
    struct storage_value one = row_value(kind, row, a), other = row_value(kind, row, b);
    if (one.type != other.type)
        return true;
    return one.type == STORAGE_TEXT
               ? !str_equal(str_from(one.data, one.size), str_from(other.data, other.size))
               : one.integer != other.integer;
}

static void expect(const struct field *row, const struct storage_value *value, enum storage_type type)
{
    if (value->type == type)
        return;
    fprintf(stderr, "records: the column of %s has another type than its row\n", row->name);
    abort();
}

/* `value` is not NULL. Text stays where the driver has it. */
static void read_member(const struct record_kind *kind, size_t i, const struct storage_value *value,
                        void *member)
{
    const struct field *row = &kind->rows[i];
    bool is_text = record_is_text(kind, i);
    expect(row, value, is_text ? STORAGE_TEXT : STORAGE_INT);
    if (is_text)
        *(struct str *)member = str_from(value->data, value->size);
    else if (row->type == FIELD_BOOL)
        *(bool *)member = value->integer != 0;
    else if (row->type == FIELD_CRM_ID)
        ((struct crm_key *)member)->id = value->integer;
    else
        *(int64_t *)member = value->integer;
}

void record_keep_texts(const struct record_kind *kind, struct arena *arena, struct record *record)
{
    size_t size = 0;
    uint64_t texts = kind->made.texts & record->has;
    for (uint64_t rest = texts; rest; rest &= rest - 1)
        size += ((struct str *)member_of(&kind->rows[__builtin_ctzll(rest)], record))->len + 1;
    char *at = size ? arena_alloc(arena, size) : NULL;
    for (uint64_t rest = texts; rest; rest &= rest - 1) {
        struct str *text = member_of(&kind->rows[__builtin_ctzll(rest)], record);
        memcpy(at, text->at, text->len);
        text->at = at;
        at += text->len + 1;
    }
}

static int64_t number_of(const struct storage_value *value)
{
    return value->type == STORAGE_INT ? value->integer : 0;
}

#define HEAD    3 /* columns: id and times */
#define COLUMNS (HEAD + 2 * RECORD_ROWS_MAX)

void record_read(const struct record_kind *kind, struct db_rows *rows, struct arena *arena,
                 struct record *ret)
{
    struct storage_value values[COLUMNS], *value = values + HEAD;
    db_cols(rows, values, kind->made.column_count);
    ret->id = number_of(&values[0]);
    ret->created_at = number_of(&values[1]);
    ret->updated_at = number_of(&values[2]);
    ret->has = 0;
    for (size_t i = 0; i < kind->n; i++, value++) {
        void *member = member_of(&kind->rows[i], ret);
        bool is_null = value->type == STORAGE_NULL;
        if (!is_null)
            read_member(kind, i, value, member);
        if (kind->rows[i].type == FIELD_CRM_ID) /* takes two columns */
            ((struct crm_key *)member)->created_at = number_of(++value);
        ret->has |= (uint64_t)!is_null << i;
    }
    record_keep_texts(kind, arena, ret);
}
