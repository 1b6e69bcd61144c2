/* See identity_fixture.h. */
#include "identity_fixture.h"

#include "backend_sqlite/driver.h"
#include "../kept_connections.h"
#include "../postgres_scratch.h"
#include "../sqlite_scratch.h"
#include "base/json.h"
#include "base/random.h"
#include "token_forge.h"

static void prepare_process(void)
{
    static bool is_done;
    if (is_done)
        return;
    is_done = true;
    random_init();
    json_init();
    log_set_level(LOG_ERROR);
}

static void open_database(struct fixture *f)
{
    static const struct storage_driver *driver;
    const char *conninfo = postgres_scratch();
    struct storage_setting sqlite = { "path", ":memory:" }, postgres = { "conninfo", conninfo };
    struct storage_error error = { 0 };
    if (!driver)
        driver = storage_fault(conninfo ? kept_connections() : &sqlite_driver);
    storage_fault_set(0, STORAGE_OK, false);
    if (db_open_driver(driver, conninfo ? &postgres : &sqlite, 1, &f->db, &error) != STORAGE_OK)
        fail_msg("%s", error.text);
    f->conn = db_connect(f->db);
    if (conninfo)
        postgres_scratch_empty(f->conn);
    else
        sqlite_scratch_migrate(f->conn);
}

int fixture_set_up(void **state)
{
    prepare_process();
    struct fixture *f = calloc(1, sizeof(*f));
    f->arena = arena_new(1 << 24);
    f->config = forge_config();
    f->config.tokens.access_ttl_us = 3600 * CLOCK_SECOND;
    f->config.passwords.memory = 64 * 1024;
    f->config.passwords.iterations = 1;
    open_database(f);
    fixture_exec(f,
                 "INSERT INTO tenants (slug, name, plan, created_at, updated_at) VALUES ('acme', 'Acme', "
                 "'free', 1, 1)",
                 DB_NO_ARGS);
    f->tenant_id = fixture_int(f, "SELECT id FROM tenants", DB_NO_ARGS);
    *state = f;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct fixture *f = *state;
    storage_fault_set(0, STORAGE_OK, false);
    db_disconnect(&f->conn);
    db_close(&f->db);
    arena_free(&f->arena);
    free(f);
    return 0;
}

struct statement {
    const char *sql;
    struct db_args args;
    int64_t changes;
};

static enum storage_status run_statement(struct db_conn *conn, void *context)
{
    struct statement *statement = context;
    return db_exec(conn, statement->sql, statement->args, &statement->changes);
}

int64_t fixture_exec(struct fixture *f, const char *sql, struct db_args args)
{
    struct statement statement = { sql, args, 0 };
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, run_statement, &statement), STORAGE_OK);
    return statement.changes;
}

int64_t fixture_int(struct fixture *f, const char *sql, struct db_args args)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(f->conn, &rows, sql, args), STORAGE_ROW);
    return db_col_int(&rows, 0);
}

struct str fixture_text(struct fixture *f, const char *sql, struct db_args args)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(f->conn, &rows, sql, args), STORAGE_ROW);
    return db_col_text(&rows, 0, f->arena);
}

struct new_user {
    const char *email, *hash;
    int64_t id;
};

static enum storage_status insert_user(struct db_conn *conn, void *context)
{
    struct new_user *user = context;
    return user_insert(conn, str_of(user->email), STR("Ann"), str_of(user->hash), 1000, &user->id);
}

enum storage_status fixture_insert_user(struct fixture *f, const char *email, const char *hash,
                                        int64_t *ret_id)
{
    struct new_user user = { email, hash, 0 };
    enum storage_status status = db_transaction(f->conn, STORAGE_WRITE, insert_user, &user);
    *ret_id = user.id;
    return status;
}

int64_t fixture_user(struct fixture *f, const char *email)
{
    char hash[PASSWORD_HASH_CAP];
    int64_t id;
    assert_true(password_hash(&f->config, STR(PASSWORD), hash));
    assert_int_equal(fixture_insert_user(f, email, hash, &id), STORAGE_OK);
    return id;
}

struct signed_in fixture_session(struct fixture *f, int64_t user_id)
{
    struct signed_in signed_in;
    assert_int_equal(session_open(f->conn, &f->config, f->arena, user_id, f->tenant_id, STR("127.0.0.1"),
                                  STR("test"), &signed_in),
                     STORAGE_OK);
    return signed_in;
}

static enum storage_status revoke(struct db_conn *conn, void *context)
{
    return session_revoke(conn, *(const int64_t *)context, clock_now());
}

void fixture_revoke(struct fixture *f, int64_t session_id)
{
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, revoke, &session_id), STORAGE_OK);
}

enum token_verdict fixture_verdict(struct fixture *f, struct str token, struct principal *ret)
{
    enum token_verdict verdict;
    struct principal_lease lease;
    assert_int_equal(
        principal_authenticate(f->conn, &f->config, f->arena, token, clock_now(), &verdict, ret, &lease),
        STORAGE_OK);
    return verdict;
}
