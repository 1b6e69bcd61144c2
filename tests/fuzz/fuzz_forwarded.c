/* Addresses as proxies write them: what is accepted has one text form, which reads back to the same address.
 */
#include "fuzz.h"
#include "request/address.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)1 << 16);
    struct address address, again;
    struct str text = str_from((const char *)data, size);
    if (address_parse_forwarded(text, &address)) {
        struct str canonical = address_text(arena, &address);
        struct str_list itself = { &canonical, 1 };
        FUZZ_CHECK(address_parse(canonical, &again) && again.is_v4 == address.is_v4);
        FUZZ_CHECK(memcmp(address.bytes, again.bytes, sizeof(again.bytes)) == 0);
        FUZZ_CHECK(address_in_list(canonical, &itself));
    }
    /* The same bytes as a block of a configuration. */
    struct str_list list = { &text, 1 };
    FUZZ_CHECK(!address_in_list(STR("192.0.2.1"), &list) || size > 0);
    arena_free(&arena);
    return 0;
}
