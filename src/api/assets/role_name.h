/* This surface's names for roles: msp_admin, client_admin and so on. Private to api/assets/. */
#ifndef TETHER_API_ASSETS_ROLE_NAME_H
#define TETHER_API_ASSETS_ROLE_NAME_H

#include "request/call.h"

/* A name may stand for several roles; it gives the lowest of them. What is no such name is a slug already. */
struct str assets_role_slug(struct str role);
/* All roles of the call's tenant that a name stands for, as member_query.role wants several; a slug stays.
 * OK, or the failure when the tenant's own roles could not be read. */
enum error_code assets_role_filter(struct call *call, struct str role, struct str *ret);

#endif
