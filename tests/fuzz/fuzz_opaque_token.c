/* Opaque tokens: what is accepted has one of the prefixes and the one length, and its hash is that of its
 * text. */
#include "base/random.h"
#include "fuzz.h"
#include "identity/opaque_token.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    random_init();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t hash[32], whole[32];
    struct str token = str_from((const char *)data, size);
    if (opaque_token_read(token, hash) == OPAQUE_NONE)
        return 0;
    sha256(data, size, whole);
    FUZZ_CHECK(size == 53 && opaque_token_has_prefix(token) && memcmp(hash, whole, sizeof(hash)) == 0);
    return 0;
}
