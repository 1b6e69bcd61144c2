/* Reading the current row. A column that does not exist or has another type than asked for is a mistake in
 * our own SQL, found by the first test that runs it: it stops the program. */
#include "storage/internal.h"

static void stop(const struct db_rows *rows, int column, const char *what)
{
    fprintf(stderr, "storage: column %d %s: %s\n", column, what, rows->stmt ? rows->stmt->sql : "no row");
    abort();
}

/* The value as `type`, or NULL. */
static struct storage_value read_column(struct db_rows *rows, int column, enum storage_type type)
{
    struct storage_value value = { STORAGE_NULL, 0, 0, NULL };
    if (!rows->stmt || !rows->stmt->inner || rows->fresh)
        stop(rows, column, "is read without a row");
    if (rows->conn->db->driver->column(rows->stmt->inner, column, &value) != STORAGE_OK)
        stop(rows, column, "does not exist");
    if (value.type != STORAGE_NULL && type != STORAGE_NULL && value.type != type)
        stop(rows, column, "has another type than asked for");
    return value;
}

int64_t db_col_int(struct db_rows *rows, int column)
{
    struct storage_value value = read_column(rows, column, STORAGE_INT);
    return value.type == STORAGE_NULL ? 0 : value.integer;
}

static struct str copy(struct arena *arena, struct storage_value value)
{
    if (value.type == STORAGE_NULL)
        return STR_NONE;
    return arena_copy(arena, str_from(value.size > 0 ? value.data : "", value.size));
}

struct str db_col_text(struct db_rows *rows, int column, struct arena *arena)
{
    return copy(arena, read_column(rows, column, STORAGE_TEXT));
}

struct str db_col_blob(struct db_rows *rows, int column, struct arena *arena)
{
    return copy(arena, read_column(rows, column, STORAGE_BLOB));
}

struct storage_value db_col(struct db_rows *rows, int column)
{
    return read_column(rows, column, STORAGE_NULL);
}

void db_cols(struct db_rows *rows, struct storage_value *ret, size_t n)
{
    if (!rows->stmt || !rows->stmt->inner || rows->fresh)
        stop(rows, 0, "is read without a row");
    struct storage_stmt *stmt = rows->stmt->inner;
    const struct storage_driver *driver = rows->conn->db->driver;
    for (size_t i = 0; i < n; i++)
        if (driver->column(stmt, (int)i, &ret[i]) != STORAGE_OK)
            stop(rows, (int)i, "does not exist");
}

bool db_col_is_null(struct db_rows *rows, int column)
{
    return read_column(rows, column, STORAGE_NULL).type == STORAGE_NULL;
}
