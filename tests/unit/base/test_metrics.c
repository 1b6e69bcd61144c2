/* Counters, histograms, the text format. The metrics are the process's, so each case uses metrics of its own.
 */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"

static struct arena *arena;

static struct str printed(void)
{
    struct buf buf;
    buf_init(&buf, arena, 1 << 20);
    metrics_print(&buf);
    assert_false(buf.overflow);
    return buf_str(&buf);
}

/* The value of the one line that starts with `series` and a space; -1 when there is none. */
static double value_of(struct str text, const char *series)
{
    double value = -1;
    size_t found = 0, len = strlen(series);
    for (struct str line; text.len > 0;) {
        str_split(text, '\n', &line, &text);
        if (!str_starts_with(line, str_from(series, len)) || line.len <= len || line.at[len] != ' ')
            continue;
        value = strtod(arena_cstr(arena, str_sub(line, len + 1, line.len)), NULL);
        found++;
    }
    assert_true(found <= 1);
    return value;
}

static void assert_value(struct str text, const char *series, double expected)
{
    double value = value_of(text, series);
    if (value < expected - 1e-9 || value > expected + 1e-9)
        fail_msg("%s is %g, not %g", series, value, expected);
}

static void test_metrics__counters_and_gauges(void **state)
{
    (void)state;
    metric_add(METRIC_CONNECTIONS_ACCEPTED, 2);
    metric_add(METRIC_CONNECTIONS_ACCEPTED, 3);
    metric_add(METRIC_CONNECTIONS_OPEN, 5);
    metric_add(METRIC_CONNECTIONS_OPEN, -2);
    metric_set(METRIC_LANE_GENERAL_DEPTH, 17);
    assert_int_equal(metric_value(METRIC_CONNECTIONS_ACCEPTED), 5);
    struct str text = printed();
    assert_value(text, "tether_connections_accepted_total", 5);
    assert_value(text, "tether_connections_open", 3);
    assert_value(text, "tether_lane_general_depth", 17);
    assert_value(text, "tether_rate_limited_total", 0);
}

static void test_metrics__a_gauge_may_be_what_somebody_counts(void **state)
{
    (void)state;
    atomic_size_t came = 7, went = 4;
    metric_set(METRIC_LANE_GENERAL_DEPTH, 17);
    metric_source(METRIC_LANE_GENERAL_DEPTH, &came, &went);
    assert_value(printed(), "tether_lane_general_depth", 3);
    atomic_store(&went, 7);
    assert_int_equal(metric_value(METRIC_LANE_GENERAL_DEPTH), 0);
    metric_source(METRIC_LANE_GENERAL_DEPTH, NULL, NULL);
    assert_value(printed(), "tether_lane_general_depth", 17);
}

static void test_metrics__histograms_are_cumulative_and_in_seconds(void **state)
{
    (void)state;
    static const int64_t samples[] = { 0, 100, 101, 250, 9999, 10000, 10000000, 10000001, 3600000000 };
    for (size_t i = 0; i < COUNT(samples); i++)
        metric_observe(METRIC_HANDLER, samples[i]);
    struct str text = printed();
    assert_value(text, "tether_handler_seconds_bucket{le=\"0.0001\"}", 2);
    assert_value(text, "tether_handler_seconds_bucket{le=\"0.00025\"}", 4);
    assert_value(text, "tether_handler_seconds_bucket{le=\"0.005\"}", 4);
    assert_value(text, "tether_handler_seconds_bucket{le=\"0.01\"}", 6);
    assert_value(text, "tether_handler_seconds_bucket{le=\"5\"}", 6);
    assert_value(text, "tether_handler_seconds_bucket{le=\"10\"}", 7);
    assert_value(text, "tether_handler_seconds_bucket{le=\"+Inf\"}", 9);
    assert_value(text, "tether_handler_seconds_count", 9);
    assert_value(text, "tether_handler_seconds_sum", 3620.020451);
}

static void test_metrics__requests_by_operation_and_status(void **state)
{
    (void)state;
    char same_name[] = "assets.login"; /* another address, the same operation */
    metric_request("assets.login", 200);
    metric_request(same_name, 200);
    metric_request("assets.login", 401);
    metric_request("crm.login", 200);
    metric_request(NULL, 404);
    metric_request("assets.login", -1);
    metric_request("assets.login", 99999);
    struct str text = printed();
    assert_value(text, "tether_requests_total{op=\"assets.login\",status=\"200\"}", 2);
    assert_value(text, "tether_requests_total{op=\"assets.login\",status=\"401\"}", 1);
    assert_value(text, "tether_requests_total{op=\"crm.login\",status=\"200\"}", 1);
    assert_value(text, "tether_requests_total{op=\"other\",status=\"404\"}", 1);
    assert_value(text, "tether_requests_total{op=\"assets.login\",status=\"0\"}", 2);
}

/* HELP, TYPE, then samples; names of [a-z_0-9]; every sample belongs to the family above it. */
static void test_metrics__the_text_is_well_formed(void **state)
{
    (void)state;
    struct str line, text = printed(), family = STR("");
    size_t families = 0, samples = 0;
    while (str_split(text, '\n', &line, &text)) {
        if (str_starts_with(line, STR("# HELP "))) {
            struct str help;
            assert_true(str_split(str_sub(line, 7, line.len), ' ', &family, &help));
            assert_true(help.len > 0);
            families++;
            assert_true(str_split(text, '\n', &line, &text));
            struct str expected = arena_printf(arena, "# TYPE %.*s ", STR_ARG(family));
            assert_case(str_starts_with(line, expected), line);
            continue;
        }
        char *name = arena_cstr(arena, line);
        size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
        assert_case(len > 0 && (name[len] == ' ' || name[len] == '{'), line);
        assert_case(str_starts_with(line, family), line);
        samples++;
    }
    assert_int_equal(text.len, 0); /* ends with a line end */
    assert_true(families >= METRIC_COUNT + 4);
    assert_true(samples > families);
}

static void test_metrics__the_process_is_described(void **state)
{
    (void)state;
    struct str text = printed();
    assert_true(value_of(text, "process_resident_memory_bytes") > 100000);
    double before = value_of(text, "process_open_fds");
    assert_true(before >= 3);
    FILE *file = fopen("/dev/null", "r");
    assert_non_null(file);
    assert_value(printed(), "process_open_fds", before + 1);
    fclose(file);
    assert_value(text, "tether_build_info{version=\"" TETHER_VERSION "\"}", 1);
}

#define THREADS 4
#define ROUNDS  20000

static void *count(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        metric_add(METRIC_OVERLOAD, 1);
        metric_observe(METRIC_STORAGE_COMMIT, 1);
        metric_request("threads.count", 200);
    }
    return arg;
}

static void test_metrics__no_count_is_lost_between_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct str text = printed();
    assert_value(text, "tether_overload_total", THREADS * ROUNDS);
    assert_value(text, "tether_storage_commit_seconds_count", THREADS * ROUNDS);
    assert_value(text, "tether_requests_total{op=\"threads.count\",status=\"200\"}", THREADS * ROUNDS);
}

/* Last, because it fills the table for good. */
static void test_metrics__operations_beyond_the_table_count_as_other(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++)
        metric_request(arena_printf(arena, "op.%d", i).at, 418);
    struct str text = printed();
    double named = 0;
    for (int i = 0; i < 300; i++) {
        char series[80];
        snprintf(series, sizeof(series), "tether_requests_total{op=\"op.%d\",status=\"418\"}", i);
        named += value_of(text, series) == 1;
    }
    assert_true(named > 200 && named <= 256);
    assert_value(text, "tether_requests_total{op=\"other\",status=\"418\"}", 300 - named);
}

static int start(void **state)
{
    (void)state;
    arena = arena_new(0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics__counters_and_gauges),
        cmocka_unit_test(test_metrics__a_gauge_may_be_what_somebody_counts),
        cmocka_unit_test(test_metrics__histograms_are_cumulative_and_in_seconds),
        cmocka_unit_test(test_metrics__requests_by_operation_and_status),
        cmocka_unit_test(test_metrics__the_text_is_well_formed),
        cmocka_unit_test(test_metrics__the_process_is_described),
        cmocka_unit_test(test_metrics__no_count_is_lost_between_threads),
        cmocka_unit_test(test_metrics__operations_beyond_the_table_count_as_other),
    };
    return cmocka_run_group_tests(tests, start, end);
}
