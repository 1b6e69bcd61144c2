/* Of a million users there are a handful of different sets, so each thread keeps the texts it made last. */
#include "api/assets/permission_list.h"

#define KEPT_LISTS 16

/* Room for all names, quoted and with commas. */
enum {
#define X(code, group, name, help) +(int)sizeof(name) + 2
    LIST_CAP = sizeof("[]")
#include "access/permissions.def"
#undef X
};

struct list {
    perm_set set; /* 0: nothing is kept; the empty set costs nothing anyway */
    char text[LIST_CAP];
};

static char *put(char *to, const char *text)
{
    size_t len = strlen(text);
    memcpy(to, text, len + 1);
    return to + len;
}

static void fill(struct list *list, perm_set set)
{
    char *to = put(list->text, "[");
    perm_set own = set & permission_group("assets");
    const char *before = "\"";
    for (int perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        if (!perm_set_has(own, (enum permission)perm))
            continue;
        to = put(put(put(to, before), permission_info((enum permission)perm)->name), "\"");
        before = ",\"";
    }
    put(to, "]");
    list->set = set;
}

const char *assets_permission_list(perm_set permissions)
{
    static _Thread_local struct list lists[KEPT_LISTS];
    struct list *list = &lists[(permissions * UINT64_C(0x9E3779B97F4A7C15)) >> 60];
    if (list->set != permissions || permissions == 0)
        fill(list, permissions);
    return list->text;
}
