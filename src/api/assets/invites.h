/* Inviting, as two paths of this surface do it. Private to api/assets/. */
#ifndef TETHER_API_ASSETS_INVITES_H
#define TETHER_API_ASSETS_INVITES_H

#include "api/invitation.h"

/* Invites an address to the call's tenant, in a role by this surface's name or its slug. OK with the deed
 * done, or the failure. */
enum error_code assets_invite(struct call *call, struct str email, struct str role, struct invite_deed *ret);

#endif
