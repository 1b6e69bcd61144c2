/* The chain itself: how a row becomes a hash. Private to access/.
 *
 * hash = SHA-256 of: the version byte, then every field of the row in a fixed order, then the hash of the row
 * before. An integer is 'i' and 8 bytes, a text 't', its length in 8 bytes and its bytes, no value 'n';
 * numbers are big-endian. Every field says its own length, so no two different rows have one encoding. */
#ifndef TETHER_ACCESS_AUDIT_CHAIN_H
#define TETHER_ACCESS_AUDIT_CHAIN_H

#include "base/arena.h"

#define AUDIT_HASH_BYTES 32

/* A row as it stands in the table. */
struct audit_row {
    int64_t tenant_id, seq, at;
    struct str action;
    struct str actor_kind;
    int64_t actor_id;
    struct str actor_name;
    struct str target_kind;
    int64_t target_id;
    struct str target_name;
    struct str before, after; /* at == NULL: none */
    struct str address, request_id;
};

/* What stands before a tenant's first row. */
extern const uint8_t audit_chain_start[AUDIT_HASH_BYTES];

void audit_chain_hash(struct arena *arena, const struct audit_row *row,
                      const uint8_t previous[AUDIT_HASH_BYTES], uint8_t ret[AUDIT_HASH_BYTES]);

#endif
