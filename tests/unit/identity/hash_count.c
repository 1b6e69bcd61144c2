/* See hash_count.h. */
#include "hash_count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/metrics.h"

long hashes_computed(void)
{
    static const char name[] = "\ntether_password_hash_seconds_count ";
    struct arena *arena = arena_new(1 << 20);
    struct buf buf;
    buf_init(&buf, arena, 1 << 20);
    metrics_print(&buf);
    const char *at = strstr(buf_str(&buf).at, name);
    assert_non_null(at);
    long count = strtol(at + strlen(name), NULL, 10);
    arena_free(&arena);
    return count;
}
