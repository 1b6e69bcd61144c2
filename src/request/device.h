/* Devices in the walk: who bears a device token, what it is kept to know, and what handlers of device routes
 * may ask. docs/devices.md says more.
 *
 * Known devices are kept under the stamp of their token (SUBJECT_DEVICE), so a device's request is answered
 * on the event loop without the database; so is the refusal of a token that is known to be nobody's. */
#ifndef TETHER_REQUEST_DEVICE_H
#define TETHER_REQUEST_DEVICE_H

#include "devices/device.h"
#include "request/call.h"

struct device_gate;

/* Knows nothing yet; one per walk, for all its threads. */
struct device_gate *device_gate_new(void);
void device_gate_free(struct device_gate **gate);

/* For the handlers of device routes, on the loop or on a worker. Each answers OK or what the handler is to
 * return: on the loop that may mean to start over on a worker. */

/* What the device shows, JSON text. */
enum error_code device_content(struct call *call, struct str *ret);
/* The token that is to take the place of the one it came with; at == NULL while no rotation waits. */
enum error_code device_next_token(struct call *call, struct str *ret);

/* When the device was seen last, as this node knows or as it is written down; 0: never. */
int64_t device_seen_at(const struct call *call, const struct device *device);

/* Whether a screen that pairs asks again too soon; each time it does its interval grows by five seconds (RFC
 * 8628 section 3.5). *ret_interval: in seconds. */
bool device_poll_is_early(struct call *call, struct str poll_token, int64_t *ret_interval);

#endif
