/* Between a record's C struct and the columns of its table. */
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

/* A crm id takes two columns. */
static int read_member(const struct field *row, struct db_rows *rows, int column, struct arena *arena,
                       void *member)
{
    if (row_is_text(row))
        *(struct str *)member = db_col_text(rows, column, arena);
    else if (row->type == FIELD_BOOL)
        *(bool *)member = db_col_int(rows, column) != 0;
    else if (row->type == FIELD_CRM_ID)
        *(struct crm_key *)member =
            (struct crm_key){ db_col_int(rows, column), db_col_int(rows, column + 1) };
    else
        *(int64_t *)member = db_col_int(rows, column);
    return row->type == FIELD_CRM_ID ? 2 : 1;
}

void record_read(const struct record_kind *kind, struct db_rows *rows, struct arena *arena,
                 struct record *ret)
{
    ret->id = db_col_int(rows, 0);
    ret->created_at = db_col_int(rows, 1);
    ret->updated_at = db_col_int(rows, 2);
    ret->has = 0;
    int column = 3;
    for (size_t i = 0; i < kind->n; i++) {
        if (!db_col_is_null(rows, column))
            ret->has |= UINT64_C(1) << i;
        column += read_member(&kind->rows[i], rows, column, arena, member_of(&kind->rows[i], ret));
    }
}
