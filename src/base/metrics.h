/* Counters, gauges and histograms in Prometheus' text format. Thread-safe, lock-free, no allocation. */
#ifndef TETHER_BASE_METRICS_H
#define TETHER_BASE_METRICS_H

#include <stdatomic.h>

#include "base/buf.h"

enum metric {
#define X(kind, name, prom, help) METRIC_##name,
#include "base/metrics.def"
#undef X
    METRIC_COUNT
};

void metric_add(enum metric metric, int64_t n);     /* counters and gauges */
void metric_set(enum metric metric, int64_t value); /* gauges */
/* The gauge is from now on the difference of what somebody counts anyway, so that nobody counts it twice.
 * `went` never passes `came`; both are borrowed. NULL: the last value that was set. */
void metric_source(enum metric metric, const atomic_size_t *came, const atomic_size_t *went);
void metric_observe(enum metric metric, int64_t micros); /* histograms */
int64_t metric_value(enum metric metric);                /* counters and gauges; tests */

/* One answered request: `op` is a route's operation id from a constant table (at most 256 different ones;
 * further ones count as "other"), status an HTTP status. */
void metric_request(const char *op, int status);

/* Appends everything, with HELP and TYPE lines, process_resident_memory_bytes, process_open_fds and build
 * info. */
void metrics_print(struct buf *buf);

#endif
