/* Access tokens: what is accepted and, above all, what is not (RFC 8725; alg, kid, claims, text, keys). Every
 * refusal below is one step away from a token that is accepted. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/random.h"
#include "token_forge.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 24);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static enum token_verdict verdict_at(const struct config *config, struct str token, int64_t now_s)
{
    struct access_claims claims;
    enum token_verdict verdict = access_token_verify(config, arena, token, now_s * CLOCK_SECOND, &claims);
    /* The quick look may miss a bad token, and never takes a good one for bad. */
    if (access_token_is_forged(config, token))
        assert_int_equal(verdict, TOKEN_INVALID);
    return verdict;
}

static enum token_verdict verdict_of(struct str token)
{
    struct config config = forge_config();
    return verdict_at(&config, token, FORGE_NOW);
}

static struct str with_header(const char *header)
{
    return forge_signed(arena, str_of(header), forge_payload(arena, NULL, NULL), STR(FORGE_KEY));
}

static struct str with_payload(struct str payload)
{
    return forge_signed(arena, STR(FORGE_HEAD), payload, STR(FORGE_KEY));
}

static void check(enum token_verdict got, enum token_verdict expected, const char *what)
{
    if (got != expected)
        fail_msg("%s: verdict %d, expected %d", what, got, expected);
}

static void test_access_token__round_trip_keeps_every_claim(void **state)
{
    (void)state;
    struct config config = forge_config();
    struct access_claims in = { 7, INT64_MAX, 9, FORGE_NOW, FORGE_NOW + 60, STR(FORGE_JTI) };
    struct access_claims out = { 0 };
    struct str token = access_token_issue(&config, arena, &in);
    assert_true(token.len > 0 && token.len < ACCESS_TOKEN_MAX_BYTES);
    assert_int_equal(access_token_verify(&config, arena, token, FORGE_NOW * CLOCK_SECOND, &out), TOKEN_VALID);
    assert_int_equal(out.user_id, 7);
    assert_int_equal(out.session_id, INT64_MAX);
    assert_int_equal(out.tenant_id, 9);
    assert_int_equal(out.issued_at, FORGE_NOW);
    assert_int_equal(out.expires_at, FORGE_NOW + 60);
    assert_true(str_equal(out.jti, STR(FORGE_JTI)));
}

static void test_access_token__issue_refuses_a_short_key(void **state)
{
    (void)state;
    struct config config = forge_config();
    struct access_claims claims = { 7, 8, 9, FORGE_NOW, FORGE_NOW + 60, STR(FORGE_JTI) };
    config.tokens.secret_key.len = 31;
    assert_true(str_is_empty(access_token_issue(&config, arena, &claims)));
}

struct text_case {
    const char *text;
    enum token_verdict verdict;
};

static void test_access_token__header_must_say_hs256_and_nothing_more(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { FORGE_HEAD, TOKEN_VALID },
        { "{\"alg\":\"HS256\"}", TOKEN_VALID },
        { " { \"typ\" : \"JWT\" , \"alg\" : \"HS256\" } ", TOKEN_VALID },
        { "{\"alg\":\"none\"}", TOKEN_INVALID },
        { "{\"alg\":\"None\"}", TOKEN_INVALID },
        { "{\"alg\":\"nOnE\"}", TOKEN_INVALID },
        { "{\"alg\":\"\"}", TOKEN_INVALID },
        { "{\"alg\":null}", TOKEN_INVALID },
        { "{\"alg\":true}", TOKEN_INVALID },
        { "{\"alg\":256}", TOKEN_INVALID },
        { "{\"alg\":[\"HS256\"]}", TOKEN_INVALID },
        { "{\"alg\":{\"alg\":\"HS256\"}}", TOKEN_INVALID },
        { "{}", TOKEN_INVALID },
        { "{\"typ\":\"JWT\"}", TOKEN_INVALID },
        { "{\"ALG\":\"HS256\"}", TOKEN_INVALID },
        { "{\"alg\":\"hs256\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256 \"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\\u0000\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS384\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS512\"}", TOKEN_INVALID },
        { "{\"alg\":\"RS256\"}", TOKEN_INVALID },
        { "{\"alg\":\"ES256\"}", TOKEN_INVALID },
        { "{\"alg\":\"PS256\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", TOKEN_INVALID },
        { "{\"alg\":\"none\",\"alg\":\"HS256\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"alg\":\"none\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"typ\":\"jwt\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"typ\":1}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"kid\":\"1\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"kid\":\"../../etc/passwd\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"kid\":\"' OR 1=1 --\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"kid\":\"a\\u0000b\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"kid\":null}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1/k\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"x5u\":\"http://127.0.0.1/k\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"x5c\":[\"AAAA\"]}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"crit\":[]}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"zip\":\"DEF\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"b64\":false}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"b64\":true}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"cty\":\"JWT\"}", TOKEN_INVALID },
        { "[\"HS256\"]", TOKEN_INVALID },
        { "\"HS256\"", TOKEN_INVALID },
        { "null", TOKEN_INVALID },
        { "{\"alg\":\"HS256\"} x", TOKEN_INVALID },
        { "{\"alg\":\"HS256\"", TOKEN_INVALID },
        { "\xef\xbb\xbf{\"alg\":\"HS256\"}", TOKEN_INVALID },
        { "{\"alg\":\"HS256\",\"typ\":\"\xff\"}", TOKEN_INVALID },
        { " ", TOKEN_INVALID },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(verdict_of(with_header(cases[i].text)), cases[i].verdict, cases[i].text);
}

struct claim_case {
    const char *claim;
    const char *json; /* NULL: left out */
    enum token_verdict verdict;
};

static void check_claims(const struct claim_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct str payload = forge_payload(arena, cases[i].claim, cases[i].json);
        check(verdict_of(with_payload(payload)), cases[i].verdict, payload.at);
    }
}
#define CHECK_CLAIMS(cases) check_claims((cases), sizeof(cases) / sizeof((cases)[0]))

static void test_access_token__texts_must_be_exactly_ours(void **state)
{
    (void)state;
    static const struct claim_case cases[] = {
        { NULL, NULL, TOKEN_VALID },
        { "iss", NULL, TOKEN_INVALID },
        { "iss", "\"Tether\"", TOKEN_INVALID },
        { "iss", "\"tether \"", TOKEN_INVALID },
        { "iss", "\"\"", TOKEN_INVALID },
        { "iss", "[\"tether\"]", TOKEN_INVALID },
        { "iss", "1", TOKEN_INVALID },
        { "iss", "null", TOKEN_INVALID },
        { "token_use", NULL, TOKEN_INVALID },
        { "token_use", "\"invitation\"", TOKEN_INVALID },
        { "token_use", "\"ACCESS\"", TOKEN_INVALID },
        { "token_use", "[\"access\"]", TOKEN_INVALID },
        { "aud", "\"tether\"", TOKEN_INVALID },
        { "aud", "[\"tether\"]", TOKEN_INVALID },
        { "aud", "[]", TOKEN_INVALID },
        { "aud", "null", TOKEN_INVALID },
        { "jti", NULL, TOKEN_INVALID },
        { "jti", "\"\"", TOKEN_INVALID },
        { "jti", "\"0123456789abcdef0123456789abcde\"", TOKEN_INVALID },
        { "jti", "\"0123456789abcdef0123456789abcdef0\"", TOKEN_INVALID },
        { "jti", "\"0123456789ABCDEF0123456789ABCDEF\"", TOKEN_INVALID },
        { "jti", "\"0123456789abcdeg0123456789abcdef\"", TOKEN_INVALID },
        { "jti", "[\"0123456789abcdef0123456789abcdef\"]", TOKEN_INVALID },
        { "jti", "1", TOKEN_INVALID },
        { "unknown", "{\"a\":[1,2]}", TOKEN_VALID },
        { "ISS", "\"evil\"", TOKEN_VALID }, /* another name, so another claim */
    };
    CHECK_CLAIMS(cases);
}

static void test_access_token__ids_must_be_positive_decimal_strings(void **state)
{
    (void)state;
    static const char *const names[] = { "sub", "sid", "tid" };
    static const struct claim_case values[] = {
        { NULL, "\"1\"", TOKEN_VALID },     { NULL, "\"9223372036854775807\"", TOKEN_VALID },
        { NULL, NULL, TOKEN_INVALID },      { NULL, "\"9223372036854775808\"", TOKEN_INVALID },
        { NULL, "\"0\"", TOKEN_INVALID },   { NULL, "\"-1\"", TOKEN_INVALID },
        { NULL, "\"01\"", TOKEN_INVALID },  { NULL, "\"+1\"", TOKEN_INVALID },
        { NULL, "\" 1\"", TOKEN_INVALID },  { NULL, "\"1.0\"", TOKEN_INVALID },
        { NULL, "\"0x1\"", TOKEN_INVALID }, { NULL, "\"\"", TOKEN_INVALID },
        { NULL, "1", TOKEN_INVALID },       { NULL, "1.5", TOKEN_INVALID },
        { NULL, "true", TOKEN_INVALID },    { NULL, "null", TOKEN_INVALID },
        { NULL, "[\"1\"]", TOKEN_INVALID }, { NULL, "{}", TOKEN_INVALID },
    };
    for (size_t n = 0; n < 3; n++)
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            struct claim_case one = { names[n], values[i].json, values[i].verdict };
            check_claims(&one, 1);
        }
}

static void test_access_token__times_must_be_integers(void **state)
{
    (void)state;
    static const char *const names[] = { "iat", "exp", "nbf" };
    static const char *const values[] = { "\"1800000000\"",
                                          "1800000000.5",
                                          "1e400",
                                          "9223372036854775808",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "-1",
                                          "true",
                                          "null",
                                          "[1800000000]",
                                          "{}",
                                          "\"\"" };
    for (size_t n = 0; n < 3; n++)
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            struct claim_case one = { names[n], values[i], TOKEN_INVALID };
            check_claims(&one, 1);
        }
    static const struct claim_case cases[] = {
        { "iat", NULL, TOKEN_INVALID },
        { "exp", NULL, TOKEN_INVALID },
        { "exp", "18e8", TOKEN_EXPIRED },
        { "exp", "1.9e9", TOKEN_VALID },
        { "exp", "9007199254740991", TOKEN_VALID },
        { "exp", "0", TOKEN_EXPIRED },
        { "iat", "0", TOKEN_VALID },
        { "nbf", "0", TOKEN_VALID },
    };
    CHECK_CLAIMS(cases);
}

static void test_access_token__times_hold_to_the_second(void **state)
{
    (void)state;
    static const struct claim_case cases[] = {
        { "exp", "1799999999", TOKEN_EXPIRED }, { "exp", "1800000000", TOKEN_EXPIRED },
        { "exp", "1800000001", TOKEN_VALID },   { "iat", "1800000060", TOKEN_VALID },
        { "iat", "1800000061", TOKEN_INVALID }, { "nbf", "1800000000", TOKEN_VALID },
        { "nbf", "1800000001", TOKEN_INVALID }, { "nbf", "1800000000.5", TOKEN_INVALID },
    };
    CHECK_CLAIMS(cases);
}

static void test_access_token__expired_only_when_all_else_is_right(void **state)
{
    (void)state;
    struct config config = forge_config();
    int64_t later = FORGE_NOW + 10;
    struct str good = with_payload(forge_payload(arena, NULL, NULL));
    check(verdict_at(&config, good, later - 1), TOKEN_VALID, "a second before");
    check(verdict_at(&config, good, later), TOKEN_EXPIRED, "at exp");
    struct str other_key = forge_signed(arena, STR(FORGE_HEAD), forge_payload(arena, NULL, NULL),
                                        STR("b-key-of-exactly-thirty-two-byte"));
    check(verdict_at(&config, other_key, later), TOKEN_INVALID, "other key");
    check(verdict_at(&config, with_payload(forge_payload(arena, "iss", "\"x\"")), later), TOKEN_INVALID,
          "iss");
    check(verdict_at(&config, with_payload(forge_payload(arena, "nbf", "1900000000")), later), TOKEN_INVALID,
          "nbf");
    check(verdict_at(&config, with_header("{\"alg\":\"none\"}"), later), TOKEN_INVALID, "alg");
}

static void test_access_token__payload_must_be_one_strict_object(void **state)
{
    (void)state;
    struct str good = forge_payload(arena, NULL, NULL);
    struct str inner = str_sub(good, 1, good.len - 2);
    const struct {
        struct str text;
        const char *what;
    } cases[] = {
        { arena_printf(arena, "[%.*s]", STR_ARG(good)), "array" },
        { arena_printf(arena, "{%.*s,\"sub\":\"7\"}", STR_ARG(inner)), "same claim twice" },
        { arena_printf(arena, "{\"exp\":9999999999,%.*s}", STR_ARG(inner)), "other exp first" },
        { arena_printf(arena, "%.*s{}", STR_ARG(good)), "something after" },
        { arena_printf(arena, "{%.*s,\"x\":\"\\u0000\"}", STR_ARG(inner)), "NUL" },
        { arena_printf(arena, "{%.*s,\"x\":\"\xff\"}", STR_ARG(inner)), "no UTF-8" },
        { arena_printf(arena, "{%.*s,\"x\":\"\\ud800\"}", STR_ARG(inner)), "lone surrogate" },
        { arena_printf(arena, "{%.*s,}", STR_ARG(inner)), "comma" },
        { arena_printf(arena, "{%.*s,\"x\":01}", STR_ARG(inner)), "leading zero" },
        { STR("null"), "null" },
        { STR("{}"), "empty object" },
        { STR("7"), "number" },
    };
    check(verdict_of(with_payload(good)), TOKEN_VALID, "control");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(verdict_of(with_payload(cases[i].text)), TOKEN_INVALID, cases[i].what);
}

static struct str nested(size_t depth)
{
    char *text = arena_alloc(arena, depth * 2 + 1);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return str_from(text, depth * 2);
}

static void test_access_token__payload_depth_is_bounded(void **state)
{
    (void)state;
    struct str fits = forge_payload(arena, "x", nested(JSON_MAX_DEPTH - 1).at);
    struct str deep = forge_payload(arena, "x", nested(JSON_MAX_DEPTH).at);
    struct str abyss = forge_payload(arena, "x", nested(1300).at);
    check(verdict_of(with_payload(fits)), TOKEN_VALID, "depth 32");
    check(verdict_of(with_payload(deep)), TOKEN_INVALID, "depth 33");
    check(verdict_of(with_payload(abyss)), TOKEN_INVALID, "depth 1301");
}

static void test_access_token__one_text_per_token(void **state)
{
    (void)state;
    struct str good = with_payload(forge_payload(arena, NULL, NULL));
    struct str head, rest, body, signature;
    assert_true(str_split(good, '.', &head, &rest) && str_split(rest, '.', &body, &signature));
    const struct {
        struct str text;
        const char *what;
    } cases[] = {
        { STR_NONE, "empty" },
        { STR("."), "." },
        { STR(".."), ".." },
        { STR("..."), "..." },
        { forge_join(arena, STR_NONE, body, signature), "no header" },
        { forge_join(arena, head, STR_NONE, signature), "no payload" },
        { forge_join(arena, head, body, STR_NONE), "no signature" },
        { arena_printf(arena, "%.*s.%.*s", STR_ARG(head), STR_ARG(body)), "two segments" },
        { arena_printf(arena, "%.*s.", STR_ARG(good)), "dot at the end" },
        { arena_printf(arena, ".%.*s", STR_ARG(good)), "dot at the start" },
        { arena_printf(arena, "%.*s.x", STR_ARG(good)), "four segments" },
        { arena_printf(arena, "%.*s.%.*s..%.*s", STR_ARG(head), STR_ARG(body), STR_ARG(signature)),
          "two dots" },
        { arena_printf(arena, "%.*s=", STR_ARG(good)), "padding" },
        { arena_printf(arena, "%.*s!!!", STR_ARG(good)), "junk" },
        { arena_printf(arena, "%.*s ", STR_ARG(good)), "space after" },
        { arena_printf(arena, " %.*s", STR_ARG(good)), "space before" },
        { arena_printf(arena, "%.*s\n", STR_ARG(good)), "newline" },
        { arena_printf(arena, "Bearer %.*s", STR_ARG(good)), "the scheme too" },
        { arena_printf(arena, "%.*s==.%.*s.%.*s", STR_ARG(head), STR_ARG(body), STR_ARG(signature)),
          "padded head" },
        { str_sub(good, 0, good.len - 1), "cut by one" },
        { arena_printf(arena, "%.*sA", STR_ARG(good)), "longer by one" },
        { str_from(good.at, good.len + 1), "NUL counted in" },
    };
    check(verdict_of(good), TOKEN_VALID, "control");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(verdict_of(cases[i].text), TOKEN_INVALID, cases[i].what);
}

/* Every other character in every place: nothing but the one text is accepted. */
static void test_access_token__any_changed_character_is_refused(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
    struct config config = forge_config();
    struct str good = with_payload(forge_payload(arena, NULL, NULL));
    for (size_t at = 0; at < good.len; at++) {
        struct arena *scratch = arena_new(1 << 24);
        char *text = arena_cstr(scratch, good);
        for (const char *c = alphabet; *c; c++) {
            struct access_claims claims;
            if (*c == good.at[at])
                continue;
            text[at] = *c;
            enum token_verdict verdict = access_token_verify(&config, scratch, str_from(text, good.len),
                                                             FORGE_NOW * CLOCK_SECOND, &claims);
            check(verdict, TOKEN_INVALID, text);
        }
        arena_free(&scratch);
    }
}

/* The right payload, with spaces after it up to `size` bytes. */
static struct str padded_payload(size_t size)
{
    struct str payload = forge_payload(arena, NULL, NULL);
    return arena_printf(arena, "%-*s", (int)size, payload.at);
}

static void test_access_token__size_is_bounded(void **state)
{
    (void)state;
    struct str fits = with_payload(padded_payload(3011)), over = with_payload(padded_payload(3012));
    assert_int_equal(fits.len, ACCESS_TOKEN_MAX_BYTES);
    assert_int_equal(over.len, ACCESS_TOKEN_MAX_BYTES + 1);
    check(verdict_of(fits), TOKEN_VALID, "at the limit");
    check(verdict_of(over), TOKEN_INVALID, "one over");
    check(verdict_of(with_payload(padded_payload(150000))), TOKEN_INVALID, "200 KB, well formed");
    char *huge = arena_alloc(arena, 200000);
    memset(huge, 'A', 200000);
    check(verdict_of(str_from(huge, 200000)), TOKEN_INVALID, "200 KB of one segment");
    huge[60000] = huge[120000] = '.';
    check(verdict_of(str_from(huge, 200000)), TOKEN_INVALID, "200 KB in three segments");
}

static void test_access_token__signature_length_is_fixed(void **state)
{
    (void)state;
    uint8_t long_mac[64] = { 0 };
    struct str payload = forge_payload(arena, NULL, NULL);
    struct str head = base64url_encode(arena, FORGE_HEAD, strlen(FORGE_HEAD));
    struct str body = base64url_encode(arena, payload.at, payload.len);
    hmac_sha256(STR(FORGE_KEY), arena_printf(arena, "%.*s.%.*s", STR_ARG(head), STR_ARG(body)), long_mac);
    static const struct {
        size_t size;
        enum token_verdict verdict;
    } cases[] = { { 32, TOKEN_VALID },   { 1, TOKEN_INVALID },  { 31, TOKEN_INVALID },
                  { 33, TOKEN_INVALID }, { 48, TOKEN_INVALID }, { 64, TOKEN_INVALID } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check(verdict_of(forge_join(arena, head, body, base64url_encode(arena, long_mac, cases[i].size))),
              cases[i].verdict, "signature size");
}

static void test_access_token__previous_keys_verify_and_never_sign(void **state)
{
    (void)state;
    struct config before = forge_config(), rotated = forge_config(), dropped = forge_config();
    struct access_claims claims = { 7, 8, 9, FORGE_NOW, FORGE_NOW + 60, STR(FORGE_JTI) };
    struct str previous[] = { STR("another-previous-key-of-32-bytes"), STR(FORGE_KEY) };
    rotated.tokens.secret_key = dropped.tokens.secret_key = STR("the-new-key-that-has-32-bytes-ok");
    rotated.tokens.previous_secret_keys = (struct str_list){ previous, 2 };
    struct str old = access_token_issue(&before, arena, &claims);
    struct str new = access_token_issue(&rotated, arena, &claims);
    check(verdict_at(&rotated, old, FORGE_NOW), TOKEN_VALID, "old token during rotation");
    check(verdict_at(&rotated, old, FORGE_NOW + 60), TOKEN_EXPIRED, "old token, expired");
    check(verdict_at(&rotated, new, FORGE_NOW), TOKEN_VALID, "new token during rotation");
    check(verdict_at(&before, new, FORGE_NOW), TOKEN_INVALID, "signed by the new key at once");
    check(verdict_at(&dropped, old, FORGE_NOW), TOKEN_INVALID, "old key gone");
    check(verdict_at(&dropped, new, FORGE_NOW), TOKEN_VALID, "new token stays");
    assert_true(access_token_is_forged(&before, new));
    assert_true(access_token_is_forged(&dropped, old));
    assert_false(access_token_is_forged(&rotated, old));
}

static void test_access_token__a_changed_signature_shows_at_once(void **state)
{
    (void)state;
    struct config config = forge_config();
    struct str good = with_payload(forge_payload(arena, NULL, NULL));
    assert_false(access_token_is_forged(&config, good));
    for (size_t i = 0; i < good.len; i++) {
        char *changed = arena_cstr(arena, good);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_true(access_token_is_forged(&config, str_of(changed)));
        assert_true(access_token_is_forged(&config, str_sub(good, 0, i)));
    }
}

/* A key that is too short, or none, must never mean that nothing is checked. */
static void test_access_token__without_a_usable_key_nothing_is_valid(void **state)
{
    (void)state;
    struct config config = forge_config();
    struct str short_key = STR("short"), empty = STR("");
    struct str by_short = forge_signed(arena, STR(FORGE_HEAD), forge_payload(arena, NULL, NULL), short_key);
    struct str by_empty = forge_signed(arena, STR(FORGE_HEAD), forge_payload(arena, NULL, NULL), empty);
    config.tokens.secret_key = short_key;
    check(verdict_at(&config, by_short, FORGE_NOW), TOKEN_INVALID, "short key");
    config.tokens.secret_key = empty;
    check(verdict_at(&config, by_empty, FORGE_NOW), TOKEN_INVALID, "no key");
    config = forge_config();
    config.tokens.previous_secret_keys = (struct str_list){ &empty, 1 };
    check(verdict_at(&config, by_empty, FORGE_NOW), TOKEN_INVALID, "empty previous key");
}

static void test_access_token__claims_are_written_only_when_valid(void **state)
{
    (void)state;
    struct config config = forge_config();
    struct access_claims claims = { .user_id = -5 };
    struct str expired = with_payload(forge_payload(arena, "exp", "1"));
    assert_int_equal(access_token_verify(&config, arena, expired, FORGE_NOW * CLOCK_SECOND, &claims),
                     TOKEN_EXPIRED);
    assert_int_equal(claims.user_id, -5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_access_token__round_trip_keeps_every_claim, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__issue_refuses_a_short_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__header_must_say_hs256_and_nothing_more, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__texts_must_be_exactly_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__ids_must_be_positive_decimal_strings, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__times_must_be_integers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__times_hold_to_the_second, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__expired_only_when_all_else_is_right, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__payload_must_be_one_strict_object, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__payload_depth_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__one_text_per_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__any_changed_character_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__size_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__signature_length_is_fixed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__previous_keys_verify_and_never_sign, set_up,
                                                tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__a_changed_signature_shows_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__without_a_usable_key_nothing_is_valid, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_access_token__claims_are_written_only_when_valid, set_up,
                                        tear_down),
    };
    random_init();
    json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
