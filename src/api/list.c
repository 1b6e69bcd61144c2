#include "api/list.h"

#define DEFAULT_LIMIT 50

int64_t list_limit(int64_t asked)
{
    return asked > 0 ? asked : DEFAULT_LIMIT;
}

struct str list_cursor(struct call *call, int64_t id)
{
    return id ? arena_printf(call->arena, "%lld", (long long)id) : STR_NONE;
}

enum error_code list_read_cursor(struct call *call, struct str cursor, int64_t *ret)
{
    *ret = 0;
    if (!cursor.at || (str_to_int(cursor, ret) && *ret > 0))
        return OK;
    return call_fail_field(call, "cursor", VIOLATION_CUSTOM, NULL);
}
