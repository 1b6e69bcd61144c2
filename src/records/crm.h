/* What the kinds of the crm surface share. Private to records/. */
#ifndef TETHER_RECORDS_CRM_H
#define TETHER_RECORDS_CRM_H

#include "records/kinds.h"

/* Whose contacts somebody sees, and with them what belongs to these. */
enum crm_scope { CRM_OWN = 0, CRM_DEPARTMENT, CRM_ALL };
size_t crm_scope(const struct record_caller *caller);

/* Of a contact's row `c_`: whether it is the caller's own, or their department's. A department head's own
 * department is the one they belong to. */
#define CRM_IS_OWN(c_) c_ ".assigned_to = $U"
#define CRM_IS_DEPARTMENTS(c_)                                                                               \
    CRM_IS_OWN(c_)                                                                                           \
    " OR " c_ ".department_id IN (SELECT d.department_id FROM department_members d "                         \
    "WHERE d.tenant_id = " c_ ".tenant_id AND d.user_id = $U)"

/* The organisation, that is the tenant, of a row. */
extern const struct record_reference crm_organization;
/* A user, whether or not they are a member still. */
extern const struct record_reference crm_user;

#endif
