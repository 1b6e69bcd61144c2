/* The sender without its thread: rounds over what is due. Private to mail/. */
#ifndef TETHER_MAIL_SENDER_H
#define TETHER_MAIL_SENDER_H

#include "mail/mail.h"
#include "mail/outbox.h"
#include "mail/transport.h"

#define MAIL_MAX_ATTEMPTS 32

struct mail_rounds {
    const struct config *config;
    struct db_conn *conn;
    struct mail_post *post;
    const struct mail_transport *transport;
    const atomic_bool *stopping;
    /* An outcome that could not be written down yet: first of all, so that nothing known is forgotten. */
    struct arena *open_arena;
    struct outbox_row open_row;
    struct outbox_end open_end;
    bool open_is_uncertain; /* writing it may have worked */
    int64_t swept_at;
};

enum mail_round {
    MAIL_ROUND_IDLE = 0, /* nothing (more) is due */
    MAIL_ROUND_AWAY,     /* the mail server is not there, or takes nothing from us */
    MAIL_ROUND_NO_STORAGE
};
/* Sends what is due, one after the other, until nothing is or *stopping. */
enum mail_round mail_round(struct mail_rounds *rounds);
void mail_rounds_end(struct mail_rounds *rounds);

/* When to try again after that many attempts: half a minute, doubling up to two hours, give or take a fifth.
 */
int64_t mail_retry_at(int64_t attempts, int64_t now);

#endif
