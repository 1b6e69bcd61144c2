/* The system roles: contract section 4 as a table.
 *
 * The contract's words in sets: "everything in the tenant" is all permissions but tenants.manage, which
 * reaches beyond a tenant. Owner and admin have the same set; that an admin cannot remove or demote the owner
 * follows from the ranks. "Asset work without deleting" is every assets.* permission but assets.delete. "Its
 * own" and "its department's" are about rows, which the crm queries narrow down; the permission covers all
 * verbs. "Read only" is every .view permission outside the admin group, whose audit log is for those who
 * administer. */
#include "access/role.h"

#define EVERYTHING ((PERM_BIT(PERM_COUNT) - 1) & ~PERM_BIT(PERM_NONE))
#define TENANT_ALL (EVERYTHING & ~PERM_BIT(PERM_TENANTS_MANAGE))
#define MANAGES_PEOPLE                                                                                       \
    (PERM_BIT(PERM_USERS_MANAGE) | PERM_BIT(PERM_TEAM_INVITE) | PERM_BIT(PERM_TEAM_EDIT) |                   \
     PERM_BIT(PERM_TEAM_REMOVE) | PERM_BIT(PERM_TEAM_MANAGE_ROLES))
#define CRM_WORK                                                                                             \
    (PERM_BIT(PERM_CONTACTS_VIEW) | PERM_BIT(PERM_CONTACTS_CREATE) | PERM_BIT(PERM_CONTACTS_EDIT) |          \
     PERM_BIT(PERM_CONTACTS_DELETE) | PERM_BIT(PERM_CONVERSATIONS_VIEW) |                                    \
     PERM_BIT(PERM_CONVERSATIONS_CREATE))
#define ASSET_USE                                                                                            \
    (PERM_BIT(PERM_ASSETS_VIEW) | PERM_BIT(PERM_ASSETS_CHECKOUT) | PERM_BIT(PERM_ASSETS_CHECKIN))
#define ASSET_WORK                                                                                           \
    (ASSET_USE | PERM_BIT(PERM_ASSETS_CREATE) | PERM_BIT(PERM_ASSETS_EDIT) | PERM_BIT(PERM_ASSETS_IMPORT) |  \
     PERM_BIT(PERM_ASSETS_EXPORT))
#define READ_ONLY                                                                                            \
    (PERM_BIT(PERM_ASSETS_VIEW) | PERM_BIT(PERM_REPORTS_VIEW) | PERM_BIT(PERM_TEAM_VIEW) |                   \
     PERM_BIT(PERM_CONTACTS_VIEW) | PERM_BIT(PERM_CONVERSATIONS_VIEW) | PERM_BIT(PERM_BOOKINGS_VIEW) |       \
     PERM_BIT(PERM_EVENTS_VIEW) | PERM_BIT(PERM_DISPLAYS_VIEW))

static const struct role roles[] = {
    { .id = 1,
      .slug = "superadmin",
      .rank = 100,
      .root_only = true,
      .assets_name = "msp_admin",
      .crm_name = "SUPERADMIN",
      .title = "Superadmin",
      .help = "Everything, in every tenant",
      .crm_given = true,
      .permissions = EVERYTHING },
    { .id = 2,
      .slug = "staff",
      .rank = 90,
      .root_only = true,
      .assets_name = "msp_staff",
      .crm_name = "SUPERADMIN",
      .title = "Staff",
      .help = "Everything in customers' tenants but managing tenants and staff",
      .permissions = TENANT_ALL,
      .not_in_root = MANAGES_PEOPLE },
    { .id = 3,
      .slug = "owner",
      .rank = 80,
      .assets_name = "client_admin",
      .crm_name = "ADMIN",
      .title = "Owner",
      .help = "Everything in the tenant",
      .permissions = TENANT_ALL },
    { .id = 4,
      .slug = "admin",
      .rank = 70,
      .assets_name = "client_admin",
      .crm_name = "ADMIN",
      .title = "Admin",
      .help = "Everything in the tenant but acting on its owners",
      .crm_given = true,
      .permissions = TENANT_ALL },
    { .id = 5,
      .slug = "department_head",
      .rank = 50,
      .assets_name = "client_manager",
      .crm_name = "DEPARTMENT_HEAD",
      .title = "Department head",
      .help = "Their department's contacts and conversations; asset work without deleting",
      .crm_given = true,
      .permissions = CRM_WORK | ASSET_WORK | PERM_BIT(PERM_TEAM_VIEW) },
    { .id = 6,
      .slug = "member",
      .rank = 30,
      .assets_name = "client_user",
      .crm_name = "SALES_REP",
      .title = "Member",
      .help = "Their own contacts and conversations; hands assets out and takes them back",
      .crm_given = true,
      .permissions = CRM_WORK | ASSET_USE },
    { .id = 7,
      .slug = "viewer",
      .rank = 10,
      .assets_name = "client_viewer",
      .crm_name = "SALES_REP",
      .title = "Viewer",
      .help = "Reads only",
      .permissions = READ_ONLY },
};

const struct role *role_table(size_t *ret_n)
{
    *ret_n = sizeof roles / sizeof roles[0];
    return roles;
}

const struct role *role_by_slug(struct str slug)
{
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (str_equal(slug, str_of(roles[i].slug)))
            return &roles[i];
    }
    return NULL;
}

const struct role *role_by_id(int64_t id)
{
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (roles[i].id == id)
            return &roles[i];
    }
    return NULL;
}

bool role_is_given(const struct role *role, bool in_root)
{
    return role->root_only == in_root;
}

const struct role *role_by_crm_name(struct str name)
{
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (roles[i].crm_given && str_equal(name, str_of(roles[i].crm_name)))
            return &roles[i];
    }
    return NULL;
}

perm_set role_permissions(const struct role *role, bool in_root)
{
    return in_root ? role->permissions & ~role->not_in_root : role->permissions;
}

perm_set role_reserved_permissions(bool in_root)
{
    return in_root ? 0 : PERM_BIT(PERM_TENANTS_MANAGE);
}

bool role_in_tenant(const struct role *role, bool in_root, struct tenant_role *ret)
{
    if (!role || (role->root_only && !in_root))
        return false;
    *ret = (struct tenant_role){
        .rank = role->rank,
        .assets_name = role->assets_name,
        .crm_name = role->crm_name,
        .permissions = role_permissions(role, in_root),
    };
    memcpy(ret->slug, role->slug, strlen(role->slug));
    memcpy(ret->name, role->title, strlen(role->title));
    return true;
}

const struct role *role_next_below(int rank)
{
    const struct role *found = NULL;
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (!roles[i].root_only && (!found || found->rank > rank))
            found = &roles[i];
    }
    return found;
}
