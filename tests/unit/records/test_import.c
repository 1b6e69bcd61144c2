/* Files into the database, whichever it is: in any portions, all or nothing, by one node alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "records/init.h"
#include "records/kinds.h"
#include "records/runner.h"
#include "records/seen.h"
#include "storage/decorate.h"
#include "tenancy_fixture.h"

#define NOW INT64_C(1700000000000000) /* long ago: what ends in a test has ended since */

static struct fixture *fixture;
static struct config *config;
static struct tenant tenant;
static struct record_caller caller;

static int set_up(void **state)
{
    (void)state;
    records_init();
    fixture = fixture_new();
    config = fixture_config("");
    tenant = (struct tenant){ .id = fixture_tenant(fixture, "acme", "free", false), .plan = STR("free") };
    caller = (struct record_caller){
        .arena = fixture->arena,
        .config = config,
        .tenant = &tenant,
        .audit = { .kind = AUDIT_CLI, .name = STR("x"), .address = STR(""), .request_id = STR("") },
        .now = NOW
    };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_free(&config);
    fixture_free(&fixture);
    return 0;
}

static int64_t number(const char *sql)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(fixture->conn, &rows, sql, DB_ARGS(db_int(tenant.id))), STORAGE_ROW);
    return db_col_int(&rows, 0);
}

#define ASSETS "SELECT COUNT(*) FROM assets WHERE tenant_id = $1"

/* ---- files ---- */

struct file {
    struct str text;
    size_t portion;
};

static enum storage_status portion(struct db_conn *conn, void *context, size_t n, struct str *ret)
{
    (void)conn;
    const struct file *file = context;
    *ret = str_sub(file->text, n * file->portion, file->portion);
    return ret->len > 0 ? STORAGE_ROW : STORAGE_DONE;
}

static struct record_import import_of(struct file *file)
{
    return (
        struct record_import){ .kind = &record_asset, .caller = &caller, .source = portion, .context = file };
}

static void test_import__takes_any_portions(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 2, 3, 7, 1000 };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct file file = {
            arena_printf(fixture->arena,
                         "\xEF\xBB\xBFtag,name\r\nA%zu,\"One, \"\"two\"\"\r\nthree\"\r\nB%zu,Four", i, i),
            sizes[i]
        };
        struct record_import import = import_of(&file);
        assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
        assert_int_equal(import.verdict, RECORD_DONE);
        assert_int_equal(import.created, 2);
    }
    assert_int_equal(number(ASSETS), 10);
    assert_int_equal(
        number("SELECT COUNT(*) FROM audit_log WHERE tenant_id = $1 AND action = 'asset.imported'"), 5);
    assert_int_equal(number("SELECT used FROM tenant_usage WHERE tenant_id = $1 AND kind = 'assets'"), 10);
}

/* Many words, over the border of what is written together. */
static void test_import__is_searched_as_if_made_one_by_one(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, fixture->arena, 1 << 20);
    buf_add(&out, STR("tag,name\n"));
    for (int i = 0; i < 1100; i++)
        buf_printf(&out, "T-%d,Same same word-%d\n", i, i);
    struct file file = { buf_str(&out), 4096 };
    struct record_import import = import_of(&file);
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    assert_int_equal(import.created, 1100);
    /* same; t-N, N; word-N, N: the same number again is the same word */
    assert_int_equal(number("SELECT COUNT(*) FROM record_words WHERE tenant_id = $1"), 4 * 1100);
    assert_int_equal(number("SELECT COUNT(*) FROM record_words w JOIN assets a ON a.id = w.record_id "
                            "WHERE w.tenant_id = $1 AND (w.word = LOWER(a.tag) OR "
                            "w.word = 'word-' || SUBSTR(a.tag, 3))"),
                     2 * 1100);
}

/* Over the border of what is looked up together; errors stand in the order of the lines. */
static void test_import__meets_each_line_with_its_own_record(void **state)
{
    (void)state;
    struct buf made, changed;
    buf_init(&made, fixture->arena, 1 << 20);
    buf_init(&changed, fixture->arena, 1 << 20);
    buf_add(&made, STR("tag,name\n"));
    buf_add(&changed, STR("tag,name\n"));
    for (int i = 0; i < 70; i++) {
        buf_printf(&made, "T-%d,Before %d\n", i, i);
        buf_printf(&changed, "T-%d,After %d\n", (i * 31 + 5) % 140, (i * 31 + 5) % 140);
    }
    struct file first = { buf_str(&made), 4096 }, second = { buf_str(&changed), 100 };
    struct record_import import = import_of(&first), again = import_of(&second);
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    again.existing = RECORD_EXISTING_UPDATE;
    assert_int_equal(record_import(fixture->conn, &again), STORAGE_OK);
    assert_int_equal(again.created + again.updated, 70);
    assert_int_equal(
        number("SELECT COUNT(*) FROM assets WHERE tenant_id = $1 AND name = 'After ' || SUBSTR(tag, 3)"), 70);
    assert_int_equal(number("SELECT COUNT(*) FROM record_words w JOIN assets a ON a.id = w.record_id "
                            "WHERE w.tenant_id = $1 AND w.word = 'after' AND a.name LIKE 'After %'"),
                     70);
    assert_int_equal(number("SELECT COUNT(*) FROM record_words w JOIN assets a ON a.id = w.record_id "
                            "WHERE w.tenant_id = $1 AND w.word = 'before' AND a.name NOT LIKE 'Before %'"),
                     0);
    assert_int_equal(
        number("SELECT COUNT(*) FROM record_texts w JOIN assets a ON a.id = w.record_id "
               "WHERE w.tenant_id = $1 AND w.words LIKE '%' || LOWER(SUBSTR(a.name, 1, 5)) || '%'"),
        number(ASSETS));
}

static void test_import__tells_errors_in_the_order_of_lines(void **state)
{
    (void)state;
    struct file file = { STR("tag,name,status\nA,One,lost\nB,,lost\nC,Three\nA,Four,lost\nE,Five,x\n"), 100 };
    struct record_import import = import_of(&file);
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    assert_int_equal(import.verdict, RECORD_INVALID);
    assert_int_equal(import.errors.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(import.errors.at[i].line, 3 + i);
}

/* What the plan has no room for is not looked at line by line. */
static void test_import__ends_where_the_plan_does(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, fixture->arena, 1 << 20);
    buf_add(&out, STR("tag,name\n"));
    for (int i = 0; i < 1000; i++)
        buf_printf(&out, "T-%d,x\n", i);
    struct file file = { buf_str(&out), 100 };
    struct record_progress progress = { 0 };
    struct record_import import = import_of(&file);
    struct config *saas = fixture_config("mode: saas\nplans: { free: { assets: 2, users: 5 } }\n");
    caller.config = saas;
    import.progress = &progress;
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    assert_int_equal(import.verdict, RECORD_LIMIT);
    assert_int_equal(import.plan.max, 2);
    assert_int_equal(import.plan.used, 0);
    assert_in_range(atomic_load(&progress.checked), 3, 100);
    config_free(&saas);
}

/* A plan that was lowered forbids new ones, not what is there. */
static void test_import__beyond_a_lowered_plan_may_still_update(void **state)
{
    (void)state;
    struct file file = { STR("tag,name\nA,x\nB,x\nC,x\n"), 100 };
    struct record_import import = import_of(&file);
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    assert_int_equal(import.verdict, RECORD_DONE);
    struct config *saas = fixture_config("mode: saas\nplans: { free: { assets: 2, users: 5 } }\n");
    caller.config = saas;
    struct file again = { STR("tag,name\nB,y\n"), 100 };
    import = import_of(&again);
    import.existing = RECORD_EXISTING_UPDATE;
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    assert_int_equal(import.verdict, RECORD_DONE);
    assert_int_equal(import.updated, 1);
    config_free(&saas);
}

static void test_import__takes_so_many_lines(void **state)
{
    (void)state;
    struct file file = { STR("tag,name\nA,x\nB,x\nC,x\nD,x\nE,x\nF,x\nG,x\n"), 100 };
    struct record_import import = import_of(&file);
    import.lines_max = 6;
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    assert_int_equal(import.verdict, RECORD_INVALID);
    assert_int_equal(import.errors.n, 1);
    assert_int_equal(import.errors.at[0].line, 8);
    assert_int_equal(number(ASSETS), 0);
    import.lines_max = 7;
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    assert_int_equal(import.verdict, RECORD_DONE);
    assert_int_equal(number(ASSETS), 7);
}

/* A tag that is made up is none that a line before it gave. */
static void test_import__makes_up_tags_among_those_given(void **state)
{
    (void)state;
    struct file file = { STR("tag,name\nAST-000001,One\n,Two\nAST-000003,Three\n,Four\n"), 100 };
    struct record_import import = import_of(&file);
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    assert_int_equal(import.verdict, RECORD_DONE);
    assert_int_equal(number("SELECT COUNT(*) FROM assets WHERE tenant_id = $1 AND name = 'Two' "
                            "AND tag = 'AST-000002'"),
                     1);
    assert_int_equal(number("SELECT COUNT(*) FROM assets WHERE tenant_id = $1 AND name = 'Four' "
                            "AND tag = 'AST-000004'"),
                     1);
    assert_int_equal(number("SELECT COUNT(*) FROM record_words w JOIN assets a ON a.id = w.record_id "
                            "WHERE w.tenant_id = $1 AND w.word = LOWER(a.name)"),
                     4);
}

/* Nor one that a line after it gives. */
static void test_import__makes_up_no_tag_that_is_to_come(void **state)
{
    (void)state;
    for (int existing = RECORD_EXISTING_REFUSE; existing <= RECORD_EXISTING_UPDATE; existing++) {
        struct file file = { STR("tag,name\n,New\nAST-000001,Old\n"), 100 };
        struct record_import import = import_of(&file);
        import.existing = (enum record_existing)existing;
        assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
        assert_int_equal(import.verdict, RECORD_DONE);
        assert_int_equal(import.created, 2);
        assert_int_equal(number("SELECT COUNT(*) FROM assets WHERE tenant_id = $1 AND name = 'New' "
                                "AND tag = 'AST-000002'"),
                         1);
        fixture_exec(fixture, "DELETE FROM assets WHERE tenant_id = $1", DB_ARGS(db_int(tenant.id)));
        fixture_exec(fixture, "DELETE FROM record_numbers WHERE tenant_id = $1", DB_ARGS(db_int(tenant.id)));
    }
}

/* However many in a row are given, the next one that is free is found in few steps. */
static void test_import__passes_over_many_tags_at_once(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, fixture->arena, 1 << 20);
    buf_add(&out, STR("tag,name\n"));
    for (int i = 1; i <= 3000; i++)
        buf_printf(&out, "AST-%06d,x\n", i);
    struct file file = { buf_str(&out), 4096 };
    struct record_import import = import_of(&file);
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    struct record_deed deed = { .kind = &record_asset,
                                .caller = &caller,
                                .act = RECORD_CREATE,
                                .input = arena_alloc(fixture->arena, record_asset.size) };
    storage_fault_set(0, STORAGE_OK, false);
    assert_int_equal(record_carry_out(fixture->conn, &deed), STORAGE_OK);
    assert_int_equal(deed.verdict, RECORD_DONE);
    assert_in_range(storage_fault_calls(), 1, 1000);
}

static void test_import__leaves_nothing_when_stopped(void **state)
{
    (void)state;
    struct file file = { STR("tag,name\nA,One\n"), 100 };
    struct record_progress progress = { .stopping = true };
    struct record_import import = import_of(&file);
    import.progress = &progress;
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_DONE);
    assert_int_equal(number(ASSETS), 0);
}

static enum storage_status refuse(struct db_conn *conn, void *context, const struct record_import *import)
{
    (void)conn;
    (void)context;
    assert_int_equal(import->created, 1);
    return STORAGE_DONE;
}

static void test_import__leaves_nothing_when_its_end_is_refused(void **state)
{
    (void)state;
    struct file file = { STR("tag,name\nA,One\n"), 100 };
    struct record_import import = import_of(&file);
    import.finish = refuse;
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_DONE);
    assert_int_equal(number(ASSETS), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM record_words WHERE tenant_id = $1"), 0);
}

/* ---- what comes between looking and writing ---- */

static void take_tag(void *context)
{
    (void)context;
    fixture_exec(fixture,
                 "INSERT INTO assets (tenant_id, tag, name, status, created_at, updated_at) "
                 "VALUES ($1, 'A', 'Mine', 'available', 1, 1)",
                 DB_ARGS(db_int(tenant.id)));
}

static void test_import__meets_what_was_made_meanwhile(void **state)
{
    (void)state;
    struct file file = { STR("tag,name\nA,One\nB,Two\n"), 100 };
    struct record_import import = import_of(&file);
    fixture_before_write(1, take_tag, NULL);
    assert_int_equal(record_import(fixture->conn, &import), STORAGE_OK);
    assert_int_equal(import.verdict, RECORD_INVALID);
    assert_int_equal(import.errors.n, 1);
    assert_int_equal(import.errors.at[0].line, 2);
    assert_int_equal(number(ASSETS), 1);
}

/* ---- parts ---- */

/* Whose imports these are. */
static void make_member(const char *role)
{
    fixture_exec(
        fixture,
        "INSERT INTO users (email, email_normal, name, password_hash, password_changed_at, created_at, "
        "updated_at) VALUES ('ann@acme.example', 'ann@acme.example', 'Ann', 'none', 0, 0, 0)",
        DB_NO_ARGS);
    caller.user_id = number("SELECT MAX(id) FROM users WHERE $1 > 0");
    fixture_exec(fixture,
                 "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) "
                 "VALUES ($1, $2, $3, 0, 0)",
                 DB_ARGS(db_int(tenant.id), db_int(caller.user_id), db_text(str_of(role))));
}

static int64_t queued_as(bool is_dry)
{
    const char *why;
    struct upload upload;
    struct str text = STR("tag,name\nA,One\n");
    assert_int_equal(upload_open(fixture->conn, &caller, STR("assets"), (int64_t)text.len, &upload, &why),
                     STORAGE_OK);
    assert_int_equal(upload_part(fixture->conn, &caller, upload.id, 1, str_sub(text, 0, 5), &why),
                     STORAGE_OK);
    assert_int_equal(upload_part(fixture->conn, &caller, upload.id, 2, str_sub(text, 5, text.len), &why),
                     STORAGE_OK);
    assert_int_equal(
        upload_queue(fixture->conn, &caller, upload.id, RECORD_EXISTING_REFUSE, is_dry, &upload, &why),
        STORAGE_OK);
    return upload.id;
}

static int64_t queued(void)
{
    return queued_as(false);
}

/* Who did not come back in time has it no more, and cannot end it. */
static void test_upload__is_of_one_node(void **state)
{
    (void)state;
    struct upload first, second;
    make_member("admin");
    queued();
    assert_int_equal(upload_claim(fixture->conn, fixture->arena, NOW, NOW + 10, &first), STORAGE_ROW);
    assert_int_equal(upload_claim(fixture->conn, fixture->arena, NOW + 1, NOW + 11, &second), STORAGE_DONE);
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, NOW + 11), STORAGE_ROW);
    assert_int_equal(number(ASSETS), 1);
    assert_int_equal(upload_claim(fixture->conn, fixture->arena, INT64_MAX - 1, INT64_MAX, &second),
                     STORAGE_DONE);
    assert_int_equal(upload_release(fixture->conn, &first), STORAGE_OK);
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, NOW + 12), STORAGE_DONE);
    assert_int_equal(number("SELECT COUNT(*) FROM import_parts WHERE tenant_id = $1"), 0);
}

/* What is at work longer than its lease is not begun by another node meanwhile. */
struct watch {
    int64_t id;
    bool is_renewed;
    enum storage_status claimed;
};

static void claim_later(void *context)
{
    struct watch *watch = context;
    struct upload other;
    while (number("SELECT until FROM import_leases WHERE tenant_id = $1") == NOW + IMPORT_LEASE_US)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    watch->is_renewed = true;
    watch->claimed = upload_claim(fixture->conn, fixture->arena, NOW + IMPORT_LEASE_US + 1,
                                  NOW + 2 * IMPORT_LEASE_US, &other);
}

static void test_upload__is_renewed_while_it_runs(void **state)
{
    (void)state;
    struct watch watch = { .claimed = STORAGE_ERROR };
    make_member("admin");
    queued();
    fixture_before_write(2, claim_later, &watch); /* the claim's own transaction is the first */
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, NOW), STORAGE_ROW);
    assert_true(watch.is_renewed);
    assert_int_equal(watch.claimed, STORAGE_DONE);
    assert_int_equal(number(ASSETS), 1);
    assert_int_equal(number("SELECT COUNT(*) FROM imports WHERE tenant_id = $1 AND status = 'done'"), 1);
}

/* Between its check and its writing it was begun by another node, or deleted: it writes nothing. */
static void begin_elsewhere(void *context)
{
    struct upload *other = context;
    fixture_exec(fixture, "UPDATE import_leases SET until = 0 WHERE tenant_id = $1",
                 DB_ARGS(db_int(tenant.id)));
    assert_int_equal(upload_claim(fixture->conn, fixture->arena, clock_now(), INT64_MAX, other), STORAGE_ROW);
}

static void test_upload__that_is_lost_writes_nothing(void **state)
{
    (void)state;
    struct upload other;
    make_member("admin");
    queued();
    fixture_before_write(2, begin_elsewhere, &other);
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, clock_now()), STORAGE_ROW);
    assert_int_equal(number(ASSETS), 0);
    assert_int_equal(upload_renew(fixture->conn, &other, INT64_MAX), STORAGE_OK);
    assert_int_equal(upload_release(fixture->conn, &other), STORAGE_OK);
    assert_int_equal(upload_renew(fixture->conn, &other, INT64_MAX), STORAGE_DONE);
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, clock_now()), STORAGE_ROW);
    assert_int_equal(number(ASSETS), 1);
}

static void test_upload__that_breaks_off_is_not_begun_for_ever(void **state)
{
    (void)state;
    struct upload upload;
    make_member("admin");
    int64_t id = queued(), now = NOW;
    for (int i = 1; i <= 5; i++, now += 11) {
        assert_int_equal(upload_claim(fixture->conn, fixture->arena, now, now + 10, &upload), STORAGE_ROW);
        assert_int_equal(upload.attempts, i);
    }
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, now), STORAGE_ROW);
    assert_int_equal(upload_find(fixture->conn, fixture->arena, tenant.id, id, &upload), STORAGE_ROW);
    assert_true(str_equal(upload.status, STR("failed")));
    assert_true(str_equal(upload.detail, STR("The import broke off five times and is not begun again.")));
    assert_int_equal(number(ASSETS), 0);
}

static void test_upload__that_a_dead_process_left_is_taken_up(void **state)
{
    (void)state;
    struct upload upload;
    make_member("admin");
    queued();
    assert_int_equal(upload_claim(fixture->conn, fixture->arena, NOW, NOW + 10, &upload), STORAGE_ROW);
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, NOW + 1), STORAGE_DONE);
    assert_int_equal(upload_release_all(fixture->conn), STORAGE_OK);
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, NOW + 1), STORAGE_ROW);
    assert_int_equal(number(ASSETS), 1);
}

static enum storage_status open_at(int64_t now)
{
    const char *why;
    struct upload upload;
    struct record_caller later = caller;
    later.now = now;
    return upload_open(fixture->conn, &later, STR("assets"), 10, &upload, &why);
}

/* What was only checked has its parts still. */
static void test_upload__that_was_checked_takes_room(void **state)
{
    (void)state;
    int64_t now = clock_now();
    make_member("admin");
    for (int i = 0; i < UPLOADS_OPEN_MAX; i++) {
        queued_as(true);
        assert_int_equal(import_run_one(config, fixture->db, fixture->conn, now + i), STORAGE_ROW);
    }
    assert_int_equal(number("SELECT COUNT(*) FROM import_parts WHERE tenant_id = $1"), 2 * UPLOADS_OPEN_MAX);
    assert_int_equal(open_at(now), STORAGE_DONE);
}

/* What waits or runs stays; of the rest the one that was touched longest ago goes. */
static void test_upload__that_somebody_left_gives_way(void **state)
{
    (void)state;
    int64_t id;
    make_member("admin");
    id = queued();
    for (int i = 1; i < UPLOADS_OPEN_MAX; i++)
        assert_int_equal(open_at(NOW + i), STORAGE_OK);
    assert_int_equal(open_at(NOW + UPLOAD_LEFT_US), STORAGE_DONE);
    assert_int_equal(open_at(NOW + UPLOAD_LEFT_US + 2), STORAGE_OK);
    assert_int_equal(open_at(NOW + UPLOAD_LEFT_US + 2), STORAGE_DONE);
    assert_int_equal(
        number("SELECT MIN(created_at) FROM imports WHERE tenant_id = $1 AND status = 'uploading'"), NOW + 2);
    assert_int_equal(number("SELECT MIN(id) FROM imports WHERE tenant_id = $1"), id);
}

/* Whoever has one checked again and again has no turn before those who wait longer. */
static void test_upload__waits_for_those_queued_before_it(void **state)
{
    (void)state;
    const char *why;
    struct upload upload;
    make_member("admin");
    int64_t again = queued_as(true);
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, NOW), STORAGE_ROW);
    int64_t other = queued();
    caller.now = NOW + 1;
    assert_int_equal(upload_queue(fixture->conn, &caller, again, RECORD_EXISTING_REFUSE, true, &upload, &why),
                     STORAGE_OK);
    assert_int_equal(upload_claim(fixture->conn, fixture->arena, NOW + 2, NOW + 10, &upload), STORAGE_ROW);
    assert_int_equal(upload.id, other);
}

static void test_upload__is_swept_when_over(void **state)
{
    (void)state;
    int64_t n = 0;
    make_member("admin");
    queued();
    assert_int_equal(upload_sweep(fixture->conn, INT64_MAX, 10, &n), STORAGE_OK);
    assert_int_equal(n, 0); /* it waits */
    assert_int_equal(import_run_one(config, fixture->db, fixture->conn, NOW), STORAGE_ROW);
    assert_int_equal(upload_sweep(fixture->conn, NOW + 1, 10, &n), STORAGE_OK);
    assert_int_equal(n, 0); /* it has just ended */
    assert_int_equal(upload_sweep(fixture->conn, INT64_MAX, 10, &n), STORAGE_OK);
    assert_int_equal(n, 1);
}

/* What was taken from its user while it waited is not done. */
static void test_upload__goes_by_the_rights_of_now(void **state)
{
    (void)state;
    static const char *const takings[] = {
        "UPDATE memberships SET role = 'member' WHERE tenant_id = $1",
        "UPDATE memberships SET role = 'admin', status = 'suspended' WHERE tenant_id = $1",
        "DELETE FROM memberships WHERE tenant_id = $1",
    };
    make_member("admin");
    for (size_t i = 0; i < sizeof takings / sizeof takings[0]; i++) {
        struct upload upload;
        int64_t id = queued();
        fixture_exec(fixture, takings[i], DB_ARGS(db_int(tenant.id)));
        assert_int_equal(import_run_one(config, fixture->db, fixture->conn, NOW + (int64_t)i), STORAGE_ROW);
        assert_int_equal(upload_find(fixture->conn, fixture->arena, tenant.id, id, &upload), STORAGE_ROW);
        assert_true(str_equal(upload.status, STR("failed")));
        assert_true(str_equal(upload.detail, STR("Whoever asked for this import may no longer do so.")));
        assert_int_equal(number(ASSETS), 0);
    }
}

/* ---- what a file named ---- */

static void test_seen__knows_the_line(void **state)
{
    (void)state;
    struct seen *seen = seen_new();
    for (size_t i = 1; i <= 5000; i++)
        assert_int_equal(seen_add(seen, arena_printf(fixture->arena, "T-%zu", i), i), 0);
    for (size_t i = 1; i <= 5000; i++)
        assert_int_equal(seen_add(seen, arena_printf(fixture->arena, "T-%zu", i), 9999), i);
    seen_free(&seen);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_import__takes_any_portions),
        TEST(test_import__is_searched_as_if_made_one_by_one),
        TEST(test_import__meets_each_line_with_its_own_record),
        TEST(test_import__tells_errors_in_the_order_of_lines),
        TEST(test_import__makes_up_tags_among_those_given),
        TEST(test_import__makes_up_no_tag_that_is_to_come),
        TEST(test_import__passes_over_many_tags_at_once),
        TEST(test_import__ends_where_the_plan_does),
        TEST(test_import__beyond_a_lowered_plan_may_still_update),
        TEST(test_import__takes_so_many_lines),
        TEST(test_import__leaves_nothing_when_stopped),
        TEST(test_import__leaves_nothing_when_its_end_is_refused),
        TEST(test_import__meets_what_was_made_meanwhile),
        TEST(test_upload__is_of_one_node),
        TEST(test_upload__is_renewed_while_it_runs),
        TEST(test_upload__that_is_lost_writes_nothing),
        TEST(test_upload__that_breaks_off_is_not_begun_for_ever),
        TEST(test_upload__that_a_dead_process_left_is_taken_up),
        TEST(test_upload__goes_by_the_rights_of_now),
        TEST(test_upload__that_was_checked_takes_room),
        TEST(test_upload__that_somebody_left_gives_way),
        TEST(test_upload__waits_for_those_queued_before_it),
        TEST(test_upload__is_swept_when_over),
        TEST(test_seen__knows_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
