/* Organizations, as the crm surface calls tenants. Private to api/crm/. */
#ifndef TETHER_API_CRM_ORGANIZATION_H
#define TETHER_API_CRM_ORGANIZATION_H

#include "request/call.h"

/* The organization that a request names, by the tenant's own host it was sent to or by its `organizationId`
 * (at == NULL: none). OK with ret->id 0 when it names none. Two that disagree are 403, an unknown one 400. */
enum error_code organization_named(struct call *call, struct str organization_id, struct tenant *ret);

#endif
