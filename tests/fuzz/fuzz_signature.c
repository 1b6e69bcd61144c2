/* The header that signs a payment's webhook: none is believed that does not hold the right mac. */
#include "base/clock.h"
#include "base/encode.h"
#include "base/random.h"
#include "config/config.h"
#include "fuzz.h"
#include "spaces/payment.h"

#define SECRET  "a webhook secret of 32 bytes, or more"
#define SECONDS INT64_C(1795331584)
#define BODY    STR("{\"id\":\"evt_1\"}")

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    random_init();
    return 0;
}

/* Whether the mac of that time stands in the header at all, in either case; it may have a NUL before it. */
static bool holds_mac(struct arena *arena, struct str header, int64_t seconds)
{
    uint8_t mac[32];
    struct str text = arena_printf(arena, "%lld.%.*s", (long long)seconds, STR_ARG(BODY));
    hmac_sha256(STR(SECRET), text, mac);
    struct str lower = arena_lower(arena, header), hex = hex_encode(arena, mac, sizeof mac);
    return memmem(lower.at, lower.len, hex.at, hex.len) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config = { .payments = { .webhook_secret = STR(SECRET) } }, unset = { 0 };
    struct arena *arena = arena_new((size_t)1 << 22);
    struct str header = str_from((const char *)data, size);
    bool is_signed = payment_is_signed(&config, arena, header, BODY, SECONDS * CLOCK_SECOND),
         is_known = false;
    for (int64_t seconds = SECONDS - PAYMENT_WINDOW_S; is_signed && seconds <= SECONDS + PAYMENT_WINDOW_S;
         seconds++)
        is_known |= holds_mac(arena, header, seconds);
    FUZZ_CHECK(!is_signed || is_known);
    FUZZ_CHECK(!payment_is_signed(&unset, arena, header, BODY, SECONDS * CLOCK_SECOND));
    arena_free(&arena);
    return 0;
}
