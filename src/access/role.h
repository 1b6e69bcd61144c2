/* Roles: the system roles of contract section 4, a constant table. */
#ifndef TETHER_ACCESS_ROLE_H
#define TETHER_ACCESS_ROLE_H

#include "access/permission.h"

struct role {
    int64_t id; /* 1 to ROLE_SYSTEM_IDS; never another's */
    const char *slug;
    int rank;
    bool root_only;          /* superadmin, staff: only in the root tenant */
    const char *assets_name; /* "client_admin" */
    const char *crm_name;    /* "ADMIN" */
    const char *title;       /* "Admin" */
    const char *help;        /* what it may do, one line */
    bool crm_given;          /* the one its crm name means when somebody is given a role by that name */
    perm_set permissions;
    perm_set not_in_root; /* of these, what it may not do in the root tenant: staff do not manage staff */
};

/* Ids up to this are the system roles'; those of custom roles begin above (0002_team.sql says so too). */
#define ROLE_SYSTEM_IDS 100
/* Bytes of a role's slug, with NUL. */
#define ROLE_SLUG_CAP 64
/* Bytes of its name, with NUL. */
#define ROLE_NAME_CAP 101

/* A role as it holds in one tenant, system or custom: flat, so that it can be copied and kept. */
struct tenant_role {
    char slug[ROLE_SLUG_CAP]; /* "": none */
    char name[ROLE_NAME_CAP]; /* for people */
    int rank;                 /* 0: none */
    const char *assets_name; /* constants; a custom role says what the system role next below its rank says */
    const char *crm_name;
    perm_set permissions; /* in that tenant */
};
/* A system role in the root tenant or in a customer's. False when it does not exist there. */
bool role_in_tenant(const struct role *role, bool in_root, struct tenant_role *ret);

/* What a role may do in the root tenant, or in a customer's. */
perm_set role_permissions(const struct role *role, bool in_root);

/* NULL when there is none. */
const struct role *role_by_slug(struct str slug);
const struct role *role_by_id(int64_t id);
/* SUPERADMIN, ADMIN, DEPARTMENT_HEAD, SALES_REP as a role to give: superadmin, admin, department_head,
 * member. */
const struct role *role_by_crm_name(struct str name);
/* The customers' role with the highest rank that is not above `rank`; the lowest one when all are. */
const struct role *role_next_below(int rank);
/* Whether it is given to members of such a tenant: the operator has its own roles, customers have theirs. */
bool role_is_given(const struct role *role, bool in_root);
/* What nobody may do in a customer's tenant by a role of that tenant: what reaches beyond it. */
perm_set role_reserved_permissions(bool in_root);
/* The table, by falling rank; *ret_n rows. */
const struct role *role_table(size_t *ret_n);

#endif
