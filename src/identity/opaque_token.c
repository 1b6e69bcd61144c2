/* Opaque tokens: "tth_" + 43 random base62 characters (256 bits) + 6 base62 characters of checksum. The
 * checksum is cut from the SHA-256 of everything before it, prefix included, so that a slip in any place is
 * seen without asking the database. It is no protection against guessing: the 256 bits are. */
#include "identity/opaque_token.h"

#include "base/random.h"

enum {
    PREFIX_BYTES = 4,
    BODY_CHARS = 43,
    CHECK_CHARS = 6,
    TOKEN_CHARS = PREFIX_BYTES + BODY_CHARS + CHECK_CHARS
};

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const char *const prefixes[] = {
    [OPAQUE_API] = "tth_",
    [OPAQUE_DEVICE] = "ttd_",
    [OPAQUE_INVITATION] = "tti_",
    [OPAQUE_PAIRING] = "ttp_",
};
#define KIND_COUNT (sizeof(prefixes) / sizeof(prefixes[0]))

/* Where a token's bytes come from: the system's randomness, or a secret. */
struct source {
    struct str secret, purpose; /* secret.at == NULL: randomness */
    uint8_t round;
    struct arena *arena;
};

#define POOL_BYTES 32

static void fill_pool(struct source *source, uint8_t pool[POOL_BYTES])
{
    if (!source->secret.at) {
        random_bytes(pool, POOL_BYTES);
        return;
    }
    struct str round = str_from((const char *)&source->round, 1);
    hmac_sha256(source->secret, arena_join(source->arena, source->purpose, round), pool);
    source->round++;
}

/* Bytes of 248 and more would favour some characters and are drawn again. */
static void draw_base62(struct source *source, char *to, size_t n)
{
    size_t made = 0;
    while (made < n) {
        uint8_t pool[POOL_BYTES];
        fill_pool(source, pool);
        for (size_t i = 0; i < sizeof(pool) && made < n; i++)
            if (pool[i] < 248)
                to[made++] = base62[pool[i] % 62];
        secret_wipe(pool, sizeof(pool));
    }
}

static void checksum(struct str text, char ret[CHECK_CHARS])
{
    uint8_t digest[32];
    uint64_t value = 0;
    sha256(text.at, text.len, digest);
    for (size_t i = 0; i < sizeof(value); i++)
        value = value << 8 | digest[i];
    for (size_t i = 0; i < CHECK_CHARS; i++, value /= 62)
        ret[i] = base62[value % 62];
    secret_wipe(digest, sizeof(digest));
}

static enum opaque_kind kind_of(struct str token)
{
    for (size_t kind = OPAQUE_NONE + 1; kind < KIND_COUNT; kind++)
        if (str_starts_with(token, str_of(prefixes[kind])))
            return (enum opaque_kind)kind;
    return OPAQUE_NONE;
}

static struct str make(struct arena *arena, enum opaque_kind kind, struct source source, uint8_t ret_hash[32])
{
    char *text = arena_alloc(arena, TOKEN_CHARS + 1);
    memcpy(text, prefixes[kind], PREFIX_BYTES);
    draw_base62(&source, text + PREFIX_BYTES, BODY_CHARS);
    checksum(str_from(text, PREFIX_BYTES + BODY_CHARS), text + PREFIX_BYTES + BODY_CHARS);
    sha256(text, TOKEN_CHARS, ret_hash);
    return str_from(text, TOKEN_CHARS);
}

struct str opaque_token_new(struct arena *arena, enum opaque_kind kind, uint8_t ret_hash[32])
{
    return make(arena, kind, (struct source){ .arena = arena }, ret_hash);
}

struct str opaque_token_derive(struct arena *arena, enum opaque_kind kind, struct str secret,
                               struct str purpose, uint8_t ret_hash[32])
{
    return make(arena, kind, (struct source){ .secret = secret, .purpose = purpose, .arena = arena },
                ret_hash);
}

enum opaque_kind opaque_token_read(struct str token, uint8_t ret_hash[32])
{
    char expected[CHECK_CHARS];
    enum opaque_kind kind = kind_of(token);
    if (kind == OPAQUE_NONE || token.len != TOKEN_CHARS)
        return OPAQUE_NONE;
    struct str body = str_sub(token, 0, TOKEN_CHARS - CHECK_CHARS);
    checksum(body, expected);
    if (!secret_equal(str_from(expected, CHECK_CHARS), str_sub(token, body.len, CHECK_CHARS)))
        return OPAQUE_NONE;
    sha256(token.at, token.len, ret_hash);
    return kind;
}

bool opaque_token_has_prefix(struct str token)
{
    return kind_of(token) != OPAQUE_NONE;
}
