/* What becomes of the log when nobody reads it: the reader's end of the pipe is ours. */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/log_sink.h"
#include "base/metrics.h"

#define LONG_ENOUGH_MS 60000

static struct {
    struct arena *arena;
    int pipe[2];
    struct str rest; /* what was read and not looked at */
} reader;

static int open_pipe(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    reader.arena = arena_new(64 << 20);
    reader.rest = STR_NONE;
    if (pipe(reader.pipe) != 0)
        return -1;
    fcntl(reader.pipe[1], F_SETPIPE_SZ, 64 << 10);
    log_sink_set_fd(reader.pipe[1]);
    log_set_level(LOG_DEBUG);
    return 0;
}

static int close_pipe(void **state)
{
    (void)state;
    log_sink_set_fd(STDERR_FILENO);
    close(reader.pipe[0]);
    if (reader.pipe[1] >= 0)
        close(reader.pipe[1]);
    arena_free(&reader.arena);
    return 0;
}

/* All there is, until the pipe is closed. */
static void read_to_end(void)
{
    size_t cap = 8 << 20, len = 0;
    char *at = arena_alloc(reader.arena, cap);
    for (ssize_t n; (n = read(reader.pipe[0], at + len, cap - len)) > 0;)
        len += (size_t)n;
    reader.rest = str_from(at, len);
}

/* The next line as an object; NULL at the end. */
static cJSON *next_line(void)
{
    cJSON *item;
    struct json_error error;
    struct str text;
    if (!str_split(reader.rest, '\n', &text, &reader.rest) || text.len == 0)
        return NULL;
    if (!json_parse(reader.arena, text, &item, &error))
        fail_msg("%s at %zu: %.*s", error.text, error.offset, STR_ARG(text));
    return item;
}

static int64_t number(const cJSON *line, const char *name)
{
    int64_t n;
    return json_as_int(cJSON_GetObjectItemCaseSensitive(line, name), &n) ? n : -1;
}

/* Lines of half a kilobyte, numbered. */
static void log_lines(enum log_level level, int n)
{
    char text[500];
    memset(text, 'x', sizeof(text));
    for (int i = 0; i < n; i++)
        log_event(level, "line", LOG_I("n", i), LOG_S("text", str_from(text, sizeof(text))));
}

struct seen {
    int64_t infos, warnings, lost;
};

static struct seen look_at_all(void)
{
    struct seen seen = { 0 };
    for (cJSON *line; (line = next_line()) != NULL;) {
        struct str level = json_as_str(cJSON_GetObjectItemCaseSensitive(line, "level"));
        if (number(line, "lines") > 0)
            seen.lost += number(line, "lines");
        else if (str_equal(level, STR("warn")))
            seen.warnings++;
        else
            seen.infos++;
    }
    return seen;
}

static void *read_all(void *unused)
{
    read_to_end();
    return unused;
}

static void test_log_sink__nobody_waits_for_a_reader_that_does_not_read(void **state)
{
    (void)state;
    int64_t lost_before = metric_value(METRIC_LOG_LINES_LOST);
    assert_true(log_sink_start());
    log_lines(LOG_INFO, 6000); /* some 3 MB */
    log_lines(LOG_WARN, 100);  /* there is room for those still */
    assert_false(log_sink_await(1));
    pthread_t thread;
    pthread_create(&thread, NULL, read_all, NULL);
    assert_true(log_sink_await(LONG_ENOUGH_MS));
    log_lines(LOG_INFO, 1);
    log_sink_stop(LONG_ENOUGH_MS);
    close(reader.pipe[1]);
    reader.pipe[1] = -1;
    pthread_join(thread, NULL);
    struct seen seen = look_at_all();
    assert_int_equal(reader.rest.len, 0);
    assert_int_equal(seen.warnings, 100);
    assert_true(seen.lost > 0);
    assert_int_equal(seen.infos + seen.lost, 6001);
    assert_int_equal(metric_value(METRIC_LOG_LINES_LOST) - lost_before, seen.lost);
}

static void test_log_sink__the_loss_is_told_where_it_is(void **state)
{
    (void)state;
    log_sink_never_wait();
    log_lines(LOG_INFO, 500); /* a pipe of 64 KiB takes some hundred */
    char *at = arena_alloc(reader.arena, 64 << 10);
    reader.rest = str_from(at, (size_t)read(reader.pipe[0], at, 64 << 10));
    int64_t kept = 0;
    for (cJSON *line; (line = next_line()) != NULL; kept++)
        assert_int_equal(number(line, "n"), kept);
    log_event(LOG_INFO, "read again");
    close(reader.pipe[1]);
    reader.pipe[1] = -1;
    read_to_end();
    cJSON *line = next_line();
    assert_int_equal(number(line, "lines"), 500 - kept);
    assert_str(json_as_str(cJSON_GetObjectItemCaseSensitive(next_line(), "msg")), STR("read again"));
    assert_null(next_line());
}

/* So many, each whole, and no more. */
static void read_lines(size_t wanted)
{
    static char text[1024];
    FILE *from = fdopen(dup(reader.pipe[0]), "r");
    assert_non_null(from);
    size_t lines = 0;
    for (; lines < wanted && fgets(text, sizeof(text), from); lines++) {
        assert_int_equal(text[0], '{');
        assert_non_null(strstr(text, "\"msg\":\"line\""));
        assert_non_null(strstr(text, "}\n"));
    }
    fclose(from);
    assert_int_equal(lines, wanted);
}

static void test_log_sink__an_end_waits_no_longer_than_it_says(void **state)
{
    (void)state;
    assert_true(log_sink_start());
    log_lines(LOG_INFO, 500); /* more than a pipe takes */
    log_sink_stop(1);
    read_lines(500);
}

/* A disk that takes nothing until its lines are read: what was a file when the sink started becomes the pipe.
 */
static FILE *start_on_a_slow_file(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    log_sink_set_fd(fileno(file));
    assert_true(log_sink_start());
    log_sink_set_fd(reader.pipe[1]);
    return file;
}

static void end_of_file(FILE *file)
{
    log_sink_stop(LONG_ENOUGH_MS);
    fclose(file);
}

#define MANY 80000 /* lines, some 40 MB: more than is held */
static atomic_int logged;

static void *log_many(void *unused)
{
    for (atomic_store(&logged, 0); atomic_load(&logged) < MANY; atomic_fetch_add(&logged, 1))
        log_lines(LOG_INFO, 1);
    return unused;
}

/* Until whoever logs waits. Too early, on a busy machine, would only ask less of what follows. */
static void await_standstill(void)
{
    for (int before = -1; before != atomic_load(&logged); usleep(200000))
        before = atomic_load(&logged);
}

static void test_log_sink__nobody_waits_for_a_disk_that_stands_still(void **state)
{
    (void)state;
    FILE *file = start_on_a_slow_file();
    log_lines(LOG_INFO, 20000); /* some 10 MB */
    read_lines(20000);
    end_of_file(file);
}

static void test_log_sink__a_file_loses_nothing(void **state)
{
    (void)state;
    int64_t lost_before = metric_value(METRIC_LOG_LINES_LOST);
    FILE *file = start_on_a_slow_file();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, log_many, NULL), 0);
    read_lines(MANY);
    pthread_join(thread, NULL);
    end_of_file(file);
    assert_int_equal(metric_value(METRIC_LOG_LINES_LOST), lost_before);
}

/* The watchdog's last words, while loops wait for the disk. */
static void test_log_sink__a_full_file_has_room_for_what_is_urgent(void **state)
{
    (void)state;
    FILE *file = start_on_a_slow_file();
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, log_many, NULL), 0);
    await_standstill();
    log_lines(LOG_ERROR, 1);
    read_lines(MANY + 1);
    pthread_join(thread, NULL);
    end_of_file(file);
}

int main(void)
{
    json_init();
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_pipe, close_pipe)
    const struct CMUnitTest tests[] = {
        CASE(test_log_sink__the_loss_is_told_where_it_is),
        CASE(test_log_sink__nobody_waits_for_a_reader_that_does_not_read),
        CASE(test_log_sink__a_file_loses_nothing),
        CASE(test_log_sink__a_full_file_has_room_for_what_is_urgent),
        CASE(test_log_sink__nobody_waits_for_a_disk_that_stands_still),
        CASE(test_log_sink__an_end_waits_no_longer_than_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
