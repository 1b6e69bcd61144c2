/* Devices: a tenant's screens and what they show. Tables: devices, device_seen. docs/devices.md says more.
 *
 * A device has up to two tokens: the one in use, and one that was handed out and takes its place when it is
 * used for the first time (token.h). Only their hashes are stored. */
#ifndef TETHER_DEVICES_DEVICE_H
#define TETHER_DEVICES_DEVICE_H

#include "access/audit.h"
#include "tenancy/tenant.h"

#define DEVICE_HASH_BYTES  32
#define DEVICE_NAME_MAX    100  /* bytes */
#define DEVICE_CONTENT_MAX 8192 /* bytes of its JSON text */

struct device {
    int64_t id, tenant_id;
    struct str name;
    struct str content;               /* JSON text of an object */
    int64_t revision;                 /* from 1 */
    struct str token_hash, next_hash; /* DEVICE_HASH_BYTES; at == NULL: none */
    struct str rotate_key;            /* at == NULL: no rotation waits */
    int64_t token_until;              /* with rotate_key: how long the token in use holds */
    int64_t paired_at;                /* 0: no token has been used */
    int64_t seen_at;                  /* as it is written down (watch.h knows better); 0: never */
    int64_t created_at, updated_at;
};

/* ROW, DONE or a failure. */
enum storage_status device_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t id,
                                 struct device *ret);
/* By the hash of its token in use, or, when there is none, of the one that was handed out: ROW, DONE or a
 * failure. The hash alone says which tenant's it is. */
enum storage_status device_by_hash(struct db_conn *conn, struct arena *arena,
                                   const uint8_t hash[DEVICE_HASH_BYTES], struct device *ret);
/* The tenant's, oldest first: those with an id above `after`, at most `limit`; *ret in the arena. OK or a
 * failure. */
enum storage_status device_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t after,
                                int64_t limit, struct device **ret, size_t *ret_n);

/* ---- changes: inside a write transaction ---- */

/* What SUBJECT_DEVICE says of a token: whether there is a device with it, and what that device is. */
int64_t device_subject(const void *hash);
/* What rests on the device's tokens is out of date once this commits. */
enum storage_status device_touch(struct db_conn *conn, const struct device *device);

/* Fills device->id; without token. */
enum storage_status device_insert(struct db_conn *conn, struct device *device);

/* ---- deeds of the staff ---- */

enum device_verdict {
    DEVICE_DONE = 0,
    DEVICE_UNKNOWN,    /* no such device in this tenant */
    DEVICE_NOT_PAIRED, /* rotate: there is no token in use */
    DEVICE_CODE_WRONG, /* pair: no open pairing has that code, or none that this tenant may take */
    DEVICE_GUESSING    /* pair: too many attempts; deed->retry_at says when it goes on */
};

struct device_deed {
    const struct tenant *tenant;
    struct audit_actor actor;
    int64_t now;
    int64_t id;         /* which; pairing: 0 for a new one */
    struct str name;    /* create; update: at == NULL leaves it */
    struct str content; /* create; update: at == NULL leaves it */
    struct str code;    /* pair: as typed */
    int64_t user_id;    /* pair: whose attempt it is */
    struct str address; /* pair: from where, as rate_address_key() has it */
    int64_t overlap_us; /* rotate: how long the old token holds at most */

    /* Set when OK is answered. */
    enum device_verdict verdict;
    struct device device; /* as it is now; after unpair, as it was */
    struct str secret;    /* create, link: what fetches the device's token, once (pairing.h) */
    int64_t expires_at;   /* of the secret */
    int64_t retry_at;     /* DEVICE_GUESSING: epoch microseconds */
};

/* OK with deed->verdict, or a failure. */
enum storage_status device_update(struct db_conn *conn, struct arena *arena, struct device_deed *deed);
/* Takes the device away; its tokens end with the next request. */
enum storage_status device_unpair(struct db_conn *conn, struct arena *arena, struct device_deed *deed);
/* For whoever holds a token of the device, by its hash: every token that any screen has of it ends with the
 * next request, and it waits to be paired again. Does nothing when the token has ended meanwhile. */
enum storage_status device_end_tokens(struct db_conn *conn, struct arena *arena,
                                      const uint8_t hash[DEVICE_HASH_BYTES], struct device_deed *deed);
/* From now on the device is handed a new token when it asks for its state (token.h). The old one ends with
 * the first use of the new one, and after overlap_us in any case. */
enum storage_status device_rotate(struct db_conn *conn, struct arena *arena, struct device_deed *deed);

#endif
