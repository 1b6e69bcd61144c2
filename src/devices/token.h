/* Who bears a device token, and how one takes the place of another.
 *
 * A token that was handed out holds from its first use: in that moment it becomes the token in use, the one
 * before it ends, and the pairing that led to it is closed. So a token that never arrived costs nothing. */
#ifndef TETHER_DEVICES_TOKEN_H
#define TETHER_DEVICES_TOKEN_H

#include "devices/device.h"

/* hash: of a token whose checksum holds. from: address and request id, for the audit log of a first use. ROW
 * with the device, DONE when the token is nobody's or has ended, or a failure. */
enum storage_status device_authenticate(struct db_conn *conn, struct arena *arena,
                                        const uint8_t hash[DEVICE_HASH_BYTES], const struct audit_actor *from,
                                        int64_t now, struct device *ret);

/* The token that follows `token`, which is in use on a device whose rotation waits: the same each time it is
 * asked for, so that neither a lost answer nor two at once make another one void. OK with *ret (in the arena,
 * which should wipe), DONE when there is no rotation any more, or a failure. */
enum storage_status device_successor(struct db_conn *conn, struct arena *arena, const struct device *device,
                                     struct str token, struct str *ret);

/* When devices were seen: up to SEEN_BATCH of them with one statement, each unless it is known that it was
 * seen later. OK or a failure, in a transaction of its own. */
struct recent_item;
enum storage_status device_seen_write(struct db_conn *conn, const struct recent_item *items, size_t n);

#endif
