/* The table of permissions.def with its look-ups. */
#include "access/permission.h"

static const struct permission_info permissions[PERM_COUNT] = {
#define X(code, group_, name_, help_) [PERM_##code] = { .group = group_, .name = name_, .help = help_ },
#include "access/permissions.def"
#undef X
};

const struct permission_info *permission_info(enum permission perm)
{
    return &permissions[perm];
}

enum permission permission_by_name(struct str name)
{
    for (int perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        if (str_equal(name, str_of(permissions[perm].name)))
            return (enum permission)perm;
    }
    return PERM_NONE;
}

perm_set permission_group(const char *group)
{
    perm_set set = 0;
    for (int perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        if (!group || strcmp(permissions[perm].group, group) == 0)
            set |= PERM_BIT(perm);
    }
    return set;
}
