/* Access tokens. An input whose first byte is 's' is "sHEADER\nPAYLOAD" and is signed with the right key, so
 * that the reader of claims is reached; any other input is the token itself. */
#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/random.h"
#include "fuzz.h"
#include "identity/access_token.h"

#define KEY "a-key-of-exactly-thirty-two-byte"
#define NOW INT64_C(1800000000)

static struct config config;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    random_init();
    json_init();
    config.tokens.secret_key = STR(KEY);
    config.tokens.issuer = STR("tether");
    return 0;
}

static struct str sign(struct arena *arena, struct str input)
{
    uint8_t mac[32];
    struct str header, payload;
    str_split(str_sub(input, 1, input.len), '\n', &header, &payload);
    struct str head = base64url_encode(arena, header.at, header.len);
    struct str body = base64url_encode(arena, payload.at, payload.len);
    hmac_sha256(STR(KEY), arena_printf(arena, "%s.%s", head.at, body.at), mac);
    return arena_printf(arena, "%s.%s.%s", head.at, body.at, base64url_encode(arena, mac, sizeof(mac)).at);
}

/* What was accepted can be issued again, and says the same. */
static void check_accepted(struct arena *arena, const struct access_claims *claims)
{
    struct access_claims again;
    FUZZ_CHECK(claims->user_id > 0 && claims->session_id > 0 && claims->tenant_id > 0);
    FUZZ_CHECK(claims->issued_at <= NOW + 60 && claims->expires_at > NOW && claims->jti.len == 32);
    struct str token = access_token_issue(&config, arena, claims);
    FUZZ_CHECK(access_token_verify(&config, arena, token, NOW * CLOCK_SECOND, &again) == TOKEN_VALID);
    FUZZ_CHECK(again.user_id == claims->user_id && again.session_id == claims->session_id &&
               again.tenant_id == claims->tenant_id && again.issued_at == claims->issued_at &&
               again.expires_at == claims->expires_at && str_equal(again.jti, claims->jti));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct access_claims claims;
    struct arena *arena = arena_new(1 << 20);
    struct str input = str_from((const char *)data, size);
    struct str token = str_starts_with(input, STR("s")) ? sign(arena, input) : input;
    if (access_token_verify(&config, arena, token, NOW * CLOCK_SECOND, &claims) == TOKEN_VALID)
        check_accepted(arena, &claims);
    arena_free(&arena);
    return 0;
}
