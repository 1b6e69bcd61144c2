/* A mail as it travels: RFC 5322 header, multipart/alternative body, quoted-printable parts. Private to
 * mail/. */
#ifndef TETHER_MAIL_MESSAGE_H
#define TETHER_MAIL_MESSAGE_H

#include "base/buf.h"

struct mail_message {
    struct str from; /* "Name <address>" or an address */
    struct str to;   /* an address */
    struct str subject, text, html;
    struct str message_id; /* with its angle brackets */
    int64_t date;
};

/* The whole message, lines ended by CRLF, none longer than 998 bytes, no control character in the header
 * whatever the values hold. Empty when it would pass 1 MiB. */
struct str mail_message_write(struct arena *arena, const struct mail_message *message);

/* The address within "Name <address>", or the text itself. */
struct str mail_address_of(struct str mailbox);

#endif
