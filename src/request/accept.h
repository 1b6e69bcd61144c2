/* What a request's Accept header asks for. */
#ifndef TETHER_REQUEST_ACCEPT_H
#define TETHER_REQUEST_ACCEPT_H

#include "request/request.h"

/* Whether application/problem+json is asked for by name, with a weight above zero that application/json, if
 * it is named too, does not beat. Wildcards ask for nothing in particular: they get the surface's own errors.
 */
bool accept_wants_problem(const struct request *request);

/* Whether `type` is asked for by name, with a weight above zero. */
bool accept_names(const struct request *request, struct str type);

#endif
