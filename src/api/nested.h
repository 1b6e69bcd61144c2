/* Reading an object that stands within a body. Private to api/. */
#ifndef TETHER_API_NESTED_H
#define TETHER_API_NESTED_H

#include "request/call.h"

/* As the body itself is read, by rows; what is wrong is told as "name.field". OK, or ERR_VALIDATION with all
 * violations. */
enum error_code nested_read(struct call *call, const char *name, const struct shape *shape,
                            const cJSON *object, void *ret);

#endif
