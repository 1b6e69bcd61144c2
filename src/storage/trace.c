/* The tracing decorator: every call is made as it is, and logged with its duration when it can fail. */
#include "base/clock.h"
#include "base/log.h"
#include "storage/decorate.h"
#include "storage/internal.h"

static const struct storage_driver *inner;
static struct storage_driver traced;

static enum storage_status log_call(const char *call, int64_t began_us, enum storage_status status)
{
    if (log_is_on(LOG_DEBUG))
        log_event(LOG_DEBUG, "storage call", LOG_Z("driver", inner->name), LOG_Z("call", call),
                  LOG_Z("status", storage_status_name(status)), LOG_I("us", clock_monotonic_us() - began_us));
    return status;
}

#define X(entry, parameters, arguments, undo)                                                                \
    static enum storage_status trace_##entry parameters                                                      \
    {                                                                                                        \
        int64_t began_us = clock_monotonic_us();                                                             \
        return log_call(#entry, began_us, inner->entry arguments);                                           \
    }
#include "calls.def"
#undef X

static enum storage_status trace_open(const struct storage_setting *settings, size_t n,
                                      struct storage_db **ret, struct storage_error *error)
{
    int64_t began_us = clock_monotonic_us();
    return log_call("open", began_us, inner->open(settings, n, ret, error));
}

static enum storage_status trace_connect(struct storage_db *db, int64_t deadline_ms,
                                         struct storage_conn **ret, struct storage_error *error)
{
    int64_t began_us = clock_monotonic_us();
    return log_call("connect", began_us, inner->connect(db, deadline_ms, ret, error));
}

const struct storage_driver *storage_trace(const struct storage_driver *driver)
{
    inner = driver;
    traced = *driver;
#define X(entry, parameters, arguments, undo) traced.entry = trace_##entry;
#include "calls.def"
#undef X
    traced.open = trace_open;
    traced.connect = trace_connect;
    return &traced;
}
