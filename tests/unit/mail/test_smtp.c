/* The sender against a real SMTP server that refuses, stalls, dies and loses replies: no mail is lost, and
 * none is sent twice when the outcome was known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "mail_fixture.h"
#include "storage/decorate.h"

static int set_up(void **state)
{
    *state = post_new(NULL, "");
    return 0;
}

static int tear_down(void **state)
{
    storage_fault_set(0, STORAGE_OK, false);
    post_free((struct post **)state);
    return 0;
}

static void expect(struct post *p, const char *status, int64_t attempts, const char *error)
{
    struct str got = post_text(p, "SELECT status FROM mail_outbox ORDER BY id DESC LIMIT 1");
    struct str why = post_text(p, "SELECT last_error FROM mail_outbox ORDER BY id DESC LIMIT 1");
    if (!str_equal(got, str_of(status)) || !str_starts_with(why, str_of(error)))
        fail_msg("%.*s, %.*s", STR_ARG(got), STR_ARG(why));
    assert_int_equal(post_count(p, "SELECT attempts FROM mail_outbox ORDER BY id DESC LIMIT 1"), attempts);
}

static void later(void)
{
    clock_shift_for_tests(60 * CLOCK_SECOND);
}

static void test_sent__as_the_parser_of_another_reads_it(void **state)
{
    struct post *p = *state;
    struct str id = post_enqueue(p, "ok@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
    expect(p, "sent", 1, "");
    assert_int_equal(post_taken(p), 1);
    cJSON *record = post_record(p, 0);
    assert_string_equal(record_text(record, "from"), "no-reply@localhost");
    assert_string_equal(record_text(record, "header_from"), "Tether <no-reply@localhost>");
    assert_string_equal(record_text(record, "header_to"), "ok@example.com");
    assert_string_equal(record_text(record, "message_id"), id.at);
    assert_string_equal(record_text(record, "ehlo"), "localhost");
    assert_string_equal(record_text(record, "subject"),
                        "Jürgen <b>  Bcc: all@example.com invites you to acme");
    assert_non_null(strstr(record_text(record, "text"), "Jürgen <b>  Bcc: all@example.com has invited you"));
    assert_non_null(
        strstr(record_text(record, "html"), "Jürgen &lt;b&gt;  Bcc: all@example.com has invited you"));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(record, "defects")), 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(record, "names")), 8);
    assert_in_range(cJSON_GetObjectItemCaseSensitive(record, "longest")->valueint, 20, 76);
}

static void test_refused__is_failed_at_once(void **state)
{
    struct post *p = *state;
    post_enqueue(p, "refuse@example.com");
    post_enqueue(p, "full@example.com");
    post_enqueue(p, "ok@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
    expect(p, "sent", 1, "");
    assert_int_equal(
        post_count(p, "SELECT count(*) FROM mail_outbox WHERE status = 'failed' AND attempts = 1 AND "
                      "body_text = ''"),
        2);
    assert_string_equal(post_text(p, "SELECT last_error FROM mail_outbox WHERE id = 1").at,
                        "refused: 550 5.1.1 No such user");
    assert_string_equal(post_text(p, "SELECT last_error FROM mail_outbox WHERE id = 2").at,
                        "refused: 552 5.3.4 Too much of it");
    later();
    post_round(p);
    assert_int_equal(post_taken(p), 1);
}

static void test_not_now__is_tried_again(void **state)
{
    static const char *const addresses[] = { "busy@example.com", "late@example.com" };
    struct post *p = *state;
    for (int i = 0; i < 2; i++) {
        clock_shift_for_tests(0);
        post_enqueue(p, addresses[i]);
        assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
        expect(p, "queued", 1, "not now: 451 4.3.0");
        post_round(p);
        expect(p, "queued", 1, "not now: 451 4.3.0");
        later();
        assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
        expect(p, "sent", 2, "");
        assert_int_equal(post_taken(p), i + 1);
    }
}

static void test_cut__mid_message_is_tried_again(void **state)
{
    struct post *p = *state;
    post_enqueue(p, "cut@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_AWAY);
    expect(p, "queued", 1, "");
    later();
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
    expect(p, "sent", 2, "");
    assert_int_equal(post_taken(p), 1);
}

/* Nobody can know whether it was taken; the Message-ID lets the receiver see that it is the same mail. */
static void test_lost_reply__comes_again_under_the_same_id(void **state)
{
    struct post *p = *state;
    struct str id = post_enqueue(p, "lost@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_AWAY);
    expect(p, "queued", 1, "");
    later();
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
    expect(p, "sent", 2, "");
    assert_int_equal(post_taken(p), 2);
    assert_string_equal(record_text(post_record(p, 0), "message_id"), id.at);
    assert_string_equal(record_text(post_record(p, 0), "raw"), record_text(post_record(p, 1), "raw"));
}

static void test_dead_server__loses_nothing(void **state)
{
    struct post *p = *state;
    kill(p->server, SIGKILL);
    waitpid(p->server, NULL, 0);
    p->server = 0;
    for (int i = 0; i < 3; i++)
        post_enqueue(p, "ok@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_AWAY);
    assert_int_equal(post_count(p, "SELECT count(*) FROM mail_outbox WHERE status = 'queued'"), 3);
    /* One attempt shows that nobody is there; the others are not wasted. */
    assert_int_equal(post_count(p, "SELECT CAST(sum(attempts) AS BIGINT) FROM mail_outbox"), 1);
}

/* ---- two nodes ---- */

static void *run_rounds(void *arg)
{
    mail_round(arg);
    return NULL;
}

static void test_two_nodes__send_each_mail_once(void **state)
{
    struct post *p = *state;
    char error[200];
    struct mail_rounds nodes[2] = { p->rounds, p->rounds };
    pthread_t threads[2];
    for (int i = 0; i < 40; i++)
        post_enqueue(p, "ok@example.com");
    for (int i = 0; i < 2; i++) {
        nodes[i].conn = db_connect(p->fixture->db);
        nodes[i].post = nodes[i].transport->open(p->config, &p->stopping, error, sizeof error);
        assert_int_equal(pthread_create(&threads[i], NULL, run_rounds, &nodes[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        nodes[i].transport->close(&nodes[i].post);
        db_disconnect(&nodes[i].conn);
    }
    assert_int_equal(post_taken(p), 40);
    assert_int_equal(post_count(p, "SELECT count(*) FROM mail_outbox WHERE status = 'sent' AND attempts = 1"),
                     40);
}

/* ---- a database that fails ---- */

/* Fails every database call in turn, from then on until the round is over: whenever the database goes away,
 * the mail is sent once in the end. */
static void torture(struct post *p, enum storage_status status)
{
    int sent = post_taken(p), first = sent;
    for (int nth = 1, calls = 0; calls >= nth - 1; nth++, sent++) { /* until a round needs no more */
        int64_t shift = (sent + 1) * 3600 * CLOCK_SECOND;
        clock_shift_for_tests(shift);
        post_enqueue(p, "ok@example.com");
        storage_fault_set(nth, status, true);
        post_round(p);
        calls = storage_fault_calls();
        storage_fault_set(0, STORAGE_OK, false);
        for (int i = 0;
             i < 10 && post_count(p, "SELECT count(*) FROM mail_outbox WHERE status = 'queued'") > 0; i++) {
            clock_shift_for_tests(shift + i * 360 * CLOCK_SECOND); /* in the end past the lease */
            db_disconnect(&p->rounds.conn);                        /* as after a while: no backoff */
            p->rounds.conn = db_connect(p->fixture->db);
            post_round(p);
        }
        assert_int_equal(post_taken(p), sent + 1);
        assert_int_equal(post_count(p, "SELECT count(*) FROM mail_outbox WHERE status <> 'sent'"), 0);
    }
    assert_true(sent - first > 5);
}

static void test_storage__gone_at_any_call(void **state)
{
    torture(*state, STORAGE_GONE);
}

/* The commit may or may not have happened; the fault does both in turn. */
static void test_storage__uncertain_at_any_call(void **state)
{
    torture(*state, STORAGE_UNCERTAIN);
    torture(*state, STORAGE_UNCERTAIN);
}

static void test_storage__error_at_any_call(void **state)
{
    torture(*state, STORAGE_ERROR);
}

/* ---- STARTTLS and sign-in ---- */

#define TLS                                                                                                  \
    "mail: { transport: smtp, directory: \"%s\", smtp: { url: \"smtp://127.0.0.1:%d\", user: mailer, "       \
    "password: \"s3cret: #1\" } }\n"

static struct post *tls_post(const char *password)
{
    char folder[] = "/tmp/tether-cert-XXXXXX", command[600], args[300];
    assert_non_null(mkdtemp(folder));
    snprintf(
        command, sizeof command,
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mx.test "
        "-addext subjectAltName=IP:127.0.0.1 -keyout %s/key.pem -out %s/cert.pem 2>/dev/null",
        folder, folder);
    assert_int_equal(system(command), 0);
    snprintf(args, sizeof args, "%s/cert.pem %s/key.pem mailer '%s'", folder, folder, password);
    struct post *post = post_new(TLS, args);
    snprintf(command, sizeof command, "mv %s/* %s/ && rmdir %s", folder, post->folder, folder);
    assert_int_equal(system(command), 0);
    return post;
}

static void trust(struct post *p)
{
    char path[100];
    snprintf(path, sizeof path, "%s/cert.pem", p->folder);
    setenv("SSL_CERT_FILE", path, 1);
}

static void test_tls__starttls_and_sign_in(void **state)
{
    struct post *p = tls_post("s3cret: #1");
    (void)state;
    trust(p);
    post_enqueue(p, "ok@example.com");
    post_enqueue(p, "busy@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
    later();
    assert_int_equal(post_round(p), MAIL_ROUND_IDLE);
    assert_int_equal(post_taken(p), 2);
    cJSON *record = post_record(p, 0);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(record, "tls")));
    assert_string_equal(record_text(record, "user"), "mailer");
    unsetenv("SSL_CERT_FILE");
    post_free(&p);
}

static void test_tls__unknown_certificate_gets_no_password(void **state)
{
    struct post *p = tls_post("s3cret: #1");
    (void)state;
    post_enqueue(p, "ok@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_AWAY);
    assert_non_null(strstr(post_text(p, "SELECT last_error FROM mail_outbox").at, "certificate"));
    expect(p, "queued", 1, "");
    assert_int_equal(post_taken(p), 0);
    post_free(&p);
}

/* A wrong password is the operator's to mend; no mail is given up for it. */
static void test_tls__wrong_password_is_tried_again(void **state)
{
    struct post *p = tls_post("another one");
    (void)state;
    trust(p);
    post_enqueue(p, "ok@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_AWAY);
    expect(p, "queued", 1, "the server does not let us in: 535");
    assert_null(strstr(post_text(p, "SELECT last_error FROM mail_outbox").at, "s3cret"));
    unsetenv("SSL_CERT_FILE");
    post_free(&p);
}

/* A user is set, but the server knows no TLS: the password stays here. */
static void test_tls__none_offered_gets_no_password(void **state)
{
    struct post *p = post_new(TLS, "");
    (void)state;
    post_enqueue(p, "ok@example.com");
    assert_int_equal(post_round(p), MAIL_ROUND_AWAY);
    expect(p, "queued", 1, "");
    assert_int_equal(post_taken(p), 0);
    post_free(&p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sent__as_the_parser_of_another_reads_it),
        TEST(test_refused__is_failed_at_once),
        TEST(test_not_now__is_tried_again),
        TEST(test_cut__mid_message_is_tried_again),
        TEST(test_lost_reply__comes_again_under_the_same_id),
        TEST(test_dead_server__loses_nothing),
        TEST(test_two_nodes__send_each_mail_once),
        TEST(test_storage__gone_at_any_call),
        TEST(test_storage__error_at_any_call),
        TEST(test_storage__uncertain_at_any_call),
        cmocka_unit_test(test_tls__starttls_and_sign_in),
        cmocka_unit_test(test_tls__unknown_certificate_gets_no_password),
        cmocka_unit_test(test_tls__wrong_password_is_tried_again),
        cmocka_unit_test(test_tls__none_offered_gets_no_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
