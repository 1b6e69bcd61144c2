/* Request paths: accepted segments hold nothing that another reader could split or shorten, and they survive
 * being written and read again. */
#include "base/buf.h"
#include "base/text.h"
#include "fuzz.h"
#include "request/router.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static void check_segment(struct str segment)
{
    FUZZ_CHECK(segment.len > 0 && text_is_line(segment));
    FUZZ_CHECK(!memchr(segment.at, '/', segment.len) && !memchr(segment.at, '\\', segment.len));
    FUZZ_CHECK(!str_equal(segment, STR(".")) && !str_equal(segment, STR("..")));
}

static struct str encode(struct arena *arena, const struct path *path)
{
    struct buf out;
    buf_init(&out, arena, (size_t)1 << 22);
    for (size_t i = 0; i < path->n; i++) {
        buf_add_char(&out, '/');
        for (size_t c = 0; c < path->segments[i].len; c++)
            buf_printf(&out, "%%%02X", (unsigned char)path->segments[i].at[c]);
    }
    return path->n ? buf_str(&out) : STR("/");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)1 << 24);
    struct path path, again;
    if (path_decode(arena, str_from((const char *)data, size), &path) == PATH_FOUND) {
        FUZZ_CHECK(size > 0 && data[0] == '/' && path.n <= ROUTER_MAX_SEGMENTS);
        FUZZ_CHECK(path_decode(arena, encode(arena, &path), &again) == PATH_FOUND && again.n == path.n);
        for (size_t i = 0; i < path.n; i++) {
            /* Only the last one may be empty, behind another: "/panel/". */
            if (i == 0 || i + 1 < path.n || path.segments[i].len > 0)
                check_segment(path.segments[i]);
            FUZZ_CHECK(str_equal(path.segments[i], again.segments[i]));
        }
    }
    arena_free(&arena);
    return 0;
}
