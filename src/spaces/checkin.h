/* Check-in: a ticket once, a member once a day (in UTC); by the unique keys of the table checkins. */
#ifndef TETHER_SPACES_CHECKIN_H
#define TETHER_SPACES_CHECKIN_H

#include "spaces/community.h"
#include "spaces/ticket.h"

#define CHECKIN_EARLY_US (INT64_C(12) * 3600 * INT64_C(1000000)) /* before an event starts */

enum checkin_verdict {
    CHECKIN_DONE = 0,
    CHECKIN_UNKNOWN,   /* no such ticket or member in this tenant */
    CHECKIN_ALREADY,   /* deed->at says when */
    CHECKIN_NOT_PAID,  /* the ticket is pending */
    CHECKIN_VOID,      /* it was cancelled or has expired */
    CHECKIN_TOO_EARLY, /* deed->at says from when on */
    CHECKIN_TOO_LATE,  /* it is over */
    CHECKIN_INACTIVE   /* the membership is paused or has ended */
};

struct checkin_deed {
    const struct tenant *tenant;
    struct audit_actor actor;
    int64_t by_user; /* who checks in; 0: they do so themselves */
    int64_t now;
    /* By code: its kind and hash. By id: CODE_NONE, and which ticket (id, kind, offer_id). */
    enum code_kind code;
    uint8_t hash[CODE_HASH_BYTES];
    struct ticket ticket;

    /* Set when OK is answered. */
    enum checkin_verdict verdict;
    int64_t at; /* when they came in */
    bool is_member;
    struct community_member member; /* … or `ticket`, as it is now */
};

/* One transaction with its row in the audit log. OK with deed->verdict, or a failure. */
enum storage_status checkin(struct db_conn *conn, struct arena *arena, struct checkin_deed *deed);

struct checkin_row {
    int64_t id, at;
    int64_t ticket_id, member_id; /* the other is 0 */
    struct str name;              /* whose */
    struct str title;             /* of a ticket: what for; empty for a member */
    int64_t quantity;
    int64_t by_user;
};
/* Newest first: ids below `before` (0: from the newest), at most `limit`; *ret in the arena. OK or a failure.
 */
enum storage_status checkin_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t before,
                                 int64_t limit, struct checkin_row **ret, size_t *ret_n);

#endif
