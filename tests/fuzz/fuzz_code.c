/* Codes of tickets and members: however one is written, it is read as the one that its symbols spell. */
#include "base/random.h"
#include "fuzz.h"
#include "spaces/code.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    random_init();
    return 0;
}

/* The canonical spelling: what is left without separators, in capitals. */
static size_t spell(const uint8_t *data, size_t size, char ret[20])
{
    size_t n = 0, from = size;
    while (from > 0 && data[from - 1] != '/')
        from--;
    for (size_t i = from; i < size && n < 20; i++)
        if (data[i] != '-' && data[i] != ' ')
            ret[n++] = (char)(data[i] >= 'a' && data[i] <= 'z' ? data[i] - 'a' + 'A' : data[i]);
    for (size_t i = 0; i < n; i++)
        ret[i] = ret[i] == 'O' ? '0' : ret[i] == 'I' || ret[i] == 'L' ? '1' : ret[i];
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char symbols[20];
    uint8_t hash[CODE_HASH_BYTES], again[CODE_HASH_BYTES];
    enum code_kind kind = code_read(str_from((const char *)data, size), hash);
    if (kind == CODE_NONE)
        return 0;
    FUZZ_CHECK(spell(data, size, symbols) == sizeof symbols);
    FUZZ_CHECK(code_read(str_from(symbols, sizeof symbols), again) == kind);
    FUZZ_CHECK(memcmp(hash, again, sizeof hash) == 0);
    return 0;
}
