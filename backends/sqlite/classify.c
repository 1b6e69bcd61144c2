/* SQLite's result codes in the contract's words: the one place that knows both. */
#include <errno.h>
#include <stdarg.h>

#include "internal.h"

/* A file system without room shows as SQLITE_FULL for ENOSPC only; a quota, a size limit and a medium that
 * turned read-only come as I/O errors. Why, is what errno still says: every call of the driver starts by
 * clearing it. (sqlite3_system_errno() is not told when COMMIT itself fails.) */
static bool is_out_of_room(void)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EROFS:
        return true;
    default:
        return false;
    }
}

static enum storage_status classify_constraint(int rc)
{
    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return STORAGE_CONFLICT;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return STORAGE_REFERENCE;
    default: /* not-null, check, datatype */
        return STORAGE_INVALID;
    }
}

enum storage_status classify(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
        return STORAGE_OK;
    case SQLITE_ROW:
        return STORAGE_ROW;
    case SQLITE_DONE:
        return STORAGE_DONE;
    case SQLITE_CONSTRAINT:
        return classify_constraint(rc);
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
        return STORAGE_INVALID;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_SCHEMA:
        return STORAGE_BUSY;
    case SQLITE_INTERRUPT: /* our own progress handler: the deadline passed */
        return STORAGE_GONE;
    case SQLITE_FULL:
    case SQLITE_READONLY:
        return STORAGE_FULL;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return is_out_of_room() ? STORAGE_FULL : STORAGE_ERROR;
    default: /* CORRUPT, NOTADB, NOMEM and what else there is */
        return STORAGE_ERROR;
    }
}

enum storage_status error_fill(struct storage_error *error, enum storage_status status, const char *format,
                               ...)
{
    va_list args;
    va_start(args, format);
    error->status = status;
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return status;
}
