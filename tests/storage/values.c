/* Values go in and come out unchanged. */
#include "conformance.h"

#define INSERT "INSERT INTO conf_item (id, name, n, b) VALUES ($1, $2, $3, $4)"

/* One row's one column, read back into a buffer of the caller. */
static struct storage_value read_back(struct storage_conn *conn, const char *sql, int64_t id, void *buffer,
                                      size_t cap)
{
    const struct storage_driver *driver = suite.driver;
    struct storage_stmt *stmt = raw_prepare(conn, sql);
    struct db_args args = DB_ARGS(db_int(id));
    assert_status(driver->run(stmt, args.at, args.n), STORAGE_OK);
    assert_status(driver->step(stmt), STORAGE_ROW);
    struct storage_value value;
    assert_status(driver->column(stmt, 0, &value), STORAGE_OK);
    if (value.type == STORAGE_TEXT || value.type == STORAGE_BLOB) {
        assert_true(value.size < cap);
        memcpy(buffer, value.data, value.size + (value.type == STORAGE_TEXT));
        value.data = buffer;
    }
    assert_status(driver->step(stmt), STORAGE_DONE);
    driver->finalize(stmt);
    return value;
}

static void test_values__integers_keep_all_64_bits(void **state)
{
    struct raw *raw = *state;
    static const int64_t numbers[] = {
        0,         1,   INT32_MAX, INT64_C(2147483648), INT64_C(9007199254740993),
        INT64_MAX, -11, INT32_MIN, INT64_MIN,           INT64_MIN + 1
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct db_args args = DB_ARGS(db_int((int64_t)i), db_null(), db_int(numbers[i]), db_null());
        assert_status(raw_write(raw->conn, INSERT, args), STORAGE_OK);
        assert_true(raw_int(raw->conn, "SELECT n FROM conf_item WHERE id = $1",
                            DB_ARGS(db_int((int64_t)i))) == numbers[i]);
    }
}

static void test_values__integers_of_any_width_are_int(void **state)
{
    struct raw *raw = *state;
    assert_int_equal(raw_int(raw->conn, "SELECT 7", DB_NO_ARGS), 7);
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 0);
    assert_int_equal(raw_int(raw->conn, "SELECT CAST($1 AS BIGINT) + 1", DB_ARGS(db_int(41))), 42);
    assert_int_equal(raw_int(raw->conn, "SELECT COALESCE(MAX(n), 5) FROM conf_item", DB_NO_ARGS), 5);
}

static void test_values__texts_come_back_with_a_nul(void **state)
{
    struct raw *raw = *state;
    static const char *const texts[] = { "",
                                         "plain",
                                         "it's \"quoted\" \\ and %_$1",
                                         "ÄÖÜ ß € 漢字 \xf0\x9f\x94\x91",
                                         " spaces ",
                                         "line\nbreak\ttab\x01" };
    char buffer[128];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct db_args args = DB_ARGS(db_int((int64_t)i), db_text(str_of(texts[i])), db_null(), db_null());
        assert_status(raw_write(raw->conn, INSERT, args), STORAGE_OK);
        struct storage_value value = read_back(raw->conn, "SELECT name FROM conf_item WHERE id = $1",
                                               (int64_t)i, buffer, sizeof(buffer));
        assert_int_equal(value.type, STORAGE_TEXT);
        assert_int_equal(value.size, strlen(texts[i]));
        assert_string_equal(buffer, texts[i]);
    }
}

static void test_values__text_parameters_end_where_their_size_says(void **state)
{
    struct raw *raw = *state;
    char buffer[32];
    struct db_args args = DB_ARGS(db_int(1), db_text(str_from("abcdef", 3)), db_null(), db_null());
    assert_status(raw_write(raw->conn, INSERT, args), STORAGE_OK);
    struct storage_value value =
        read_back(raw->conn, "SELECT name FROM conf_item WHERE id = $1", 1, buffer, sizeof(buffer));
    assert_int_equal(value.size, 3);
    assert_string_equal(buffer, "abc");
}

static void test_values__blobs_keep_every_byte(void **state)
{
    struct raw *raw = *state;
    static const size_t sizes[] = { 0, 1, 256, 70000 };
    static unsigned char bytes[70000];
    static unsigned char buffer[70001];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 7 + i / 256);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct db_args args = DB_ARGS(db_int((int64_t)i), db_null(), db_null(), db_blob(bytes, sizes[i]));
        assert_status(raw_write(raw->conn, INSERT, args), STORAGE_OK);
        struct storage_value value =
            read_back(raw->conn, "SELECT b FROM conf_item WHERE id = $1", (int64_t)i, buffer, sizeof(buffer));
        assert_int_equal(value.type, STORAGE_BLOB);
        assert_int_equal(value.size, sizes[i]);
        assert_memory_equal(buffer, bytes, sizes[i]);
    }
}

static void test_values__an_empty_blob_without_bytes_is_not_null(void **state)
{
    struct raw *raw = *state;
    struct db_args args = DB_ARGS(db_int(1), db_null(), db_null(), db_blob(NULL, 0));
    assert_status(raw_write(raw->conn, INSERT, args), STORAGE_OK);
    assert_int_equal(raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item WHERE b IS NOT NULL", DB_NO_ARGS), 1);
}

static void test_values__a_large_text_is_whole(void **state)
{
    struct raw *raw = *state;
    static char text[200001];
    static char buffer[200002];
    memset(text, 'x', sizeof(text) - 1);
    struct db_args args = DB_ARGS(db_int(1), db_null(), db_null(), db_null());
    assert_status(raw_write(raw->conn, INSERT, args), STORAGE_OK);
    args = DB_ARGS(db_int(1), db_int(1), db_text(str_of(text)));
    assert_status(raw_write(raw->conn, "INSERT INTO conf_child (id, item, note) VALUES ($1, $2, $3)", args),
                  STORAGE_OK);
    struct storage_value value =
        read_back(raw->conn, "SELECT note FROM conf_child WHERE id = $1", 1, buffer, sizeof(buffer));
    assert_int_equal(value.size, sizeof(text) - 1);
    assert_string_equal(buffer, text);
}

static void test_values__null_is_null_in_every_column(void **state)
{
    struct raw *raw = *state;
    static const char *const columns[] = { "SELECT name FROM conf_item WHERE id = $1",
                                           "SELECT n FROM conf_item WHERE id = $1",
                                           "SELECT b FROM conf_item WHERE id = $1" };
    char buffer[8];
    struct db_args args = DB_ARGS(db_int(1), db_null(), db_null(), db_null());
    assert_status(raw_write(raw->conn, INSERT, args), STORAGE_OK);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        assert_int_equal(read_back(raw->conn, columns[i], 1, buffer, sizeof(buffer)).type, STORAGE_NULL);
}

static void test_values__parameters_in_any_order_and_repeated(void **state)
{
    struct raw *raw = *state;
    struct db_args args = DB_ARGS(db_null(), db_int(5), db_text(STR("swapped")), db_int(9));
    assert_status(
        raw_write(raw->conn, "INSERT INTO conf_item (n, name, id, b) VALUES ($4, $3, $2, $1)", args),
        STORAGE_OK);
    assert_int_equal(raw_int(raw->conn, "SELECT n FROM conf_item WHERE name = $2 AND id = $1",
                             DB_ARGS(db_int(5), db_text(STR("swapped")))),
                     9);
    assert_int_equal(
        raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item WHERE id = $1 OR n = $1", DB_ARGS(db_int(9))), 1);
    assert_int_equal(
        raw_int(
            raw->conn,
            "SELECT CAST($11 AS BIGINT) + CAST($1 AS BIGINT) + $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 + $10",
            DB_ARGS(db_int(1), db_int(0), db_int(0), db_int(0), db_int(0), db_int(0), db_int(0), db_int(0),
                    db_int(0), db_int(0), db_int(100))),
        101);
}

static void test_values__like_tells_capitals_apart(void **state)
{
    struct raw *raw = *state;
    struct db_args args = DB_ARGS(db_int(1), db_text(STR("Anna")), db_null(), db_null());
    assert_status(raw_write(raw->conn, INSERT, args), STORAGE_OK);
    assert_int_equal(
        raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item WHERE name LIKE $1", DB_ARGS(db_text(STR("An%")))),
        1);
    assert_int_equal(
        raw_int(raw->conn, "SELECT COUNT(*) FROM conf_item WHERE name LIKE $1", DB_ARGS(db_text(STR("an%")))),
        0);
}

static const struct CMUnitTest tests[] = {
    RAW_CASE(test_values__integers_keep_all_64_bits),
    RAW_CASE(test_values__integers_of_any_width_are_int),
    RAW_CASE(test_values__texts_come_back_with_a_nul),
    RAW_CASE(test_values__text_parameters_end_where_their_size_says),
    RAW_CASE(test_values__blobs_keep_every_byte),
    RAW_CASE(test_values__an_empty_blob_without_bytes_is_not_null),
    RAW_CASE(test_values__a_large_text_is_whole),
    RAW_CASE(test_values__null_is_null_in_every_column),
    RAW_CASE(test_values__parameters_in_any_order_and_repeated),
    RAW_CASE(test_values__like_tells_capitals_apart),
};
GROUP(values_group, "values", tests);
