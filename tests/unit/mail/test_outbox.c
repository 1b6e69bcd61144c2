/* The outbox and the file transport: claims, endings, leases, and a database that fails at every call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "mail_fixture.h"
#include "storage/decorate.h"

#define FILES "mail: { directory: \"%s/some/out\" }\n"
#define LEASE (11 * 60 * CLOCK_SECOND)

static int set_up(void **state)
{
    *state = post_new(FILES, NULL);
    return 0;
}

static int tear_down(void **state)
{
    storage_fault_set(0, STORAGE_OK, false);
    post_free((struct post **)state);
    return 0;
}

static int files(struct post *p, const char *ending)
{
    int n = 0;
    DIR *dir = opendir(p->config->mail.directory.at);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += str_ends_with(str_of(entry->d_name), str_of(ending));
    closedir(dir);
    return n;
}

static int64_t with_status(struct post *p, const char *status)
{
    return post_count(
        p,
        arena_printf(p->fixture->arena, "SELECT count(*) FROM mail_outbox WHERE status = '%s'", status).at);
}

static enum storage_status claim(struct post *p, struct outbox_row *row)
{
    return outbox_claim(p->fixture->conn, p->fixture->arena, clock_now(), LEASE, row);
}

/* ---- enqueuing ---- */

static enum storage_status enqueue_nonsense(struct db_conn *conn, void *context)
{
    struct post *p = context;
    const struct mail_value none[] = { { "inviter", STR("") },
                                       { "role", STR("") },
                                       { "email", STR("") },
                                       { "expires", STR("") },
                                       { "link", STR("") } };
    static const char *const addresses[] = {
        "", "x", "a@b.example\r\nBcc: c@d.example", "a b@c.example", "a@b.example>", "<a@b.example>"
    };
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct mail_new mail = {
            .kind = "invitation", .tenant = &p->tenant, .to = str_of(addresses[i]), .values = none, .n = 5
        };
        assert_int_equal(mail_enqueue(conn, p->config, p->fixture->arena, &mail, 1), STORAGE_INVALID);
    }
    return STORAGE_DONE;
}

static void test_enqueue__refuses_what_is_no_address(void **state)
{
    struct post *p = *state;
    assert_int_equal(db_transaction(p->fixture->conn, STORAGE_WRITE, enqueue_nonsense, p), STORAGE_DONE);
    assert_int_equal(post_count(p, "SELECT count(*) FROM mail_outbox"), 0);
}

static enum storage_status drop(struct db_conn *conn, void *context)
{
    struct post *p = context;
    return mail_drop(conn, p->tenant.id, "invitation", 7);
}

static void test_drop__is_not_sent(void **state)
{
    struct post *p = *state;
    post_enqueue(p, "ok@example.com");
    assert_int_equal(db_transaction(p->fixture->conn, STORAGE_WRITE, drop, p), STORAGE_OK);
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
    assert_int_equal(files(p, ".eml"), 0);
    assert_int_equal(with_status(p, "dropped"), 1);
    assert_int_equal(post_count(p, "SELECT length(body_text) + length(body_html) FROM mail_outbox"), 0);
}

/* ---- claiming ---- */

static void test_claim__excludes_others_until_the_lease_ends(void **state)
{
    struct post *p = *state;
    struct outbox_row row, again;
    post_enqueue(p, "ok@example.com");
    assert_int_equal(claim(p, &row), STORAGE_ROW);
    assert_int_equal(row.attempts, 1);
    assert_int_equal(claim(p, &again), STORAGE_DONE);
    clock_shift_for_tests(LEASE + CLOCK_SECOND);
    assert_int_equal(claim(p, &again), STORAGE_ROW);
    assert_int_equal(again.attempts, 2);
    assert_true(str_equal(row.message_id, again.message_id));
    /* The first holder comes back from the dead. */
    struct outbox_end sent = { .fate = OUTBOX_SENT };
    struct outbox_end later = { .fate = OUTBOX_LATER, .error = STR("x"), .next_attempt_at = 1 };
    assert_int_equal(outbox_settle(p->fixture->conn, &row, &later, clock_now()), STORAGE_DONE);
    assert_int_equal(outbox_settle(p->fixture->conn, &again, &sent, clock_now()), STORAGE_OK);
    assert_int_equal(outbox_settle(p->fixture->conn, &again, &later, clock_now()), STORAGE_DONE);
    assert_int_equal(with_status(p, "sent"), 1);
}

static void test_settle__dropped_while_under_way(void **state)
{
    struct post *p = *state;
    struct outbox_row row;
    struct outbox_end later = { .fate = OUTBOX_LATER, .error = STR("x"), .next_attempt_at = 1 },
                      sent = { .fate = OUTBOX_SENT };
    post_enqueue(p, "ok@example.com");
    assert_int_equal(claim(p, &row), STORAGE_ROW);
    assert_int_equal(db_transaction(p->fixture->conn, STORAGE_WRITE, drop, p), STORAGE_OK);
    assert_int_equal(outbox_settle(p->fixture->conn, &row, &later, clock_now()), STORAGE_DONE);
    assert_int_equal(with_status(p, "dropped"), 1);
    assert_int_equal(outbox_settle(p->fixture->conn, &row, &sent, clock_now()), STORAGE_OK);
    assert_int_equal(with_status(p, "sent"), 1);
}

struct claimer {
    struct post *post;
    int claimed;
};

static void *claim_all(void *arg)
{
    struct claimer *claimer = arg;
    struct db_conn *conn = db_connect(claimer->post->fixture->db);
    struct arena *arena = arena_new(SIZE_MAX);
    struct outbox_row row;
    while (outbox_claim(conn, arena, clock_now(), LEASE, &row) == STORAGE_ROW)
        claimer->claimed++;
    arena_free(&arena);
    db_disconnect(&conn);
    return NULL;
}

static void test_claim__of_two_nodes_each_row_goes_to_one(void **state)
{
    struct post *p = *state;
    struct claimer claimers[4] = { { p, 0 }, { p, 0 }, { p, 0 }, { p, 0 } };
    pthread_t threads[4];
    int claimed = 0;
    for (int i = 0; i < 60; i++)
        post_enqueue(p, "ok@example.com");
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, claim_all, &claimers[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        claimed += claimers[i].claimed;
    }
    assert_int_equal(claimed, 60);
    assert_int_equal(post_count(p, "SELECT max(attempts) FROM mail_outbox"), 1);
}

/* ---- files ---- */

static void test_file__one_whole_file_per_mail(void **state)
{
    struct post *p = *state;
    struct str id = post_enqueue(p, "ok@example.com");
    post_enqueue(p, "ok2@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
    assert_int_equal(files(p, ".eml"), 2);
    assert_int_equal(files(p, ".part"), 0);
    assert_int_equal(with_status(p, "sent"), 2);
    assert_int_equal(
        post_count(p, "SELECT CAST(sum(length(body_text) + length(body_html)) AS BIGINT) FROM mail_outbox"),
        0);
    struct str path =
        arena_printf(p->fixture->arena, "%s/%lld-1.eml", p->config->mail.directory.at,
                     (long long)post_count(p, "SELECT created_at FROM mail_outbox WHERE id = 1"));
    struct stat stat_;
    assert_int_equal(stat(path.at, &stat_), 0);
    assert_int_equal(stat_.st_mode & 0777, 0600);
    struct str message = read_whole(p->fixture->arena, path.at);
    assert_non_null(
        strstr(message.at, arena_printf(p->fixture->arena, "\r\nMessage-ID: %.*s\r\n", STR_ARG(id)).at));
    assert_null(strstr(message.at, "\nBcc"));
}

static void test_file__unwritable_folder_is_tried_again(void **state)
{
    struct post *p = *state;
    const char *directory = p->config->mail.directory.at;
    post_enqueue(p, "ok@example.com");
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(post_round(p), MAIL_ROUND_AWAY);
    assert_int_equal(with_status(p, "queued"), 1);
    assert_true(str_starts_with(post_text(p, "SELECT last_error FROM mail_outbox"),
                                STR("cannot write to mail.directory")));
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE); /* not due yet */
    assert_int_equal(mkdir(directory, 0700), 0);
    clock_shift_for_tests(60 * CLOCK_SECOND);
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
    assert_int_equal(files(p, ".eml"), 1);
}

/* ---- giving up ---- */

static void test_retry__grows_and_is_spread(void **state)
{
    (void)state;
    static const struct {
        int64_t attempts, seconds;
    } rows[] = {
        { 1, 30 }, { 2, 60 }, { 3, 120 }, { 8, 3840 }, { 9, 7200 }, { 30, 7200 }, { INT64_MAX, 7200 }
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t delay = mail_retry_at(rows[i].attempts, 1000) - 1000,
                expected = rows[i].seconds * CLOCK_SECOND;
        assert_in_range(delay, expected * 4 / 5, expected * 6 / 5);
    }
    assert_int_not_equal(mail_retry_at(9, 0), mail_retry_at(9, 0));
}

static void test_retry__ends_after_two_days(void **state)
{
    struct post *p = *state;
    post_enqueue(p, "ok@example.com");
    assert_int_equal(rmdir(p->config->mail.directory.at), 0);
    for (int64_t hour = 0; hour < 60; hour++) {
        clock_shift_for_tests(hour * 3600 * CLOCK_SECOND);
        post_round(p);
    }
    assert_int_equal(with_status(p, "failed"), 1);
    assert_in_range(post_count(p, "SELECT attempts FROM mail_outbox"), 20, MAIL_MAX_ATTEMPTS);
    assert_int_equal(post_count(p, "SELECT length(body_text) FROM mail_outbox"), 0);
}

static void test_sweep__forgets_old_rows(void **state)
{
    struct post *p = *state;
    post_enqueue(p, "ok@example.com");
    post_round(p);
    clock_shift_for_tests(INT64_C(29) * 24 * 3600 * CLOCK_SECOND);
    post_round(p);
    assert_int_equal(post_count(p, "SELECT count(*) FROM mail_outbox"), 1);
    clock_shift_for_tests(INT64_C(31) * 24 * 3600 * CLOCK_SECOND);
    post_round(p);
    assert_int_equal(post_count(p, "SELECT count(*) FROM mail_outbox"), 0);
}

/* ---- the thread ---- */

static void test_thread__sends_and_ends(void **state)
{
    struct post *p = *state;
    char error[200];
    struct mail_sender *sender = mail_sender_start(p->config, p->fixture->db, error, sizeof error);
    assert_non_null(sender);
    post_enqueue(p, "ok@example.com");
    for (int i = 0; i < 3000 && with_status(p, "sent") == 0; i++)
        usleep(10000);
    assert_int_equal(with_status(p, "sent"), 1);
    mail_sender_stop(&sender);
    assert_null(sender);
    mail_sender_stop(&sender);
    post_enqueue(p, "ok@example.com");
    assert_int_equal(with_status(p, "queued"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_enqueue__refuses_what_is_no_address),
        TEST(test_drop__is_not_sent),
        TEST(test_claim__excludes_others_until_the_lease_ends),
        TEST(test_settle__dropped_while_under_way),
        TEST(test_claim__of_two_nodes_each_row_goes_to_one),
        TEST(test_file__one_whole_file_per_mail),
        TEST(test_file__unwritable_folder_is_tried_again),
        TEST(test_retry__grows_and_is_spread),
        TEST(test_retry__ends_after_two_days),
        TEST(test_sweep__forgets_old_rows),
        TEST(test_thread__sends_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
