/* What libh2o says on stderr: the library itself is made to say it, and what becomes of that is read from the
 * log and from stderr. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "http/complaint.h"
#include "http/libh2o.h"

/* Where the log and stderr go during a test; both are read without waiting. */
struct ears {
    int log, err;
    int log_end, err_end, err_before;
    char text[65536];
};

static void open_pipe(int *reads, int *writes)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    *reads = fds[0];
    *writes = fds[1];
}

/* What has come since the last look. */
static const char *hear(struct ears *ears, int fd)
{
    size_t len = 0;
    for (ssize_t n; (n = read(fd, ears->text + len, sizeof ears->text - 1 - len)) > 0;)
        len += (size_t)n;
    ears->text[len] = '\0';
    return ears->text;
}

static int setup(void **state)
{
    struct ears *ears = calloc(1, sizeof *ears);
    assert_non_null(ears);
    open_pipe(&ears->log, &ears->log_end);
    open_pipe(&ears->err, &ears->err_end);
    ears->err_before = dup(STDERR_FILENO);
    assert_true(ears->err_before >= 0 && dup2(ears->err_end, STDERR_FILENO) >= 0);
    log_set_fd(ears->log_end);
    complaint_settle(COMPLAINT_NO_MORE); /* of the test before */
    hear(ears, ears->log);
    *state = ears;
    return 0;
}

static int teardown(void **state)
{
    struct ears *ears = *state;
    const int fds[] = { ears->log, ears->log_end, ears->err, ears->err_end, ears->err_before };
    log_set_fd(STDERR_FILENO);
    assert_true(dup2(ears->err_before, STDERR_FILENO) >= 0);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
    free(ears);
    return 0;
}

static unsigned count(const char *text, const char *word)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
        n++;
    return n;
}

/* The library wants a file for a buffer of this size, and cannot have one there. */
static void want_file(const char *where)
{
    char template[64];
    snprintf(template, sizeof template, "%s/tether-test-XXXXXX", where);
    h2o_buffer_mmap_settings_t settings = { .threshold = 4096 };
    snprintf(settings.fn_template, sizeof settings.fn_template, "%s", template);
    h2o_buffer_prototype_t prototype = { .allocator = { 0 },
                                         ._initial_buf = { .capacity = 1024 },
                                         .mmap_settings = &settings };
    h2o_buffer_t *buffer;
    h2o_buffer_init(&buffer, &prototype);
    assert_non_null(h2o_buffer_reserve(&buffer, 1).base);
    buffer->size = 1;
    assert_null(h2o_buffer_reserve(&buffer, 8192).base);
    h2o_buffer_dispose(&buffer);
}

static void test_complaint__a_period_lets_a_few_through_and_tells_of_the_rest_once(void **state)
{
    (void)state;
    struct complaint_quota quota = { 0 };
    for (int64_t start = 1; start < 10 * COMPLAINT_PERIOD_MS; start += COMPLAINT_PERIOD_MS) {
        for (unsigned i = 0; i < 3 * COMPLAINTS_MAX; i++)
            assert_int_equal(complaint_quota_admits(&quota, start + i), i < COMPLAINTS_MAX);
        assert_int_equal(complaint_quota_settle(&quota, start + COMPLAINT_PERIOD_MS - 1), 0);
        assert_int_equal(complaint_quota_settle(&quota, start + COMPLAINT_PERIOD_MS), 2 * COMPLAINTS_MAX);
        assert_int_equal(complaint_quota_settle(&quota, start + COMPLAINT_PERIOD_MS), 0);
    }
}

/* A period that ends while nobody looks: what it left out is not forgotten. */
static void test_complaint__a_new_period_keeps_the_count_of_the_last(void **state)
{
    (void)state;
    struct complaint_quota quota = { 0 };
    for (unsigned i = 0; i < COMPLAINTS_MAX + 5; i++)
        complaint_quota_admits(&quota, 1);
    assert_true(complaint_quota_admits(&quota, 1 + COMPLAINT_PERIOD_MS));
    assert_int_equal(complaint_quota_settle(&quota, 2 + COMPLAINT_PERIOD_MS), 0);
    assert_int_equal(complaint_quota_settle(&quota, COMPLAINT_NO_MORE), 5);
}

static void test_complaint__the_library_writes_lines_of_the_log(void **state)
{
    struct ears *ears = *state;
    want_file("/nonexistent");
    const char *log = hear(ears, ears->log);
    assert_non_null(strstr(log,
                           "\"msg\":\"the HTTP library complains\",\"text\":\"failed to create temporary "
                           "file:/nonexistent/tether-test-"));
    assert_non_null(strstr(log, strerror(ENOENT)));
    assert_int_equal(count(log, "\n"), 1);
    assert_string_equal(hear(ears, ears->err), "");
}

static void test_complaint__perror_of_the_library_is_one_too(void **state)
{
    struct ears *ears = *state;
    struct rlimit before, none = { 0, 0 };
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    want_file("/tmp");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(hear(ears, ears->log), "\"text\":\"failed to resize temporary file: "));
    assert_string_equal(hear(ears, ears->err), "");
}

static void test_complaint__many_are_few_lines_and_a_count(void **state)
{
    struct ears *ears = *state;
    enum { MANY = 1000 };
    for (int i = 0; i < MANY; i++)
        want_file("/nonexistent");
    unsigned lines = count(hear(ears, ears->log), "the HTTP library complains");
    complaint_settle(COMPLAINT_NO_MORE);
    const char *rest = strstr(hear(ears, ears->log), "\"complaints\":");
    assert_in_range(lines, 1, MANY / 10);
    assert_non_null(rest);
    assert_int_equal(lines + strtoul(rest + strlen("\"complaints\":"), NULL, 10), MANY);
    assert_string_equal(hear(ears, ears->err), "");
    complaint_settle(COMPLAINT_NO_MORE);
    assert_string_equal(hear(ears, ears->log), "");
}

/* Its last words are in the log before it aborts. */
static void test_complaint__last_words_are_logged_whatever_was_said_before(void **state)
{
    struct ears *ears = *state;
    for (int i = 0; i < 2 * COMPLAINTS_MAX; i++)
        want_file("/nonexistent");
    hear(ears, ears->log);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        h2o__fatal("no memory");
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
    assert_non_null(
        strstr(hear(ears, ears->log),
               "\"level\":\"error\",\"msg\":\"the HTTP library gives up\",\"text\":\"fatal:no memory\""));
}

static void test_complaint__everybody_else_writes_to_stderr(void **state)
{
    struct ears *ears = *state;
    for (int i = 0; i < 2 * COMPLAINTS_MAX; i++) {
        assert_int_equal(__fprintf_chk(stderr, 1, "skipping frame %d\n", 7), 17);
        assert_string_equal(hear(ears, ears->err), "skipping frame 7\n");
    }
    errno = ENOSPC;
    perror("pipe");
    assert_string_equal(hear(ears, ears->err), "pipe: No space left on device\n");
    errno = ENOSPC;
    perror(NULL);
    assert_string_equal(hear(ears, ears->err), "No space left on device\n");
    assert_string_equal(hear(ears, ears->log), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complaint__a_period_lets_a_few_through_and_tells_of_the_rest_once),
        cmocka_unit_test(test_complaint__a_new_period_keeps_the_count_of_the_last),
        cmocka_unit_test_setup_teardown(test_complaint__the_library_writes_lines_of_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_complaint__perror_of_the_library_is_one_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_complaint__many_are_few_lines_and_a_count, setup, teardown),
        cmocka_unit_test_setup_teardown(test_complaint__last_words_are_logged_whatever_was_said_before, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_complaint__everybody_else_writes_to_stderr, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
