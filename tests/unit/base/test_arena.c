/* The arena: alignment, zeroes, growth, budget, wiping, deferred functions. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#define BUDGET 100000

static int new_arena(void **state)
{
    *state = arena_new(BUDGET);
    return 0;
}

static int free_arena(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

static void test_arena__memory_is_zeroed_aligned_and_apart(void **state)
{
    unsigned char *pieces[2000];
    for (size_t i = 0; i < COUNT(pieces); i++) {
        size_t size = i % 97;
        pieces[i] = arena_alloc(*state, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t b = 0; b < size; b++)
            assert_int_equal(pieces[i][b], 0);
        memset(pieces[i], (int)(i % 255) + 1, size);
    }
    for (size_t i = 0; i < COUNT(pieces); i++)
        for (size_t b = 0; b < i % 97; b++)
            assert_int_equal(pieces[i][b], i % 255 + 1);
}

static void test_arena__pieces_larger_than_any_block_work(void **state)
{
    char *small = arena_alloc(*state, 8);
    char *large = arena_alloc(*state, 5000000);
    char *after = arena_alloc(*state, 8);
    memset(large, 'x', 5000000);
    assert_int_equal(small[0], 0);
    assert_int_equal(after[7], 0);
    assert_true(arena_used(*state) >= 5000016);
}

static void test_arena__a_large_piece_leaves_the_block_in_use(void **state)
{
    char *before = arena_alloc(*state, 16);
    arena_alloc(*state, 100000);
    char *after = arena_alloc(*state, 16);
    assert_true(after > before && after - before <= 64);
}

static void test_arena__the_newest_block_holds_what_came_last(void **state)
{
    struct str empty = arena_newest(*state);
    char *one = arena_alloc(*state, 100);
    char *two = arena_alloc(*state, 100);
    struct str both = arena_newest(*state);
    assert_ptr_equal(both.at, empty.at);
    assert_true(both.at <= one && two + 100 <= both.at + both.len);
    assert_true(both.len < empty.len + 400);
}

/* What is given out again is zeroed as if it were new, and nothing is kept by whoever did not ask for it. */
static void test_arena__kept_blocks_are_as_new(void **state)
{
    (void)state;
    arena_keep_blocks();
    for (int round = 0; round < 3; round++) {
        struct arena *some[20];
        for (size_t i = 0; i < COUNT(some); i++) {
            some[i] = arena_new(BUDGET);
            unsigned char *bytes = arena_alloc(some[i], 4000);
            for (size_t b = 0; b < 4000; b++)
                assert_int_equal(bytes[b], 0);
            memset(bytes, 0xA5, 4000);
            memset(arena_alloc_raw(some[i], 100), 0xA5, 100);
        }
        for (size_t i = 0; i < COUNT(some); i++)
            arena_free(&some[i]);
        arena_trim();
    }
    arena_keep_end();
}

static void test_arena__no_bytes_still_have_an_address(void **state)
{
    void *a = arena_alloc(*state, 0), *b = arena_alloc(*state, 0);
    assert_non_null(a);
    assert_true(a != b);
}

static void test_arena__the_budget_holds_for_try_alloc_only(void **state)
{
    assert_non_null(arena_try_alloc(*state, BUDGET / 2));
    assert_false(arena_over_budget(*state));
    assert_null(arena_try_alloc(*state, BUDGET));
    assert_true(arena_over_budget(*state));
    assert_non_null(arena_alloc(*state, BUDGET));
    assert_null(arena_try_alloc(*state, 1));
    assert_true(arena_over_budget(*state)); /* sticky */
}

static void test_arena__the_budget_can_be_used_to_the_last_byte(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64);
    assert_non_null(arena_try_alloc(arena, 64));
    assert_false(arena_over_budget(arena));
    assert_null(arena_try_alloc(arena, 1));
    arena_free(&arena);
    arena = arena_new(64);
    assert_null(arena_try_alloc(arena, 65));
    assert_null(arena_try_alloc(arena, SIZE_MAX));
    arena_free(&arena);
    arena = arena_new(0);
    assert_null(arena_try_alloc(arena, 1));
    arena_free(&arena);
}

static int order[3], order_count;

static void note(void *arg)
{
    order[order_count++] = *(int *)arg; /* the memory is still there */
}

static void test_arena__deferred_functions_run_newest_first(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    for (int i = 1; i <= 3; i++) {
        int *arg = ARENA_NEW(arena, int);
        *arg = i;
        arena_defer(arena, note, arg);
    }
    order_count = 0;
    arena_free(&arena);
    assert_null(arena);
    assert_int_equal(order_count, 3);
    assert_int_equal(order[0], 3);
    assert_int_equal(order[2], 1);
    arena_free(&arena); /* harmless */
    assert_int_equal(order_count, 3);
}

static struct arena *defers_once_more;

static void defer_again(void *arg)
{
    arena_defer(defers_once_more, note, arg);
}

static void test_arena__a_deferred_function_may_defer(void **state)
{
    (void)state;
    int arg = 7;
    defers_once_more = arena_new(0);
    struct arena *arena = defers_once_more;
    arena_defer(arena, defer_again, &arg);
    order_count = 0;
    arena_free(&arena);
    assert_int_equal(order_count, 1);
    assert_int_equal(order[0], 7);
}

static void test_arena__copies_are_terminated(void **state)
{
    struct str s = arena_copy(*state, str_from("abcdef", 3));
    assert_string_equal(s.at, "abc");
    assert_int_equal(s.len, 3);
    assert_string_equal(arena_cstr(*state, STR_NONE), "");
    assert_non_null(arena_copy(*state, STR_NONE).at);
    assert_memory_equal(arena_memdup(*state, "\0x\0", 3), "\0x\0", 3);
    assert_non_null(arena_memdup(*state, NULL, 0));
}

static void test_arena__printf_fits_any_length(void **state)
{
    assert_str(arena_printf(*state, "%d-%s", 42, "x"), STR("42-x"));
    assert_str(arena_printf(*state, "%s", ""), STR(""));
    struct str s = arena_printf(*state, "%*s", 20000, "end");
    assert_int_equal(s.len, 20000);
    assert_string_equal(s.at + 19997, "end");
}

static void test_arena__lower_touches_ascii_letters_only(void **state)
{
    assert_str(arena_lower(*state, STR("AZ az [@`{ \xC3\x84")), STR("az az [@`{ \xC3\x84"));
}

/* Freed memory is handed out again by malloc: with a recognisable pattern written through the arena, none of
 * it may be found there. Under a sanitizer freed memory is kept back and must not be read, so there it only
 * runs. */
static void test_arena__wiping_leaves_nothing_behind(void **state)
{
    (void)state;
    struct arena *arena = arena_new(0);
    arena_wipe_on_free(arena);
    memset(arena_alloc(arena, 4000), 0xA7, 4000);
    memset(arena_alloc(arena, 200000), 0xA7, 200000);
    arena_free(&arena);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    unsigned char *again = malloc(8192); /* the size of a first block */
    size_t found = 0;
    for (size_t i = 0; again != NULL && i < 8192; i++)
        found += again[i] == 0xA7;
    free(again);
    assert_int_equal(found, 0);
#endif
}

static void test_arena__arrays_are_counted_in_elements(void **state)
{
    int64_t *numbers = ARENA_ARRAY(*state, int64_t, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], 0);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

/* A read or write one byte behind a piece, or in space not handed out yet, is reported. */
static void test_arena__overruns_are_seen_by_the_sanitizer(void **state)
{
    for (size_t size = 1; size <= 3000; size = size * 2 + 1) {
        char *piece = arena_alloc(*state, size);
        arena_alloc(*state, 1); /* a neighbour does not hide it */
        assert_false(__asan_address_is_poisoned(piece + size - 1));
        assert_true(__asan_address_is_poisoned(piece + size));
    }
}
#endif

static void test_arena__join(void **state)
{
    assert_str(arena_join(*state, STR("a:"), STR("bc")), STR("a:bc"));
    assert_str(arena_join(*state, STR_NONE, STR("bc")), STR("bc"));
    struct str head = arena_join(*state, STR("a"), STR_NONE);
    assert_str(head, STR("a"));
    assert_int_equal(head.at[head.len], '\0');
}

static void test_arena__numbers(void **state)
{
    assert_str(arena_int(*state, 0), STR("0"));
    assert_str(arena_int(*state, 9), STR("9"));
    assert_str(arena_int(*state, 10), STR("10"));
    assert_str(arena_int(*state, -1), STR("-1"));
    struct str least = arena_int(*state, INT64_MIN);
    assert_str(least, STR("-9223372036854775808"));
    assert_int_equal(least.at[least.len], '\0');
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, new_arena, free_arena)
    const struct CMUnitTest tests[] = {
        CASE(test_arena__memory_is_zeroed_aligned_and_apart),
        CASE(test_arena__pieces_larger_than_any_block_work),
        CASE(test_arena__a_large_piece_leaves_the_block_in_use),
        CASE(test_arena__the_newest_block_holds_what_came_last),
        CASE(test_arena__kept_blocks_are_as_new),
        CASE(test_arena__no_bytes_still_have_an_address),
        CASE(test_arena__the_budget_holds_for_try_alloc_only),
        CASE(test_arena__the_budget_can_be_used_to_the_last_byte),
        CASE(test_arena__deferred_functions_run_newest_first),
        CASE(test_arena__a_deferred_function_may_defer),
        CASE(test_arena__copies_are_terminated),
        CASE(test_arena__printf_fits_any_length),
        CASE(test_arena__lower_touches_ascii_letters_only),
        CASE(test_arena__wiping_leaves_nothing_behind),
        CASE(test_arena__arrays_are_counted_in_elements),
        CASE(test_arena__join),
        CASE(test_arena__numbers),
#ifdef __SANITIZE_ADDRESS__
        CASE(test_arena__overruns_are_seen_by_the_sanitizer),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
