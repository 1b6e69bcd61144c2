/* The permissions of the /api/auth/me page. */
#ifndef TETHER_API_ASSETS_PERMISSION_LIST_H
#define TETHER_API_ASSETS_PERMISSION_LIST_H

#include "access/permission.h"

/* A JSON array of the names in the set that belong to this surface, in the table's order. Holds until this
 * thread's next call. */
const char *assets_permission_list(perm_set permissions);

#endif
