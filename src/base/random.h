/* Randomness and what else secrets need. With encode.c the only place outside identity/ that uses libsodium.
 */
#ifndef TETHER_BASE_RANDOM_H
#define TETHER_BASE_RANDOM_H

#include "base/arena.h"

/* Call once before any thread starts; aborts when the system has no randomness. */
void random_init(void);

/* From the system's CSPRNG. */
void random_bytes(void *ret, size_t size);
struct str random_hex(struct arena *arena, size_t bytes);

/* 32 hexadecimal digits that nobody else is given. No secret: what names requests and the like, at the price
 * of a system call for every few dozen. Not for a process that forks after its first. */
struct str random_id(struct arena *arena);
/* The same without an arena, and without a NUL. */
#define RANDOM_ID_LEN 32
void random_id_put(char ret[RANDOM_ID_LEN]);

/* Equality in constant time for equal lengths. */
bool secret_equal(struct str a, struct str b);

/* Overwrites; not optimised away. */
void secret_wipe(void *data, size_t size);

/* SipHash-2-4 with 128 bits, under a key nobody knows: for finding things again, not for proving anything. */
#define KEYED_HASH_KEY_BYTES 16
void keyed_hash(const unsigned char key[KEYED_HASH_KEY_BYTES], const void *data, size_t size,
                uint64_t ret[2]);

/* SHA-256 of data: 32 bytes. */
void sha256(const void *data, size_t size, uint8_t ret[32]);
/* The same of data that comes in portions; sha256_end() frees it. */
struct sha256;
struct sha256 *sha256_begin(void);
void sha256_add(struct sha256 *sum, struct str data);
void sha256_end(struct sha256 **sum, uint8_t ret[32]);
/* HMAC-SHA-256: 32 bytes. */
void hmac_sha256(struct str key, struct str data, uint8_t ret[32]);

#endif
