/* Guessing at one account gets slow. Table: sign_in_failures.
 *
 * From the fifth consecutive failure on, an account answers nobody for a while: 1 s, doubling with each
 * further failure to 60 s at most. Attempts in that time are refused before anything is hashed, and do not
 * count. An address that belongs to nobody is treated alike. An hour without failures is a fresh start, and
 * so is a success.
 *
 * So that strangers who keep guessing cannot lock the owner out, a network address from which the account was
 * signed in to within the last 30 days is counted apart from all others. */
#ifndef TETHER_IDENTITY_SLOW_DOWN_H
#define TETHER_IDENTITY_SLOW_DOWN_H

#include "config/config.h"
#include "storage/db.h"

#define SLOW_DOWN_AFTER       5 /* consecutive failures */
#define SLOW_DOWN_MAX_SECONDS 60

/* One attempt to sign in, and where it counts. */
struct slow_down {
    uint8_t account[32], place[32]; /* keys: the account; the account at this network address */
    bool is_known;                  /* it counts for `place` */
    bool is_clean;                  /* nothing to be forgotten after a success */
};

/* email: as typed, trimmed. place: the network address (an IPv6 client's as its /64). OK with *ret and
 * *ret_wait_us, how long the account says no; 0: go on. Or a failure. */
enum storage_status slow_down_check(struct db_conn *conn, const struct config *config, struct arena *arena,
                                    struct str email, struct str place, int64_t now, struct slow_down *ret,
                                    int64_t *ret_wait_us);
/* Inside a write transaction: the attempt failed. */
enum storage_status slow_down_failed(struct db_conn *conn, const struct slow_down *attempt, int64_t now);
/* Inside a write transaction: it succeeded. */
enum storage_status slow_down_passed(struct db_conn *conn, const struct slow_down *attempt, int64_t now);
/* Inside a write transaction: forgets up to `limit` counts whose time is over; *ret how many. */
enum storage_status slow_down_sweep(struct db_conn *conn, int64_t now, int64_t limit, int64_t *ret);

#endif
