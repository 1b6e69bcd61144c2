/* Every kind's rows against the live columns of its table, whichever database it is; and whether what can be
 * sorted by has its index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "records/init.h"
#include "records/kinds.h"
#include "tenancy_fixture.h"

static struct fixture *fixture;
static bool on_sqlite;

static int set_up(void **state)
{
    (void)state;
    records_init();
    fixture = fixture_new();
    on_sqlite = strcmp(db_driver(fixture->db)->name, "sqlite") == 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(&fixture);
    return 0;
}

/* ---- columns ---- */

#define COLUMNS_MAX 80
struct column {
    struct str name;
    bool is_text, is_number, is_nullable, has_default;
};

static size_t read_columns(const char *table, struct column ret[COLUMNS_MAX])
{
    DB_ROWS(rows);
    size_t n = 0;
    const char *sql =
        on_sqlite ? "SELECT name, lower(type), CASE WHEN \"notnull\" = 1 OR pk = 1 THEN 'NO' ELSE 'YES' END, "
                    "CASE WHEN dflt_value IS NULL THEN 0 ELSE 1 END FROM pragma_table_info($1)"
                  : "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT), CAST(is_nullable AS TEXT), "
                    "CASE WHEN column_default IS NULL THEN 0 ELSE 1 END FROM information_schema.columns "
                    "WHERE table_name = $1";
    assert_int_equal(db_query(fixture->conn, &rows, sql, DB_ARGS(db_text(str_of(table)))), STORAGE_OK);
    while (db_next(&rows) == STORAGE_ROW) {
        assert_true(n < COLUMNS_MAX);
        struct str type = db_col_text(&rows, 1, fixture->arena);
        ret[n++] =
            (struct column){ .name = db_col_text(&rows, 0, fixture->arena),
                             .is_text = str_equal(type, STR("text")),
                             .is_number = str_equal(type, STR("integer")) || str_equal(type, STR("bigint")),
                             .is_nullable = str_equal(db_col_text(&rows, 2, fixture->arena), STR("YES")),
                             .has_default = db_col_int(&rows, 3) != 0 };
    }
    return n;
}

static const struct column *find_column(const struct column *columns, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_equal(columns[i].name, str_of(name)))
            return &columns[i];
    return NULL;
}

static const char *column_of(const struct field *row)
{
    return row->column ? row->column : row->name;
}

static bool is_text(const struct field *row)
{
    return row->type == FIELD_STR || row->type == FIELD_EMAIL || row->type == FIELD_ENUM;
}

static void check_row(const struct record_kind *kind, const struct field *row, const struct column *column)
{
    if (!column)
        fail_msg("%s.%s is no column", kind->table, column_of(row));
    if (!(is_text(row) ? column->is_text : column->is_number))
        fail_msg("%s.%s is of another type", kind->table, column_of(row));
    if (column->is_nullable != ((row->flags & FIELD_NULLABLE) != 0))
        fail_msg("%s.%s may be null in one of the two alone", kind->table, column_of(row));
}

static bool is_known(const struct record_kind *kind, struct str column)
{
    static const char *const heads[] = { "id", "tenant_id", "created_at", "updated_at" };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (str_equal(column, str_of(heads[i])))
            return true;
    for (size_t i = 0; i < kind->n; i++)
        if (str_equal(column, str_of(column_of(&kind->rows[i]))))
            return true;
    return false;
}

static void test_kinds__have_a_column_for_each_row(void **state)
{
    (void)state;
    for (size_t k = 0; k < record_kind_count; k++) {
        struct column columns[COLUMNS_MAX];
        const struct record_kind *kind = record_kinds[k];
        size_t n = read_columns(kind->table, columns);
        for (size_t i = 0; i < kind->n; i++)
            if (column_of(&kind->rows[i])[0] != '(')
                check_row(kind, &kind->rows[i], find_column(columns, n, column_of(&kind->rows[i])));
        for (size_t i = 0; i < n; i++)
            if (!is_known(kind, columns[i].name) && !columns[i].is_nullable && !columns[i].has_default)
                fail_msg("%s.%s must be given, and its kind does not know it", kind->table,
                         columns[i].name.at);
    }
}

/* The statements themselves, whatever the values. */
static void test_kinds__can_be_read(void **state)
{
    (void)state;
    struct tenant tenant = { .id = fixture_tenant(fixture, "acme", "free", false) };
    struct record_caller caller = { .arena = fixture->arena, .tenant = &tenant, .user_id = 1 };
    for (size_t k = 0; k < record_kind_count; k++) {
        const struct record_kind *kind = record_kinds[k];
        for (size_t scope = 0; scope == 0 || (kind->scopes && kind->scopes[scope]); scope++) {
            DB_ROWS(rows);
            struct db_args args = DB_ARGS(db_int(caller.tenant->id), db_int(1), db_int(caller.user_id));
            args.n = kind->scopes && strstr(kind->scopes[scope], "$U") ? 3 : 2;
            if (db_first(fixture->conn, &rows, kind->made.find[scope], args) != STORAGE_DONE)
                fail_msg("%s: %s", kind->made.find[scope], db_error(fixture->conn));
        }
    }
}

/* ---- indexes ---- */

static void check_sorted(const char *table, const char *expression, bool falls)
{
    DB_ROWS(rows);
    struct str sql = arena_printf(fixture->arena,
                                  "EXPLAIN QUERY PLAN SELECT * FROM %s t WHERE t.tenant_id = 1 "
                                  "ORDER BY %s %s, t.id %s LIMIT 50",
                                  table, expression, falls ? "DESC" : "", falls ? "DESC" : "");
    assert_int_equal(db_query(fixture->conn, &rows, sql.at, DB_NO_ARGS), STORAGE_OK);
    while (db_next(&rows) == STORAGE_ROW) {
        struct str step = db_col_text(&rows, 3, fixture->arena);
        if (strstr(step.at, "TEMP B-TREE") || strstr(step.at, "SCAN"))
            fail_msg("%s by %s: %s", table, expression, step.at);
    }
}

/* As the engine has it. */
static const char *sorted_by(const struct field *row)
{
    if (!(row->flags & FIELD_NULLABLE))
        return arena_printf(fixture->arena, "t.%s", column_of(row)).at;
    return arena_printf(fixture->arena, "COALESCE(t.%s, %s)", column_of(row),
                        is_text(row) ? "''" : "-9000000000000000000")
        .at;
}

static void test_kinds__are_sorted_by_indexes(void **state)
{
    (void)state;
    for (size_t k = 0; on_sqlite && k < record_kind_count; k++) {
        const struct record_kind *kind = record_kinds[k];
        for (int falls = 0; falls < 2; falls++) {
            check_sorted(kind->table, "t.created_at", falls);
            for (size_t i = 0; i < kind->n; i++) {
                const struct field *row = &kind->rows[i];
                if (row->flags & FIELD_SORT)
                    check_sorted(kind->table, sorted_by(row), falls);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kinds__have_a_column_for_each_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kinds__can_be_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kinds__are_sorted_by_indexes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
