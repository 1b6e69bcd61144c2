/* Bookings of spaces: no two of one space at the same time. Tables: spaces, bookings.
 *
 * A booking holds its space from starts_at on and up to, but not at, ends_at: one may begin when another
 * ends. Who books raises the space's revision first, in the transaction that writes the booking. So bookings
 * of a space happen one after the other whatever the engine's isolation, and what the check saw is still true
 * at the commit. */
#ifndef TETHER_SPACES_BOOKING_H
#define TETHER_SPACES_BOOKING_H

#include "storage/db.h"

#define BOOKING_MAX_US (INT64_C(31) * 86400 * INT64_C(1000000)) /* the longest one */

enum booking_verdict {
    BOOKING_OK = 0,
    BOOKING_BACKWARDS,     /* it does not end after it starts */
    BOOKING_TOO_LONG,      /* over BOOKING_MAX_US */
    BOOKING_SPACE_UNKNOWN, /* in this tenant */
    BOOKING_SPACE_CLOSED,  /* not to be booked */
    BOOKING_TAKEN          /* by another booking, booking_claim.taken_* says from when to when */
};

struct booking_claim {
    int64_t tenant_id, space_id;
    int64_t starts_at, ends_at;
    int64_t booking_id; /* one that is moved does not stand in its own way; 0: a new one */

    /* Set when OK is answered. */
    enum booking_verdict verdict;
    int64_t taken_from, taken_until;
};

/* Inside a write transaction, before the booking is written. OK with claim->verdict, or a failure; with any
 * verdict but BOOKING_OK nothing may be written: answer DONE. */
enum storage_status booking_claim(struct db_conn *conn, struct booking_claim *claim);

#endif
