/* libsodium behind the names of this house. */
#include "base/random.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/encode.h"

#define ID_BYTES 16

void random_init(void)
{
    if (sodium_init() < 0)
        abort();
}

void random_bytes(void *ret, size_t size)
{
    randombytes_buf(ret, size);
}

struct str random_hex(struct arena *arena, size_t bytes)
{
    void *raw = arena_alloc(arena, bytes);
    randombytes_buf(raw, bytes);
    return hex_encode(arena, raw, bytes);
}

/* An id is no secret: a table will do. */
#define HEX1(high, low)                                                                                      \
    {                                                                                                        \
        high, low                                                                                            \
    }
#define HEX16(high)                                                                                          \
    HEX1(high, '0'), HEX1(high, '1'), HEX1(high, '2'), HEX1(high, '3'), HEX1(high, '4'), HEX1(high, '5'),    \
        HEX1(high, '6'), HEX1(high, '7'), HEX1(high, '8'), HEX1(high, '9'), HEX1(high, 'a'),                 \
        HEX1(high, 'b'), HEX1(high, 'c'), HEX1(high, 'd'), HEX1(high, 'e'), HEX1(high, 'f')
static const char byte_in_hex[256][2] = {
    HEX16('0'), HEX16('1'), HEX16('2'), HEX16('3'), HEX16('4'), HEX16('5'), HEX16('6'), HEX16('7'),
    HEX16('8'), HEX16('9'), HEX16('a'), HEX16('b'), HEX16('c'), HEX16('d'), HEX16('e'), HEX16('f'),
};

void random_id_put(char ret[RANDOM_ID_LEN])
{
    static _Thread_local struct {
        unsigned char bytes[ID_BYTES * 64];
        size_t left;
    } pool;
    if (pool.left == 0) {
        randombytes_buf(pool.bytes, sizeof(pool.bytes));
        pool.left = sizeof(pool.bytes);
    }
    pool.left -= ID_BYTES;
    for (size_t i = 0; i < ID_BYTES; i++)
        memcpy(ret + 2 * i, byte_in_hex[pool.bytes[pool.left + i]], 2);
}

struct str random_id(struct arena *arena)
{
    char text[RANDOM_ID_LEN];
    random_id_put(text);
    return arena_copy(arena, str_from(text, sizeof(text)));
}

bool secret_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || sodium_memcmp(a.at, b.at, a.len) == 0);
}

void secret_wipe(void *data, size_t size)
{
    sodium_memzero(data, size);
}

_Static_assert(crypto_shorthash_siphashx24_BYTES == sizeof(uint64_t[2]) &&
                   crypto_shorthash_siphashx24_KEYBYTES == KEYED_HASH_KEY_BYTES,
               "the header says so");

void keyed_hash(const unsigned char key[KEYED_HASH_KEY_BYTES], const void *data, size_t size, uint64_t ret[2])
{
    static const char nothing;
    crypto_shorthash_siphashx24((unsigned char *)ret, data ? data : (const void *)&nothing, size, key);
}

void sha256(const void *data, size_t size, uint8_t ret[32])
{
    crypto_hash_sha256(ret, data, size);
}

/* libsodium declares that it is given no NULL, not even for a length of 0. */
static const unsigned char *bytes_of(struct str text)
{
    return (const unsigned char *)(text.at ? text.at : "");
}

struct sha256 {
    crypto_hash_sha256_state state;
};

struct sha256 *sha256_begin(void)
{
    struct sha256 *sum = malloc(sizeof *sum);
    if (!sum)
        abort();
    crypto_hash_sha256_init(&sum->state);
    return sum;
}

void sha256_add(struct sha256 *sum, struct str data)
{
    crypto_hash_sha256_update(&sum->state, bytes_of(data), data.len);
}

void sha256_end(struct sha256 **sum, uint8_t ret[32])
{
    crypto_hash_sha256_final(&(*sum)->state, ret);
    free(*sum);
    *sum = NULL;
}

void hmac_sha256(struct str key, struct str data, uint8_t ret[32])
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes_of(key), key.len);
    crypto_auth_hmacsha256_update(&state, bytes_of(data), data.len);
    crypto_auth_hmacsha256_final(&state, ret);
    sodium_memzero(&state, sizeof(state));
}
