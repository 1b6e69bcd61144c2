#include "tenancy_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>

#include "base/random.h"
#include "backend_sqlite/driver.h"
#include "../kept_connections.h"
#include "../postgres_scratch.h"
#include "../sqlite_scratch.h"
#include "storage/decorate.h"

/* ---- the gap before a write transaction ---- */

static const struct storage_driver *inner;
static struct {
    int countdown; /* 0: nobody waits */
    void (*fn)(void *context);
    void *context;
    pthread_t thread; /* whose transactions count */
} gap;

static enum storage_status begin(struct storage_conn *conn, enum storage_mode mode)
{
    bool counts = mode == STORAGE_WRITE && pthread_equal(pthread_self(), gap.thread);
    if (counts && gap.countdown > 0 && --gap.countdown == 0)
        gap.fn(gap.context);
    return inner->begin(conn, mode);
}

static const struct storage_driver *with_gap(const struct storage_driver *driver)
{
    static struct storage_driver wrapped;
    inner = driver;
    wrapped = *driver;
    wrapped.begin = begin;
    return &wrapped;
}

void fixture_before_write(int nth, void (*fn)(void *context), void *context)
{
    gap.countdown = nth;
    gap.fn = fn;
    gap.context = context;
    gap.thread = pthread_self();
}

/* ---- databases ---- */

static void register_once(void)
{
    static bool is_done;
    if (is_done)
        return;
    is_done = true;
    random_init();
    log_set_level(LOG_WARN);
    const char *conninfo = postgres_scratch();
    db_register_driver(with_gap(storage_fault(conninfo ? kept_connections() : &sqlite_driver)));
}

static void open_database(struct fixture *fixture)
{
    const char *conninfo = postgres_scratch();
    struct storage_setting sqlite = { "path", ":memory:" }, postgres = { "conninfo", conninfo };
    struct storage_error error = { 0 };
    if (db_open(conninfo ? "postgres" : "sqlite", conninfo ? &postgres : &sqlite, 1, &fixture->db, &error) !=
        STORAGE_OK)
        fail_msg("%s", error.text);
    fixture->conn = db_connect(fixture->db);
    if (conninfo)
        postgres_scratch_empty(fixture->conn);
    else
        sqlite_scratch_migrate(fixture->conn);
}

struct fixture *fixture_new(void)
{
    register_once();
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->arena = arena_new(1 << 20);
    open_database(fixture);
    return fixture;
}

void fixture_free(struct fixture **fixture)
{
    arena_free(&(*fixture)->arena);
    db_disconnect(&(*fixture)->conn);
    db_close(&(*fixture)->db);
    free(*fixture);
    *fixture = NULL;
}

struct config *fixture_config(const char *yaml)
{
    char text[2048];
    struct config_error error;
    snprintf(text, sizeof text, "tokens: { secret_key: \"0123456789abcdef0123456789abcdef\" }\n%s", yaml);
    struct config *config = config_parse("test.yaml", str_of(text), &error);
    if (!config)
        fail_msg("%s", error.text);
    return config;
}

struct new_tenant {
    struct tenant_new row;
    int64_t id;
};

static enum storage_status insert_tenant(struct db_conn *conn, void *context)
{
    struct new_tenant *new_tenant = context;
    return tenant_insert(conn, &new_tenant->row, &new_tenant->id);
}

int64_t fixture_tenant(struct fixture *fixture, const char *slug, const char *plan, bool is_root)
{
    struct new_tenant new_tenant = { .row = { .slug = str_of(slug),
                                              .name = str_of(slug),
                                              .plan = str_of(plan ? plan : "free"),
                                              .is_root = is_root } };
    assert_int_equal(db_transaction(fixture->conn, STORAGE_WRITE, insert_tenant, &new_tenant), STORAGE_OK);
    return new_tenant.id;
}

struct new_domain {
    const struct config *config;
    struct tenant_domain row;
};

static enum storage_status insert_domain(struct db_conn *conn, void *context)
{
    const struct new_domain *domain = context;
    return tenant_add_domain(conn, domain->config, &domain->row);
}

void fixture_domain(struct fixture *fixture, int64_t tenant_id, const char *host)
{
    struct config *config = fixture_config("");
    struct new_domain domain = { config, { .tenant_id = tenant_id, .host = str_of(host) } };
    assert_int_equal(db_transaction(fixture->conn, STORAGE_WRITE, insert_domain, &domain), STORAGE_OK);
    config_free(&config);
}

struct statement {
    const char *sql;
    struct db_args args;
};

static enum storage_status run_statement(struct db_conn *conn, void *context)
{
    const struct statement *statement = context;
    return db_exec(conn, statement->sql, statement->args, NULL);
}

void fixture_exec(struct fixture *fixture, const char *sql, struct db_args args)
{
    struct statement statement = { sql, args };
    assert_int_equal(db_transaction(fixture->conn, STORAGE_WRITE, run_statement, &statement), STORAGE_OK);
}
