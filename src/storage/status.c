/* Words for statuses, and errors with text. */
#include "storage/internal.h"

static const char *const names[] = {
    [STORAGE_OK] = "ok",
    [STORAGE_ROW] = "row",
    [STORAGE_DONE] = "done",
    [STORAGE_CONFLICT] = "unique key taken",
    [STORAGE_REFERENCE] = "foreign key missing or in use",
    [STORAGE_INVALID] = "invalid value or call",
    [STORAGE_BUSY] = "busy, try again",
    [STORAGE_GONE] = "connection lost",
    [STORAGE_FULL] = "no room to store",
    [STORAGE_UNCERTAIN] = "connection lost during commit",
    [STORAGE_ERROR] = "storage error",
};

const char *storage_status_name(enum storage_status status)
{
    if ((size_t)status >= sizeof(names) / sizeof(names[0]))
        return "unknown status";
    return names[status];
}

enum storage_status error_set(struct storage_error *error, enum storage_status status, const char *format,
                              ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        error->status = status;
        vsnprintf(error->text, sizeof(error->text), format, args);
        va_end(args);
    }
    return status;
}
