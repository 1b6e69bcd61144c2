/* Codes that people carry: on a ticket, on a member's card. "T4K7-…": a letter for the kind, 17 random
 * symbols (85 bits) and two of checksum, of an alphabet without I, L, O and U, in groups of four. Stored only
 * as SHA-256. docs/api-spaces.md says what the odds of guessing one are. */
#ifndef TETHER_SPACES_CODE_H
#define TETHER_SPACES_CODE_H

#include "base/arena.h"

#define CODE_HASH_BYTES 32

enum code_kind { CODE_NONE = 0, CODE_TICKET, CODE_MEMBER };

/* A new code as people see it (in the arena, which should wipe on free) and the hash to store. */
struct str code_new(struct arena *arena, enum code_kind kind, uint8_t ret_hash[CODE_HASH_BYTES]);

/* Its kind when form and checksum hold, with the hash; CODE_NONE otherwise. Reads what people type and
 * scanners send: either case, with or without hyphens and spaces, O for 0, I and L for 1, and a code at the
 * end of a link. */
enum code_kind code_read(struct str text, uint8_t ret_hash[CODE_HASH_BYTES]);

/* The last group of a code that code_new() made: enough to tell codes apart, too little to use one. */
struct str code_hint(struct str code);

#endif
