/* The codes of errors.def, with their HTTP status, stable word and title. */
#ifndef TETHER_BASE_ERRORS_H
#define TETHER_BASE_ERRORS_H

enum error_code {
    OK = 0,
#define X(code, status, word, title) ERR_##code,
#include "base/errors.def"
#undef X
    ERROR_CODE_COUNT
};

struct error_info {
    int status;        /* HTTP */
    const char *word;  /* stable, for programs */
    const char *title; /* for people */
};

/* Never NULL. OK answers { 200, "ok", "OK" }. */
const struct error_info *error_info(enum error_code code);

#endif
