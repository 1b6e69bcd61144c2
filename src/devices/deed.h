/* One way for all deeds on a device: find it, change it, write it down. Nobody outside the room includes
 * this. */
#ifndef TETHER_DEVICES_DEED_H
#define TETHER_DEVICES_DEED_H

#include "devices/device.h"

struct device_work {
    struct db_conn *conn;
    struct arena *arena;
    struct device_deed *deed;
    struct device before;            /* as it was found; id 0: there was none */
    uint8_t hash[DEVICE_HASH_BYTES]; /* of deed->secret, or of the token in question */
};

/* DONE: refused, deed->verdict says why. It may run several times. */
typedef enum storage_status (*device_apply_fn)(struct device_work *work);

/* Runs `apply` in one transaction, after the device of deed->id was found; deed->device is what is there
 * afterwards. OK with deed->verdict, or a failure. */
enum storage_status device_carry_out(struct device_work *work, device_apply_fn apply);
enum storage_status device_refuse(struct device_work *work, enum device_verdict verdict);

/* A row in the audit log. before, after: at == NULL for none. */
enum storage_status device_write_down(struct device_work *work, const char *action, struct str before,
                                      struct str after);

#endif
