/* New records of a file, some to a statement.
 *
 * A statement that tells ids is one that SQLite can undo by itself: it copies each page before it writes to
 * it. Of some rows in a row most pages are the same ones. */
#include "records/internal.h"

#define SQL_MAX  65536
#define ARGS_MAX ((size_t)2 + RECORD_TOGETHER * RECORD_ROWS_MAX)

static size_t column_count(const struct record_kind *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < kind->n; i++)
        n += !row_is_computed(&kind->rows[i]);
    return n;
}

/* $1 tenant, $2 now, then the rows that are columns, of one record after the other. */
const char *record_insert_many_sql(struct arena *kept, const struct record_kind *kind)
{
    struct buf sql;
    size_t param = 3, columns = column_count(kind);
    buf_init(&sql, kept, SQL_MAX);
    buf_printf(&sql, "INSERT INTO %s (tenant_id, created_at, updated_at", kind->table);
    for (size_t i = 0; i < kind->n; i++)
        if (!row_is_computed(&kind->rows[i]))
            buf_printf(&sql, ", %s", row_column(&kind->rows[i]));
    buf_add(&sql, STR(") VALUES "));
    for (size_t i = 0; i < RECORD_TOGETHER; i++) {
        buf_printf(&sql, "%s($1, $2, $2", i ? ", " : "");
        for (size_t j = 0; j < columns; j++)
            buf_printf(&sql, ", $%zu", param++);
        buf_add_char(&sql, ')');
    }
    buf_printf(&sql, " RETURNING id, %s", row_column(&kind->rows[0]));
    return sql.overflow ? NULL : buf_str(&sql).at;
}

/* In no order that is promised, but mostly in the one they were given in. */
static struct record *record_of(const struct record_kind *kind, const struct record_batch *batch,
                                size_t expected, struct str first)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct record *record = batch->at[(expected + i) % batch->n];
        if (str_equal(*(const struct str *)member_of(&kind->rows[0], record), first))
            return record;
    }
    return NULL;
}

static enum storage_status take_ids(struct db_rows *rows, const struct record_kind *kind,
                                    const struct record_batch *batch)
{
    size_t n = 0;
    enum storage_status status;
    while ((status = db_next(rows)) == STORAGE_ROW) {
        struct storage_value first = db_col(rows, 1);
        struct record *record = record_of(kind, batch, n++, str_from(first.data, first.size));
        if (!record)
            return STORAGE_ERROR;
        record->id = db_col_int(rows, 0);
    }
    if (status != STORAGE_DONE)
        return status;
    return n == batch->n ? STORAGE_OK : STORAGE_ERROR;
}

static enum storage_status insert_all(struct db_conn *conn, const struct record_kind *kind,
                                      const struct record_caller *caller, const struct record_batch *batch)
{
    DB_ROWS(rows);
    struct storage_value args[ARGS_MAX] = { db_int(caller->tenant->id), db_int(caller->now) };
    size_t n = 2;
    for (size_t i = 0; i < batch->n; i++) {
        batch->at[i]->created_at = batch->at[i]->updated_at = caller->now;
        n = record_bind_rows(kind, batch->at[i], args, n);
    }
    enum storage_status status = db_query(conn, &rows, kind->made.insert_many, (struct db_args){ args, n });
    return status == STORAGE_OK ? take_ids(&rows, kind, batch) : status;
}

enum storage_status record_insert_batch(struct db_conn *conn, const struct record_kind *kind,
                                        const struct record_caller *caller, struct record_batch *batch)
{
    enum storage_status status = STORAGE_OK;
    struct record_deed deed = { .kind = kind, .caller = caller };
    if (batch->n == RECORD_TOGETHER)
        status = insert_all(conn, kind, caller, batch);
    else
        for (size_t i = 0; status == STORAGE_OK && i < batch->n; i++)
            status = record_insert(conn, &deed, batch->at[i]);
    return status;
}
