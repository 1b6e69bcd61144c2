/* The mails about a ticket. Private to spaces/. */
#ifndef TETHER_SPACES_TICKET_MAIL_H
#define TETHER_SPACES_TICKET_MAIL_H

#include "spaces/ticket.h"

enum ticket_mail {
    TICKET_MAIL_PENDING,   /* ordered, to be paid */
    TICKET_MAIL_CONFIRMED, /* ordered, and free */
    TICKET_MAIL_PAID,
    TICKET_MAIL_CANCELLED,
    TICKET_MAIL_AGAIN /* a new code for what it is now */
};

/* Inside the deed's write transaction. With a code in the deed, the mail holds it and its link. */
enum storage_status ticket_mail_send(struct db_conn *conn, struct arena *arena,
                                     const struct ticket_deed *deed, enum ticket_mail mail);
/* Inside a write transaction: what waits to be sent about the ticket is outdated. */
enum storage_status ticket_mail_drop(struct db_conn *conn, const struct ticket *ticket);

#endif
