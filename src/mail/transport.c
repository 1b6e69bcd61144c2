#include "mail/transport.h"

#include <stdio.h>

static const struct mail_transport *const transports[] = { &mail_file_transport, &mail_smtp_transport };

const struct mail_transport *mail_transport(struct str name)
{
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        if (str_equal(name, str_of(transports[i]->name)))
            return transports[i];
    }
    return NULL;
}

void mail_result_set(struct mail_result *ret, enum mail_outcome outcome, const char *format, ...)
{
    va_list args;
    ret->outcome = outcome;
    va_start(args, format);
    vsnprintf(ret->text, sizeof ret->text, format, args);
    va_end(args);
    for (char *c = ret->text; *c; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
}
