/* The rules in docs/storage-backends.md, "Portable SQL", held against both engines: what the page allows
 * gives the same rows on PostgreSQL and SQLite, and what it warns of still goes wrong in the way it says. */
#include "cluster.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#include "backend_postgres/driver.h"
#include "backend_sqlite/driver.h"

struct engine {
    const struct storage_driver *driver;
    struct storage_db *db;
    struct storage_conn *conn;
};

static struct engine postgres = { .driver = &postgres_driver };
static struct engine sqlite = { .driver = &sqlite_driver };

#define PARAMS_MAX 4

struct sample {
    const char *sql;
    const char *rows; /* on both: columns parted by ',', rows by ';', text after "'" */
    struct storage_value params[PARAMS_MAX];
    size_t n;
};

#define I(value)                                                                                             \
    {                                                                                                        \
        STORAGE_INT, 0, (value), NULL                                                                        \
    }
#define T(text)                                                                                              \
    {                                                                                                        \
        STORAGE_TEXT, sizeof(text) - 1, 0, (text)                                                            \
    }
#define NIL                                                                                                  \
    {                                                                                                        \
        STORAGE_NULL, 0, 0, NULL                                                                             \
    }
#define NOW INT64_C(1800000000000000) /* microseconds: beyond 32 bits, as real ones are */

static const struct sample reads[] = {
    /* A parameter takes its type from the column it meets. */
    { "SELECT id FROM tenants WHERE slug = $1", "1", { T("acme") }, 1 },
    { "SELECT slug FROM tenants WHERE id > $1 ORDER BY id LIMIT $2", "'Zeta;'_x", { I(1), I(2) }, 2 },
    { "SELECT id FROM tenants WHERE id IN ($1, $2) ORDER BY id", "1;3", { I(3), I(1) }, 2 },
    { "SELECT id FROM tenants ORDER BY id LIMIT $1 OFFSET $2", "2", { I(1), I(1) }, 2 },
    /* … and a cast where there is none. */
    { "SELECT id FROM tenants WHERE CAST($1 AS TEXT) IS NULL OR slug = $1 ORDER BY id",
      "1;2;3;4",
      { NIL },
      1 },
    { "SELECT id FROM tenants WHERE CAST($1 AS BIGINT) IS NULL OR id = $1 ORDER BY id", "2", { I(2) }, 1 },
    { "SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT)", "7,'x", { I(7), T("x") }, 2 },
    { "SELECT id FROM tenants WHERE created_at > CAST($1 AS BIGINT) - 1000 ORDER BY id",
      "1;2;3;4",
      { I(NOW) },
      1 },
    { "SELECT CAST($1 AS BIGINT) + CAST($2 AS BIGINT)", "1800000000000001", { I(NOW), I(1) }, 2 },
    { "SELECT COALESCE(CAST($1 AS BIGINT), 0)", "1800000000000000", { I(NOW) }, 1 },
    { "SELECT CASE WHEN CAST($1 AS BIGINT) > CAST($2 AS BIGINT) THEN CAST($1 AS BIGINT) ELSE CAST($2 AS "
      "BIGINT) END",
      "1800000000000000",
      { I(3), I(NOW) },
      2 },
    /* Comparisons are numbers, and stay so. */
    { "SELECT EXISTS (SELECT 1 FROM tenants WHERE slug = $1)", "1", { T("acme") }, 1 },
    { "SELECT COUNT(*) FROM tenants WHERE is_root = 1", "1", { NIL }, 0 },
    { "SELECT plan IS NOT NULL, 1 = 2 FROM tenants WHERE id = 1", "1,0", { NIL }, 0 },
    /* Aggregates come back as integers only through a cast. */
    { "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM tenant_usage WHERE tenant_id = $1",
      "12",
      { I(1) },
      1 },
    { "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM tenant_usage WHERE tenant_id = $1",
      "0",
      { I(99) },
      1 },
    { "SELECT COUNT(*), MIN(used), MAX(used) FROM tenant_usage", "2,5,7", { NIL }, 0 },
    { "SELECT COUNT(*) FILTER (WHERE used > $1) FROM tenant_usage", "1", { I(5) }, 1 },
    { "SELECT 7 / 2, -7 / 2, -7 % 3", "3,-3,-1", { NIL }, 0 },
    /* Text is compared and sorted by its bytes, in columns of the schema. */
    { "SELECT slug FROM tenants ORDER BY slug", "'Zeta;'_x;'acme;'\xc3\xa4", { NIL }, 0 },
    { "SELECT slug FROM tenants WHERE slug > $1 ORDER BY slug", "'acme;'\xc3\xa4", { T("_x") }, 1 },
    { "SELECT slug, id FROM tenants WHERE (slug, id) > ($1, $2) ORDER BY slug, id LIMIT $3",
      "'_x,3",
      { T("Zeta"), I(2), I(1) },
      3 },
    { "SELECT slug FROM tenants WHERE slug >= $1 AND slug < $2", "'acme", { T("a"), T("b") }, 2 },
    { "SELECT LENGTH(slug), SUBSTR(slug, 1, 1) FROM tenants WHERE id = 4", "1,'\xc3\xa4", { NIL }, 0 },
    { "SELECT slug || '-' || name FROM tenants WHERE id = 1", "'acme-Acme", { NIL }, 0 },
    { "SELECT id FROM tenants WHERE slug LIKE $1 ESCAPE '\\'", "3", { T("\\_%") }, 1 },
    /* NULLs stand where they are told to. */
    { "SELECT id FROM tenants ORDER BY logo_url NULLS LAST, id", "2;1;3;4", { NIL }, 0 },
    { "SELECT id FROM tenants WHERE logo_url IS NOT DISTINCT FROM CAST($1 AS TEXT) ORDER BY id",
      "1;3;4",
      { NIL },
      1 },
    { "WITH roots AS (SELECT id FROM tenants WHERE is_root = $1) SELECT id FROM roots", "1", { I(1) }, 1 },
};

static const struct sample writes[] = {
    { "INSERT INTO tenant_usage (tenant_id, kind, used) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, kind) DO "
      "UPDATE "
      "SET used = tenant_usage.used + excluded.used RETURNING used",
      "8",
      { I(1), T("assets"), I(3) },
      3 },
    { "INSERT INTO tenant_usage (tenant_id, kind, used) VALUES ($1, $2, 1) ON CONFLICT (tenant_id, kind) DO "
      "UPDATE "
      "SET used = tenant_usage.used + 1 WHERE tenant_usage.used < $3 RETURNING used",
      "",
      { I(1), T("assets"), I(5) },
      3 },
    { "INSERT INTO tenant_usage (tenant_id, kind, used) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING "
      "used",
      "",
      { I(1), T("assets"), I(5) },
      3 },
    { "UPDATE tenant_usage SET used = used + $3 WHERE tenant_id = $1 AND kind = $2 AND used + $3 <= $4 "
      "RETURNING used",
      "7",
      { I(1), T("assets"), I(2), I(7) },
      4 },
    { "UPDATE tenants SET name = COALESCE($1, name), updated_at = COALESCE($2, updated_at) WHERE id = $3 "
      "RETURNING "
      "name, updated_at",
      "'Acme,1800000000000000",
      { NIL, I(NOW), I(1) },
      3 },
    { "INSERT INTO tenant_usage (tenant_id, kind, used) SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM "
      "tenant_usage WHERE tenant_id = $1 AND kind = $2) RETURNING used",
      "4",
      { I(2), T("x"), I(4) },
      3 },
    { "INSERT INTO tenant_usage (tenant_id, kind, used) SELECT id, $1, $2 FROM tenants WHERE id = 1 ON "
      "CONFLICT "
      "(tenant_id, kind) DO UPDATE SET used = tenant_usage.used * 10 RETURNING used",
      "50",
      { T("assets"), I(9) },
      2 },
    { "DELETE FROM tenant_usage WHERE kind IN (SELECT kind FROM tenant_usage WHERE used > $1 ORDER BY used "
      "LIMIT $2) "
      "RETURNING kind",
      "'assets",
      { I(1), I(1) },
      2 },
    { "UPDATE tenant_usage SET used = t.id FROM tenants AS t WHERE t.id = tenant_usage.tenant_id AND t.slug "
      "= $1 "
      "RETURNING used",
      "1;1",
      { T("acme") },
      1 },
};

/* What the page warns of: PostgreSQL's verdict. */
static const struct {
    const char *sql;
    enum storage_status status;
    struct storage_value param;
} traps[] = {
    { "SELECT id FROM tenants WHERE $1 IS NULL", STORAGE_ERROR, NIL },
    { "SELECT id FROM tenants WHERE created_at > $1 - 1000", STORAGE_INVALID, I(NOW) },
    { "UPDATE tenants SET updated_at = $1 + 5", STORAGE_INVALID, I(NOW) },
    { "SELECT id FROM tenants WHERE $1 = 1", STORAGE_INVALID, I(NOW) },
    { "SELECT COALESCE($1, 0)", STORAGE_INVALID, I(NOW) },
    { "SELECT NULLIF($1, 0)", STORAGE_INVALID, I(NOW) },
    { "SELECT MAX($1, id) FROM tenants", STORAGE_ERROR, I(1) },
    { "SELECT $1 + $1", STORAGE_ERROR, I(1) },
    { "SELECT id FROM tenants WHERE is_root AND id = $1", STORAGE_ERROR, I(1) },
    { "SELECT id FROM tenants WHERE slug = $1 OR id = $1", STORAGE_ERROR, I(1) },
    { "SELECT id FROM tenants WHERE id = $1", STORAGE_INVALID, T("acme") },
    { "SELECT slug, COUNT(*) FROM tenants WHERE id = $1", STORAGE_ERROR, I(1) },
    { "SELECT slug FROM tenants WHERE slug = \"acme\" OR id = $1", STORAGE_ERROR, I(1) },
};

static void must(enum storage_status status, const struct engine *engine, const char *what)
{
    if (status != STORAGE_OK && status != STORAGE_DONE)
        fail_msg("%s: %s: %s", engine->driver->name, what, engine->driver->error(engine->conn));
}

static void fill(struct engine *engine)
{
    static const char contents[] =
        "INSERT INTO tenants (slug, name, plan, is_root, logo_url, created_at, updated_at) VALUES "
        "('acme', 'Acme', 'free', 1, NULL, 1800000000000000, 1), "
        "('Zeta', 'Z', 'free', 0, 'u', 1800000000000000, 1), "
        "('_x', 'X', 'free', 0, NULL, 1800000000000000, 1), "
        "('\xc3\xa4', 'A', 'free', 0, NULL, 1800000000000000, 1); "
        "INSERT INTO tenant_usage (tenant_id, kind, used) VALUES (1, 'assets', 5), (1, 'users', 7)";
    const struct storage_driver *driver = engine->driver;
    must(driver->begin(engine->conn, STORAGE_WRITE), engine, "begin");
    must(driver->lock_schema(engine->conn), engine, "lock");
    for (size_t i = 0; i < driver->migration_count; i++)
        must(driver->script(engine->conn, driver->migrations[i].sql), engine, driver->migrations[i].name);
    must(driver->script(engine->conn, contents), engine, "contents");
    must(driver->commit(engine->conn), engine, "commit");
}

static void open_engine(struct engine *engine, struct storage_setting setting)
{
    struct storage_error error = { 0 };
    if (engine->driver->open(&setting, 1, &engine->db, &error) != STORAGE_OK ||
        engine->driver->connect(engine->db, 0, &engine->conn, &error) != STORAGE_OK)
        fail_msg("%s", error.text);
    fill(engine);
}

static int set_up(void **state)
{
    if (cluster_set_up(state) != 0)
        return -1;
    open_engine(&postgres, (struct storage_setting){ "conninfo", cluster_conninfo() });
    open_engine(&sqlite, (struct storage_setting){ "path", ":memory:" });
    return 0;
}

static int tear_down(void **state)
{
    const struct engine *engines[] = { &postgres, &sqlite };
    for (size_t i = 0; i < 2; i++) {
        engines[i]->driver->disconnect(engines[i]->conn);
        engines[i]->driver->close(engines[i]->db);
    }
    return cluster_tear_down(state);
}

/* What came, with its type where that could be mistaken. */
struct answer {
    enum storage_status status;
    char text[512];
};

static void add(struct answer *answer, const char *text, size_t size)
{
    size_t len = strlen(answer->text);
    snprintf(answer->text + len, sizeof(answer->text) - len, "%.*s", (int)size, text);
}

static void add_value(struct answer *answer, const struct storage_value *value)
{
    char number[24];
    switch (value->type) {
    case STORAGE_INT:
        snprintf(number, sizeof(number), "%lld", (long long)value->integer);
        add(answer, number, strlen(number));
        return;
    case STORAGE_TEXT:
        add(answer, "'", 1);
        add(answer, value->data, value->size);
        return;
    default:
        add(answer, "?", 1);
    }
}

static void add_row(struct answer *answer, const struct engine *engine, struct storage_stmt *stmt)
{
    struct storage_value value;
    if (*answer->text)
        add(answer, ";", 1);
    for (int i = 0; engine->driver->column(stmt, i, &value) == STORAGE_OK; i++) {
        if (i > 0)
            add(answer, ",", 1);
        add_value(answer, &value);
    }
}

/* In a write transaction that is rolled back. */
static struct answer ask(const struct engine *engine, const char *sql, const struct storage_value *params,
                         size_t n)
{
    struct answer answer = { .text = "" };
    const struct storage_driver *driver = engine->driver;
    struct storage_stmt *stmt = NULL;
    must(driver->begin(engine->conn, STORAGE_WRITE), engine, "begin");
    answer.status = driver->prepare(engine->conn, sql, &stmt);
    if (answer.status == STORAGE_OK)
        answer.status = driver->run(stmt, params, n);
    if (answer.status == STORAGE_OK) {
        while ((answer.status = driver->step(stmt)) == STORAGE_ROW)
            add_row(&answer, engine, stmt);
    }
    if (stmt)
        driver->finalize(stmt);
    driver->rollback(engine->conn);
    return answer;
}

static void compare(const struct sample *samples, size_t n)
{
    const struct engine *engines[] = { &postgres, &sqlite };
    for (size_t i = 0; i < n * 2; i++) {
        const struct sample *sample = &samples[i / 2];
        struct answer answer = ask(engines[i % 2], sample->sql, sample->params, sample->n);
        if (answer.status != STORAGE_DONE || strcmp(answer.text, sample->rows) != 0)
            fail_msg("%s on %s: status %d, rows %s, not %s", sample->sql, engines[i % 2]->driver->name,
                     answer.status, answer.text, sample->rows);
    }
}

static void test_portable_sql__reads_give_the_same_rows_on_both_engines(void **state)
{
    (void)state;
    compare(reads, sizeof(reads) / sizeof(reads[0]));
}

static void test_portable_sql__writes_give_the_same_rows_on_both_engines(void **state)
{
    (void)state;
    compare(writes, sizeof(writes) / sizeof(writes[0]));
}

static void test_portable_sql__traps_are_still_traps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
        struct answer answer = ask(&postgres, traps[i].sql, &traps[i].param, 1);
        if (answer.status != traps[i].status)
            fail_msg("%s: status %d, not %d", traps[i].sql, answer.status, traps[i].status);
    }
}

/* Text in PostgreSQL follows the database's collation unless the column says otherwise: every one must. */
static void test_portable_sql__every_text_column_sorts_by_bytes(void **state)
{
    (void)state;
    assert_int_equal(
        cluster_number("SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
                       "JOIN pg_collation l ON l.oid = a.attcollation "
                       "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' "
                       "AND a.attnum > 0 AND l.collname <> 'C'"),
        0);
    assert_true(cluster_number(
                    "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
                    "WHERE c.relnamespace = 'public'::regnamespace AND a.atttypid = 'text'::regtype") > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_portable_sql__reads_give_the_same_rows_on_both_engines),
        cmocka_unit_test(test_portable_sql__writes_give_the_same_rows_on_both_engines),
        cmocka_unit_test(test_portable_sql__traps_are_still_traps),
        cmocka_unit_test(test_portable_sql__every_text_column_sorts_by_bytes),
    };
    return cmocka_run_group_tests_name("portable SQL", tests, set_up, tear_down);
}
