/* A route row for a static file that browsers show: public, of no tenant, not limited. Private to api/system/. */
#ifndef TETHER_API_SYSTEM_PAGE_H
#define TETHER_API_SYSTEM_PAGE_H

#include "request/route.h"

#define PAGE(op_, path_, handler_, summary_)                                                                 \
    {                                                                                                        \
        .op = (op_), .method = METHOD_GET, .path = (path_), .need = NEED_PUBLIC, .tenant = TENANT_NONE,      \
        .lane = LANE_INLINE, .rate = RATE_UNLIMITED, .page = true, .handler = (handler_),                    \
        .summary = (summary_)                                                                                \
    }

#endif
