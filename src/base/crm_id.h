/* crm ids: 24 lower-case hex digits, the creation time in epoch seconds (8) and the integer id (16). They
 * convert both ways without a table. */
#ifndef TETHER_BASE_CRM_ID_H
#define TETHER_BASE_CRM_ID_H

#include "base/arena.h"

/* What such an id says. As sent by somebody: created_at is cut to seconds. */
struct crm_key {
    int64_t id;
    int64_t created_at; /* epoch microseconds */
};

#define CRM_ID_LEN 24

/* created_at: epoch microseconds. */
struct str crm_id(struct arena *arena, int64_t created_at, int64_t id);

/* The integer id and the creation time in epoch seconds. False for anything that crm_id() does not write. */
bool crm_id_parse(struct str text, int64_t *ret_seconds, int64_t *ret_id);

/* Whether a row that was found by the id is the one that was meant. */
bool crm_id_matches(int64_t seconds, int64_t created_at);

#endif
