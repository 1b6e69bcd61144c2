/* Roles: the system roles of contract section 4, a constant table. */
#ifndef TETHER_ACCESS_ROLE_H
#define TETHER_ACCESS_ROLE_H

#include "access/permission.h"

struct role {
    const char *slug;
    int rank;
    bool root_only;          /* superadmin, staff: only in the root tenant */
    const char *assets_name; /* "client_admin" */
    const char *crm_name;    /* "ADMIN" */
    const char *title;       /* "Admin" */
    bool crm_given;          /* the one its crm name means when somebody is given a role by that name */
    perm_set permissions;
    perm_set not_in_root; /* of these, what it may not do in the root tenant: staff do not manage staff */
};

/* What a role may do in the root tenant, or in a customer's. */
perm_set role_permissions(const struct role *role, bool in_root);

/* NULL when there is none. */
const struct role *role_by_slug(struct str slug);
/* SUPERADMIN, ADMIN, DEPARTMENT_HEAD, SALES_REP as a role to give: superadmin, admin, department_head,
 * member. */
const struct role *role_by_crm_name(struct str name);
/* The table, by falling rank; *ret_n rows. */
const struct role *role_table(size_t *ret_n);

#endif
