/* libsodium offers no way to hand memory in. It calls mmap() and munmap() through the PLT, so functions of those
 * names in the main program run first, as the guards of src/http do for libh2o; ours pass on every call but
 * those of a hash. Where they are not in effect (a program that exports nothing, a sanitizer's own mmap) a hash
 * costs what it always did. */
#include "identity/hash_memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"

#define LARGE_PAGE ((size_t)2 << 20)
#define SMALLEST   ((size_t)256 << 10) /* what is below comes and goes cheaply */
#define FIRST_PART ((size_t)4096)      /* blocks that follow from the password alone, if a hash has one pass */

struct area {
    pthread_mutex_t lock; /* held while a hash is under way */
    void *map;            /* NULL: none yet */
    size_t mapped;
    void *at; /* the part of it on a large page's border */
    size_t size;
    bool is_taken;
    bool is_resident;
    int64_t used_ms;
    struct area *next;
};

static struct {
    pthread_mutex_t lock;
    struct area *first;
    pthread_key_t key;
} areas = { .lock = PTHREAD_MUTEX_INITIALIZER };

static _Thread_local struct area *active; /* a hash is under way on this thread */

static void release(struct area *area)
{
    if (area->map)
        syscall(SYS_munmap, area->map, area->mapped);
    area->map = area->at = NULL;
    area->size = area->mapped = 0;
    area->is_resident = false;
}

/* ---- threads ---- */

static void unlink_area(struct area *area)
{
    pthread_mutex_lock(&areas.lock);
    struct area **at = &areas.first;
    while (*at != area)
        at = &(*at)->next;
    *at = area->next;
    pthread_mutex_unlock(&areas.lock);
}

static void on_thread_end(void *arg)
{
    struct area *area = arg;
    unlink_area(area);
    release(area);
    pthread_mutex_destroy(&area->lock);
    free(area);
}

static void make_key(void)
{
    if (pthread_key_create(&areas.key, on_thread_end) != 0)
        abort();
}

static struct area *area_of_thread(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    struct area *area = pthread_getspecific(areas.key);
    if (area)
        return area;
    area = calloc(1, sizeof(*area));
    if (!area || pthread_setspecific(areas.key, area) != 0)
        abort();
    pthread_mutex_init(&area->lock, NULL);
    pthread_mutex_lock(&areas.lock);
    area->next = areas.first;
    areas.first = area;
    pthread_mutex_unlock(&areas.lock);
    return area;
}

void hash_memory_begin(void)
{
    struct area *area = area_of_thread();
    pthread_mutex_lock(&area->lock);
    active = area;
}

void hash_memory_end(void)
{
    struct area *area = active;
    active = NULL;
    area->used_ms = clock_monotonic_ms();
    pthread_mutex_unlock(&area->lock);
}

void hash_memory_trim(int64_t idle_ms)
{
    pthread_mutex_lock(&areas.lock);
    for (struct area *area = areas.first; area; area = area->next) {
        if (pthread_mutex_trylock(&area->lock) != 0)
            continue;
        if (area->is_resident && clock_monotonic_ms() - area->used_ms >= idle_ms)
            release(area);
        pthread_mutex_unlock(&area->lock);
    }
    pthread_mutex_unlock(&areas.lock);
}

/* ---- what libsodium calls ---- */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#define EXPORTED __attribute__((visibility("default"), used))

static void *map_pages(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
    return (void *)syscall(SYS_mmap, addr, size, prot, flags, fd, offset);
}

static void map_area(struct area *area, size_t size)
{
    size_t mapped = (size + 2 * LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
    release(area);
    void *map = map_pages(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return;
    area->map = map;
    area->mapped = mapped;
    area->at = (void *)(((uintptr_t)map + LARGE_PAGE - 1) & ~(uintptr_t)(LARGE_PAGE - 1));
    area->size = size;
    area->is_resident = true;
    madvise(area->at, mapped - LARGE_PAGE, MADV_HUGEPAGE); /* a wish: small ones will do */
}

/* NULL: the call is to go its usual way. */
static void *take(size_t size)
{
    struct area *area = active;
    if (!area || area->is_taken || size < SMALLEST)
        return NULL;
    if (area->size != size)
        map_area(area, size);
    area->is_taken = area->at != NULL;
    return area->at;
}

static bool give_back(void *addr)
{
    struct area *area = active;
    if (!area || !area->is_taken || addr != area->at)
        return false;
    secret_wipe(area->at, FIRST_PART);
    area->is_taken = false;
    return true;
}

EXPORTED void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
    bool is_plain = !addr && fd == -1 && prot == (PROT_READ | PROT_WRITE) && (flags & MAP_ANONYMOUS);
    void *kept = active && is_plain ? take(size) : NULL;
    return kept ? kept : map_pages(addr, size, prot, flags, fd, offset);
}

EXPORTED int munmap(void *addr, size_t size)
{
    return active && give_back(addr) ? 0 : (int)syscall(SYS_munmap, addr, size);
}

#endif
