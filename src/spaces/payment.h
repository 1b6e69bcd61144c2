/* What a payment provider tells by webhook: signed, within minutes, each event once. Table: payments. */
#ifndef TETHER_SPACES_PAYMENT_H
#define TETHER_SPACES_PAYMENT_H

#include "spaces/ticket.h"

#define PAYMENT_WINDOW_S 300 /* how far the signature's time may be from ours, either way */

/* Whether a header "t=SECONDS,v1=HEX[,v1=HEX…]" signs these bytes: a v1 is the HMAC-SHA-256 of "SECONDS.body"
 * under payments.webhook_secret, and the time lies within the window. False without a secret. Several v1 let
 * a sender change its key. Constant time where it compares. */
bool payment_is_signed(const struct config *config, struct arena *arena, struct str header, struct str body,
                       int64_t now);

enum payment_verdict {
    PAYMENT_CONFIRMED = 0, /* the ticket is paid */
    PAYMENT_UNMATCHED, /* written down, but the ticket waits for no payment, or its seats are gone: see to it
                        */
    PAYMENT_UNKNOWN,   /* no such ticket */
    PAYMENT_MISMATCH,  /* another amount or currency than the ticket's */
    PAYMENT_CLASH      /* that event was for another ticket or amount */
};

struct payment {
    struct ticket_deed
        deed; /* config, tenant, actor, code with its link, now; ticket: the one that was found */
    uint8_t hash[CODE_HASH_BYTES]; /* of its code */
    struct str provider_event;
    int64_t amount;
    struct str currency;

    /* Set when OK is answered. */
    enum payment_verdict verdict;
    bool is_repeated; /* it was told before; nothing happened this time */
};

/* One transaction: the event, the ticket, its mail, the audit row. OK with payment->verdict, or a failure. */
enum storage_status payment_receive(struct db_conn *conn, struct arena *arena, struct payment *payment);

#endif
