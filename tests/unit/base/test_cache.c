#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cache.h"
#include "base/random.h"

#define VALUE_MAX 64

/* ---- what is freed, and whether it was wiped ---- */

static struct {
    bool watching;
    size_t blocks; /* of VALUE_MAX bytes that looked like a value */
    size_t dirty;
} freed;

void __real_free(void *at);
void *__real_malloc(size_t size);
void __wrap_free(void *at);
void *__wrap_malloc(size_t size);

static void *values[64];
static size_t value_count;

void *__wrap_malloc(size_t size)
{
    void *at = __real_malloc(size);
    if (freed.watching && size == VALUE_MAX && value_count < COUNT(values))
        values[value_count++] = at;
    return at;
}

void __wrap_free(void *at)
{
    static const char zeroes[VALUE_MAX];
    for (size_t i = 0; freed.watching && i < value_count; i++) {
        if (values[i] != at)
            continue;
        freed.blocks++;
        freed.dirty += memcmp(at, zeroes, VALUE_MAX) != 0;
    }
    __real_free(at);
}

/* ---- helpers ---- */

static struct str key_of(char *text, int number)
{
    return str_from(text, (size_t)snprintf(text, 32, "key %d", number));
}

static void put(struct cache *cache, int number)
{
    char text[32];
    cache_put(cache, key_of(text, number), &number, sizeof(number));
}

static bool has(struct cache *cache, int number)
{
    char text[32];
    int value = -1;
    size_t size = 0;
    if (!cache_get(cache, key_of(text, number), &value, sizeof(value), &size))
        return false;
    assert_int_equal(size, sizeof(value));
    assert_int_equal(value, number);
    return true;
}

static int kept(struct cache *cache, int from, int to)
{
    int n = 0;
    for (int i = from; i < to; i++)
        n += has(cache, i);
    return n;
}

/* ---- cases ---- */

static void test_cache__keeps_and_replaces(void **state)
{
    (void)state;
    struct cache *cache = cache_new(8, VALUE_MAX);
    char out[VALUE_MAX];
    size_t size;
    assert_false(cache_get(cache, STR("a"), out, sizeof(out), &size));
    cache_put(cache, STR("a"), "first", 6);
    cache_put(cache, STR("b"), "other", 6);
    cache_put(cache, STR("a"), "2nd", 4);
    assert_true(cache_get(cache, STR("a"), out, sizeof(out), &size));
    assert_int_equal(size, 4);
    assert_string_equal(out, "2nd");
    assert_true(cache_get(cache, STR("b"), out, sizeof(out), &size));
    assert_string_equal(out, "other");
    assert_false(cache_get(cache, STR("A"), out, sizeof(out), &size));
    assert_false(cache_get(cache, STR("a "), out, sizeof(out), &size));
    cache_free(&cache);
    assert_null(cache);
    cache_free(&cache);
}

static void test_cache__keys_are_bytes(void **state)
{
    (void)state;
    struct cache *cache = cache_new(64, VALUE_MAX);
    char out[VALUE_MAX];
    size_t size;
    cache_put(cache, STR_NONE, "nothing", 8);
    cache_put(cache, str_from("a\0b", 3), "nul", 4);
    cache_put(cache, str_from("a\0c", 3), "lun", 4);
    assert_true(cache_get(cache, str_from("", 0), out, sizeof(out), &size));
    assert_string_equal(out, "nothing");
    assert_true(cache_get(cache, str_from("a\0b", 3), out, sizeof(out), &size));
    assert_string_equal(out, "nul");
    assert_false(cache_get(cache, STR("a"), out, sizeof(out), &size));
    cache_free(&cache);
}

static void test_cache__respects_both_caps(void **state)
{
    (void)state;
    struct cache *cache = cache_new(8, VALUE_MAX);
    char value[VALUE_MAX + 1] = "x", out[VALUE_MAX] = "untouched";
    size_t size = 77;
    cache_put(cache, STR("a"), value, VALUE_MAX);
    assert_false(cache_get(cache, STR("a"), out, VALUE_MAX - 1, &size));
    assert_string_equal(out, "untouched");
    assert_int_equal(size, 77);
    assert_true(cache_get(cache, STR("a"), out, VALUE_MAX, &size));
    cache_put(cache, STR("b"), value, VALUE_MAX + 1);
    assert_false(cache_get(cache, STR("b"), out, sizeof(out), &size));
    cache_put(cache, STR("empty"), value, 0);
    assert_true(cache_get(cache, STR("empty"), out, 0, &size));
    assert_int_equal(size, 0);
    cache_free(&cache);
}

/* A place grows with what is put there, and a smaller value leaves nothing of a larger one. */
static void test_cache__values_may_grow_and_shrink(void **state)
{
    (void)state;
    struct cache *cache = cache_new(1, VALUE_MAX);
    char value[VALUE_MAX], out[VALUE_MAX];
    for (size_t i = 0; i < 4 * VALUE_MAX; i++) {
        size_t size = i * 7 % (VALUE_MAX + 1), got = 0;
        memset(value, (int)('a' + i % 26), sizeof(value));
        cache_put(cache, STR("a"), value, size);
        assert_true(cache_get(cache, STR("a"), out, sizeof(out), &got));
        assert_int_equal(got, size);
        assert_memory_equal(out, value, size);
    }
    cache_free(&cache);
}

/* One set: eight entries, and the one that was not used for longest gives way. */
static void test_cache__the_oldest_gives_way(void **state)
{
    (void)state;
    struct cache *cache = cache_new(1, VALUE_MAX);
    for (int i = 0; i < 8; i++)
        put(cache, i);
    assert_int_equal(kept(cache, 0, 8), 8);
    assert_true(has(cache, 0)); /* now 1 is the oldest */
    put(cache, 2);              /* and 2 is fresh again */
    put(cache, 100);
    assert_false(has(cache, 1));
    put(cache, 101);
    assert_false(has(cache, 3));
    assert_true(has(cache, 0) && has(cache, 2) && has(cache, 100) && has(cache, 101));
    cache_free(&cache);
}

/* What is asked for survives a flood of others. */
static void test_cache__what_is_used_stays(void **state)
{
    (void)state;
    struct cache *cache = cache_new(64, VALUE_MAX);
    put(cache, 0);
    for (int i = 1; i < 20000; i++) {
        put(cache, i);
        assert_true(has(cache, 0));
    }
    cache_free(&cache);
}

static void test_cache__is_bounded(void **state)
{
    (void)state;
    struct cache *cache = cache_new(60, VALUE_MAX); /* rounded up to 64 */
    memset(&freed, 0, sizeof(freed));
    value_count = 0;
    freed.watching = true;
    for (int i = 0; i < 5000; i++)
        put(cache, i);
    assert_int_equal(value_count, 64); /* as many values were ever allocated */
    assert_int_equal(kept(cache, 0, 5000), 64);
    cache_free(&cache);
    freed.watching = false;
}

static void test_cache__free_wipes(void **state)
{
    (void)state;
    struct cache *cache = cache_new(8, VALUE_MAX);
    memset(&freed, 0, sizeof(freed));
    value_count = 0;
    freed.watching = true;
    cache_put(cache, STR("a"), "somebody@x.example", 19);
    cache_put(cache, STR("a"), "s", 1); /* the rest of the longer value is still there */
    cache_put(cache, STR("b"), "somebody@y.example", 19);
    cache_free(&cache);
    freed.watching = false;
    assert_int_equal(freed.blocks, 2);
    assert_int_equal(freed.dirty, 0);
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS  20000
#define KEYS    48

struct shared {
    struct cache *cache;
    atomic_int hits, torn;
    atomic_int next;
};

struct long_value {
    int number[VALUE_MAX / sizeof(int)];
};

/* Every value is its key's number all over: half of one and half of another would show. */
static void *churn(void *context)
{
    struct shared *shared = context;
    unsigned dice = (unsigned)atomic_fetch_add(&shared->next, 1) * 7919u;
    for (int round = 0; round < ROUNDS; round++) {
        char text[32];
        struct long_value value;
        size_t size;
        dice = dice * 1103515245u + 12345u;
        int number = (int)(dice >> 16) % KEYS;
        struct str key = key_of(text, number);
        if (dice & 0x100) {
            for (size_t i = 0; i < COUNT(value.number); i++)
                value.number[i] = number;
            cache_put(shared->cache, key, &value, sizeof(value));
        } else if (cache_get(shared->cache, key, &value, sizeof(value), &size)) {
            atomic_fetch_add(&shared->hits, 1);
            for (size_t i = 0; i < COUNT(value.number); i++)
                atomic_fetch_add(&shared->torn, value.number[i] != number);
        }
    }
    return NULL;
}

static void test_cache__threads_never_see_a_torn_value(void **state)
{
    (void)state;
    struct shared shared = { .cache = cache_new(32, VALUE_MAX) };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(shared.hits > 0);
    assert_int_equal(shared.torn, 0);
    cache_free(&shared.cache);
}

int main(void)
{
    random_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cache__keeps_and_replaces),
        cmocka_unit_test(test_cache__keys_are_bytes),
        cmocka_unit_test(test_cache__respects_both_caps),
        cmocka_unit_test(test_cache__values_may_grow_and_shrink),
        cmocka_unit_test(test_cache__the_oldest_gives_way),
        cmocka_unit_test(test_cache__what_is_used_stays),
        cmocka_unit_test(test_cache__is_bounded),
        cmocka_unit_test(test_cache__free_wipes),
        cmocka_unit_test(test_cache__threads_never_see_a_torn_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
