/* Tickets: a registration for an event or a purchase of a day pass, for one person or a party that comes
 * together. Tables: tickets, and what they are for (offer.h).
 *
 *     pending ──► confirmed     paid, by the webhook or by staff; free ones are so from the start
 *        ├─────► expired        not paid in time: seats go back
 *        └─────► cancelled      also from confirmed, until it begins or was used: seats go back, once
 *
 * Each deed is one transaction with its seats, its mail and its row in the audit log. Seats are never
 * oversold and never given back twice: a status moves by a conditional UPDATE, and who moved it moves the
 * seats. */
#ifndef TETHER_SPACES_TICKET_H
#define TETHER_SPACES_TICKET_H

#include "access/audit.h"
#include "base/clock.h"
#include "spaces/code.h"
#include "spaces/offer.h"
#include "tenancy/tenant.h"

#define TICKET_MAX_QUANTITY 20

/* How many orders of the public one mail address takes in TICKET_ORDERS_US, in all tenants together: whoever
 * orders has mail sent to an address that may be anybody's. Not where rate_limits.enabled is off. */
#define TICKET_ORDERS_MAX 10
#define TICKET_ORDERS_US  (3600 * CLOCK_SECOND)

enum ticket_status { TICKET_PENDING = 0, TICKET_CONFIRMED, TICKET_CANCELLED, TICKET_EXPIRED };
/* "pending" … */
const char *ticket_status_name(enum ticket_status status);

struct ticket {
    int64_t id, tenant_id;
    enum offer_kind kind;
    int64_t offer_id; /* of the event or pass */
    int64_t day;
    struct str title, location; /* the event's, the pass's name */
    int64_t starts_at, ends_at;
    struct str name, email;
    int64_t quantity;
    int64_t amount; /* of all, in minor units */
    struct str currency;
    enum ticket_status status; /* an overdue one is expired, whether that was written down or not */
    bool holds_seats;          /* as written down */
    struct str hint;           /* of its code */
    int64_t created_at, expires_at;
    int64_t confirmed_at, ended_at, checked_in_at; /* 0: not */
};

/* ROW, DONE or a failure. By id: of that tenant and offer. */
enum storage_status ticket_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                 enum offer_kind kind, int64_t offer_id, int64_t id, int64_t now,
                                 struct ticket *ret);
/* By the hash of its code. tenant_id 0: of whichever tenant. */
enum storage_status ticket_by_code(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                   const uint8_t hash[CODE_HASH_BYTES], int64_t now, struct ticket *ret);

struct ticket_query {
    int64_t tenant_id;
    enum offer_kind kind;
    int64_t offer_id;
    int64_t day;       /* a pass's: of that day only; -1: of any */
    struct str status; /* as it is now; at == NULL: any */
    int64_t before;    /* ids below it; 0: from the newest */
    int64_t limit;
    int64_t now;
};
/* Newest first, *ret in the arena, at most `limit`. OK or a failure. */
enum storage_status ticket_list(struct db_conn *conn, struct arena *arena, const struct ticket_query *query,
                                struct ticket **ret, size_t *ret_n);

enum ticket_verdict {
    TICKET_DONE = 0,
    TICKET_UNKNOWN,     /* the ticket, or what it is for: there is none, or it is not published */
    TICKET_NOT_YET,     /* it is to be had from offer.opens_at on */
    TICKET_TOO_LATE,    /* … until offer.closes_at; to cancel: it has begun */
    TICKET_SOLD_OUT,    /* fewer than so many are left: offer says how many */
    TICKET_TOO_MANY,    /* of that mail address, until retry_at */
    TICKET_NOT_PENDING, /* to be paid: ticket.status says what it is */
    TICKET_NOT_OPEN,    /* to be cancelled: likewise */
    TICKET_USED,        /* to be cancelled: it was checked in */
};

/* Everything a deed on a ticket needs. */
struct ticket_deed {
    const struct config *config;
    const struct tenant *tenant;
    struct audit_actor actor;
    struct str portal_base; /* "https://acme.example.com/portal/" */
    bool is_staff;          /* may order what is not published or not open, and cancel what has begun */
    int64_t now;

    /* To order. */
    enum offer_kind kind;
    int64_t offer_id, day;
    struct str name, email;
    int64_t quantity; /* 1 to TICKET_MAX_QUANTITY */

    /* Set when OK is answered; before a deed on a ticket, ticket.id, tenant_id, kind and offer_id say which.
     */
    enum ticket_verdict verdict;
    struct offer offer;
    struct ticket ticket;        /* as it is now */
    struct str code, portal_url; /* order, reissue: shown this once */
    int64_t retry_at;
};

/* OK with deed->verdict, or a failure. The arena holds the code: let it wipe. */
enum storage_status ticket_order(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed);
/* Somebody says that it is paid. An expired one is confirmed after all when as many seats are still there. */
enum storage_status ticket_confirm(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed);
enum storage_status ticket_cancel(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed);
/* A new code and mail for one that was lost; the code before is void. */
enum storage_status ticket_reissue(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed);

/* ticket_confirm() inside a write transaction of somebody else's. With a verdict other than TICKET_DONE the
 * ticket was not touched. */
enum storage_status ticket_confirm_in(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed);

/* Inside a write transaction: up to `limit` pending tickets whose time is over, of all tenants, give back
 * their seats. *ret: how many. */
enum storage_status ticket_sweep(struct db_conn *conn, struct arena *arena, int64_t now, int64_t limit,
                                 int64_t *ret);

#endif
