/* The bundled list of the most common passwords. Private to identity/. */
#ifndef TETHER_IDENTITY_COMMON_PASSWORDS_H
#define TETHER_IDENTITY_COMMON_PASSWORDS_H

#include "base/str.h"

/* Whether `password` is on the list, ASCII case ignored. */
bool common_passwords_have(struct str password);

/* The generated part: the entries, each lower-case ASCII ending with '\n', sorted by byte. */
extern const char common_passwords_text[];
extern const size_t common_passwords_size;

#endif
