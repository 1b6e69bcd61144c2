/* libh2o in its evloop flavour: the only way this room includes the library. */
#ifndef TETHER_HTTP_LIBH2O_H
#define TETHER_HTTP_LIBH2O_H

#define H2O_USE_LIBUV 0

#pragma push_macro("rand") /* an inline function of the library uses what is banned here */
#undef rand
#include <h2o.h>
#include <h2o/http2.h>
#pragma pop_macro("rand")

#include "base/str.h"

/* The same bytes; nothing is copied. */
static inline struct str from_iovec(h2o_iovec_t from)
{
    return str_from(from.base, from.len);
}

#endif
