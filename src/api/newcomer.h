/* What somebody who joins says of themselves, on whichever surface. Private to api/. */
#ifndef TETHER_API_NEWCOMER_H
#define TETHER_API_NEWCOMER_H

#include "request/call.h"

/* OK when the name is a line of text and the password is good enough; else both are told of at once, so that
 * a form can show both. */
enum error_code newcomer_check(struct call *call, struct str name, struct str password);

#endif
