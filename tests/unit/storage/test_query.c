/* Queries: arguments, the statement cache, rows and columns. */
#include "storage_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_invalid(struct db_conn *conn, const char *sql, struct db_args args, const char *text)
{
    DB_ROWS(rows);
    assert_status(db_query(conn, &rows, sql, args), STORAGE_INVALID);
    assert_status(db_next(&rows), STORAGE_INVALID);
    if (!strstr(db_error(conn), text))
        fail_msg("\"%s\" does not say \"%s\"", db_error(conn), text);
}

static void test_query__arguments_are_counted(void **state)
{
    struct fixture *fixture = *state;
    struct db_conn *conn = fixture->conn;
    static const char *const sql =
        "SELECT n FROM t WHERE id = $1 AND name = $2 AND 'it''s $9' <> \"name\" -- $8\n /* $7 */";
    assert_invalid(conn, sql, DB_NO_ARGS, "number of parameters");
    assert_invalid(conn, sql, DB_ARGS(db_int(1)), "number of parameters");
    assert_invalid(conn, sql, DB_ARGS(db_int(1), db_text(STR("one")), db_int(3)), "number of parameters");
    DB_ROWS(rows);
    assert_status(db_first(conn, &rows, sql, DB_ARGS(db_int(1), db_text(STR("one")))), STORAGE_ROW);
    assert_int_equal(db_col_int(&rows, 0), 10);
}

static void test_query__texts_are_checked_before_any_engine_sees_them(void **state)
{
    struct fixture *fixture = *state;
    static const struct str wrong[] = {
        { "a\0b", 3 }, { "\xc3", 1 }, { "\xed\xa0\x80", 3 }, { "\xf5\x80\x80\x80", 4 }
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_invalid(fixture->conn, "SELECT id FROM t WHERE name = $1", DB_ARGS(db_text(wrong[i])),
                       "not UTF-8");
    struct storage_value odd = { .type = (enum storage_type)17 };
    assert_invalid(fixture->conn, "SELECT id FROM t WHERE name = $1", DB_ARGS(odd), "unknown type");
    assert_invalid(fixture->conn, "SELECT id FROM t WHERE b = $1", DB_ARGS(db_blob(NULL, 4)), "no bytes");
}

static void test_query__rows_come_one_by_one_then_done_for_ever(void **state)
{
    struct fixture *fixture = *state;
    DB_ROWS(rows);
    assert_status(db_next(&rows), STORAGE_INVALID); /* nothing was asked */
    assert_status(db_query(fixture->conn, &rows, "SELECT id FROM t ORDER BY id", DB_NO_ARGS), STORAGE_OK);
    for (int id = 1; id <= 3; id++) {
        assert_status(db_next(&rows), STORAGE_ROW);
        assert_int_equal(db_col_int(&rows, 0), id);
        assert_int_equal(db_col_int(&rows, 0), id);
    }
    assert_status(db_next(&rows), STORAGE_DONE);
    assert_status(db_next(&rows), STORAGE_DONE);
    assert_status(db_first(fixture->conn, &rows, "SELECT id FROM t WHERE id = 9", DB_NO_ARGS), STORAGE_DONE);
}

static void test_query__columns_have_their_types_and_null_is_empty(void **state)
{
    struct fixture *fixture = *state;
    assert_status(write_sql(fixture->conn, "UPDATE t SET b = x'00ff', name = 'one' WHERE id = 1"),
                  STORAGE_OK);
    DB_ROWS(rows);
    assert_status(db_query(fixture->conn, &rows, "SELECT n, name, b FROM t ORDER BY id", DB_NO_ARGS),
                  STORAGE_OK);
    assert_status(db_next(&rows), STORAGE_ROW);
    assert_false(db_col_is_null(&rows, 0));
    assert_true(str_equal(db_col_text(&rows, 1, fixture->arena), STR("one")));
    struct str blob = db_col_blob(&rows, 2, fixture->arena);
    assert_int_equal(blob.len, 2);
    assert_memory_equal(blob.at, "\x00\xff", 2);
    assert_status(db_next(&rows), STORAGE_ROW);
    assert_status(db_next(&rows), STORAGE_ROW);
    assert_true(db_col_is_null(&rows, 0));
    assert_int_equal(db_col_int(&rows, 0), 0);
    assert_null(db_col_text(&rows, 1, fixture->arena).at);
    assert_null(db_col_blob(&rows, 2, fixture->arena).at);
}

static void test_query__an_empty_text_is_not_null(void **state)
{
    struct fixture *fixture = *state;
    DB_ROWS(rows);
    assert_status(db_first(fixture->conn, &rows, "SELECT CAST($1 AS TEXT), CAST($2 AS TEXT)",
                           DB_ARGS(db_text(STR_NONE), db_text_or_null(STR_NONE))),
                  STORAGE_ROW);
    struct str text = db_col_text(&rows, 0, fixture->arena);
    assert_non_null(text.at);
    assert_int_equal(text.len, 0);
    assert_true(db_col_is_null(&rows, 1));
}

typedef void (*mistake_fn)(struct db_rows *rows, struct arena *arena);

static void read_text_as_int(struct db_rows *rows, struct arena *arena)
{
    (void)arena;
    (void)db_col_int(rows, 1);
}
static void read_int_as_text(struct db_rows *rows, struct arena *arena)
{
    (void)db_col_text(rows, 0, arena);
}
static void read_missing(struct db_rows *rows, struct arena *arena)
{
    (void)arena;
    (void)db_col_int(rows, 5);
}
static void read_after_done(struct db_rows *rows, struct arena *arena)
{
    (void)arena;
    while (db_next(rows) == STORAGE_ROW)
        continue;
    (void)db_col_int(rows, 0);
}

static void test_query__a_wrong_column_stops_the_program(void **state)
{
    struct fixture *fixture = *state;
    static const mistake_fn mistakes[] = { read_text_as_int, read_int_as_text, read_missing,
                                           read_after_done };
    DB_ROWS(rows);
    assert_status(db_first(fixture->conn, &rows, "SELECT id, name FROM t WHERE id = 1", DB_NO_ARGS),
                  STORAGE_ROW);
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            mistakes[i](&rows, fixture->arena);
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

static void test_query__a_text_is_prepared_once(void **state)
{
    struct fixture *fixture = *state;
    char copy[] = "SELECT n FROM t WHERE id = 1"; /* another pointer, the same text */
    for (int i = 0; i < 5; i++)
        assert_int_equal(read_int(fixture->conn, "SELECT n FROM t WHERE id = 1"), 10);
    assert_int_equal(read_int(fixture->conn, copy), 10);
    assert_int_equal(counts.prepares, 1);
}

static void test_query__the_same_text_inside_itself(void **state)
{
    struct fixture *fixture = *state;
    static const char *const sql = "SELECT id FROM t WHERE id >= $1 ORDER BY id";
    int seen = 0;
    DB_ROWS(outer);
    assert_status(db_query(fixture->conn, &outer, sql, DB_ARGS(db_int(1))), STORAGE_OK);
    while (db_next(&outer) == STORAGE_ROW) {
        DB_ROWS(inner);
        int64_t id = db_col_int(&outer, 0);
        assert_status(db_first(fixture->conn, &inner, sql, DB_ARGS(db_int(id))), STORAGE_ROW);
        assert_int_equal(db_col_int(&inner, 0), id);
        seen++;
    }
    assert_int_equal(seen, 3);
    assert_int_equal(counts.prepares, 2);
}

#define TEXTS 300

static void test_query__the_cache_is_bounded_and_keeps_what_is_used(void **state)
{
    struct fixture *fixture = *state;
    static char texts[TEXTS][48];
    for (int i = 0; i < TEXTS; i++) {
        snprintf(texts[i], sizeof(texts[i]), "SELECT %d", i);
        assert_int_equal(read_int(fixture->conn, texts[i]), i);
        assert_int_equal(read_int(fixture->conn, "SELECT n FROM t WHERE id = 2"), 20);
    }
    assert_int_equal(counts.prepares, TEXTS + 1);
    assert_in_range(counts.prepares - counts.finalizes, 2, 128);
}

static void test_query__more_rows_open_than_the_cache_holds(void **state)
{
    struct fixture *fixture = *state;
    static char texts[TEXTS][48];
    static struct db_rows rows[TEXTS];
    for (int i = 0; i < TEXTS; i++) {
        snprintf(texts[i], sizeof(texts[i]), "SELECT %d", i);
        rows[i] = (struct db_rows){ .next = STORAGE_INVALID };
        assert_status(db_first(fixture->conn, &rows[i], texts[i], DB_NO_ARGS), STORAGE_ROW);
    }
    for (int i = 0; i < TEXTS; i++) {
        assert_int_equal(db_col_int(&rows[i], 0), i);
        db_rows_close(&rows[i]);
    }
    assert_in_range(counts.prepares - counts.finalizes, 1, 128);
}

static void test_query__a_broken_text_is_not_kept(void **state)
{
    struct fixture *fixture = *state;
    DB_ROWS(rows);
    assert_status(db_query(fixture->conn, &rows, "SELECT id FROM later", DB_NO_ARGS), STORAGE_ERROR);
    assert_non_null(strstr(db_error(fixture->conn), "later"));
    assert_status(write_sql(fixture->conn, "CREATE TABLE later (id BIGINT)"), STORAGE_OK);
    assert_status(db_first(fixture->conn, &rows, "SELECT id FROM later", DB_NO_ARGS), STORAGE_DONE);
}

static void test_query__writing_outside_a_write_transaction_is_invalid(void **state)
{
    struct fixture *fixture = *state;
    int64_t changes = 77;
    assert_status(db_exec(fixture->conn, "DELETE FROM t", DB_NO_ARGS, &changes), STORAGE_INVALID);
    assert_int_equal(changes, 77);
    DB_ROWS(rows);
    assert_status(db_query(fixture->conn, &rows, "DELETE FROM t RETURNING id", DB_NO_ARGS), STORAGE_INVALID);
    assert_status(db_notify(fixture->conn, "c", "x"), STORAGE_INVALID);
    assert_int_equal(read_int(fixture->conn, "SELECT COUNT(*) FROM t"), 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORAGE_CASE(test_query__arguments_are_counted),
        STORAGE_CASE(test_query__texts_are_checked_before_any_engine_sees_them),
        STORAGE_CASE(test_query__rows_come_one_by_one_then_done_for_ever),
        STORAGE_CASE(test_query__columns_have_their_types_and_null_is_empty),
        STORAGE_CASE(test_query__an_empty_text_is_not_null),
        STORAGE_CASE(test_query__a_wrong_column_stops_the_program),
        STORAGE_CASE(test_query__a_text_is_prepared_once),
        STORAGE_CASE(test_query__the_same_text_inside_itself),
        STORAGE_CASE(test_query__the_cache_is_bounded_and_keeps_what_is_used),
        STORAGE_CASE(test_query__more_rows_open_than_the_cache_holds),
        STORAGE_CASE(test_query__a_broken_text_is_not_kept),
        STORAGE_CASE(test_query__writing_outside_a_write_transaction_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
