/* The log, read back through a pipe: every line must be one JSON object. */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

struct captured {
    struct arena *arena;
    int pipe[2];
};
static struct captured log_pipe;

static int start_capture(void **state)
{
    (void)state;
    log_pipe.arena = arena_new(64 << 20);
    if (pipe(log_pipe.pipe) != 0)
        return -1;
    fcntl(log_pipe.pipe[0], F_SETFL, O_NONBLOCK);
    fcntl(log_pipe.pipe[1], F_SETPIPE_SZ, 1 << 20);
    log_set_fd(log_pipe.pipe[1]);
    log_set_level(LOG_DEBUG);
    log_set_format(LOG_JSON);
    return 0;
}

static int end_capture(void **state)
{
    (void)state;
    log_set_fd(STDERR_FILENO);
    close(log_pipe.pipe[0]);
    close(log_pipe.pipe[1]);
    arena_free(&log_pipe.arena);
    return 0;
}

/* What was logged since the last call. */
static struct str captured(void)
{
    char *at = arena_alloc(log_pipe.arena, 1 << 20);
    ssize_t n = read(log_pipe.pipe[0], at, (1 << 20) - 1);
    return str_from(at, n < 0 ? 0 : (size_t)n);
}

/* One line as an object. */
static cJSON *captured_object(void)
{
    struct str text = captured();
    cJSON *item;
    struct json_error error;
    assert_true(str_ends_with(text, STR("}\n")));
    assert_int_equal(str_index(text, '\n'), text.len - 1);
    if (!json_parse(log_pipe.arena, text, &item, &error))
        fail_msg("%s at %zu: %.*s", error.text, error.offset, STR_ARG(text));
    return item;
}

static struct str member(const cJSON *item, const char *name)
{
    return json_as_str(cJSON_GetObjectItemCaseSensitive(item, name));
}

static void test_log__a_line_has_time_level_message_and_fields(void **state)
{
    (void)state;
    int64_t before = clock_now(), time, port;
    log_event(LOG_WARN, "listening", LOG_Z("address", "::1"), LOG_I("port", 8080), LOG_S("none", STR_NONE));
    cJSON *line = captured_object();
    assert_int_equal(cJSON_GetArraySize(line), 6);
    assert_int_equal(member(line, "time").len, 27); /* always with microseconds */
    assert_true(clock_parse_iso8601(member(line, "time"), &time));
    assert_true(time >= before && time <= clock_now());
    assert_str(member(line, "level"), STR("warn"));
    assert_str(member(line, "msg"), STR("listening"));
    assert_str(member(line, "address"), STR("::1"));
    assert_str(member(line, "none"), STR(""));
    assert_true(json_as_int(cJSON_GetObjectItemCaseSensitive(line, "port"), &port));
    assert_int_equal(port, 8080);
}

static void test_log__a_time_that_is_known_is_taken(void **state)
{
    (void)state;
    const struct log_field fields[] = { LOG_I("n", 1), { LOG_FIELD_END } };
    log_fields_at(LOG_INFO, LOG_JSON, 1000001, "then", fields);
    assert_str(
        captured(),
        STR("{\"time\":\"1970-01-01T00:00:01.000001Z\",\"level\":\"info\",\"msg\":\"then\",\"n\":1}\n"));
    log_set_level(LOG_WARN);
    log_fields_at(LOG_INFO, LOG_JSON, 1000001, "then", fields);
    assert_int_equal(captured().len, 0);
}

static void test_log__without_fields(void **state)
{
    (void)state;
    log_event(LOG_ERROR, "done");
    cJSON *line = captured_object();
    assert_int_equal(cJSON_GetArraySize(line), 3);
    assert_str(member(line, "level"), STR("error"));
}

static void test_log__integers_are_exact(void **state)
{
    (void)state;
    log_event(LOG_INFO, "n", LOG_I("max", INT64_MAX), LOG_I("min", INT64_MIN));
    struct str text = captured();
    assert_true(str_ends_with(text, STR(",\"max\":9223372036854775807,\"min\":-9223372036854775808}\n")));
}

/* A stranger's text cannot end the line, the string or the object. */
static void test_log__hostile_text_stays_inside_its_string(void **state)
{
    (void)state;
    static const struct {
        struct str text, read;
    } cases[] = {
        { { "\n{\"level\":\"error\"}", 18 }, { "\n{\"level\":\"error\"}", 18 } },
        { { "\",\"level\":\"x", 12 }, { "\",\"level\":\"x", 12 } },
        { { "\r\n\t\\", 4 }, { "\r\n\t\\", 4 } },
        { { "\x1b[31mred\x7f", 9 }, { "\x1b[31mred\x7f", 9 } },
        { { "\xFF\xFE", 2 }, { "\xEF\xBF\xBD\xEF\xBF\xBD", 6 } },
        { { "\xE2\x80\xA8", 3 }, { "\xE2\x80\xA8", 3 } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        log_event(LOG_INFO, "x", LOG_S("evil", cases[i].text), LOG_Z("after", "ok"));
        cJSON *line = captured_object();
        assert_str(member(line, "level"), STR("info"));
        assert_str(member(line, "evil"), cases[i].read);
        assert_str(member(line, "after"), STR("ok"));
    }
    log_event(LOG_INFO, "x", LOG_S("evil", STR("a\0b")));
    assert_true(str_ends_with(captured(), STR("\"evil\":\"a\\u0000b\"}\n")));
}

static void test_log__long_lines_are_cut_and_stay_json(void **state)
{
    (void)state;
    static char big[20000];
    static const char *const fillers[] = { "x", "\"", "\xC3\xA4", "\xFF", "\x01" };
    for (size_t f = 0; f < COUNT(fillers); f++) {
        size_t step = strlen(fillers[f]);
        for (size_t i = 0; i + step <= sizeof(big); i += step)
            memcpy(big + i, fillers[f], step);
        for (size_t extra = 0; extra < 8; extra++) { /* every alignment of the cut */
            log_event(LOG_INFO, "big", LOG_S("pad", str_from("12345678", extra)),
                      LOG_S("big", str_from(big, sizeof(big))), LOG_Z("after", "does not fit"));
            struct str text = captured();
            assert_in_range(text.len, 8192 - 40, 8192);
            cJSON *line;
            struct json_error error;
            assert_true(json_parse(log_pipe.arena, text, &line, &error));
            assert_str(member(line, "level"), STR("info"));
        }
    }
}

static void test_log__many_fields_are_cut_between_fields(void **state)
{
    (void)state;
    struct log_field fields[600];
    for (size_t i = 0; i < COUNT(fields) - 1; i++)
        fields[i] = LOG_I("a_rather_long_field_name", INT64_MIN);
    fields[COUNT(fields) - 1] = (struct log_field){ LOG_FIELD_END };
    log_fields(LOG_INFO, "many", fields);
    struct str text = captured();
    assert_true(text.len <= 8192);
    assert_true(str_ends_with(text, STR("\":-9223372036854775808}\n")));
}

static void test_log__a_long_message_is_cut_too(void **state)
{
    (void)state;
    static char message[10000];
    memset(message, 'm', sizeof(message) - 1);
    log_event(LOG_INFO, message, LOG_I("n", 1));
    captured_object();
}

static void test_log__levels_filter(void **state)
{
    (void)state;
    log_set_level(LOG_WARN);
    assert_false(log_is_on(LOG_INFO));
    assert_true(log_is_on(LOG_WARN));
    log_event(LOG_DEBUG, "no");
    log_event(LOG_INFO, "no");
    assert_int_equal(captured().len, 0);
    log_event(LOG_WARN, "yes");
    log_event(LOG_ERROR, "yes");
    struct str text = captured();
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    assert_int_equal(lines, 2);
}

static void test_log__level_names(void **state)
{
    (void)state;
    enum log_level level;
    assert_true(log_level_of(STR("debug"), &level) && level == LOG_DEBUG);
    assert_true(log_level_of(STR("error"), &level) && level == LOG_ERROR);
    assert_false(log_level_of(STR("ERROR"), &level));
    assert_false(log_level_of(STR(""), &level));
}

static void test_log__text_for_a_terminal(void **state)
{
    (void)state;
    log_set_format(LOG_TEXT);
    log_event(LOG_INFO, "listening", LOG_Z("address", "127.0.0.1:80"), LOG_I("n", 3),
              LOG_Z("why", "two words"), LOG_Z("empty", ""), LOG_S("evil", STR("a\nb\x1b[0m")));
    struct str text = captured();
    assert_int_equal(text.at[26], 'Z');
    assert_str(str_sub(text, 27, text.len),
               STR(" info: listening address=127.0.0.1:80 n=3 why=\"two words\" empty=\"\""
                   " evil=\"a\\nb\\u001b[0m\"\n"));
}

/* The format in force may have changed since the line was begun. */
static void test_log__a_line_is_of_one_format(void **state)
{
    (void)state;
    char rendered[64];
    const struct log_field inner[] = { LOG_I("n", 1), { LOG_FIELD_END } };
    log_set_format(LOG_TEXT);
    size_t len = log_render(rendered, sizeof(rendered), LOG_JSON, inner);
    const struct log_field outer[] = { LOG_R(str_from(rendered, len)), LOG_Z("s", "x"), { LOG_FIELD_END } };
    log_fields_at(LOG_INFO, LOG_JSON, 1000001, "then", outer);
    assert_str(captured(),
               STR("{\"time\":\"1970-01-01T00:00:01.000001Z\",\"level\":\"info\",\"msg\":\"then\","
                   "\"n\":1,\"s\":\"x\"}\n"));
}

static void test_log__text_lines_are_cut_too(void **state)
{
    (void)state;
    static char big[20000];
    memset(big, 'x', sizeof(big));
    log_set_format(LOG_TEXT);
    log_event(LOG_INFO, "big", LOG_S("big", str_from(big, sizeof(big))), LOG_I("n", 1));
    struct str text = captured();
    assert_true(text.len <= 8192);
    assert_int_equal(str_index(text, '\n'), text.len - 1);
}

#define THREADS 4
#define LINES   200

static void *log_lines(void *arg)
{
    for (int i = 0; i < LINES; i++)
        log_event(LOG_INFO, "line", LOG_I("thread", *(int *)arg), LOG_I("i", i));
    return NULL;
}

static void test_log__lines_of_threads_never_mix(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, log_lines, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct str line, rest = captured();
    int next[THREADS] = { 0 };
    while (str_split(rest, '\n', &line, &rest)) {
        cJSON *item;
        struct json_error error;
        int64_t thread, i;
        assert_case(json_parse(log_pipe.arena, line, &item, &error), line);
        assert_true(json_as_int(cJSON_GetObjectItemCaseSensitive(item, "thread"), &thread));
        assert_true(json_as_int(cJSON_GetObjectItemCaseSensitive(item, "i"), &i));
        assert_int_equal(i, next[thread]++);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(next[i], LINES);
}

static void test_log__a_closed_descriptor_is_survived(void **state)
{
    (void)state;
    log_set_fd(-1);
    log_event(LOG_ERROR, "nobody hears this");
    log_set_fd(log_pipe.pipe[1]);
    log_event(LOG_ERROR, "somebody hears this");
    assert_str(member(captured_object(), "msg"), STR("somebody hears this"));
}

/* How many lines are there to read, and whether they are whole. */
static size_t captured_lines(void)
{
    struct str line, rest = captured();
    assert_true(rest.len == 0 || rest.at[rest.len - 1] == '\n');
    size_t lines = 0;
    while (str_split(rest, '\n', &line, &rest))
        lines++;
    return lines;
}

static void test_log__gathered_lines_wait_for_the_flush(void **state)
{
    (void)state;
    log_gather();
    log_event(LOG_INFO, "one");
    log_event(LOG_DEBUG, "two");
    assert_int_equal(captured_lines(), 0);
    log_flush();
    assert_int_equal(captured_lines(), 2);
    log_flush();
    assert_int_equal(captured_lines(), 0);
    log_gather_end();
    log_event(LOG_INFO, "three");
    assert_int_equal(captured_lines(), 1);
}

static off_t written_to(FILE *file)
{
    struct stat stat;
    assert_int_equal(fstat(fileno(file), &stat), 0);
    return stat.st_size;
}

static void test_log__in_a_file_lines_of_several_turns_are_written_together(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    log_set_fd(fileno(file));
    log_gather();
    assert_int_equal(log_settle(1000), INT32_MAX);
    log_event(LOG_INFO, "one");
    assert_int_equal(log_settle(1000), LOG_WAIT_MS);
    log_event(LOG_INFO, "two");
    assert_int_equal(log_settle(1000 + LOG_WAIT_MS - 1), 1);
    assert_int_equal(written_to(file), 0);
    assert_int_equal(log_settle(1000 + LOG_WAIT_MS), INT32_MAX);
    off_t both = written_to(file);
    assert_true(both > 0);
    log_event(LOG_INFO, "three");
    assert_int_equal(log_settle(5000), LOG_WAIT_MS);
    log_event(LOG_WARN, "four");
    assert_int_equal(log_settle(5001), INT32_MAX);
    assert_true(written_to(file) > both);
    log_gather_end();
    log_set_fd(log_pipe.pipe[1]);
    fclose(file);
}

static void test_log__to_a_pipe_each_turn_is_written(void **state)
{
    (void)state;
    log_gather();
    log_event(LOG_INFO, "one");
    assert_int_equal(log_settle(1000), INT32_MAX);
    assert_int_equal(captured_lines(), 1);
    log_gather_end();
}

static void test_log__a_warning_does_not_wait_and_keeps_its_place(void **state)
{
    (void)state;
    log_gather();
    log_event(LOG_INFO, "first");
    log_event(LOG_WARN, "second");
    struct str first, rest = captured();
    assert_true(str_split(rest, '\n', &first, &rest));
    assert_non_null(memmem(first.at, first.len, "first", 5));
    assert_non_null(memmem(rest.at, rest.len, "second", 6));
    log_gather_end();
}

static void test_log__what_waits_is_bounded_and_nothing_is_lost(void **state)
{
    (void)state;
    log_gather();
    size_t seen = 0;
    for (int i = 0; i < 1000; i++)
        log_event(LOG_INFO, "request", LOG_I("n", i), LOG_Z("path", "/api/auth/me"));
    seen += captured_lines();
    assert_true(seen > 900);
    log_gather_end();
    assert_int_equal(seen + captured_lines(), 1000);
}

static void test_log__a_long_line_overtakes_nothing(void **state)
{
    (void)state;
    char text[6000];
    memset(text, 'x', sizeof(text));
    log_gather();
    log_event(LOG_INFO, "short");
    log_event(LOG_INFO, "long", LOG_S("text", str_from(text, sizeof(text))));
    struct str first, rest = captured();
    assert_true(str_split(rest, '\n', &first, &rest));
    assert_non_null(memmem(first.at, first.len, "short", 5));
    assert_true(rest.len > sizeof(text));
    log_gather_end();
}

int main(void)
{
    json_init();
#define CASE(name) cmocka_unit_test_setup_teardown(name, start_capture, end_capture)
    const struct CMUnitTest tests[] = {
        CASE(test_log__a_line_has_time_level_message_and_fields),
        CASE(test_log__a_time_that_is_known_is_taken),
        CASE(test_log__without_fields),
        CASE(test_log__integers_are_exact),
        CASE(test_log__hostile_text_stays_inside_its_string),
        CASE(test_log__long_lines_are_cut_and_stay_json),
        CASE(test_log__many_fields_are_cut_between_fields),
        CASE(test_log__a_long_message_is_cut_too),
        CASE(test_log__levels_filter),
        CASE(test_log__level_names),
        CASE(test_log__text_for_a_terminal),
        CASE(test_log__a_line_is_of_one_format),
        CASE(test_log__text_lines_are_cut_too),
        CASE(test_log__lines_of_threads_never_mix),
        CASE(test_log__a_closed_descriptor_is_survived),
        CASE(test_log__gathered_lines_wait_for_the_flush),
        CASE(test_log__in_a_file_lines_of_several_turns_are_written_together),
        CASE(test_log__to_a_pipe_each_turn_is_written),
        CASE(test_log__a_warning_does_not_wait_and_keeps_its_place),
        CASE(test_log__what_waits_is_bounded_and_nothing_is_lost),
        CASE(test_log__a_long_line_overtakes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
