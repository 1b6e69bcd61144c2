/* crm ids: 24 lower-case hex digits, the creation time in epoch seconds (8) and the integer id (16). They
 * convert both ways without a table. Private to api/crm/. */
#ifndef TETHER_API_CRM_ID_H
#define TETHER_API_CRM_ID_H

#include "base/arena.h"

/* created_at: epoch microseconds. */
struct str crm_id(struct arena *arena, int64_t created_at, int64_t id);

/* The integer id and the creation time in epoch seconds. False for anything that crm_id() does not write. */
bool crm_id_parse(struct str text, int64_t *ret_seconds, int64_t *ret_id);

/* Whether a row that was found by the id is the one that was meant. */
bool crm_id_matches(int64_t seconds, int64_t created_at);

#endif
