/* Drivers that wrap a driver: the same vtable, one behaviour more. For tests and for tracing. */
#ifndef TETHER_STORAGE_DECORATE_H
#define TETHER_STORAGE_DECORATE_H

#include <stdbool.h>

#include <tether/storage.h>

/* Logs every call with its duration at debug level. One wrapped driver per process. */
const struct storage_driver *storage_trace(const struct storage_driver *inner);

/* Fails calls on purpose. One wrapped driver per process; thread-safe. */
const struct storage_driver *storage_fault(const struct storage_driver *inner);

/* From now on the `nth` fallible call (from 1) answers `status` instead of being made; later ones too when
 * `persistent`. nth = 0 turns it off. */
void storage_fault_set(int nth, enum storage_status status, bool persistent);
/* Fallible calls since storage_fault_set(). */
int storage_fault_calls(void);

#endif
