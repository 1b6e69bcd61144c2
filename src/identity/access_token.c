/* Access tokens: JWT under HS256, through libjwt, which is kept on a short lead (it trusts the token's own
 * alg, checks no time and no claim, and verifies nothing when it is given no key).
 *
 * A token is judged in this order, and the first failure ends it:
 *   1. form: jwt_preparse.c;
 *   2. header: alg is exactly "HS256", typ absent or exactly "JWT", nothing else. That refuses kid as well:
 * we write none, and during a rotation the few configured keys are simply tried in turn, so nothing a
 * stranger writes ever picks a key;
 *   3. payload: a strict JSON object whose known claims have exactly the types that we write. Unknown claims
 * are left alone, so that nodes of two releases can serve side by side; "aud" is refused, since we issue none
 * and a token for somebody else's audience is not for us;
 *   4. signature: libjwt, with the current key and then the previous ones, never without a key;
 *   5. issuer and purpose ("token_use": "access", signed: RFC 8725 section 3.11), iat and nbf not in the
 * future;
 *   6. exp, last, so that EXPIRED says that the token was right otherwise.
 * The claims that are used are read from the very bytes whose signature was verified, and with a stricter
 * reader than libjwt's. */
#include "identity/access_token.h"

#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>

#include <jwt.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/random.h"
#include "identity/jwt_preparse.h"
#include "identity/signature.h"

enum {
    KEY_MIN_BYTES = 32, /* RFC 7518 section 3.2: at least the size of the hash */
    SIGNATURE_BYTES = 32,
    JTI_BYTES = 16,
    IAT_LEEWAY_SECONDS = 60
};
static const char token_use[] = "access";

struct token_claims {
    struct access_claims access;
    struct str issuer;
    struct str use;
    int64_t not_before;
};

enum claim_type { CLAIM_TEXT, CLAIM_ID, CLAIM_TIME, CLAIM_JTI, CLAIM_REFUSED };

struct claim_row {
    const char *name;
    enum claim_type type;
    bool required;
    size_t offset; /* in struct token_claims */
};

static const struct claim_row claim_rows[] = {
    { "iss", CLAIM_TEXT, true, offsetof(struct token_claims, issuer) },
    { "token_use", CLAIM_TEXT, true, offsetof(struct token_claims, use) },
    { "sub", CLAIM_ID, true, offsetof(struct token_claims, access.user_id) },
    { "sid", CLAIM_ID, true, offsetof(struct token_claims, access.session_id) },
    { "tid", CLAIM_ID, true, offsetof(struct token_claims, access.tenant_id) },
    { "iat", CLAIM_TIME, true, offsetof(struct token_claims, access.issued_at) },
    { "exp", CLAIM_TIME, true, offsetof(struct token_claims, access.expires_at) },
    { "jti", CLAIM_JTI, true, offsetof(struct token_claims, access.jti) },
    { "nbf", CLAIM_TIME, false, offsetof(struct token_claims, not_before) },
    { "aud", CLAIM_REFUSED, false, 0 },
};
#define CLAIM_ROW_COUNT (sizeof(claim_rows) / sizeof(claim_rows[0]))

static void free_jwt(jwt_t **jwt)
{
    jwt_free(*jwt);
}

/* libjwt's JSON library seeds its hash tables when it makes its first object: here, so that no two threads do
 * it. */
static void make_first_object(void)
{
    jwt_t *jwt __attribute__((cleanup(free_jwt))) = NULL;
    if (jwt_new(&jwt) != 0)
        log_event(LOG_WARN, "no memory to prepare the token library");
}

static void prepare_libjwt(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_first_object);
}

static bool key_is_usable(struct str key)
{
    return key.len >= KEY_MIN_BYTES && key.len <= INT32_MAX;
}

static const unsigned char *key_bytes(struct str key)
{
    return (const unsigned char *)key.at;
}

static bool add_id(jwt_t *jwt, struct arena *arena, const char *name, int64_t id)
{
    return jwt_add_grant(jwt, name, arena_printf(arena, "%" PRId64, id).at) == 0;
}

static bool add_claims(jwt_t *jwt, struct arena *arena, const struct config *config,
                       const struct access_claims *claims)
{
    return jwt_add_grant(jwt, "iss", arena_cstr(arena, config->tokens.issuer)) == 0 &&
           jwt_add_grant(jwt, "token_use", token_use) == 0 && add_id(jwt, arena, "sub", claims->user_id) &&
           add_id(jwt, arena, "sid", claims->session_id) && add_id(jwt, arena, "tid", claims->tenant_id) &&
           jwt_add_grant_int(jwt, "iat", (long)claims->issued_at) == 0 &&
           jwt_add_grant_int(jwt, "exp", (long)claims->expires_at) == 0 &&
           jwt_add_grant(jwt, "jti", arena_cstr(arena, claims->jti)) == 0;
}

struct str access_token_issue(const struct config *config, struct arena *arena,
                              const struct access_claims *claims)
{
    struct str key = config->tokens.secret_key;
    jwt_t *jwt __attribute__((cleanup(free_jwt))) = NULL;
    prepare_libjwt();
    if (!key_is_usable(key) || jwt_new(&jwt) != 0 ||
        jwt_set_alg(jwt, JWT_ALG_HS256, key_bytes(key), (int)key.len) != 0 ||
        !add_claims(jwt, arena, config, claims))
        return STR_NONE;
    char *text = jwt_encode_str(jwt);
    if (!text)
        return STR_NONE;
    struct str token = arena_copy(arena, str_of(text));
    secret_wipe(text, strlen(text));
    free(text);
    return token;
}

static bool header_is_ours(struct arena *arena, struct str text)
{
    struct json_error error;
    cJSON *header, *member;
    bool has_alg = false;
    if (!json_parse(arena, text, &header, &error) || !cJSON_IsObject(header))
        return false;
    cJSON_ArrayForEach (member, header) {
        struct str name = str_of(member->string);
        struct str value = json_as_str(member);
        bool is_alg = str_equal(name, STR("alg")) && str_equal(value, STR("HS256"));
        bool is_typ = str_equal(name, STR("typ")) && str_equal(value, STR("JWT"));
        if (!is_alg && !is_typ)
            return false;
        has_alg |= is_alg;
    }
    return has_alg;
}

static bool read_text(const cJSON *item, struct str *ret)
{
    *ret = json_as_str(item);
    return cJSON_IsString(item);
}

static bool read_id(const cJSON *item, int64_t *ret)
{
    struct str text;
    return read_text(item, &text) && str_to_int(text, ret) && *ret > 0;
}

static bool read_time(const cJSON *item, int64_t *ret)
{
    return cJSON_IsNumber(item) && json_as_int(item, ret) && *ret >= 0;
}

/* Lower-case hexadecimal only, so that a jti has one spelling. */
static bool read_jti(const cJSON *item, struct str *ret)
{
    if (!read_text(item, ret) || ret->len != (size_t)JTI_BYTES * 2)
        return false;
    return strspn(ret->at, "0123456789abcdef") == ret->len;
}

static bool read_claim(const struct claim_row *row, const cJSON *item, struct token_claims *ret)
{
    void *field = (char *)ret + row->offset;
    switch (row->type) {
    case CLAIM_TEXT:
        return read_text(item, field);
    case CLAIM_ID:
        return read_id(item, field);
    case CLAIM_TIME:
        return read_time(item, field);
    case CLAIM_JTI:
        return read_jti(item, field);
    case CLAIM_REFUSED:
        break;
    }
    return false;
}

static bool read_claims(struct arena *arena, struct str text, struct token_claims *ret)
{
    struct json_error error;
    cJSON *payload;
    if (!json_parse(arena, text, &payload, &error) || !cJSON_IsObject(payload))
        return false;
    for (size_t i = 0; i < CLAIM_ROW_COUNT; i++) {
        const struct claim_row *row = &claim_rows[i];
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(payload, row->name);
        if (item ? !read_claim(row, item, ret) : row->required)
            return false;
    }
    return true;
}

static bool signature_holds(const char *token, struct str key)
{
    jwt_t *jwt __attribute__((cleanup(free_jwt))) = NULL;
    if (!key_is_usable(key)) /* without a key libjwt accepts everything */
        return false;
    return jwt_decode(&jwt, token, key_bytes(key), (int)key.len) == 0 && jwt_get_alg(jwt) == JWT_ALG_HS256;
}

static bool any_key_holds(const struct config *config, const char *token)
{
    const struct str_list *previous = &config->tokens.previous_secret_keys;
    bool holds = signature_holds(token, config->tokens.secret_key);
    for (size_t i = 0; !holds && i < previous->n; i++)
        holds = signature_holds(token, previous->at[i]);
    return holds;
}

static enum token_verdict judge_claims(const struct config *config, const struct token_claims *claims,
                                       int64_t now)
{
    int64_t now_s = now / CLOCK_SECOND;
    if (!str_equal(claims->issuer, config->tokens.issuer) || !str_equal(claims->use, str_of(token_use)))
        return TOKEN_INVALID;
    if (claims->access.issued_at > now_s + IAT_LEEWAY_SECONDS || claims->not_before > now_s)
        return TOKEN_INVALID;
    return claims->access.expires_at > now_s ? TOKEN_VALID : TOKEN_EXPIRED;
}

enum token_verdict access_token_verify(const struct config *config, struct arena *arena, struct str token,
                                       int64_t now, struct access_claims *ret)
{
    struct jwt_parts parts;
    struct token_claims claims = { 0 };
    prepare_libjwt();
    if (!jwt_preparse(arena, token, SIGNATURE_BYTES, &parts) || !header_is_ours(arena, parts.header) ||
        !read_claims(arena, parts.payload, &claims) || !any_key_holds(config, arena_cstr(arena, token)))
        return TOKEN_INVALID;
    enum token_verdict verdict = judge_claims(config, &claims, now);
    if (verdict == TOKEN_VALID)
        *ret = claims.access;
    return verdict;
}

/* A signature has one spelling, so its text is compared. */
static bool is_signed_with(struct str signed_part, struct str signature, struct str key)
{
    char text[SIGNATURE_TEXT_LEN];
    return !signature_text(key, signed_part, text) || secret_equal(str_from(text, sizeof(text)), signature);
}

bool access_token_is_forged(const struct config *config, struct str token)
{
    const struct str_list *previous = &config->tokens.previous_secret_keys;
    struct str head, claims, rest, signature;
    if (token.len > ACCESS_TOKEN_MAX_BYTES || !str_split(token, '.', &head, &rest) ||
        !str_split(rest, '.', &claims, &signature) || signature.len != SIGNATURE_TEXT_LEN)
        return true;
    struct str signed_part = str_sub(token, 0, head.len + 1 + claims.len);
    bool is_ours = is_signed_with(signed_part, signature, config->tokens.secret_key);
    for (size_t i = 0; !is_ours && i < previous->n; i++)
        is_ours = is_signed_with(signed_part, signature, previous->at[i]);
    return !is_ours;
}
