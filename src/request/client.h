/* By which port a client came. */
#ifndef TETHER_REQUEST_CLIENT_H
#define TETHER_REQUEST_CLIENT_H

#include "request/call.h"

/* For links, which go to other people and by mail: empty is the scheme's own. What a client names is believed
 * of a trusted proxy; of others it says no more than that there is one, which is then the listener's. */
struct str client_port(const struct call *call);

#endif
