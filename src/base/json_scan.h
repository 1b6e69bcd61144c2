/* The strict reading pass before cJSON; see json_parse(). */
#ifndef TETHER_BASE_JSON_SCAN_H
#define TETHER_BASE_JSON_SCAN_H

#include "base/json.h"

/* True when `text` is one JSON value that satisfies every rule of json_parse(). Scratch memory from `arena`.
 */
bool json_scan(struct arena *arena, struct str text, struct json_error *ret_error);

#endif
