/* errors.def as a table. */
#include "base/errors.h"

static const struct error_info infos[ERROR_CODE_COUNT] = {
    [OK] = { 200, "ok", "OK" },
#define X(code, status, word, title) [ERR_##code] = { (status), (word), (title) },
#include "base/errors.def"
#undef X
};

const struct error_info *error_info(enum error_code code)
{
    if ((unsigned)code >= ERROR_CODE_COUNT)
        code = ERR_INTERNAL;
    return &infos[code];
}
