/* The whole API: every route table of every surface, in the order of docs and `tether routes`. */
#ifndef TETHER_API_ROUTES_H
#define TETHER_API_ROUTES_H

#include "request/route.h"

/* What walk_new() takes. */
extern const struct route_table *const api_route_tables[];
extern const size_t api_route_table_count;

struct walk;
/* Makes what is made once and served from then on: the OpenAPI document. Any thread; further calls do
 * nothing. Whoever does not call it lets the first request for it wait, on the event loop. */
void api_prepare(const struct walk *walk);

#endif
