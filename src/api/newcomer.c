#include "api/newcomer.h"

#include "base/text.h"
#include "identity/password.h"

enum error_code newcomer_check(struct call *call, struct str name, struct str password)
{
    struct str trimmed = str_trim(name);
    enum password_verdict verdict = password_check(password);
    if (str_is_empty(trimmed))
        call_violate(call, "name", VIOLATION_REQUIRED, NULL);
    else if (!text_is_line(trimmed))
        call_violate(call, "name", VIOLATION_CUSTOM, "A name must not hold control characters.");
    if (!password.at)
        call_violate(call, "password", VIOLATION_REQUIRED, NULL);
    else if (verdict != PASSWORD_OK)
        call_violate(call, "password", VIOLATION_CUSTOM, password_verdict_text(verdict));
    return call->failure.code;
}
