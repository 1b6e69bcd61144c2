/* Pairing: how a screen comes to its token, in the manner of RFC 8628. Table: device_pairings.
 *
 *     screen                              server                         staff
 *       │  pairing_begin() ────────────────►│
 *       │◄── code, poll token ──────────────│
 *       │         (shows the code)          │◄── pairing_take(code, name) ──│
 *       │  pairing_poll() ─────────────────►│
 *       │◄── device token ──────────────────│
 *
 * Staff may also begin: pairing_create() and pairing_link() make a secret for a link, which is a poll token
 * whose pairing is taken already.
 *
 * A pairing hands its device token to one poll. Should that answer be lost, a later poll is handed the same
 * token again, until the token is used for the first time or the pairing is over: it is made from the poll
 * token and the server's secret. Neither alone leads to it, so that a link which has done its work is worth
 * nothing to whoever finds it later. Stored are hashes only. */
#ifndef TETHER_DEVICES_PAIRING_H
#define TETHER_DEVICES_PAIRING_H

#include "base/clock.h"
#include "devices/device.h"

/* Letters that make no words and are not taken for one another: 20^8 codes (RFC 8628 section 6.1). */
#define PAIRING_ALPHABET   "BCDFGHJKLMNPQRSTVWXZ"
#define PAIRING_CODE_CHARS 8
#define PAIRING_CODE_US                                                                                      \
    (600 * CLOCK_SECOND) /* a code is good for so long, and for so long again once taken */
#define PAIRING_LINK_US    (3600 * CLOCK_SECOND) /* and a link for so long */
#define PAIRING_INTERVAL   5                     /* seconds between polls */
#define PAIRING_MAX        5000                  /* codes open at once */
#define PAIRING_ORIGIN_MAX 20                    /* of them begun at one network address */

/* How many attempts at a code pass in PAIRING_GUESS_US, the right ones not counted. */
#define PAIRING_GUESSES_USER   10
#define PAIRING_GUESSES_TENANT 30 /* and as many per network address */
#define PAIRING_GUESS_US       (600 * CLOCK_SECOND)

/* What was typed, as codes are stored: capitals, without spaces and hyphens. False when it is no code. */
bool pairing_code_read(struct str typed, char ret[PAIRING_CODE_CHARS]);
/* "WDJB-MJHT". */
struct str pairing_code_show(struct arena *arena, struct str code);

struct pairing {
    struct str code;       /* as stored */
    struct str poll_token; /* in the arena, which should wipe */
    int64_t expires_at;
};
/* tenant_id: the only tenant that may take it; 0: any. origin: rate_address_key(). OK; DONE when too many are
 * open, at that address or in all; or a failure. */
enum storage_status pairing_begin(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                  struct str origin, int64_t now, struct pairing *ret);

enum pairing_state {
    PAIRING_UNKNOWN = 0, /* no such poll token, or it has done its work */
    PAIRING_PENDING,
    PAIRING_EXPIRED,
    PAIRING_HANDED /* to another poll, a moment ago */,
    PAIRING_TOKEN
};
struct pairing_answer {
    enum pairing_state state;
    int64_t expires_at;
    struct str token; /* PAIRING_TOKEN: in the arena, which should wipe */
    int64_t tenant_id, device_id;
};
/* secret: the server's own, on all its nodes the same. OK with *ret, or a failure. */
enum storage_status pairing_poll(struct db_conn *conn, struct arena *arena, struct str secret,
                                 struct str poll_token, int64_t now, struct pairing_answer *ret);

/* Takes the pairing of deed->code, for a new device of deed->name or for deed->id, which goes on as it is
 * until the other screen uses its token. OK with deed->verdict, or a failure. */
enum storage_status pairing_take(struct db_conn *conn, struct arena *arena, struct device_deed *deed);
/* A new device, with deed->secret for a link. */
enum storage_status pairing_create(struct db_conn *conn, struct arena *arena, struct device_deed *deed);
/* deed->secret for deed->id; an earlier one of it is void. */
enum storage_status pairing_link(struct db_conn *conn, struct arena *arena, struct device_deed *deed);

/* Inside a write transaction: takes away up to `limit` that are over; *ret: how many. */
enum storage_status pairing_sweep(struct db_conn *conn, int64_t now, int64_t limit, int64_t *ret);

#endif
