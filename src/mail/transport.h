/* How a message leaves the house: one const struct per way, chosen by mail.transport. Private to mail/. */
#ifndef TETHER_MAIL_TRANSPORT_H
#define TETHER_MAIL_TRANSPORT_H

#include <stdatomic.h>

#include "config/config.h"

enum mail_outcome {
    MAIL_SENT = 0,
    MAIL_REFUSED, /* for good: this mail will never be taken */
    MAIL_LATER,   /* not now: this mail may be taken later */
    MAIL_AWAY     /* nobody is there to take any mail */
};

struct mail_result {
    enum mail_outcome outcome;
    char text[200]; /* why not, printable ASCII; "" when sent */
};

struct mail_parcel {
    int64_t id; /* of the row */
    int64_t date;
    struct str from, to; /* bare addresses */
    struct str message;
};

struct mail_post; /* a transport's own state */

struct mail_transport {
    const char *name; /* the value of mail.transport */
    /* stopping: set when the server wants to end; what has not begun may then be broken off. NULL with a
     * sentence in error. */
    struct mail_post *(*open)(const struct config *config, const atomic_bool *stopping, char *error,
                              size_t cap);
    void (*send)(struct mail_post *post, const struct mail_parcel *parcel, struct mail_result *ret);
    /* Nothing more for a while: connections are given up. */
    void (*rest)(struct mail_post *post);
    void (*close)(struct mail_post **post);
};

extern const struct mail_transport mail_file_transport;
extern const struct mail_transport mail_smtp_transport;

/* The one of that name; NULL when there is none. */
const struct mail_transport *mail_transport(struct str name);

/* Fills a result; whatever is no printable ASCII in the text becomes '?'. */
void mail_result_set(struct mail_result *ret, enum mail_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
