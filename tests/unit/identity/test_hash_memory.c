/* Memory that hashes keep: built without sanitizers, whose mmap() would be in the way, and with its symbols
 * exported, as the program is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "identity/hash_memory.h"

#define MEMORY ((size_t)24 << 20)
#define MARGIN ((size_t)8 << 20)

/* What the unit under test uses of the base room. */
int64_t clock_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void secret_wipe(void *data, size_t size)
{
    sodium_memzero(data, size);
}

static size_t resident(void)
{
    unsigned long total = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &total, &pages), 2);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void hash(const char *password, size_t memory, unsigned long long passes, unsigned char ret[32])
{
    static const unsigned char salt[crypto_pwhash_SALTBYTES] = "sixteen bytes!!";
    assert_int_equal(crypto_pwhash(ret, 32, password, strlen(password), salt, passes, memory,
                                   crypto_pwhash_ALG_ARGON2ID13),
                     0);
}

static void hash_here(const char *password, size_t memory, unsigned long long passes, unsigned char ret[32])
{
    hash_memory_begin();
    hash(password, memory, passes, ret);
    hash_memory_end();
}

static const struct {
    const char *password;
    size_t memory;
    unsigned long long passes;
} cases[] = {
    { "first", MEMORY, 2 },     { "second", MEMORY, 2 }, { "first", MEMORY / 2, 1 }, { "first", MEMORY, 1 },
    { "third", MEMORY * 2, 1 }, { "small", 65536, 3 },   { "first", MEMORY, 2 },
};

/* Whatever stood in the memory before. */
static void check_all(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned char fresh[32], kept[32];
        hash(cases[i].password, cases[i].memory, cases[i].passes, fresh);
        hash_here(cases[i].password, cases[i].memory, cases[i].passes, kept);
        assert_memory_equal(fresh, kept, sizeof(fresh));
    }
}

static void test_hash_memory__changes_no_hash(void **state)
{
    (void)state;
    check_all();
}

static void test_hash_memory__is_kept_until_it_is_idle(void **state)
{
    (void)state;
    unsigned char digest[32];
    hash_memory_trim(0);
    size_t before = resident();
    hash_here("a", MEMORY, 1, digest);
    assert_true(resident() > before + MEMORY - MARGIN);
    hash_memory_trim(3600 * 1000);
    assert_true(resident() > before + MEMORY - MARGIN);
    hash_memory_trim(0);
    assert_true(resident() < before + MARGIN);
    hash_here("a", MEMORY, 1, digest); /* it comes back */
    assert_true(resident() > before + MEMORY - MARGIN);
}

static void *run_thread(void *unused)
{
    check_all();
    return unused;
}

static void test_hash_memory__belongs_to_its_thread(void **state)
{
    (void)state;
    pthread_t threads[4];
    hash_memory_trim(0);
    size_t before = resident();
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_thread, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(resident() < before + MARGIN); /* it went with them */
}

static void test_hash_memory__passes_on_what_is_not_a_hash(void **state)
{
    (void)state;
    hash_memory_begin();
    char *mapped = mmap(NULL, MEMORY, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    hash_memory_end();
    assert_ptr_not_equal(mapped, MAP_FAILED);
    assert_int_equal(mapped[MEMORY - 1], 0);
    assert_int_equal(munmap(mapped, MEMORY), 0);
    assert_ptr_equal(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), MAP_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_memory__changes_no_hash),
        cmocka_unit_test(test_hash_memory__is_kept_until_it_is_idle),
        cmocka_unit_test(test_hash_memory__belongs_to_its_thread),
        cmocka_unit_test(test_hash_memory__passes_on_what_is_not_a_hash),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
