/* Permissions as bits of a set. The table is permissions.def. */
#ifndef TETHER_ACCESS_PERMISSION_H
#define TETHER_ACCESS_PERMISSION_H

#include "base/str.h"

/* Value 0 is "none stated": a route row that forgets its permission is refused at start. */
enum permission {
    PERM_NONE = 0,
#define X(code, group, name, help) PERM_##code,
#include "access/permissions.def"
#undef X
    PERM_COUNT
};

typedef uint64_t perm_set;
#define PERM_BIT(perm) (UINT64_C(1) << (perm))
_Static_assert(PERM_COUNT <= 64, "a perm_set is 64 bits wide");

static inline bool perm_set_has(perm_set set, enum permission perm)
{
    return perm != PERM_NONE && (set & PERM_BIT(perm)) != 0;
}

/* The first of a set, in the table's order; PERM_NONE for none. */
static inline enum permission perm_set_first(perm_set set)
{
    return set ? (enum permission)__builtin_ctzll(set) : PERM_NONE;
}

struct permission_info {
    const char *group; /* assets, team, crm, spaces, admin */
    const char *name;  /* "assets.view" */
    const char *help;
};
/* perm from 1 to PERM_COUNT - 1. Never NULL. */
const struct permission_info *permission_info(enum permission perm);
/* PERM_NONE for a name that does not exist. */
enum permission permission_by_name(struct str name);
/* Every permission of a group; of all groups for NULL. */
perm_set permission_group(const char *group);

#endif
