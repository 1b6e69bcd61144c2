#include "api/nested.h"

enum error_code nested_read(struct call *call, const char *name, const struct shape *shape,
                            const cJSON *object, void *ret)
{
    struct violations violations = { 0 };
    uint64_t present, null;
    if (shape_read_json(shape, call->arena, object, ret, &present, &null, &violations))
        return OK;
    for (size_t i = 0; i < violations.n; i++)
        violations.at[i].field = arena_printf(call->arena, "%s.%s", name, violations.at[i].field).at;
    call_fail(call, ERR_VALIDATION, NULL);
    call->failure.violations = violations;
    return ERR_VALIDATION;
}
