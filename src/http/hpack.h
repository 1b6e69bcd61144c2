/* Heads of answers over HTTP/2 (RFC 7541), written by us: the library searches and refills its table for every
 * field, which with a fresh request id in each answer costs more than the rest of the answer. Loop thread
 * only. */
#ifndef TETHER_HTTP_HPACK_H
#define TETHER_HTTP_HPACK_H

#include <stddef.h>

#include "base/str.h"

#define HPACK_LINES         24   /* fields that may have a place in a peer's table */
#define HPACK_DEFAULT_LIMIT 4096 /* of a peer that said nothing (RFC 9113 section 6.5.2) */

/* What one peer's table holds: nothing but fields that many answers bear, each in the place it first got. It
 * never overflows, so nothing is ever pushed out. */
struct hpack_peer {
    uint32_t allowed; /* what the peer's settings say, as far as we would use it */
    uint32_t limit;   /* of the table, as last told to the peer */
    uint32_t size;
    bool changed; /* the settings did, since then */
    uint8_t count;
    uint8_t place[HPACK_LINES]; /* 1 + how many were there before; 0: has none */
};

/* A connection that has just begun: an empty table of the size RFC 7540 section 6.5.2 begins with. */
void hpack_peer_init(struct hpack_peer *peer);

/* Bytes that hpack_put_field() may need. */
size_t hpack_field_room(struct str name, struct str value);
/* Appends one field to a block and returns its end. name: lower case. peer NULL: without a table. name_index:
 * of the name in RFC 7541's static table; 0: none. What sets a cookie is marked as never to be indexed. */
uint8_t *hpack_put_field(struct hpack_peer *peer, uint8_t *to, uint8_t name_index, struct str name,
                         struct str value);
/* Appends :status; at most HPACK_STATUS_ROOM bytes. */
#define HPACK_STATUS_ROOM 8
uint8_t *hpack_put_status(uint8_t *to, int status);
/* The peer's SETTINGS_HEADER_TABLE_SIZE. */
void hpack_allow(struct hpack_peer *peer, uint32_t size);
/* Before the first field of a block: makes the table fit into what the peer allows now; at most
 * HPACK_LIMIT_ROOM bytes. */
#define HPACK_LIMIT_ROOM 8
uint8_t *hpack_put_limit(struct hpack_peer *peer, uint8_t *to);

#endif
