/* Times of last use: what is handed over, when, and what happens when it cannot be written. */
#include "unit.h"

#include <pthread.h>

#include "base/recent.h"

struct written {
    struct recent_item items[4096];
    size_t n, calls;
    bool refuses;
};

static bool take(void *context, const struct recent_item *items, size_t n)
{
    struct written *written = context;
    assert_in_range(n, 1, RECENT_BATCH);
    written->calls++;
    if (written->refuses)
        return false;
    assert_true(written->n + n <= COUNT(written->items));
    memcpy(written->items + written->n, items, n * sizeof(items[0]));
    written->n += n;
    return true;
}

static void test_recent__many_uses_are_one_item(void **state)
{
    (void)state;
    struct recent *recent = recent_new(1024);
    struct written written = { .n = 0 };
    for (int64_t at = 1; at <= 1000; at++)
        recent_note(recent, 7, 42, at);
    recent_note(recent, 7, 42, 3); /* an earlier one that came late */
    assert_int_equal(recent_at(recent, 42), 1000);
    assert_int_equal(recent_at(recent, 43), 0);
    assert_true(recent_flush(recent, take, &written));
    assert_int_equal(written.n, 1);
    assert_int_equal(written.items[0].group, 7);
    assert_int_equal(written.items[0].id, 42);
    assert_int_equal(written.items[0].at, 1000);
    assert_true(recent_flush(recent, take, &written)); /* nothing new */
    assert_int_equal(written.calls, 1);
    assert_int_equal(recent_at(recent, 42), 1000);
    recent_note(recent, 7, 42, 1001);
    assert_true(recent_flush(recent, take, &written));
    assert_int_equal(written.items[1].at, 1001);
    recent_free(&recent);
    assert_null(recent);
}

static void test_recent__what_was_not_written_stays_noted(void **state)
{
    (void)state;
    struct recent *recent = recent_new(4096);
    struct written written = { .refuses = true };
    for (int64_t id = 1; id <= 1000; id++)
        recent_note(recent, 1, id, id);
    assert_false(recent_flush(recent, take, &written));
    assert_int_equal(written.calls, 1);
    written.refuses = false;
    assert_true(recent_flush(recent, take, &written));
    assert_int_equal(written.n, 1000);
    int64_t sum = 0;
    for (size_t i = 0; i < written.n; i++)
        sum += written.items[i].id == written.items[i].at ? written.items[i].id : 0;
    assert_int_equal(sum, 1000 * 1001 / 2);
    recent_free(&recent);
}

/* Rows that stand beside each other are written together, whatever the order in which they were used. */
static void test_recent__is_handed_over_in_the_order_of_ids(void **state)
{
    (void)state;
    struct recent *recent = recent_new(8192);
    struct written written = { .n = 0 };
    for (int64_t i = 1; i <= 3000; i++)
        recent_note(recent, i % 3, i * 7919 % 3001, i);
    assert_true(recent_flush(recent, take, &written));
    assert_int_equal(written.n, 3000);
    assert_int_equal(written.calls, (3000 + RECENT_BATCH - 1) / RECENT_BATCH);
    for (size_t i = 0; i < written.n; i++)
        assert_int_equal(written.items[i].id, i + 1);
    recent_free(&recent);
}

/* 512 places, far more things: memory does not grow, and what is kept is what was used last. */
static void test_recent__is_bounded(void **state)
{
    (void)state;
    struct recent *recent = recent_new(512);
    struct written written = { .n = 0 };
    for (int64_t id = 1; id <= 100000; id++)
        recent_note(recent, 1, id, id);
    assert_int_equal(recent_at(recent, 100000), 100000);
    assert_true(recent_flush(recent, take, &written));
    assert_in_range(written.n, 400, 512);
    recent_free(&recent);
}

static void *note_many(void *arg)
{
    for (int64_t i = 0; i < 20000; i++)
        recent_note(arg, 1, i % 64 + 1, i + 1);
    return NULL;
}

static void test_recent__threads_note_while_one_writes(void **state)
{
    (void)state;
    struct recent *recent = recent_new(1024);
    struct written written = { .n = 0 };
    pthread_t threads[3];
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, note_many, recent), 0);
    for (int i = 0; i < 20; i++)
        assert_true(recent_flush(recent, take, &written));
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    assert_true(recent_flush(recent, take, &written));
    int64_t latest[65] = { 0 };
    for (size_t i = 0; i < written.n; i++)
        if (written.items[i].at > latest[written.items[i].id])
            latest[written.items[i].id] = written.items[i].at;
    for (int64_t id = 1; id <= 64; id++)
        assert_int_equal(latest[id], recent_at(recent, id));
    recent_free(&recent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recent__many_uses_are_one_item),
        cmocka_unit_test(test_recent__what_was_not_written_stays_noted),
        cmocka_unit_test(test_recent__is_handed_over_in_the_order_of_ids),
        cmocka_unit_test(test_recent__is_bounded),
        cmocka_unit_test(test_recent__threads_note_while_one_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
