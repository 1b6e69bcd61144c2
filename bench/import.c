/* How fast a file of assets is checked and imported.
 *
 *   bench_import sqlite PATH [ROWS]
 *   bench_import postgres CONNINFO [ROWS]
 *
 * Imports a file of ROWS assets (100000 if left out), each with a category, a location and ten fields in all,
 * into a new tenant of that database; prints the seconds of a dry run, those of the import, and the rows per
 * second of the import as a whole: read twice, checked twice, written, searchable and durable. */
#include <stdio.h>
#include <stdlib.h>

#include "backend_postgres/driver.h"
#include "backend_sqlite/driver.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "config/config.h"
#include "records/file.h"
#include "records/init.h"
#include "records/kinds.h"
#include "storage/db.h"

#define PORTION 262144 /* of the file, as the parts of an upload */

static struct db *db;
static struct db_conn *conn;

static void need(const char *what, enum storage_status status)
{
    if (status == STORAGE_OK || status == STORAGE_ROW)
        return;
    fprintf(stderr, "bench_import: %s: %s: %s\n", what, storage_status_name(status), db_error(conn));
    exit(1);
}

/* ---- what is there before ---- */

static enum storage_status add_tenant(struct db_conn *to, void *context)
{
    struct tenant *tenant = context;
    struct tenant_new new = { .slug = tenant->slug, .name = tenant->slug, .plan = STR("pro") };
    enum storage_status status = tenant_insert(to, &new, &tenant->id);
    for (int i = 0; status == STORAGE_OK && i < 2; i++)
        status = db_exec(
            to,
            i ? "INSERT INTO locations (tenant_id, name, created_at, updated_at) VALUES ($1, $2, 1, 1)"
              : "INSERT INTO categories (tenant_id, name, created_at, updated_at) VALUES ($1, $2, 1, 1)",
            DB_ARGS(db_int(tenant->id), db_text(STR("Berlin"))), NULL);
    return status;
}

static struct str make_file(struct arena *arena, int64_t rows)
{
    struct buf out;
    buf_init(&out, arena, (size_t)1 << 30);
    buf_add(&out, STR("tag,name,status,category,location,serial_number,manufacturer,model,purchase_date,"
                      "purchase_cost,currency\r\n"));
    for (int64_t i = 0; i < rows; i++)
        buf_printf(&out,
                   "AST-%07lld,Laptop %lld,available,Berlin,Berlin,SN%08lld,Acme,Model "
                   "%lld,2026-03-02,%lld.90,EUR\r\n",
                   (long long)i, (long long)(i * 7919 % rows), (long long)(i * 104729 % 99999989),
                   (long long)(i % 50), (long long)(i % 3000));
    return buf_str(&out);
}

/* ---- measuring ---- */

static enum storage_status portion(struct db_conn *from, void *context, size_t n, struct str *ret)
{
    (void)from;
    *ret = str_sub(*(const struct str *)context, n * PORTION, PORTION);
    return ret->len > 0 ? STORAGE_ROW : STORAGE_DONE;
}

static double import(const struct tenant *tenant, struct str file, bool is_dry)
{
    struct arena *arena = arena_new(0);
    struct record_caller caller = {
        .arena = arena,
        .config = &(struct config){ .mode = MODE_SELF_HOSTED },
        .tenant = tenant,
        .audit = { .kind = AUDIT_CLI, .name = STR("bench"), .address = STR(""), .request_id = STR("") },
        .now = clock_now()
    };
    struct record_import asked = {
        .kind = &record_asset, .caller = &caller, .is_dry = is_dry, .source = portion, .context = &file
    };
    int64_t start = clock_monotonic_us();
    need("import", record_import(conn, &asked));
    double seconds = (double)(clock_monotonic_us() - start) / 1e6;
    if (asked.verdict != RECORD_DONE) {
        fprintf(stderr, "bench_import: line %lld: %s\n",
                asked.errors.n ? (long long)asked.errors.at[0].line : 0LL,
                asked.errors.n ? asked.errors.at[0].text.at : asked.sentence ? asked.sentence : "refused");
        exit(1);
    }
    arena_free(&arena);
    return seconds;
}

int main(int argc, char **argv)
{
    struct storage_error error = { 0 };
    struct arena *arena = arena_new(0);
    int64_t rows = argc > 3 ? strtoll(argv[3], NULL, 10) : 100000;
    if (argc < 3 || rows < 1) {
        fprintf(stderr, "usage: bench_import sqlite PATH|postgres CONNINFO [ROWS]\n");
        return 2;
    }
    random_init();
    records_init();
    log_set_level(LOG_ERROR);
    db_register_driver(&sqlite_driver);
    db_register_driver(&postgres_driver);
    struct storage_setting setting = { strcmp(argv[1], "sqlite") == 0 ? "path" : "conninfo", argv[2] };
    if (db_open(argv[1], &setting, 1, &db, &error) != STORAGE_OK) {
        fprintf(stderr, "bench_import: %s\n", error.text);
        return 1;
    }
    conn = db_connect(db);
    need("schema", db_migrate(conn, NULL, NULL, NULL, NULL));
    struct tenant tenant = { .slug = arena_printf(arena, "t%lld", (long long)clock_now()),
                             .plan = STR("pro") };
    need("tenant", db_transaction(conn, STORAGE_WRITE, add_tenant, &tenant));
    struct str file = make_file(arena, rows);
    double dry = import(&tenant, file, true), whole = import(&tenant, file, false);
    printf("%lld rows, %zu bytes: dry run %.2f s, import %.2f s, %.0f rows/s\n", (long long)rows, file.len,
           dry, whole, (double)rows / whole);
    db_disconnect(&conn);
    db_close(&db);
    arena_free(&arena);
    return 0;
}
