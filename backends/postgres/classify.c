/* What an answer of the server means to us: SQLSTATE → status, and a text that an operator can act on. */
#include "internal.h"

/* The first prefix that fits decides. https://www.postgresql.org/docs/current/errcodes-appendix.html */
static const struct {
    const char *prefix;
    enum storage_status status;
} meanings[] = {
    { "23505", STORAGE_CONFLICT },  /* unique_violation */
    { "23P01", STORAGE_CONFLICT },  /* exclusion_violation */
    { "23503", STORAGE_REFERENCE }, /* foreign_key_violation */
    { "23001", STORAGE_REFERENCE }, /* restrict_violation */
    { "23", STORAGE_INVALID },      /* not null, check */
    { "22", STORAGE_INVALID },      /* a value that does not fit its type or encoding */
    { "54", STORAGE_INVALID },      /* too long for an index, too many columns */
    { "40003", STORAGE_GONE },      /* statement_completion_unknown */
    { "40", STORAGE_BUSY },         /* serialization_failure, deadlock_detected */
    { "55P03", STORAGE_BUSY },      /* lock_not_available: lock_timeout */
    { "55006", STORAGE_BUSY },      /* object_in_use */
    { "57014", STORAGE_BUSY },      /* query_canceled: statement_timeout, pg_cancel_backend() */
    { "08P01", STORAGE_INVALID },   /* on a connection that lives: the wrong number of parameters */
    { "08", STORAGE_GONE },         /* connection exceptions */
    { "57P", STORAGE_GONE },        /* shut down, crashed, starting up, database dropped, idle too long */
    { "53300", STORAGE_GONE },      /* too_many_connections */
    { "53", STORAGE_FULL },         /* disk full, out of memory */
    { "25",
      STORAGE_INVALID }, /* a transaction used wrongly: write in a read-only one, go on after a failure */
};

enum storage_status postgres_classify(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (strncmp(sqlstate, meanings[i].prefix, strlen(meanings[i].prefix)) == 0)
            return meanings[i].status;
    }
    return STORAGE_ERROR;
}

bool postgres_is_fatal(const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

/* Neither the DETAIL (it quotes the row) nor the message of class 22 (it quotes the value) is for a log. */
void postgres_describe(const PGresult *result, char *ret, size_t cap)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (sqlstate && strncmp(sqlstate, "22", 2) == 0)
        message = "a value does not fit its type, its encoding or its range";
    if (!message)
        message = "the server gave no reason";
    if (sqlstate)
        snprintf(ret, cap, "%s: %s", sqlstate, message);
    else
        snprintf(ret, cap, "%s", message);
}
