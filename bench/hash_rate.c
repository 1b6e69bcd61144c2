/* How many argon2id checks a second this machine makes at best: N threads that do nothing else.
 *
 *   bench_hash_rate THREADS SECONDS MEMORY_BYTES ITERATIONS [kept]
 *
 * prints checks per second and processor milliseconds per check: libsodium's as they come, or in memory that each
 * thread keeps, as the server's do.
 */
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "identity/hash_memory.h"

#define PASSWORD "correct horse battery"

static char stored[crypto_pwhash_STRBYTES];
static bool kept;
static atomic_bool stop;
static atomic_long checks;

static void check(void)
{
    if (kept)
        hash_memory_begin();
    if (crypto_pwhash_str_verify(stored, PASSWORD, sizeof(PASSWORD) - 1) != 0)
        abort();
    if (kept)
        hash_memory_end();
}

static void *run(void *unused)
{
    while (!atomic_load(&stop)) {
        check();
        atomic_fetch_add(&checks, 1);
    }
    return unused;
}

int main(int argc, char **argv)
{
    kept = argc == 6 && strcmp(argv[5], "kept") == 0;
    if (argc != 5 + kept || sodium_init() < 0)
        return 2;
    long count = strtol(argv[1], NULL, 10), seconds = strtol(argv[2], NULL, 10);
    if (crypto_pwhash_str(stored, PASSWORD, sizeof(PASSWORD) - 1, strtoull(argv[4], NULL, 10),
                          strtoull(argv[3], NULL, 10)) != 0)
        return 1;
    pthread_t *threads = calloc((size_t)count, sizeof(*threads));
    for (long i = 0; threads && i < count; i++)
        if (pthread_create(&threads[i], NULL, run, NULL) != 0)
            return 1;
    sleep((unsigned)seconds);
    long done = atomic_load(&checks);
    double cpu_ms = (double)clock() * 1000 / CLOCKS_PER_SEC / (double)done,
           rate = (double)done / (double)seconds;
    atomic_store(&stop, true);
    for (long i = 0; threads && i < count; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    printf("%.2f %.3f\n", rate, cpu_ms);
    return 0;
}
