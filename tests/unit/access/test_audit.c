/* The audit log: the chain, what breaks it, pages, and letting old rows go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access/audit.h"
#include "access/audit_log.h"
#include "base/encode.h"
#include "base/random.h"
#include "tenancy_fixture.h"

#define DAY INT64_C(86400000000)

struct log_fixture {
    struct fixture *f;
    int64_t acme, bolt;
};

static int set_up(void **state)
{
    struct log_fixture *log = calloc(1, sizeof *log);
    assert_non_null(log);
    log->f = fixture_new();
    log->acme = fixture_tenant(log->f, "acme", NULL, false);
    log->bolt = fixture_tenant(log->f, "bolt", NULL, false);
    *state = log;
    return 0;
}

static int tear_down(void **state)
{
    struct log_fixture *log = *state;
    fixture_free(&log->f);
    free(log);
    return 0;
}

/* ---- writing ---- */

struct deed {
    struct arena *arena;
    struct audit_actor actor;
    struct audit_event event;
    int64_t now;
    enum storage_status then; /* what the deed ends with */
};

static enum storage_status do_deed(struct db_conn *conn, void *context)
{
    struct deed *deed = context;
    enum storage_status status = audit_append(conn, deed->arena, &deed->actor, &deed->event, deed->now);
    return status == STORAGE_OK ? deed->then : status;
}

static struct deed deed_of(struct fixture *f, int64_t tenant_id, const char *action, int64_t now)
{
    return (struct deed){
        .arena = f->arena,
        .actor = { AUDIT_USER, 7, STR("Ann@example.com"), STR("192.0.2.1"), STR("req") },
        .event = { .tenant_id = tenant_id,
                   .action = action,
                   .target_kind = "user",
                   .target_id = now,
                   .target_name = STR("bob@example.com"),
                   .after = STR("{\"role\":\"admin\"}") },
        .now = now,
    };
}

static void append(struct log_fixture *log, int64_t tenant_id, const char *action, int64_t now)
{
    struct deed deed = deed_of(log->f, tenant_id, action, now);
    assert_int_equal(db_transaction(log->f->conn, STORAGE_WRITE, do_deed, &deed), STORAGE_OK);
}

static void append_many(struct log_fixture *log, int64_t tenant_id, int n)
{
    for (int i = 1; i <= n; i++)
        append(log, tenant_id, "member.added", i);
}

static struct audit_verdict verify(struct log_fixture *log, int64_t tenant_id)
{
    struct audit_verdict verdict = { .flaw = AUDIT_FLAW_COUNT };
    assert_int_equal(audit_verify(log->f->conn, tenant_id, &verdict), STORAGE_OK);
    return verdict;
}

static void assert_flaw(struct log_fixture *log, enum audit_flaw flaw, int64_t seq)
{
    struct audit_verdict verdict = verify(log, log->acme);
    if (verdict.flaw != flaw || verdict.seq != seq)
        fail_msg("%s at %lld instead of %s at %lld", audit_flaw_name(verdict.flaw), (long long)verdict.seq,
                 audit_flaw_name(flaw), (long long)seq);
}

static void run(struct log_fixture *log, const char *sql)
{
    fixture_exec(log->f, sql, DB_ARGS(db_int(log->acme)));
}

/* ---- the chain ---- */

/* The bytes are a promise: other programs may recompute them. Made by hand from the header's words. */
static void test_chain__hash_is_of_the_documented_bytes(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    const struct audit_row row = {
        .tenant_id = 2,
        .seq = 1,
        .at = 258,
        .action = STR("a.b"),
        .actor_kind = STR("cli"),
        .actor_name = STR(""),
        .target_kind = STR("x"),
        .target_id = -1,
        .target_name = STR("\xc3\xa9"),
        .after = STR("{}"),
        .address = STR(""),
        .request_id = STR(""),
    };
#define N(last)            "\0\0\0\0\0\0\0" last
#define INT(last)          "i" N(last)
#define TEXT(length, text) "t" N(length) text
    static const char bytes[] = "\x01" INT("\x02") INT("\x01") "i\0\0\0\0\0\0\x01\x02" TEXT("\x03", "a.b")
        TEXT("\x03", "cli") INT("\0") TEXT("\0", "") TEXT(
            "\x01", "x") "i\xff\xff\xff\xff\xff\xff\xff\xff" TEXT("\x02", "\xc3\xa9") "n" TEXT("\x02", "{}")
            TEXT("\0", "") TEXT("\0", "") "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    uint8_t expected[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
    sha256(bytes, sizeof bytes - 1, expected);
    audit_chain_hash(arena, &row, audit_chain_start, hash);
    assert_memory_equal(hash, expected, sizeof hash);
    arena_free(&arena);
}

static void test_audit__chains_are_per_tenant(void **state)
{
    struct log_fixture *log = *state;
    append_many(log, log->acme, 3);
    append_many(log, log->bolt, 2);
    struct audit_verdict acme = verify(log, log->acme), bolt = verify(log, log->bolt);
    assert_int_equal(acme.flaw, AUDIT_SOUND);
    assert_int_equal(acme.rows, 3);
    assert_int_equal(acme.seq, 3);
    assert_int_equal(bolt.flaw, AUDIT_SOUND);
    assert_int_equal(bolt.rows, 2);
    assert_memory_not_equal(acme.head, bolt.head, AUDIT_HASH_BYTES);
}

static void test_audit__empty_log_is_sound(void **state)
{
    struct log_fixture *log = *state;
    assert_flaw(log, AUDIT_SOUND, 0);
    assert_int_equal(verify(log, 99).flaw, AUDIT_SOUND);
}

/* A deed that does not happen leaves no row and no gap. */
static void test_audit__a_refused_deed_leaves_nothing(void **state)
{
    struct log_fixture *log = *state;
    append_many(log, log->acme, 1);
    struct deed deed = deed_of(log->f, log->acme, "member.added", 2);
    deed.then = STORAGE_DONE;
    assert_int_equal(db_transaction(log->f->conn, STORAGE_WRITE, do_deed, &deed), STORAGE_DONE);
    append(log, log->acme, "member.removed", 3);
    assert_int_equal(verify(log, log->acme).rows, 2);
    assert_flaw(log, AUDIT_SOUND, 2);
}

static void test_verify__finds_every_changed_column(void **state)
{
    struct log_fixture *log = *state;
    static const char *const changes[] = {
        "at = at + 1",
        "action = 'member.removed'",
        "actor_kind = 'cli'",
        "actor_id = 8",
        "actor_name = 'eve@example.com'",
        "target_kind = 'role'",
        "target_id = 99",
        "target_name = ''",
        "before_json = '{}'",
        "before_json = ''",
        "after_json = NULL",
        "after_json = '{\"role\":\"owner\"}'",
        "address = '192.0.2.2'",
        "request_id = 'other'",
    };
    append_many(log, log->acme, 3);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        fixture_exec(log->f, "CREATE TABLE kept AS SELECT * FROM audit_log WHERE seq = 2", DB_NO_ARGS);
        struct str sql = arena_printf(log->f->arena,
                                      "UPDATE audit_log SET %s WHERE tenant_id = $1 AND seq = 2", changes[i]);
        run(log, sql.at);
        assert_flaw(log, AUDIT_ROW_CHANGED, 2);
        run(log, "DELETE FROM audit_log WHERE tenant_id = $1 AND seq = 2");
        fixture_exec(log->f, "INSERT INTO audit_log SELECT * FROM kept", DB_NO_ARGS);
        fixture_exec(log->f, "DROP TABLE kept", DB_NO_ARGS);
        assert_flaw(log, AUDIT_SOUND, 3);
    }
}

/* Longer than what is read at once. */
static void test_verify__long_chain(void **state)
{
    struct log_fixture *log = *state;
    append_many(log, log->acme, 1100);
    struct audit_verdict verdict = verify(log, log->acme);
    assert_int_equal(verdict.flaw, AUDIT_SOUND);
    assert_int_equal(verdict.rows, 1100);
    run(log, "UPDATE audit_log SET actor_id = 1 WHERE tenant_id = $1 AND seq = 1050");
    assert_flaw(log, AUDIT_ROW_CHANGED, 1050);
    run(log, "DELETE FROM audit_log WHERE tenant_id = $1 AND seq = 501");
    assert_flaw(log, AUDIT_ROW_MISSING, 501);
}

static void test_verify__finds_missing_rows(void **state)
{
    struct log_fixture *log = *state;
    append_many(log, log->acme, 5);
    run(log, "DELETE FROM audit_log WHERE tenant_id = $1 AND seq = 5");
    assert_flaw(log, AUDIT_ROW_MISSING, 5);
    run(log, "DELETE FROM audit_log WHERE tenant_id = $1 AND seq = 3");
    assert_flaw(log, AUDIT_ROW_MISSING, 3);
    run(log, "DELETE FROM audit_log WHERE tenant_id = $1 AND seq = 1");
    assert_flaw(log, AUDIT_ROW_MISSING, 1);
    run(log, "DELETE FROM audit_log WHERE tenant_id = $1");
    assert_flaw(log, AUDIT_ROW_MISSING, 1);
}

/* Closing the gap by renumbering does not help. */
static void test_verify__finds_renumbered_rows(void **state)
{
    struct log_fixture *log = *state;
    append_many(log, log->acme, 3);
    run(log, "DELETE FROM audit_log WHERE tenant_id = $1 AND seq = 2");
    run(log, "UPDATE audit_log SET seq = 2 WHERE tenant_id = $1 AND seq = 3");
    run(log, "UPDATE audit_heads SET seq = 2 WHERE tenant_id = $1");
    assert_flaw(log, AUDIT_ROW_CHANGED, 2);
}

static void test_verify__finds_a_changed_head(void **state)
{
    struct log_fixture *log = *state;
    append_many(log, log->acme, 3);
    run(log, "UPDATE audit_heads SET seq = 2 WHERE tenant_id = $1");
    assert_flaw(log, AUDIT_ROW_BEYOND, 3);
    run(log, "UPDATE audit_heads SET seq = 4 WHERE tenant_id = $1");
    assert_flaw(log, AUDIT_ROW_MISSING, 4);
    run(log, "UPDATE audit_heads SET seq = 3, hash = first_hash WHERE tenant_id = $1");
    assert_flaw(log, AUDIT_HEAD_CHANGED, 3);
    run(log, "UPDATE audit_heads SET first_seq = 2 WHERE tenant_id = $1");
    assert_flaw(log, AUDIT_ROW_BEYOND, 1);
    run(log, "DELETE FROM audit_heads WHERE tenant_id = $1");
    assert_flaw(log, AUDIT_HEAD_MISSING, 1);
}

static void test_audit__a_row_moved_to_another_tenant_is_found(void **state)
{
    struct log_fixture *log = *state;
    append_many(log, log->acme, 1);
    append_many(log, log->bolt, 1);
    run(log, "DELETE FROM audit_log WHERE tenant_id <> $1");
    fixture_exec(log->f, "UPDATE audit_log SET tenant_id = $1", DB_ARGS(db_int(log->bolt)));
    assert_int_equal(verify(log, log->bolt).flaw, AUDIT_ROW_CHANGED);
    assert_flaw(log, AUDIT_ROW_MISSING, 1);
}

/* ---- concurrency ---- */

enum { THREADS = 8, EACH = 25 };

struct writer {
    struct log_fixture *log;
    int written, busy;
};

static void *write_deeds(void *arg)
{
    struct writer *writer = arg;
    struct db_conn *conn = db_connect(writer->log->f->db);
    struct arena *arena = arena_new(0);
    while (writer->written < EACH) {
        struct deed deed = deed_of(writer->log->f, writer->log->acme, "member.added", 1);
        deed.arena = arena;
        enum storage_status status = db_transaction(conn, STORAGE_WRITE, do_deed, &deed);
        if (status == STORAGE_OK)
            writer->written++;
        else if (status == STORAGE_BUSY)
            writer->busy++;
        else
            break;
    }
    arena_free(&arena);
    db_disconnect(&conn);
    return NULL;
}

static void test_audit__is_exact_under_concurrency(void **state)
{
    struct log_fixture *log = *state;
    pthread_t threads[THREADS];
    struct writer writers[THREADS];
    int busy = 0;
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){ .log = log };
        assert_int_equal(pthread_create(&threads[i], NULL, write_deeds, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(writers[i].written, EACH);
        busy += writers[i].busy;
    }
    if (busy > 0)
        print_message("%d of %d transactions gave up as busy\n", busy, THREADS * EACH);
    struct audit_verdict verdict = verify(log, log->acme);
    assert_int_equal(verdict.flaw, AUDIT_SOUND);
    assert_int_equal(verdict.rows, THREADS * EACH);
}

/* ---- pages ---- */

struct page {
    struct arena *arena;
    char text[400];
    size_t len;
    int room; /* entries until it says no; 0: no end */
    int n;
};

static bool take(void *context, const struct audit_entry *entry)
{
    struct page *page = context;
    if (page->room && page->n == page->room)
        return false;
    page->n++;
    page->len += (size_t)snprintf(page->text + page->len, sizeof page->text - page->len, "%lld ",
                                  (long long)entry->row.seq);
    assert_int_equal(entry->hash.len, AUDIT_HASH_BYTES);
    return true;
}

static void assert_read(struct log_fixture *log, struct audit_filter filter, int64_t before, int64_t n,
                        const char *seqs, int64_t next)
{
    struct page page = { .text = "" };
    int64_t got = -1;
    assert_int_equal(
        audit_read(log->f->conn, log->f->arena, log->acme, &filter, before, n, take, &page, &got),
        STORAGE_OK);
    assert_string_equal(page.text, seqs);
    assert_int_equal(got, next);
}

static void test_read__pages_from_the_newest(void **state)
{
    struct log_fixture *log = *state;
    struct audit_filter any = { 0 };
    assert_read(log, any, 0, 10, "", 0);
    append_many(log, log->acme, 5);
    append_many(log, log->bolt, 9);
    assert_read(log, any, 0, 10, "5 4 3 2 1 ", 0);
    assert_read(log, any, 0, 2, "5 4 ", 4);
    assert_read(log, any, 4, 2, "3 2 ", 2);
    assert_read(log, any, 2, 2, "1 ", 0);
    assert_read(log, any, 2, 1, "1 ", 0);
    assert_read(log, any, 1, 2, "", 0);
    assert_read(log, any, 99, 1, "5 ", 5);
    assert_read(log, any, -3, 1, "5 ", 5);
}

static void test_read__whoever_has_enough_goes_on_there(void **state)
{
    struct log_fixture *log = *state;
    struct audit_filter any = { 0 };
    struct page page = { .text = "", .room = 2 };
    int64_t next = 0;
    append_many(log, log->acme, 5);
    assert_int_equal(audit_read(log->f->conn, log->f->arena, log->acme, &any, 0, 10, take, &page, &next),
                     STORAGE_OK);
    assert_string_equal(page.text, "5 4 ");
    assert_int_equal(next, 4);
}

static void test_read__filters(void **state)
{
    struct log_fixture *log = *state;
    append(log, log->acme, "member.added", 10);
    append(log, log->acme, "member.removed", 20);
    struct deed deed = deed_of(log->f, log->acme, "role.created", 30);
    deed.actor = (struct audit_actor){ AUDIT_CLI, 0, STR("root"), STR(""), STR("") };
    deed.event.target_kind = "role";
    deed.event.target_id = 5;
    deed.event.target_name = STR("100%_sure");
    assert_int_equal(db_transaction(log->f->conn, STORAGE_WRITE, do_deed, &deed), STORAGE_OK);
    const struct {
        struct audit_filter filter;
        const char *seqs;
    } cases[] = {
        { { .action = STR("member.added") }, "1 " },
        { { .action = STR("member") }, "" },
        { { .actor = STR("ann@EXAMPLE.com") }, "2 1 " },
        { { .actor = STR("ann") }, "" },
        { { .actor_id = 7 }, "2 1 " },
        { { .target_kind = STR("role") }, "3 " },
        { { .target_kind = STR("role"), .target_id = 6 }, "" },
        { { .target_id = 20 }, "2 " },
        { { .from = 20 }, "3 2 " },
        { { .to = 20 }, "1 " },
        { { .from = 20, .to = 30 }, "2 " },
        { { .q = STR("REMOVED") }, "2 " },
        { { .q = STR("192.0.2") }, "2 1 " },
        { { .q = STR("%_S") }, "3 " },
        { { .q = STR("_") }, "3 " }, /* "member.added" has a dot, no underscore */
        { { .q = STR("\\") }, "" },
        { { .q = STR("root"), .action = STR("role.created") }, "3 " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_read(log, cases[i].filter, 0, 10, cases[i].seqs, 0);
}

/* One call looks at so many rows; the next goes on. Numbers are made far apart instead of writing many rows.
 */
static void test_read__a_rare_match_takes_several_calls(void **state)
{
    struct log_fixture *log = *state;
    append_many(log, log->acme, 1);
    run(log, "UPDATE audit_heads SET seq = 50000 WHERE tenant_id = $1");
    assert_read(log, (struct audit_filter){ 0 }, 0, 10, "", 30001);
    assert_read(log, (struct audit_filter){ 0 }, 30001, 10, "", 10001);
    assert_read(log, (struct audit_filter){ 0 }, 10001, 10, "1 ", 0);
}

/* ---- retention ---- */

static void trim(struct log_fixture *log, int64_t before, int64_t rows, int64_t last)
{
    int64_t got_rows = -1, got_last = -1;
    const struct audit_actor actor = { AUDIT_CLI, 0, STR("root"), STR(""), STR("") };
    assert_int_equal(audit_trim(log->f->conn, &actor, log->acme, before, 20 * DAY, &got_rows, &got_last),
                     STORAGE_OK);
    assert_int_equal(got_rows, rows);
    assert_int_equal(got_last, last);
}

static void test_trim__what_stays_can_be_verified(void **state)
{
    struct log_fixture *log = *state;
    for (int64_t day = 1; day <= 6; day++)
        append(log, log->acme, "member.added", day * DAY);
    append_many(log, log->bolt, 2);
    trim(log, DAY, 0, 0);
    assert_flaw(log, AUDIT_SOUND, 6); /* nothing was done, so nothing was written down */
    trim(log, 3 * DAY, 2, 2);
    assert_read(log, (struct audit_filter){ 0 }, 0, 10, "7 6 5 4 3 ", 0);
    assert_read(log, (struct audit_filter){ .action = STR("audit.trimmed") }, 0, 10, "7 ", 0);
    assert_read(log, (struct audit_filter){ 0 }, 0, 3, "7 6 5 ", 5);
    struct audit_verdict verdict = verify(log, log->acme);
    assert_int_equal(verdict.flaw, AUDIT_SOUND);
    assert_int_equal(verdict.first_seq, 3);
    assert_int_equal(verdict.rows, 5);
    append(log, log->acme, "member.added", 7 * DAY);
    assert_flaw(log, AUDIT_SOUND, 8);
    run(log, "UPDATE audit_log SET actor_id = 1 WHERE tenant_id = $1 AND seq = 3");
    assert_flaw(log, AUDIT_ROW_CHANGED, 3);
    assert_int_equal(verify(log, log->bolt).rows, 2);
}

static void test_trim__all_of_it(void **state)
{
    struct log_fixture *log = *state;
    append_many(log, log->acme, 3);
    trim(log, DAY, 3, 3);
    assert_flaw(log, AUDIT_SOUND, 4);
    assert_read(log, (struct audit_filter){ 0 }, 0, 10, "4 ", 0);
    trim(log, DAY, 0, 0);
    assert_read(log, (struct audit_filter){ 0 }, 0, 10, "4 ", 0);
}

/* A clock that was set back: a young row stands before old ones, and nothing behind it goes. */
static void test_trim__stops_at_the_first_young_row(void **state)
{
    struct log_fixture *log = *state;
    append(log, log->acme, "member.added", 1);
    append(log, log->acme, "member.added", 9 * DAY);
    append(log, log->acme, "member.added", 2);
    trim(log, DAY, 1, 1);
    assert_flaw(log, AUDIT_SOUND, 4);
}

static void test_trim__works_in_steps(void **state)
{
    struct log_fixture *log = *state;
    enum { ROWS = 4096 };
    append_many(log, log->acme, 1);
    /* The chain is of no interest here: rows are copied. */
    for (int rows = 1; rows < ROWS; rows *= 2)
        fixture_exec(
            log->f,
            "INSERT INTO audit_log SELECT tenant_id, seq + (SELECT MAX(seq) FROM audit_log), at, action, "
            "actor_kind, actor_id, actor_name, target_kind, target_id, target_name, before_json, "
            "after_json, address, request_id, hash FROM audit_log",
            DB_NO_ARGS);
    run(log, "UPDATE audit_heads SET seq = (SELECT MAX(seq) FROM audit_log) WHERE tenant_id = $1");
    trim(log, DAY, ROWS, ROWS);
}

/* ---- the table ---- */

static void silence(int signal)
{
    (void)signal;
    _exit(66);
}

/* A deed nobody documented cannot be written. */
static void test_actions__others_are_a_bug(void **state)
{
    struct log_fixture *log = *state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct deed deed = deed_of(log->f, log->acme, "member.eaten", 1);
        signal(SIGABRT, silence);
        (void)!freopen("/dev/null", "w", stderr);
        audit_append(log->f->conn, log->f->arena, &deed.actor, &deed.event, 1);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 66);
}

static void test_actions__are_named_alike_and_once(void **state)
{
    (void)state;
    size_t n;
    const struct audit_action *actions = audit_actions(&n);
    for (size_t i = 0; i < n; i++) {
        struct str thing, deed;
        assert_true(str_split(str_of(actions[i].name), '.', &thing, &deed));
        assert_true(thing.len > 0 && deed.len > 0);
        assert_true(actions[i].target_kind[0] && actions[i].help[0]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(actions[i].name, actions[j].name);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain__hash_is_of_the_documented_bytes),
        TEST(test_audit__chains_are_per_tenant),
        TEST(test_audit__empty_log_is_sound),
        TEST(test_audit__a_refused_deed_leaves_nothing),
        TEST(test_verify__finds_every_changed_column),
        TEST(test_verify__long_chain),
        TEST(test_verify__finds_missing_rows),
        TEST(test_verify__finds_renumbered_rows),
        TEST(test_verify__finds_a_changed_head),
        TEST(test_audit__a_row_moved_to_another_tenant_is_found),
        TEST(test_audit__is_exact_under_concurrency),
        TEST(test_read__pages_from_the_newest),
        TEST(test_read__whoever_has_enough_goes_on_there),
        TEST(test_read__filters),
        TEST(test_read__a_rare_match_takes_several_calls),
        TEST(test_trim__what_stays_can_be_verified),
        TEST(test_trim__all_of_it),
        TEST(test_trim__stops_at_the_first_young_row),
        TEST(test_trim__works_in_steps),
        TEST(test_actions__others_are_a_bug),
        cmocka_unit_test(test_actions__are_named_alike_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
