/* Host and authority: a canonical host is its own canonical form, in lower case, and holds nothing but a name
 * or an address. */
#include "base/text.h"
#include "fuzz.h"
#include "tenancy/host.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)1 << 20);
    struct str host, again;
    if (host_canonical(arena, str_from((const char *)data, size), &host)) {
        bool literal = host.at[0] == '[';
        FUZZ_CHECK(literal || text_is_host(host));
        FUZZ_CHECK(!literal || host.at[host.len - 1] == ']');
        FUZZ_CHECK(str_equal(arena_lower(arena, host), host));
        FUZZ_CHECK(host_canonical(arena, host, &again) && str_equal(host, again));
    }
    arena_free(&arena);
    return 0;
}
